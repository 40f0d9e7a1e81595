import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Artifact, MODULES } from './world.ts'

interface Compiler {
  compile(input: string): string
  version(): string
}

export function compiler(): Compiler {
  return createRequire(join(MODULES, 'x.js'))('solc')
}

/** Compiles one file with the compiler from npm; the settings are the ones that verification has to be told. */
export function compile(file: string, text: string): Readonly<Record<string, Artifact>> {
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: text } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: 'prague',
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(compiler().compile(JSON.stringify(input)))
  const errors = (output.errors ?? []).filter((error: { severity: string }) => error.severity === 'error')
  if (errors.length > 0) throw new Error(errors[0].formattedMessage)
  const contracts = Object.entries(output.contracts[file]) as [
    string,
    { abi: []; evm: { bytecode: { object: string } } },
  ][]
  return Object.fromEntries(
    contracts.map(([name, { abi, evm }]) => [name, { abi, bytecode: `0x${evm.bytecode.object}` as const }]),
  )
}

/**
 * An executable that answers like the native compiler but runs the one from npm: tools that would download a compiler
 * take its path instead.
 */
export function writeCompilerProgram(dir: string): string {
  const path = join(dir, 'solc')
  const text = `#!${process.execPath}
'use strict'
const solc = require(${JSON.stringify(join(MODULES, 'solc'))})
if (process.argv.includes('--version')) {
  console.log('solc, the solidity compiler commandline interface\\nVersion: ' + solc.version().replace('.Emscripten.clang', '.Linux.g++'))
} else if (process.argv.includes('--standard-json')) {
  const chunks = []
  process.stdin.on('data', chunk => chunks.push(chunk))
  process.stdin.on('end', () => process.stdout.write(solc.compile(Buffer.concat(chunks).toString())))
} else {
  console.error('only --version and --standard-json')
  process.exitCode = 1
}
`
  writeFileSync(path, text, { mode: 0o755 })
  return path
}
