import { randomUUID } from 'node:crypto'
import { ExplorerError, messageOf } from '../errors.ts'
import type { NodeClient } from '../node-client.ts'
import type { Database } from '../store/database.ts'
import type { Compiler } from './compiler.ts'
import { matchCreation, matchRuntime } from './match.ts'
import type { VerificationInput } from './request.ts'
import type { VerifiedContract, VerifiedStore } from './verified-store.ts'

export type VerificationJob =
  | { readonly state: 'waiting'; readonly address: string }
  | { readonly state: 'verified'; readonly address: string }
  | { readonly state: 'failed'; readonly address: string; readonly code: string; readonly message: string }

/** Compiles what is handed in, one at a time, and keeps it when it is the code that the chain has. */
export interface Verifier {
  /** The compiler's version, undefined where there is none. */
  readonly compilerVersion: string | undefined
  /**
   * Id of the job. ExplorerError `no code`, `already verified` (with an exact match), `no compiler`, `busy`.
   */
  submit(address: string, input: VerificationInput): Promise<string>
  /** Undefined of an unknown or forgotten id. */
  job(id: string): VerificationJob | undefined
  contract(address: string): VerifiedContract | undefined
  stop(): Promise<void>
}

export interface VerifierParts {
  readonly node: NodeClient
  /** The index: who created a contract, and by which transaction. */
  readonly db: Database
  readonly store: VerifiedStore
  readonly compiler: Compiler
  readonly onError: (what: string, error: unknown) => void
}

const WAITING_MAX = 16
const JOBS_MAX = 1_000

export function createVerifier({ node, db, store, compiler, onError }: VerifierParts): Verifier {
  const jobs = new Map<string, VerificationJob>()
  let tail: Promise<void> = Promise.resolve()
  let waiting = 0
  let isStopping = false

  async function codeAt(address: string): Promise<string> {
    return String(await node.call('eth_getCode', [address, 'latest']))
      .slice(2)
      .toLowerCase()
  }

  /** Input of the transaction that created the contract by itself. */
  async function creationInput(address: string): Promise<string | undefined> {
    const row = db.get<{ hash: string }>(
      'SELECT t.hash FROM addresses a JOIN transactions t ON t.id = a.creation_tx WHERE a.address = ? AND t.recipient IS NULL',
      address,
    )
    if (row === undefined) return undefined
    const transaction = (await node.call('eth_getTransactionByHash', [row.hash])) as { readonly input?: unknown } | null
    return typeof transaction?.input === 'string' ? transaction.input.slice(2).toLowerCase() : undefined
  }

  async function verify(address: string, input: VerificationInput): Promise<void> {
    const compiled = await compiler.compile(input)
    const asked = input.compilerVersion
    if (asked.includes('+') && asked !== compiled.compilerVersion) throw noCompiler(asked, compiled.compilerVersion)
    const match = matchRuntime(await codeAt(address), compiled.runtime)
    if (match === undefined) {
      throw new ExplorerError('no match', 'the compiled code is not the code at this address', { status: 422 })
    }
    const created = await creationInput(address)
    const creation = created === undefined ? undefined : matchCreation(created, compiled.creation)
    const given = input.constructorArguments
    if (given !== undefined && creation !== undefined && given !== creation.constructorArguments) {
      throw new ExplorerError('no match', 'the constructor was called with other arguments', { status: 422 })
    }
    // Sources that only nearly match may say anything in their comments: the first ones stay until exact ones come.
    if (match === 'match' && store.get(address) !== undefined) return
    store.put({
      address,
      name: input.name,
      file: input.file ?? '',
      compilerVersion: compiled.compilerVersion,
      match,
      constructorArguments: creation?.constructorArguments,
      settings: input.settings,
      sources: input.sources,
      abi: compiled.abi,
      verifiedAtMs: Date.now(),
    })
  }

  async function run(id: string, address: string, input: VerificationInput): Promise<void> {
    try {
      if (isStopping) return
      await verify(address, input)
      jobs.set(id, { state: 'verified', address })
    } catch (error) {
      if (!(error instanceof ExplorerError)) onError('verification', error)
      const isKnown = error instanceof ExplorerError
      jobs.set(id, {
        state: 'failed',
        address,
        code: isKnown ? error.code : 'internal error',
        message: isKnown ? messageOf(error) : 'internal error',
      })
    } finally {
      waiting -= 1
    }
  }

  return {
    compilerVersion: compiler.version,
    async submit(address, input) {
      const [version] = input.compilerVersion.split('+')
      if (version !== compiler.version) throw noCompiler(input.compilerVersion, compiler.version)
      if ((await codeAt(address)) === '') {
        throw new ExplorerError('no code', `Unable to locate ContractCode at ${address}`, { status: 404 })
      }
      if (store.get(address)?.match === 'exact_match') {
        throw new ExplorerError('already verified', 'Contract source code already verified', { status: 409 })
      }
      if (waiting >= WAITING_MAX) {
        throw new ExplorerError('busy', 'too many verifications are waiting, try again later', { status: 503 })
      }
      waiting += 1
      const id = randomUUID()
      jobs.set(id, { state: 'waiting', address })
      for (const old of jobs.keys()) {
        if (jobs.size <= JOBS_MAX) break
        jobs.delete(old)
      }
      tail = tail.then(() => run(id, address, input))
      return id
    },
    job: id => jobs.get(id),
    contract: address => store.get(address),
    async stop() {
      isStopping = true
      compiler.stop()
      await tail
      store.close()
    },
  }
}

function noCompiler(asked: string, installed: string | undefined): ExplorerError {
  const have = installed === undefined ? 'no compiler is installed' : `only ${installed} is installed`
  return new ExplorerError('no compiler', `solc ${asked} is not available: ${have} here`, { status: 422 })
}
