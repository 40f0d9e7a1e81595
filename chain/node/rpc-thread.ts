/** A thread that answers heavy JSON-RPC requests: the chain's store opened for reading, and the methods that only read. */
import { parentPort, workerData } from 'node:worker_threads'
import { defined } from '#lib/assert'
import { silentLog } from '#lib/env'
import { serveRequests } from '#rpc'
import { type ChainPlace, openReadBackend } from './read-backend.ts'
import { runWhenIdle } from './thread-priority.ts'

/** What the thread is told when it starts. */
export interface RpcWorkerData extends ChainPlace {
  /** Whether consensus and execution in this process go first. */
  readonly yields: boolean
}

const { yields, ...place } = workerData as RpcWorkerData
const { store, engine, backend } = await openReadBackend(place)
if (yields) runWhenIdle()
serveRequests({
  port: defined(parentPort, 'this module runs in a thread'),
  backend,
  renew: () => engine.renew(),
  release: () => store.release(),
  log: silentLog,
})
