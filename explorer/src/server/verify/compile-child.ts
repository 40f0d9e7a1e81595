/**
 * Compiles one standard-JSON input from stdin with the compiler from npm, in a process of its own: it can be killed, its
 * memory goes with it, and the compiler stays a tool beside the explorer. Started by compiler.ts.
 */
import { createRequire } from 'node:module'

const chunks: Buffer[] = []
for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string; version(): string }
const output = solc.compile(Buffer.concat(chunks).toString())
process.stdout.write(JSON.stringify({ version: solc.version(), output }))
