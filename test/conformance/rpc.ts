import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { importChain } from '#evm'
import { openChainStore } from '#storage'
import type { GenesisFile } from '#types'
import { serveImported } from '../../cli/serve-imported.ts'
import { type IoFile, type RoundTrip, readIoFiles } from './io-file.ts'
import { type Schema, schemaFault } from './json-schema.ts'
import { type CaseResult, failed, passed, type Suite } from './suite.ts'

const DEFAULT_FOLDER = 'test/vectors/execution-apis/tests'

type Answer = { readonly result?: unknown; readonly error?: Readonly<Record<string, unknown>> }

/** What the suite asks: text in, text out. */
export type Ask = (request: string) => Promise<string>

/**
 * Replays the `.io` files of a folder against our node, which has imported the folder's `genesis.json` and `chain.rlp`
 * with the code that runs our own blocks; over HTTP, as a client would.
 */
export const rpcSuite: Suite = async (args, report) => {
  const folder = resolve(args[0] ?? DEFAULT_FOLDER)
  const node = await startNode(folder)
  const score = new Map<string, { passed: number; of: number }>()
  try {
    const schemas = readSchemas(folder)
    for (const file of readIoFiles(folder)) {
      const result = await runIoFile(file, node.ask, schemas)
      const entry = score.get(file.method) ?? { passed: 0, of: 0 }
      score.set(file.method, { passed: entry.passed + (result.passed ? 1 : 0), of: entry.of + 1 })
      report(result)
    }
  } finally {
    await node.close()
  }
  for (const [method, { passed: good, of }] of score) process.stdout.write(`${method} ${good}/${of}\n`)
  process.stdout.write(`${scoreLine(score)}\n`)
}

/** The line that the README publishes. */
function scoreLine(score: ReadonlyMap<string, { readonly passed: number; readonly of: number }>): string {
  const sum = (names: readonly string[], part: 'passed' | 'of') =>
    names.reduce((total, name) => total + (score.get(name)?.[part] ?? 0), 0)
  const all = [...score.keys()]
  const testing = all.filter(name => name.startsWith('testing_'))
  const served = all.filter(name => !testing.includes(name))
  const rest = testing.length === 0 ? '' : ` (testing_*: ${sum(testing, 'passed')} of ${sum(testing, 'of')})`
  return `execution-apis: ${sum(served, 'passed')} of ${sum(served, 'of')} cases of ${served.length} methods pass${rest}`
}

/** Asks every question of a file; the first answer that differs is the file's result. */
export async function runIoFile(
  file: IoFile,
  ask: Ask,
  schemas: Readonly<Record<string, Schema>>,
): Promise<CaseResult> {
  for (const trip of file.roundTrips) {
    const answer = JSON.parse(await ask(trip.requestText)) as Answer
    const fault = file.isSpecOnly ? specFault(trip, answer, schemas) : exactFault(trip, answer)
    if (fault !== undefined) return failed(file.name, shorten(JSON.stringify(trip.response)), fault)
  }
  return passed(file.name)
}

function exactFault(trip: RoundTrip, answer: Answer): string | undefined {
  return difference(comparable(trip.response, answer), comparable(answer, trip.response), 'answer')
}

/** Where both sides have an error its message is free. */
function comparable(own: Answer, other: Answer): unknown {
  if (own.error === undefined || other.error === undefined) return own
  const { message: _, ...rest } = own.error
  return { ...own, error: rest }
}

function specFault(trip: RoundTrip, answer: Answer, schemas: Readonly<Record<string, Schema>>): string | undefined {
  if ((trip.response.error === undefined) !== (answer.error === undefined)) return shorten(JSON.stringify(answer))
  if (answer.error !== undefined) return undefined
  // A file that is about one method may need another first.
  const { method } = trip.request
  const schema = schemas[method]
  if (schema === undefined) return `no result schema for ${method}`
  return schemaFault(schema, answer.result)
}

/** Where two JSON values differ first, keys included; undefined when they are equal. */
export function difference(expected: unknown, actual: unknown, path: string): string | undefined {
  if (Object.is(expected, actual)) return undefined
  if (typeof expected !== 'object' || typeof actual !== 'object' || expected === null || actual === null) {
    return `${path}: expected ${shorten(JSON.stringify(expected))}, got ${shorten(JSON.stringify(actual))}`
  }
  if (Array.isArray(expected) !== Array.isArray(actual)) return `${path}: list and object`
  const left = expected as Record<string, unknown>
  const right = actual as Record<string, unknown>
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (!(key in right)) return `${path}.${key}: missing, expected ${shorten(JSON.stringify(left[key]))}`
    if (!(key in left)) return `${path}.${key}: unexpected ${shorten(JSON.stringify(right[key]))}`
    const inner = difference(left[key], right[key], `${path}.${key}`)
    if (inner !== undefined) return inner
  }
  return undefined
}

function shorten(text: string | undefined): string {
  const whole = text ?? 'nothing'
  return whole.length > 300 ? `${whole.slice(0, 300)}… (${whole.length} characters)` : whole
}

/** The file next to the test folder or inside it. */
function fileOf(folder: string, name: string): string {
  const inside = join(folder, name)
  return existsSync(inside) ? inside : join(folder, '..', name)
}

export function readSchemas(folder: string): Readonly<Record<string, Schema>> {
  const compact = fileOf(folder, 'result-schemas.json')
  if (existsSync(compact)) return JSON.parse(readFileSync(compact, 'utf8'))
  const document = JSON.parse(readFileSync(fileOf(folder, 'openrpc.json'), 'utf8')) as {
    methods: { name: string; result: { schema: Schema } }[]
  }
  return Object.fromEntries(document.methods.map(({ name, result }) => [name, result.schema]))
}

/** Our node on an imported chain. */
export async function startNode(folder: string): Promise<{ readonly ask: Ask; readonly close: () => Promise<void> }> {
  const genesisJson = JSON.parse(readFileSync(fileOf(folder, 'genesis.json'), 'utf8')) as GenesisFile
  const rlp = new Uint8Array(readFileSync(fileOf(folder, 'chain.rlp')))
  const storePath = mkdtempSync(join(tmpdir(), 'ogpu-conformance-'))
  const store = await openChainStore(storePath, { isShared: true })
  const imported = await importChain({ genesisJson, rlp, store })
  const clientVersion = 'ogpu/conformance'
  const server = await serveImported({
    imported,
    genesis: genesisJson,
    storePath,
    written: store.written,
    clientVersion,
  })
  return {
    ask: async body => {
      const headers = { 'content-type': 'application/json' }
      return (await fetch(server.url, { method: 'POST', headers, body })).text()
    },
    close: async () => {
      await server.close()
      await imported.close()
      await store.close()
      rmSync(storePath, { recursive: true, force: true })
    },
  }
}
