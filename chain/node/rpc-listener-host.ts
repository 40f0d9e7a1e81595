import { MessageChannel, Worker } from 'node:worker_threads'
import type { ChainReader } from '#evm'
import { type Log, type MetricsRegistry, silentMetrics } from '#lib/env'
import { messageOf } from '#lib/errors'
import { createLinkCells, type LiveBackend, serveLink } from '#rpc'
import { writeLogLine } from './port-log.ts'
import type { ChainPlace } from './read-backend.ts'
import type { FromListener, ListenerServer, RpcListenerData, ToListener } from './rpc-listener-thread.ts'

export interface RpcThreadOptions {
  /** What the thread asks this one for. */
  readonly live: LiveBackend
  /** The chain that this thread writes; the other one only hears of its new blocks. */
  readonly blocks: Pick<ChainReader, 'onBlock'>
  /** What the threads need to read the chain. */
  readonly chain: ChainPlace
  readonly clientVersion: string
  /** Threads for calls and traces; 0 runs them on the thread of JSON-RPC. */
  readonly workers: number
  readonly servers: readonly ListenerServer[]
  /** Whether consensus and execution in this process go first. Default true. */
  readonly yields?: boolean
  readonly metrics?: MetricsRegistry
  readonly log: Log
  /** The thread's module; another one in tests. */
  readonly entry?: URL
}

export interface RpcThread {
  /** Addresses, in the order of the options. */
  readonly servers: readonly { readonly url: string; readonly wsUrl: string }[]
  /** The thread's metrics in Prometheus' text format; nothing when it does not answer in time. */
  metricsText(): Promise<string>
  close(): Promise<void>
}

/** Heap of the thread: what is hostile may cost it its life, and must not cost the node's. */
const HEAP_MIB = 1_024
/** How long a thread that ended by itself stays away; doubled each time that it ends again before it has settled. */
const RESTART_LEAST_MS = 100
const RESTART_MOST_MS = 10_000
const SETTLED_MS = 60_000
const CLOSE_MS = 5_000
const METRICS_MS = 1_000

type Ready = Extract<FromListener, { kind: 'ready' }>

/** One life of the thread. */
interface Life {
  /** Rejects when it cannot start. */
  readonly ready: Promise<Ready>
  /** Resolves with the reason once it has ended. */
  readonly ended: Promise<unknown>
  metricsText(): Promise<string>
  close(): Promise<void>
}

/**
 * Starts JSON-RPC on a thread of its own. The thread starts again when it ends by itself, as consensus does without it.
 * Throws what the listeners failed with at the first start.
 */
export async function startRpcThread(options: RpcThreadOptions): Promise<RpcThread> {
  const { log } = options
  const restarts = (options.metrics ?? silentMetrics).counter(
    'rpc_thread_restarts_total',
    'Times that the thread of JSON-RPC ended by itself and was started again',
  )
  let restartMs = RESTART_LEAST_MS
  let restarting: NodeJS.Timeout | undefined
  let isClosed = false

  let life = live(options, options.servers)
  const { servers } = await life.ready
  // Clients find it again where it was.
  const bound = options.servers.map((server, i) => ({ ...server, port: servers[i]?.port ?? server.port ?? 0 }))

  function watch(): void {
    const startedMs = performance.now()
    void life.ended.then(reason => {
      if (isClosed) return
      if (performance.now() - startedMs > SETTLED_MS) restartMs = RESTART_LEAST_MS
      log.error('the thread of JSON-RPC ended and is started again', { error: messageOf(reason), inMs: restartMs })
      restarts.inc()
      restarting = setTimeout(() => {
        life = live(options, bound)
        // Why it did not start is also why it ended.
        life.ready.catch(() => {})
        watch()
      }, restartMs)
      restartMs = Math.min(RESTART_MOST_MS, restartMs * 2)
    })
  }
  watch()

  return {
    servers,
    metricsText: () => life.metricsText(),
    async close() {
      isClosed = true
      clearTimeout(restarting)
      await life.close()
    },
  }
}

function live(options: RpcThreadOptions, servers: readonly ListenerServer[]): Life {
  const { live: backend, log } = options
  const { port1, port2 } = new MessageChannel()
  const cells = createLinkCells()
  const link = serveLink({ port: port1, cells, live: backend, chain: options.blocks, log: log.child('rpc') })
  const { id, dataDir, genesisHash } = backend.admin ?? {}
  const hasAdmin = id !== undefined && dataDir !== undefined && genesisHash !== undefined
  const data: RpcListenerData = {
    chain: options.chain,
    clientVersion: options.clientVersion,
    link: port2,
    cells,
    facts: { hasDag: backend.dag !== undefined, admin: hasAdmin ? { id, dataDir, genesisHash } : undefined },
    workers: options.workers,
    servers,
    yields: options.yields ?? true,
  }
  const worker = new Worker(options.entry ?? new URL('./rpc-listener.ts', import.meta.url), {
    workerData: data,
    transferList: [port2],
    name: 'rpc listener',
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  })
  const post = (message: ToListener) => worker.postMessage(message)
  const ready = Promise.withResolvers<Ready>()
  const closed = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<unknown>()
  const asked = new Map<number, (text: string) => void>()
  let nextId = 1
  let failure: unknown = new Error('it ended without a word')

  worker.on('message', (message: FromListener) => {
    if (message.kind === 'log') writeLogLine(log, message)
    else if (message.kind === 'metrics') asked.get(message.id)?.(message.text)
    else if (message.kind === 'ready') ready.resolve(message)
    else if (message.kind === 'closed') closed.resolve()
    else {
      failure = Object.assign(new Error(message.message), message.code === undefined ? {} : { code: message.code })
      void worker.terminate()
    }
  })
  worker.on('error', error => {
    failure = error
  })
  worker.on('exit', () => {
    link.close()
    ready.reject(failure)
    closed.resolve()
    ended.resolve(failure)
  })

  return {
    ready: ready.promise,
    ended: ended.promise,

    metricsText() {
      const own = nextId++
      return new Promise(resolve => {
        const give = (text: string) => {
          clearTimeout(timer)
          asked.delete(own)
          resolve(text)
        }
        const timer = setTimeout(() => give(''), METRICS_MS)
        asked.set(own, give)
        post({ kind: 'metrics', id: own })
      })
    },

    async close() {
      post({ kind: 'close' })
      const timer = setTimeout(() => closed.resolve(), CLOSE_MS)
      await closed.promise
      clearTimeout(timer)
      await worker.terminate()
      await ended.promise
    },
  }
}
