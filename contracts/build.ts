/**
 * Compiles contracts/src with npm's solc and writes contracts/artifacts/<Name>.json and sdk/src/abi/<name>.generated.ts.
 *
 *   node contracts/build.ts           compile and write
 *   node contracts/build.ts --check   compile and compare with what is committed; exit 1 when they differ
 *
 * Same sources, same bytes: the compiler, its settings and OpenZeppelin are pinned and metadata hashes are off.
 * `artifacts/manifest.json` holds a hash of all inputs and of each output, so that a test finds stale artefacts without
 * compiling.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { TARGETS } from './targets.ts'

const require = createRequire(import.meta.url)
const ROOT = join(import.meta.dirname, '..')
const SOURCES = join(import.meta.dirname, 'src')
const ARTIFACTS = join(import.meta.dirname, 'artifacts')
const ABIS = join(ROOT, 'sdk', 'src', 'abi')

/** Solidity settings; part of the input hash. */
export const SETTINGS = {
  evmVersion: 'osaka',
  optimizer: { enabled: true, runs: 200 },
  viaIR: true,
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: {
    '*': {
      '*': [
        'abi',
        'evm.bytecode.object',
        'evm.deployedBytecode.object',
        'evm.deployedBytecode.immutableReferences',
        'storageLayout',
      ],
    },
  },
} as const

// "Function state mutability can be restricted": the published ABI says nonpayable where ours could be view.
const STRICTER_MUTABILITY = '2018'

interface CompiledContract {
  readonly abi: readonly unknown[]
  readonly storageLayout?: {
    readonly storage: readonly { label: string; slot: string; offset: number; type: string }[]
  }
  readonly evm: {
    readonly bytecode: { readonly object: string }
    readonly deployedBytecode: { readonly object: string; readonly immutableReferences?: Record<string, unknown> }
  }
}

interface CompilerOutput {
  readonly errors?: readonly {
    severity: string
    errorCode?: string
    formattedMessage: string
    sourceLocation?: { file: string }
  }[]
  readonly contracts: Readonly<Record<string, Readonly<Record<string, CompiledContract>>>>
}

function sourceFiles(folder = SOURCES): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.sol'))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Hash over everything that determines the artefacts: sources, settings, targets, compiler and library versions. */
export function inputHash(): string {
  const version = (name: string) => JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')).version
  const parts = sourceFiles().map(file => `${relative(SOURCES, file)}\n${sha256Hex(readFileSync(file, 'utf8'))}`)
  return sha256Hex(JSON.stringify([SETTINGS, TARGETS, version('solc'), version('@openzeppelin/contracts'), parts]))
}

export interface Manifest {
  readonly inputHash: string
  /** Path from the repository root → SHA-256 of its content. */
  readonly outputs: Readonly<Record<string, string>>
}

export function readManifest(): Manifest | undefined {
  const path = join(ARTIFACTS, 'manifest.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : undefined
}

/** Reasons why the committed artefacts do not belong to the committed sources; empty when they do. */
export function staleness(): string[] {
  const manifest = readManifest()
  if (manifest === undefined) return ['contracts/artifacts/manifest.json is missing']
  const reasons: string[] = []
  if (manifest.inputHash !== inputHash()) reasons.push('sources, settings or compiler changed after the last build')
  for (const [path, hash] of Object.entries(manifest.outputs)) {
    const file = join(ROOT, path)
    if (!existsSync(file)) reasons.push(`${path} is missing`)
    else if (sha256Hex(readFileSync(file, 'utf8')) !== hash) reasons.push(`${path} was changed by hand`)
  }
  return reasons
}

/** Compiles everything; throws with the compiler's text on an error. Warnings of our own files are errors. */
function compile(): CompilerOutput {
  const solc = require('solc') as { compile(input: string, callbacks: object): string }
  const sources: Record<string, { content: string }> = {}
  for (const file of sourceFiles()) sources[`src/${relative(SOURCES, file)}`] = { content: readFileSync(file, 'utf8') }
  const findImports = (path: string) => {
    try {
      return { contents: readFileSync(require.resolve(path), 'utf8') }
    } catch {
      return { error: `no file ${path}` }
    }
  }
  const input = JSON.stringify({ language: 'Solidity', sources, settings: SETTINGS })
  const output = JSON.parse(solc.compile(input, { import: findImports })) as CompilerOutput
  const fatal = (output.errors ?? []).filter(
    error =>
      error.severity === 'error' ||
      (error.sourceLocation?.file.startsWith('src/') && error.errorCode !== STRICTER_MUTABILITY),
  )
  if (fatal.length > 0) throw new Error(fatal.map(error => error.formattedMessage).join('\n'))
  return output
}

function camelCase(name: string): string {
  return name.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, head => head.toLowerCase())
}

function kebabCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
}

/** All files of a build: path from the repository root → content. */
export function build(): Map<string, string> {
  const output = compile()
  const files = new Map<string, string>()
  const doors: string[] = []
  for (const [source, names] of Object.entries(TARGETS)) {
    for (const name of names) {
      const path = source.startsWith('@') ? source : `src/${source}`
      const contract = output.contracts[path]?.[name]
      if (contract === undefined) throw new Error(`no contract ${name} in ${source}`)
      const size = contract.evm.deployedBytecode.object.length / 2
      if (size > 24_576) throw new Error(`${name} has ${size} bytes of code, more than EIP-170 allows`)
      const artifact = {
        name,
        abi: contract.abi,
        bytecode: `0x${contract.evm.bytecode.object}`,
        deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
        immutableReferences: contract.evm.deployedBytecode.immutableReferences ?? {},
        storageLayout: {
          storage: (contract.storageLayout?.storage ?? []).map(({ label, slot, offset, type }) => ({
            label,
            slot,
            offset,
            // Type ids carry compiler-internal numbers; they'd change with every unrelated edit.
            type: type.replaceAll(/\)\d+_storage/g, ')').replaceAll(/\)\d+/g, ')'),
          })),
        },
      }
      files.set(`contracts/artifacts/${name}.json`, `${JSON.stringify(artifact, null, 1)}\n`)
      const constant = `${camelCase(name)}Abi`
      const file = `${kebabCase(name)}.generated.ts`
      files.set(
        `sdk/src/abi/${file}`,
        `// Written by contracts/build.ts from the compiler's output.\nexport const ${constant} = ${JSON.stringify(contract.abi, null, 1)} as const\n`,
      )
      doors.push(`export { ${constant} } from './${file}'`)
    }
  }
  files.set(
    'sdk/src/abi/index.ts',
    `/** ABIs of the chain's contracts as constants, typed by their own content. Written by contracts/build.ts. */\n${doors.sort().join('\n')}\n`,
  )
  return files
}

function write(files: Map<string, string>): void {
  for (const folder of [ARTIFACTS, ABIS]) {
    mkdirSync(folder, { recursive: true })
    for (const name of readdirSync(folder)) {
      if (name.endsWith('.json') || name.endsWith('.generated.ts')) rmSync(join(folder, name))
    }
  }
  const outputs: Record<string, string> = {}
  for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    writeFileSync(join(ROOT, path), content)
    outputs[path] = sha256Hex(content)
  }
  writeFileSync(join(ARTIFACTS, 'manifest.json'), `${JSON.stringify({ inputHash: inputHash(), outputs }, null, 1)}\n`)
}

if (import.meta.main) {
  const files = build()
  if (process.argv.includes('--check')) {
    const changed = [...files].filter(([path, content]) => {
      const file = join(ROOT, path)
      return !existsSync(file) || readFileSync(file, 'utf8') !== content
    })
    for (const [path] of changed) process.stdout.write(`differs: ${path}\n`)
    process.exitCode = changed.length === 0 ? 0 : 1
  } else {
    write(files)
    for (const [path, content] of files) {
      if (!path.startsWith('contracts/artifacts/')) continue
      const { name, deployedBytecode } = JSON.parse(content) as { name: string; deployedBytecode: string }
      process.stdout.write(`${name} ${(deployedBytecode.length - 2) / 2} bytes\n`)
    }
  }
}
