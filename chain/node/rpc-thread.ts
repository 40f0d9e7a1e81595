/** A thread that answers heavy JSON-RPC requests: the chain's store opened for reading, and the methods that only read. */
import { parentPort, workerData } from 'node:worker_threads'
import { defined } from '#lib/assert'
import { silentLog } from '#lib/env'
import { serveRequests } from '#rpc'
import { type ChainPlace, openReadBackend } from './read-backend.ts'
import { lowerThreadPriority } from './thread-priority.ts'

/** What the thread is told when it starts. */
export interface RpcWorkerData extends ChainPlace {
  /** Whether consensus and execution in this process go first. */
  readonly yields: boolean
}

/** About a tenth of the share of consensus and execution. */
const NICE = 15

const { yields, ...place } = workerData as RpcWorkerData
const { store, engine, backend } = await openReadBackend(place)
if (yields) lowerThreadPriority(NICE)
serveRequests({
  port: defined(parentPort, 'this module runs in a thread'),
  backend,
  renew: () => engine.renew(),
  release: () => store.release(),
  log: silentLog,
})
