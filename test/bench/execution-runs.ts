import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createBlockFromRLP } from '@ethereumjs/block'
import { runBlock } from '@ethereumjs/vm'
import { createExecutionEngine, createRecoveryPool, type ExecutedBlock, genesisBlock } from '#evm'
import { silentLog } from '#lib/env'
import { keccak256 } from '#lib/hash'
import { type DiskStore, openChainStore, type Store } from '#storage'
import { encodeBlock, type GenesisFile, type RecoveredTransaction } from '#types'
import { Executor } from '../../chain/evm/executor.ts'
import { forkScheduleOfGenesis } from '../../chain/evm/genesis.ts'
import { keyOf } from '../../chain/evm/state/byte-keys.ts'
import { openAccountTrie } from '../../chain/evm/state/state-tries.ts'
import { EMPTY_REQUESTS_HASH } from '../../chain/evm/system-calls.ts'
import { commitOf, GENESIS_MS } from '../evm/fixtures.ts'
import { createStockVm } from '../evm/stock-vm.ts'
import { recipient, type Workload } from './execution-workloads.ts'

export interface Measured {
  readonly count: number
  readonly ms: number
  readonly cpuMs: number
}

/** Microseconds of processor time for each transaction; `write` by the wall clock, as it waits for the disk. */
export interface Stages {
  readonly recoverUs: number
  readonly executeUs: number
  readonly rootsUs: number
  readonly writeUs: number
}

/** Adds up wall and processor time of the work that is to be measured. */
class Stopwatch {
  #ms = 0
  #cpuMs = 0

  async time<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const cpu = process.cpuUsage()
    const result = await work()
    const { user, system } = process.cpuUsage(cpu)
    this.#ms += performance.now() - start
    this.#cpuMs += (user + system) / 1_000
    return result
  }

  measured(count: number): Measured {
    return { count, ms: this.#ms, cpuMs: this.#cpuMs }
  }
}

/** A LevelDB in a temporary folder, gone afterwards. */
export async function withStore<T>(work: (store: DiskStore, directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'ogpu-bench-'))
  const store = await openChainStore(directory)
  try {
    return await work(store, directory)
  } finally {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

export interface OurRun {
  /** Senders known, as from the pool. */
  readonly warm: Measured
  /** Senders recovered on the same thread. */
  readonly cold: Measured
  readonly stages: Stages
}

/** Commits of one workload through the engine onto a durable LevelDB, and then one commit stage by stage. */
export async function runOurs(workload: Workload, perCommit: number, commits: number): Promise<OurRun> {
  return withStore(async store => {
    const recovery = createRecoveryPool({ workers: 0 })
    const engine = await createExecutionEngine({ genesis: workload.genesis, store, recovery })
    let index = 0
    const run = async (raw: readonly Uint8Array[]) => {
      index += 1
      return engine.execute(commitOf(index, [raw], { timestampMs: GENESIS_MS + 300 * index }))
    }
    let blocks: readonly ExecutedBlock[] = []
    for (let step = 0; ; step++) {
      const raw = workload.setUp(step, blocks)
      if (raw === undefined) break
      blocks = (await run(raw)).blocks
      requireSuccess(blocks, raw.length)
    }
    await run(workload.batch(perCommit))
    const measure = async (known: boolean): Promise<Measured> => {
      const watch = new Stopwatch()
      for (let i = 0; i < commits; i++) {
        const raw = workload.batch(perCommit)
        if (known) await recovery.recover(raw)
        collectGarbage()
        requireSuccess((await watch.time(() => run(raw))).blocks, perCommit)
      }
      return watch.measured(perCommit * commits)
    }
    const warm = await measure(true)
    const cold = await measure(false)
    await engine.close()
    return { warm, cold, stages: await runStages(store, workload, perCommit) }
  })
}

// The executor's own steps, timed one by one on the store that the engine left. The first block warms its caches up.
async function runStages(store: Store, workload: Workload, count: number): Promise<Stages> {
  const { genesis } = workload
  const recovery = createRecoveryPool({ workers: 0 })
  const executor = await Executor.open({
    store,
    genesis: genesisBlock(genesis),
    chainId: genesis.config.chainId,
    schedule: forkScheduleOfGenesis(genesis),
    log: silentLog,
  })
  const watches = { recover: new Stopwatch(), execute: new Stopwatch(), roots: new Stopwatch(), write: new Stopwatch() }
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
    const { header } = executor.tip()
    const parentHash = await executor.tip().hash.later()
    const { coinbase, difficulty, gasLimit, mixHash, nonce, extraData } = header
    const batch = executor.newBatch()
    const open = await executor.begin(
      batch,
      {
        coinbase,
        difficulty,
        gasLimit: gasLimit * 10n,
        mixHash,
        nonce,
        extraData,
        number: header.number + 1,
        timestamp: header.timestamp + 1,
        baseFeePerGas: header.baseFeePerGas ?? 0n,
        excessBlobGas: 0n,
        parentBeaconBlockRoot: parentHash,
      },
      { blobBaseFee: undefined, fastTransfers: true, ownInterpreter: true },
    )
    await time('execute', async () => {
      for (const transaction of transactions) await open.execution.run(transaction)
    })
    const executed = await time('roots', () =>
      executor.finish(batch, open, { withdrawals: [], requestsHash: EMPTY_REQUESTS_HASH }),
    )
    requireSuccess([executed], count)
    await time('write', () => executor.commit(batch, executor.executed()))
  }
  const perTransaction = (ms: number) => Math.round((ms * 10_000) / count) / 10
  return {
    recoverUs: perTransaction(watches.recover.measured(count).cpuMs),
    executeUs: perTransaction(watches.execute.measured(count).cpuMs),
    rootsUs: perTransaction(watches.roots.measured(count).cpuMs),
    writeUs: perTransaction(watches.write.measured(count).ms),
  }
}

function requireSuccess(blocks: readonly ExecutedBlock[], wanted: number): void {
  let count = 0
  for (const { receipts } of blocks) for (const { status } of receipts) count += status ?? 0
  if (count !== wanted) throw new Error(`${wanted - count} of ${wanted} transactions failed`)
}

/** The stock VM on blocks that our engine made: the same bytes, and its own check of every root. */
export async function runStock(workload: Workload, count: number, crypto: 'stock' | 'native'): Promise<Measured> {
  return withStore(async store => {
    const engine = await createExecutionEngine({ genesis: workload.genesis, store })
    const preparing: Uint8Array[] = []
    let index = 0
    const run = async (raw: readonly Uint8Array[]) => {
      index += 1
      const { blocks } = await engine.execute(commitOf(index, [raw], { timestampMs: GENESIS_MS + 2_000 * index }))
      requireSuccess(blocks, raw.length)
      return blocks
    }
    let blocks: readonly ExecutedBlock[] = []
    for (let step = 0; ; step++) {
      const raw = workload.setUp(step, blocks)
      if (raw === undefined) break
      blocks = await run(raw)
      preparing.push(...blocks.map(({ block }) => encodeBlock(block)))
    }
    const measured = (await run(workload.batch(count))).map(({ block }) => encodeBlock(block))
    const vm = await createStockVm(workload.genesis, { crypto, cached: true })
    const runOne = async (bytes: Uint8Array) => {
      const block = createBlockFromRLP(bytes, { common: vm.common, skipConsensusFormatValidation: true })
      await runBlock(vm, { block, skipBlockValidation: true, skipHeaderValidation: true, clearCache: false })
    }
    for (const bytes of preparing) await runOne(bytes)
    const watch = new Stopwatch()
    for (const bytes of measured) await watch.time(() => runOne(bytes))
    return watch.measured(count)
  })
}

export interface Footprint {
  readonly accounts: number
  /** Memory for each account that is cached with its way down the trie. */
  readonly memoryBytesPerAccount: number
  /** On disk, with trie and the genesis block. */
  readonly diskBytesPerAccount: number
}

/** Most accounts that one measurement of memory reads: where the caches end. */
const CACHED_MAX = 400_000

/** What `accounts` accounts cost when every one of them is in the caches. */
export async function measureFootprint(genesis: GenesisFile, accounts: number): Promise<Footprint> {
  return withStore(async (store, directory) => {
    const open = () =>
      Executor.open({
        store,
        genesis: genesisBlock(genesis),
        chainId: genesis.config.chainId,
        schedule: forkScheduleOfGenesis(genesis),
        log: silentLog,
      })
    const root = (await open()).head().header.stateRoot
    await store.compact()
    const size = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
    const executor = await open()
    const trie = openAccountTrie(store, root)
    const read = Math.min(accounts, CACHED_MAX)
    const before = memoryInUse()
    for (let i = 0; i < read; i++) {
      const address = recipient(i)
      if (executor.flat.latest.account(keyOf(address)) === undefined) throw new Error('an account is missing')
      if (trie.get(keccak256(address)) === undefined) throw new Error('a leaf is missing')
    }
    const memoryBytesPerAccount = Math.round((memoryInUse() - before) / read)
    // Both are in use until here.
    if (trie.loaded < read || executor.head().header.number !== 0) throw new Error('the caches were given up')
    return { accounts, memoryBytesPerAccount, diskBytesPerAccount: Math.round(size / accounts) }
  })
}

function memoryInUse(): number {
  collectGarbage()
  collectGarbage()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

// Before a measurement, so that it does not pay for what was made before it.
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
