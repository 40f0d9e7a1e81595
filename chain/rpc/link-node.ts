import type { MessagePort } from 'node:worker_threads'
import type { ChainReader } from '#evm'
import { type Log, silentLog } from '#lib/env'
import { messageOf } from '#lib/errors'
import type { RecoveredTransaction } from '#types'
import type { LiveBackend } from './backend.ts'
import { errorObjectOf, RPC_ERRORS } from './errors.ts'
import {
  CELL,
  type LinkCall,
  type LinkCells,
  type LinkNews,
  type LinkQuestions,
  type LinkReply,
  type LinkWatch,
  linkCalls,
  packTransactions,
} from './link.ts'

export interface LinkServerOptions {
  readonly port: MessagePort
  readonly cells: LinkCells
  readonly live: LiveBackend
  readonly chain: Pick<ChainReader, 'onBlock'>
  readonly log?: Log
}

/** Messages that a listener may leave unread before it gets nothing but answers. */
const UNREAD_MAX = 100
/** How long to wait before a listener that is late is told again that there are news. */
const AGAIN_MS = 50
/** News of each kind that wait for a listener that is late; those after them are lost to its subscribers. */
const PENDING_MAX = 10_000
const COMMITS_MAX = 1_000

/** Answers a listener on another thread from the node's thread, and tells it what happens. */
export function serveLink({ port, cells, live, chain, log = silentLog }: LinkServerOptions): { close(): void } {
  const calls: Readonly<Record<string, (...args: never[]) => unknown>> = linkCalls(live)
  const stops = new Map<keyof LinkWatch | 'blocks', () => void>()
  let replies: LinkReply[] = []
  let pending: RecoveredTransaction[] = []
  let commits: Readonly<Record<string, unknown>>[] = []
  let number = 0
  let isDue = false
  let isClosed = false
  let again: NodeJS.Timeout | undefined

  function flush(): void {
    isDue = false
    if (isClosed) return
    const isLate = ((number - Atomics.load(cells, CELL.seen)) | 0) > UNREAD_MAX
    if (isLate && replies.length === 0) {
      again ??= setTimeout(() => {
        again = undefined
        flush()
      }, AGAIN_MS).unref()
      return
    }
    number = (number + 1) | 0
    const packed = pending.length === 0 ? undefined : packTransactions(pending)
    const news: LinkNews = { number, pending: packed, commits, replies }
    replies = []
    pending = []
    commits = []
    port.postMessage(news)
  }

  function schedule(): void {
    if (isDue) return
    isDue = true
    setImmediate(flush)
  }

  async function answer({ id, name, args }: LinkCall): Promise<void> {
    try {
      const result = await (calls[name] as (...given: readonly unknown[]) => unknown)(...args)
      replies.push({ id, result })
    } catch (error) {
      const object = errorObjectOf(error)
      replies.push({ id, error: object })
      if (object.code === RPC_ERRORS.internal) log.error('question failed', { name, error: messageOf(error) })
    }
    schedule()
  }

  function watch(kind: keyof LinkWatch, isWanted: boolean, start: () => (() => void) | undefined): void {
    const stop = stops.get(kind)
    if (isWanted === (stop !== undefined)) return
    stop?.()
    if (isWanted) stops.set(kind, start() ?? (() => {}))
    else stops.delete(kind)
  }

  port.on('message', ({ calls: asked, watch: wanted }: LinkQuestions) => {
    if (wanted !== undefined) {
      watch('pending', wanted.pending, () =>
        live.pool.onAdded(transaction => {
          if (pending.length < PENDING_MAX) pending.push(transaction)
          schedule()
        }),
      )
      watch('commits', wanted.commits, () =>
        live.dag?.onCommit(commit => {
          if (commits.length < COMMITS_MAX) commits.push(commit)
          schedule()
        }),
      )
    }
    for (const call of asked) void answer(call)
  })
  const stop = chain.onBlock(() => {
    Atomics.add(cells, CELL.moves, 1)
    if (isDue) return
    isDue = true
    // Sooner than other news: the next block's execution may hold up the event loop.
    queueMicrotask(flush)
  })
  stops.set('blocks', stop)

  return {
    close() {
      isClosed = true
      clearTimeout(again)
      for (const end of stops.values()) end()
      stops.clear()
      port.close()
    },
  }
}
