import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { ExplorerError } from '../errors.ts'
import type { CompiledCode, Place } from './match.ts'
import type { VerificationInput } from './request.ts'

const TIMEOUT_MS = 60_000
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
const CHILD = fileURLToPath(new URL('./compile-child.ts', import.meta.url))

export interface CompiledContract {
  readonly runtime: CompiledCode
  readonly creation: CompiledCode
  readonly abi: string
  /** Whole version, such as `0.8.37+commit.f401782d`. */
  readonly compilerVersion: string
}

export interface Compiler {
  /** Such as `0.8.37`; undefined where no compiler is installed. */
  readonly version: string | undefined
  /** ExplorerError `does not compile` (with the compiler's words), `compiler failed` or `no such contract`. */
  compile(input: VerificationInput): Promise<CompiledContract>
  /** Ends what is under way. */
  stop(): void
}

interface Bytecode {
  readonly object: string
  readonly linkReferences?: Readonly<Record<string, Readonly<Record<string, readonly Place[]>>>>
  readonly immutableReferences?: Readonly<Record<string, readonly Place[]>>
}

interface Output {
  readonly errors?: readonly {
    readonly severity: string
    readonly formattedMessage?: string
    readonly message: string
  }[]
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          { readonly abi: unknown; readonly evm: { readonly bytecode: Bytecode; readonly deployedBytecode: Bytecode } }
        >
      >
    >
  >
}

const OUTPUTS = ['object', 'linkReferences'].flatMap(part => [`evm.bytecode.${part}`, `evm.deployedBytecode.${part}`])

export function createCompiler(): Compiler {
  const children = new Set<ReturnType<typeof spawn>>()

  function run(input: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--max-old-space-size=1024', CHILD],
        {
          stdio: ['pipe', 'pipe', 'ignore'],
          env: {},
        },
      )
      children.add(child)
      const chunks: Buffer[] = []
      let bytes = 0
      const fail = (message: string) => {
        reject(new ExplorerError('compiler failed', message, { status: 422 }))
        child.kill('SIGKILL')
      }
      const timer = setTimeout(() => fail(`not compiled within ${TIMEOUT_MS / 1_000} s`), TIMEOUT_MS)
      child.stdout?.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > OUTPUT_BYTES_MAX) fail('the compiler says too much')
      })
      child.once('error', error => fail(error.message))
      child.once('close', code => {
        clearTimeout(timer)
        children.delete(child)
        if (code === 0) resolve(Buffer.concat(chunks).toString())
        else fail('the compiler ended')
      })
      // A child that is killed while it reads closes its end; 'close' above reports it.
      child.stdin?.on('error', () => {})
      child.stdin?.end(input)
    })
  }

  return {
    version: installedVersion(),
    async compile({ file, name, sources, settings }) {
      const standard = {
        language: 'Solidity',
        sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
        settings: {
          ...settings,
          outputSelection: { '*': { '*': ['abi', 'evm.deployedBytecode.immutableReferences', ...OUTPUTS] } },
        },
      }
      const answer = JSON.parse(await run(JSON.stringify(standard))) as {
        readonly version: string
        readonly output: string
      }
      const output = JSON.parse(answer.output) as Output
      const error = output.errors?.find(each => each.severity === 'error')
      if (error !== undefined) {
        const text = (error.formattedMessage ?? error.message).slice(0, 1_000)
        throw new ExplorerError('does not compile', text, { status: 422 })
      }
      const contract = find(output, file, name)
      return {
        runtime: codeOf(contract.evm.deployedBytecode),
        creation: codeOf(contract.evm.bytecode),
        abi: JSON.stringify(contract.abi),
        compilerVersion: answer.version.replace('.Emscripten.clang', ''),
      }
    },
    stop() {
      for (const child of children) child.kill('SIGKILL')
    },
  }
}

function find({ contracts = {} }: Output, file: string | undefined, name: string) {
  const files = file === undefined ? Object.values(contracts) : [Object.hasOwn(contracts, file) ? contracts[file] : {}]
  const found = files.flatMap(each => (each !== undefined && Object.hasOwn(each, name) ? [each[name]] : []))
  const [contract] = found
  if (contract === undefined || found.length > 1) {
    const what = found.length > 1 ? `more than one contract is called ${name}` : `there is no contract ${name}`
    throw new ExplorerError('no such contract', `${what}; name it as path:Name`, { status: 422 })
  }
  return contract
}

function codeOf({ object, linkReferences = {}, immutableReferences = {} }: Bytecode): CompiledCode {
  const filled = new Map<string, readonly Place[]>(Object.entries(immutableReferences))
  for (const [file, libraries] of Object.entries(linkReferences))
    for (const [library, places] of Object.entries(libraries)) filled.set(`${file}:${library}`, places)
  return { object: object.toLowerCase(), filled }
}

/** What the compiler's package says of itself; its code is loaded only in the process that compiles. */
function installedVersion(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve('solc/package.json')
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version
  } catch {
    return undefined
  }
}
