/**
 * Starts `rpc-thread.ts`; apart from it, as priority and the cache of compiled code have to be set before anything is imported:
 * loading it all takes a second of processor time.
 */
import { enableCompileCache } from 'node:module'
import { workerData } from 'node:worker_threads'
import type { RpcWorkerData } from './rpc-thread.ts'
import { lowerThreadPriority } from './thread-priority.ts'

/** A thirtieth of the share of consensus and execution; with none at all a start on a full machine would not end. */
const STARTING = 15

if ((workerData as RpcWorkerData).yields) lowerThreadPriority(STARTING)
enableCompileCache()
await import('./rpc-thread.ts')
