/**
 * npm's solc with as much of the command line of `solc` as Slither uses: `--version` and `--standard-json`. Gives syntax trees
 * and ABIs only, no code: analysis needs none, and without it a compilation takes seconds. The working folder has the sources.
 */
import { readFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'

interface Contract {
  evm?: unknown
  metadata?: string
  devdoc?: unknown
  userdoc?: unknown
}

interface Output {
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, Contract>>>>
}

const solc = createRequire(import.meta.url)('solc') as {
  version(): string
  compile(input: string, callbacks: { import(path: string): { contents: string } | { error: string } }): string
}

function importFile(path: string): { contents: string } | { error: string } {
  try {
    return { contents: readFileSync(path, 'utf8') }
  } catch {
    return { error: `no file ${path}` }
  }
}

if (process.argv.includes('--version')) {
  const [version] = solc.version().split('.Emscripten')
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`)
} else {
  const input = JSON.parse(readFileSync(0, 'utf8'))
  input.settings.outputSelection = { '*': { '*': ['abi', 'devdoc', 'userdoc'], '': ['ast'] } }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: importFile })) as Output
  const code = { object: '', sourceMap: '', opcodes: '', linkReferences: {} }
  for (const contract of Object.values(output.contracts ?? {}).flatMap(file => Object.values(file))) {
    contract.evm = { bytecode: code, deployedBytecode: code, methodIdentifiers: {} }
    contract.metadata = '{}'
  }
  const bytes = new TextEncoder().encode(JSON.stringify(output))
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(1, bytes, sent)
}
