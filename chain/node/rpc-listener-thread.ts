/**
 * The thread of JSON-RPC: sockets, HTTP, parsing, every method, filters and subscriptions, over a reader of the chain's
 * store of its own. What lives on the node's thread it asks for over a link; calls and traces run in threads that it owns.
 */
import { setPriority } from 'node:os'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { createForkConfigs, createReadEngine } from '#evm'
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
import { openChainReader } from '#storage'
import { createPortLog, type LogLine } from './port-log.ts'
import type { RpcWorkerData } from './rpc-thread.ts'

/** What the thread is told when it starts. */
export interface RpcListenerData {
  readonly chain: RpcWorkerData
  readonly clientVersion: string
  readonly link: MessagePort
  readonly cells: LinkCells
  readonly facts: LinkFacts
  /** Threads for calls and traces; 0 runs them here. */
  readonly workers: number
  readonly servers: readonly ListenerServer[]
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

/** Consensus and execution go first where they want the same core: about three times this thread's share. */
const NICE = 5

const port = defined(parentPort, 'this module runs in a thread')
const post = (message: FromListener) => port.postMessage(message)
const closers: (() => Promise<void> | void)[] = []
const close = async () => {
  for (const undo of closers.splice(0).reverse()) await undo()
}

async function open({ chain: place, link, cells, facts, ...data }: RpcListenerData): Promise<readonly RpcServer[]> {
  const { genesis, storePath, historyBlocks } = place
  const log = createPortLog(post)
  const metrics = createMetrics({ processMetrics: false })
  const store = await openChainReader(storePath)
  closers.push(() => store.close())
  const engine = createReadEngine({ genesis, store, ...(historyBlocks === undefined ? {} : { historyBlocks }) })
  const { chain, refresh, reach, announce } = createLinkChain(engine, cells)
  const live = connectLink({ port: link, cells, facts, onNews: announce })
  closers.push(() => link.close())
  const backend: RpcBackend = {
    ...live,
    chain,
    refresh,
    calls: engine.calls,
    traces: engine.traces,
    simulations: engine.simulations,
    clientVersion: data.clientVersion,
    forks: createForkConfigs(genesis),
    metrics: metrics.registry,
  }
  const workers =
    data.workers === 0
      ? undefined
      : createRpcWorkers({
          entry: new URL('./rpc-worker.ts', import.meta.url),
          data: place,
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
  const servers = await open(workerData as RpcListenerData)
  // From here on; a thread that starts at low priority would take seconds on a busy machine. On Linux this is about the
  // calling thread only.
  try {
    if (process.platform === 'linux') setPriority(0, NICE)
  } catch {
    // A container may forbid it; requests are answered all the same.
  }
  post({ kind: 'ready', servers: servers.map(({ url, wsUrl, port: bound }) => ({ url, wsUrl, port: bound })) })
} catch (error) {
  await close()
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  post({ kind: 'failed', message: messageOf(error), code })
}
