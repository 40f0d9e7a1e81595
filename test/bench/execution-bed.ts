import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createRecoveryPool, type ExecutedBlock, executionParamsOf, genesisBlock, type RecoveryPool } from '#evm'
import { fromHex } from '#lib/bytes'
import { tuneCollector } from '#lib/collector'
import { silentLog } from '#lib/env'
import type { DiskStore } from '#storage'
import type { GenesisFile, RecoveredTransaction } from '#types'
import { createCommitExecution } from '../../chain/evm/commit-execution.ts'
import { type Batch, Executor, type OpenBlock } from '../../chain/evm/executor.ts'
import { forkScheduleOfGenesis } from '../../chain/evm/genesis.ts'
import { EMPTY_REQUESTS_HASH } from '../../chain/evm/system-calls.ts'
import { commitOf, GENESIS_MS } from '../evm/fixtures.ts'
import { collectGarbage, type Measured, requireSuccess, type Stages, Stopwatch } from './execution-runs.ts'
import { recipient, type Workload } from './execution-workloads.ts'

/** Threads beside the executing one. */
export interface Threads {
  readonly recovery: number
  readonly tries: boolean
}

/** What a state of some size needs. */
export interface Footprint {
  readonly accounts: number
  /** Of the whole process, with all its caches. */
  readonly residentMb: number
  readonly diskMb: number
}

/** How many commits ahead senders are recovered: a vertex is known about three rounds before its commit. */
const RECOVERED_AHEAD = 3
/** Accounts made by one block while the state grows. */
const GROWN_PER_BLOCK = 20_000
const CLOSING = { withdrawals: [], requestsHash: EMPTY_REQUESTS_HASH }

/** A chain on a durable store whose state can grow between measurements, with its caches as they are after that. */
export class Bed {
  readonly #executor: Executor
  readonly #recovery: RecoveryPool
  readonly #commits: ReturnType<typeof createCommitExecution>
  readonly #store: DiskStore
  readonly #directory: string
  #index = 0

  private constructor(genesis: GenesisFile, executor: Executor, store: DiskStore, directory: string, threads: Threads) {
    this.#executor = executor
    this.#store = store
    this.#directory = directory
    this.#recovery = createRecoveryPool({ workers: threads.recovery })
    this.#commits = createCommitExecution({
      executor,
      params: executionParamsOf(genesis),
      feeCollector: fromHex(genesis.coinbase),
      recovery: this.#recovery,
      fastTransfers: true,
      ownInterpreter: true,
    })
  }

  static async open(genesis: GenesisFile, store: DiskStore, directory: string, threads: Threads): Promise<Bed> {
    tuneCollector()
    const executor = await Executor.open({
      store,
      genesis: genesisBlock(genesis),
      chainId: genesis.config.chainId,
      schedule: forkScheduleOfGenesis(genesis),
      log: silentLog,
      ...(threads.tries ? { trieWorker: { directory } } : {}),
    })
    return new Bed(genesis, executor, store, directory, threads)
  }

  async close(): Promise<void> {
    await this.#executor.close()
    await this.#recovery.close()
  }

  /** Puts one wei on the recipients `from` to `to` - 1, in blocks that do nothing else. */
  async grow(from: number, to: number): Promise<void> {
    for (let first = from; first < to; first += GROWN_PER_BLOCK) {
      const { batch, open } = await this.#begin()
      for (let i = first; i < Math.min(to, first + GROWN_PER_BLOCK); i++) await open.execution.credit(recipient(i), 1n)
      await this.#executor.finish(batch, open, CLOSING)
      await this.#executor.commit(batch, this.#executor.executed())
    }
  }

  async footprint(accounts: number): Promise<Footprint> {
    await this.#store.compact()
    collectGarbage()
    const sizes = readdirSync(this.#directory, { recursive: true }).map(name => {
      const status = statSync(join(this.#directory, String(name)))
      return status.isFile() ? status.size : 0
    })
    const mb = (bytes: number) => Math.round(bytes / 1_000_000)
    return {
      accounts,
      residentMb: mb(process.memoryUsage().rss),
      diskMb: mb(sizes.reduce((sum, size) => sum + size, 0)),
    }
  }

  async setUp(workload: Workload): Promise<void> {
    let blocks: readonly ExecutedBlock[] = []
    for (let step = 0; ; step++) {
      const raw = workload.setUp(step, blocks)
      if (raw === undefined) return
      blocks = (await this.#execute(raw)).blocks
      requireSuccess(blocks, raw.length)
    }
  }

  /** One commit after another, each from decoded transactions with known senders to its durable end. */
  async known(workload: Workload, perCommit: number, commits: number): Promise<Measured> {
    const watch = new Stopwatch()
    for (let i = -1; i < commits; i++) {
      const raw = workload.batch(perCommit)
      await this.#recovery.recover(raw)
      collectGarbage()
      // The first one only warms up.
      const executed = i < 0 ? await this.#execute(raw) : await watch.time(() => this.#execute(raw))
      requireSuccess(executed.blocks, perCommit)
    }
    return watch.measured(perCommit * commits)
  }

  /**
   * The whole pipeline as a node runs it: raw bytes decoded and senders recovered in worker threads ahead of their
   * commits, one commit executed while the one before is hashed and written.
   */
  async pipeline(workload: Workload, perCommit: number, commits: number): Promise<Measured> {
    const make = (count: number) => Array.from({ length: count }, () => workload.batch(perCommit))
    await this.#runAhead(make(Math.ceil(commits / 2)))
    const batches = make(commits)
    collectGarbage()
    const watch = new Stopwatch()
    await watch.time(() => this.#runAhead(batches))
    return watch.measured(perCommit * commits)
  }

  async #runAhead(batches: readonly (readonly Uint8Array[])[]): Promise<void> {
    const prepare = (raw: readonly Uint8Array[] = []) => {
      // A failure shows again where the commit asks for the same.
      this.#recovery.recover(raw).catch(() => {})
    }
    for (const raw of batches.slice(0, RECOVERED_AHEAD)) prepare(raw)
    let before: Promise<void> | undefined
    for (const [i, raw] of batches.entries()) {
      prepare(batches[i + RECOVERED_AHEAD])
      const executed = this.#execute(raw).then(({ blocks }) => requireSuccess(blocks, raw.length))
      await before
      before = executed
    }
    await before
  }

  /** The executor's own steps, timed one by one. The first block warms up. */
  async stages(workload: Workload, count: number): Promise<Stages> {
    const watches = {
      recover: new Stopwatch(),
      execute: new Stopwatch(),
      roots: new Stopwatch(),
      write: new Stopwatch(),
    }
    const recovery = createRecoveryPool({ workers: 0 })
    for (const isMeasured of [false, true]) {
      const raw = workload.batch(count)
      collectGarbage()
      const time = <T>(stage: keyof typeof watches, work: () => Promise<T>) =>
        isMeasured ? watches[stage].time(work) : work()
      const verdicts = await time('recover', () => recovery.recover(raw))
      const transactions = verdicts.map((verdict): RecoveredTransaction => {
        if (verdict.kind !== 'accept') throw new Error(`a transaction was not accepted: ${verdict.reason}`)
        return verdict.value
      })
      const { batch, open } = await this.#begin()
      await time('execute', async () => {
        for (const transaction of transactions) {
          if (open.execution.runNow(transaction) === undefined) await open.execution.run(transaction)
        }
      })
      const executed = await time('roots', () => this.#executor.finish(batch, open, CLOSING))
      requireSuccess([executed], count)
      await time('write', () => this.#executor.commit(batch, this.#executor.executed()))
    }
    const perTransaction = (ms: number) => Math.round((ms * 10_000) / count) / 10
    return {
      recoverUs: perTransaction(watches.recover.measured(count).cpuMs),
      executeUs: perTransaction(watches.execute.measured(count).cpuMs),
      rootsUs: perTransaction(watches.roots.measured(count).cpuMs),
      writeUs: perTransaction(watches.write.measured(count).cpuMs),
    }
  }

  #execute(raw: readonly Uint8Array[]) {
    this.#index += 1
    return this.#commits.execute(commitOf(this.#index, [raw], { timestampMs: GENESIS_MS + 300 * this.#index }))
  }

  // A block without a commit, on top of the last one.
  async #begin(): Promise<{ readonly batch: Batch; readonly open: OpenBlock }> {
    const { header, hash } = this.#executor.head()
    const { coinbase, difficulty, gasLimit, mixHash, nonce, extraData, number, timestamp, baseFeePerGas } = header
    const batch = this.#executor.newBatch()
    const skeleton = {
      coinbase,
      difficulty,
      gasLimit,
      mixHash,
      nonce,
      extraData,
      number: number + 1,
      timestamp,
      baseFeePerGas: baseFeePerGas ?? 0n,
      excessBlobGas: 0n,
      parentBeaconBlockRoot: hash,
    }
    const open = await this.#executor.begin(batch, skeleton, {
      blobBaseFee: undefined,
      fastTransfers: true,
      ownInterpreter: true,
    })
    return { batch, open }
  }
}
