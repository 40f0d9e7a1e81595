import { Worker } from 'node:worker_threads'
import { type Log, silentLog } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import type { BlockNumber } from '#types'
import { numberedError, RpcError, type RpcErrorObject } from './errors.ts'
import { FairQueue } from './fair-queue.ts'
import { DEFAULT_RPC_LIMITS } from './limits.ts'

/** One heavy request. */
export interface WorkerJob {
  readonly method: string
  readonly params: readonly unknown[]
  /** From when a thread takes it; the thread does not survive this time by much. */
  readonly timeoutMs: number
  /** Whose request it is: clients that wait take turns. */
  readonly client: string
  /** Takes a request that still waits out of the queue. */
  readonly signal: AbortSignal
}

/** Threads for requests that may take long. */
export interface RpcWorkers {
  /** The result as JSON text; throws RpcErrors and CodedErrors like a method does. */
  run(job: WorkerJob): Promise<string>
  stats(): { readonly threads: number; readonly waiting: number; readonly ended: number }
  close(): Promise<void>
}

export interface RpcWorkersOptions {
  /** Module that calls `serveRequests` of this folder. */
  readonly entry: URL
  /** What that module gets as `workerData`. */
  readonly data: unknown
  readonly count: number
  readonly queueMax?: number
  /** Called before each answer is passed on, with the head that the thread saw: it may be newer than the caller's. */
  readonly onAnswer?: (head: BlockNumber) => void
  readonly log?: Log
}

/** What goes to a thread. */
export interface WorkerRequest {
  readonly id: number
  readonly method: string
  /** JSON: nothing that a client can write makes copying it fail. */
  readonly params: string
}

/** What comes back: first that the thread is ready, then an answer to each request. */
export type WorkerReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly id: number; readonly head: BlockNumber; readonly text: string }
  | { readonly kind: 'error'; readonly id: number; readonly head: BlockNumber; readonly error: RpcErrorObject }

/**
 * An execution that watches the clock itself ends before its thread has to. On a full machine the thread may be late to
 * look, and a new one costs a second of processor time, so it is waited for: for two fifths of its time, or this.
 */
const GRACE_MIN_MS = 250
/** Heap of a thread; a request that needs more loses it. */
const HEAP_MIB = 512

interface Waiting {
  readonly job: WorkerJob
  readonly params: string
  readonly resolve: (text: string) => void
  readonly reject: (error: unknown) => void
  readonly onAbort: () => void
}

class Lane {
  readonly worker: Worker
  isReady = false
  current: { readonly id: number; readonly waiting: Waiting; readonly timer: NodeJS.Timeout } | undefined

  constructor(worker: Worker) {
    this.worker = worker
  }
}

/**
 * Starts threads as requests need them, up to `count`; each does one request at a time and is ended, and replaced, when
 * it does not come to an end. So a request can hold a thread for its time limit and the node's own thread never.
 */
export function createRpcWorkers(options: RpcWorkersOptions): RpcWorkers {
  const { entry, data, count, queueMax = DEFAULT_RPC_LIMITS.workQueueMax } = options
  const log = (options.log ?? silentLog).child('rpc workers')
  const lanes = new Set<Lane>()
  const queue = new FairQueue<Waiting>()
  let nextId = 1
  let ended = 0
  let isClosed = false

  function start(): void {
    const worker = new Worker(entry, {
      workerData: data,
      name: 'rpc',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    })
    const lane = new Lane(worker)
    lanes.add(lane)
    let failure: unknown
    worker.on('message', (reply: WorkerReply) => onReply(lane, reply))
    worker.on('error', error => {
      failure = error
    })
    worker.on('exit', () => onExit(lane, failure))
  }

  function onReply(lane: Lane, reply: WorkerReply): void {
    if (reply.kind === 'ready') {
      lane.isReady = true
      next(lane)
      return
    }
    const { current } = lane
    if (current === undefined || current.id !== reply.id) return
    lane.current = undefined
    clearTimeout(current.timer)
    options.onAnswer?.(reply.head)
    if (reply.kind === 'result') current.waiting.resolve(reply.text)
    else current.waiting.reject(numberedError(reply.error))
    next(lane)
  }

  // Not by us: out of memory, or a fault of its own.
  function onExit(lane: Lane, failure: unknown): void {
    if (!lanes.delete(lane)) return
    const { current } = lane
    if (current !== undefined) {
      clearTimeout(current.timer)
      current.waiting.reject(new RpcError('server', 'execution aborted: out of memory'))
    }
    log.warn('thread ended', { error: messageOf(failure ?? 'exit'), method: current?.waiting.job.method ?? '-' })
    if (lane.isReady) fill()
    // It could not even start, and neither would the next one.
    else for (const waiting of queue.drain()) fail(waiting, new RpcError('internal', 'internal error'))
  }

  function end(lane: Lane, waiting: Waiting): void {
    lanes.delete(lane)
    lane.current = undefined
    ended += 1
    void lane.worker.terminate()
    const { method, timeoutMs, client } = waiting.job
    log.info('request ended after its time', { method, timeoutMs, client })
    waiting.reject(
      new CodedError('execution aborted', `execution aborted (timeout = ${timeoutMs / 1_000}s)`, {
        data: { timeoutMs },
      }),
    )
    fill()
  }

  function next(lane: Lane): void {
    const waiting = queue.take()
    if (waiting === undefined) return
    waiting.job.signal.removeEventListener('abort', waiting.onAbort)
    const id = nextId++
    const { method, timeoutMs } = waiting.job
    const timer = setTimeout(() => end(lane, waiting), timeoutMs + Math.max(GRACE_MIN_MS, (timeoutMs * 2) / 5))
    lane.current = { id, waiting, timer }
    lane.worker.postMessage({ id, method, params: waiting.params } satisfies WorkerRequest)
  }

  /** Gives waiting requests to idle threads, and starts one more when there are none. */
  function fill(): void {
    if (isClosed) return
    for (const lane of lanes) if (lane.isReady && lane.current === undefined && queue.size > 0) next(lane)
    const starting = [...lanes].filter(lane => !lane.isReady).length
    if (queue.size > starting && lanes.size < count) start()
  }

  function fail(waiting: Waiting, error: unknown): void {
    waiting.job.signal.removeEventListener('abort', waiting.onAbort)
    waiting.reject(error)
  }

  return {
    run(job) {
      if (isClosed) return Promise.reject(new RpcError('server', 'shutting down'))
      if (job.signal.aborted) return Promise.reject(new RpcError('timeout', 'request timed out'))
      if (queue.size >= queueMax) {
        return Promise.reject(new RpcError('limitExceeded', 'too many calls are waiting: try again later'))
      }
      const params = JSON.stringify(job.params)
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          if (queue.remove(job.client, waiting)) reject(new RpcError('timeout', 'request timed out'))
        }
        const waiting: Waiting = { job, params, resolve, reject, onAbort }
        queue.add(job.client, waiting)
        job.signal.addEventListener('abort', onAbort, { once: true })
        fill()
      })
    },

    stats: () => ({ threads: lanes.size, waiting: queue.size, ended }),

    async close() {
      isClosed = true
      const open = [...lanes]
      lanes.clear()
      const closing = new RpcError('server', 'shutting down')
      for (const waiting of queue.drain()) fail(waiting, closing)
      for (const { current } of open) {
        if (current === undefined) continue
        clearTimeout(current.timer)
        current.waiting.reject(closing)
      }
      await Promise.all(open.map(lane => lane.worker.terminate()))
    },
  }
}
