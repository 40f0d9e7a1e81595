import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createBlockFromRLP } from '@ethereumjs/block'
import { runBlock } from '@ethereumjs/vm'
import { createExecutionEngine, type ExecutedBlock } from '#evm'
import { type DiskStore, openChainStore } from '#storage'
import { encodeBlock } from '#types'
import { commitOf, GENESIS_MS } from '../evm/fixtures.ts'
import { createStockVm } from '../evm/stock-vm.ts'
import type { Workload } from './execution-workloads.ts'

export interface Measured {
  readonly count: number
  readonly ms: number
  readonly cpuMs: number
}

/** Microseconds of processor time of all threads for each transaction. */
export interface Stages {
  readonly recoverUs: number
  readonly executeUs: number
  readonly rootsUs: number
  readonly writeUs: number
}

/** Adds up wall and processor time of the work that is to be measured. */
export class Stopwatch {
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
  // With the cache that a node gives it by default.
  const store = await openChainStore(directory, { isShared: true, cacheBytes: 128 * 1024 * 1024 })
  try {
    return await work(store, directory)
  } finally {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

export function requireSuccess(blocks: readonly ExecutedBlock[], wanted: number): void {
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

// Before a measurement, so that it does not pay for what was made before it.
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
