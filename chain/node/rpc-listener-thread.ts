/**
 * The thread of JSON-RPC: sockets, HTTP, parsing, every method, filters and subscriptions, over a reader of the chain's
 * store of its own. What lives on the node's thread it asks for over a link; calls and traces run in threads that it owns.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { createForkConfigs } from '#evm'
import { defined } from '#lib/assert'
import { messageOf } from '#lib/errors'
import { createMetrics } from '#lib/metrics'
import {
  connectLink,
  createLinkChain,
  createRpcServer,
  createRpcWorkers,
  type LinkCells,
  type LinkFacts,
  type RpcBackend,
  type RpcServer,
  type RpcServerOptions,
} from '#rpc'
import { createPortLog, type LogLine } from './port-log.ts'
import { type ChainPlace, openReadBackend } from './read-backend.ts'
import type { RpcWorkerData } from './rpc-thread.ts'
import { lowerThreadPriority } from './thread-priority.ts'

/** What the thread is told when it starts. */
export interface RpcListenerData {
  readonly chain: ChainPlace
  readonly clientVersion: string
  readonly link: MessagePort
  readonly cells: LinkCells
  readonly facts: LinkFacts
  /** Threads for calls and traces; 0 runs them here. */
  readonly workers: number
  readonly servers: readonly ListenerServer[]
  /** Whether consensus and execution in this process go first. */
  readonly yields: boolean
}

/** A listener: what `createRpcServer` takes and can be sent. */
export type ListenerServer = Omit<RpcServerOptions, 'backend' | 'clock' | 'log'> & { readonly name: string }

/** To the thread. */
export type ToListener = { readonly kind: 'close' } | { readonly kind: 'metrics'; readonly id: number }

/** From the thread. */
export type FromListener =
  | { readonly kind: 'ready'; readonly servers: readonly Pick<RpcServer, 'url' | 'wsUrl' | 'port'>[] }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly kind: 'metrics'; readonly id: number; readonly text: string }
  | { readonly kind: 'closed' }
  | LogLine

/** About a third of the share of consensus and execution. */
const NICE = 5

const port = defined(parentPort, 'this module runs in a thread')
const post = (message: FromListener) => port.postMessage(message)
const closers: (() => Promise<void> | void)[] = []
const close = async () => {
  for (const undo of closers.splice(0).reverse()) await undo()
}

async function open({ chain: place, link, cells, facts, ...data }: RpcListenerData): Promise<readonly RpcServer[]> {
  const log = createPortLog(post)
  const metrics = createMetrics({ processMetrics: false })
  const { store, engine, backend: reading } = await openReadBackend(place)
  closers.push(() => store.close())
  const { chain, refresh, reach, announce } = createLinkChain(engine, cells)
  const live = connectLink({ port: link, cells, facts, onNews: announce })
  closers.push(() => link.close())
  const backend: RpcBackend = {
    ...reading,
    ...live,
    chain,
    refresh,
    clientVersion: data.clientVersion,
    forks: createForkConfigs(place.genesis),
    metrics: metrics.registry,
  }
  const workers =
    data.workers === 0
      ? undefined
      : createRpcWorkers({
          entry: new URL('./rpc-worker.ts', import.meta.url),
          data: { ...place, yields: data.yields } satisfies RpcWorkerData,
          count: data.workers,
          onAnswer: reach,
          log,
        })
  if (workers !== undefined) closers.push(() => workers.close())
  const servers: RpcServer[] = []
  closers.push(async () => {
    await Promise.all(servers.map(server => server.close()))
  })
  for (const { name, ...options } of data.servers) {
    const own = name === '' ? log : log.child(name)
    servers.push(
      await createRpcServer({
        ...options,
        backend: { ...backend, ...(workers === undefined ? {} : { workers }) },
        log: own,
      }),
    )
  }
  port.on('message', async (message: ToListener) => {
    if (message.kind === 'metrics') {
      post({ kind: 'metrics', id: message.id, text: await metrics.text() })
      return
    }
    await close()
    post({ kind: 'closed' })
  })
  return servers
}

try {
  const data = workerData as RpcListenerData
  const servers = await open(data)
  if (data.yields) lowerThreadPriority(NICE)
  post({ kind: 'ready', servers: servers.map(({ url, wsUrl, port: bound }) => ({ url, wsUrl, port: bound })) })
} catch (error) {
  await close()
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  post({ kind: 'failed', message: messageOf(error), code })
}
