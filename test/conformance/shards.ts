import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { CaseResult, Suite } from './suite.ts'

/** Suites whose cases do not depend on each other, by name. */
export const SHARDED_SUITES: Readonly<Record<'state' | 'blocks', () => Promise<Suite>>> = {
  state: async () => (await import('./state.ts')).stateSuite,
  blocks: async () => (await import('./blocks.ts')).blocksSuite,
}

export interface ShardData {
  readonly suite: keyof typeof SHARDED_SUITES
  readonly args: readonly string[]
}

/** The suite of that name with its cases dealt out to one thread for each core. Results come in no order. */
export function overCores(suite: keyof typeof SHARDED_SUITES): Suite {
  return async (args, report) => {
    const count = availableParallelism()
    const shards = Array.from({ length: count }, (_, i) =>
      runShard({ suite, args: [...args, '--shard', `${i}/${count}`] }, report),
    )
    await Promise.all(shards)
  }
}

function runShard(workerData: ShardData, report: (result: CaseResult) => void): Promise<void> {
  const worker = new Worker(new URL('./shard-worker.ts', import.meta.url), { workerData })
  return new Promise((resolve, fail) => {
    worker.on('message', report)
    worker.on('error', fail)
    worker.on('exit', code => (code === 0 ? resolve() : fail(new Error(`a shard ended with code ${code}`))))
  })
}
