/** A thread that answers heavy JSON-RPC requests: the chain's store opened for reading, and the methods that only read. */
import { parentPort, workerData } from 'node:worker_threads'
import { defined } from '#lib/assert'
import { silentLog } from '#lib/env'
import type { ChainPlace } from './read-backend.ts'
import { lowerThreadPriority, runWhenIdle } from './thread-priority.ts'

/** What the thread is told when it starts. */
export interface RpcWorkerData extends ChainPlace {
  /** Whether consensus and execution in this process go first. */
  readonly yields: boolean
}

/** Loading the modules takes about a second of processor time: a tenth of the share of others until it is ready. */
const STARTING = 10

const { yields, ...place } = workerData as RpcWorkerData
if (yields) lowerThreadPriority(STARTING)
// Loaded from here on, and not before this module runs, so that loading them yields already.
const [{ openReadBackend }, { serveRequests }] = await Promise.all([import('./read-backend.ts'), import('#rpc')])
const { store, engine, backend } = await openReadBackend(place)
if (yields) runWhenIdle()
serveRequests({
  port: defined(parentPort, 'this module runs in a thread'),
  backend,
  renew: () => engine.renew(),
  release: () => store.release(),
  log: silentLog,
})
