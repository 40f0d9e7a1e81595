import type { MessagePort } from 'node:worker_threads'
import { toRawHex } from '#lib/bytes'
import type { RecoveredTransaction } from '#types'
import type { AdminControl, LiveBackend } from './backend.ts'
import { numberedError, RpcError } from './errors.ts'
import {
  CELL,
  type LinkCall,
  type LinkCalls,
  type LinkCells,
  type LinkNews,
  type LinkQuestions,
  packBytes,
  unpackTransactions,
  unpackVerdicts,
} from './link.ts'

/** What of a node a listener on another thread cannot ask for each time. */
export interface LinkFacts {
  readonly hasDag: boolean
  readonly admin: Pick<AdminControl, 'id' | 'dataDir' | 'genesisHash'> | undefined
}

export interface LinkOptions {
  readonly port: MessagePort
  readonly cells: LinkCells
  readonly facts: LinkFacts
  /** Called with every message, before anybody sees what is in it: there may be new blocks. */
  readonly onNews: () => void
}

/** Questions that the node's thread may leave unanswered; further ones are refused as something to try again. */
const CALLS_MAX = 10_000
/** The same for bytes of transactions. */
const BYTES_MAX = 64 * 1024 * 1024

type Result<N extends keyof LinkCalls> = Awaited<ReturnType<LinkCalls[N]>>

interface Waiting {
  readonly bytes: number
  readonly resolve: (result: never) => void
  readonly reject: (error: unknown) => void
}

/** The node's own thread as a listener on another one sees it. */
export function connectLink({ port, cells, facts, onNews }: LinkOptions): LiveBackend {
  const waiting = new Map<number, Waiting>()
  const onPending = new Set<(transaction: RecoveredTransaction) => void>()
  const onCommit = new Set<(commit: Readonly<Record<string, unknown>>) => void>()
  let calls: LinkCall[] = []
  let isWatchChanged = false
  let bytesWaiting = 0
  let nextId = 1
  let isDue = false

  function flush(): void {
    isDue = false
    const watch = { pending: onPending.size > 0, commits: onCommit.size > 0 }
    const questions: LinkQuestions = { calls, ...(isWatchChanged ? { watch } : {}) }
    calls = []
    isWatchChanged = false
    port.postMessage(questions)
  }

  function schedule(): void {
    if (isDue) return
    isDue = true
    process.nextTick(flush)
  }

  function call<N extends keyof LinkCalls>(name: N, args: Parameters<LinkCalls[N]>, bytes = 0): Promise<Result<N>> {
    if (waiting.size >= CALLS_MAX || bytesWaiting + bytes > BYTES_MAX) {
      return Promise.reject(new RpcError('limitExceeded', 'the node is busy: try again later'))
    }
    const id = nextId++
    bytesWaiting += bytes
    calls.push({ id, name, args })
    schedule()
    return new Promise((resolve, reject) => waiting.set(id, { bytes, resolve, reject }))
  }

  /** Joins those who ask the same while it is not answered yet: what they ask for is large. */
  function shared<T>(ask: () => Promise<T>): () => Promise<T> {
    let asked: Promise<T> | undefined
    return () => {
      asked ??= ask().finally(() => {
        asked = undefined
      })
      return asked
    }
  }

  function listen<T>(listeners: Set<(news: T) => void>, listener: (news: T) => void): () => void {
    const change = (act: () => void) => {
      const before = listeners.size
      act()
      if ((before === 0) === (listeners.size === 0)) return
      isWatchChanged = true
      schedule()
    }
    change(() => listeners.add(listener))
    return () => change(() => listeners.delete(listener))
  }

  port.on('message', ({ number, pending, commits, replies }: LinkNews) => {
    Atomics.store(cells, CELL.seen, number)
    if (pending !== undefined && onPending.size > 0) {
      for (const transaction of unpackTransactions(pending)) for (const tell of onPending) tell(transaction)
    }
    for (const commit of commits) for (const tell of onCommit) tell(commit)
    onNews()
    for (const reply of replies) {
      const asker = waiting.get(reply.id)
      if (asker === undefined) continue
      waiting.delete(reply.id)
      bytesWaiting -= asker.bytes
      if ('error' in reply) asker.reject(numberedError(reply.error))
      else asker.resolve(reply.result as never)
    }
  })

  const contentOf = async (sender: Uint8Array | undefined) => {
    const { pending, queued } = await call('content', [sender?.slice()])
    return { pending: bySender(unpackTransactions(pending)), queued: bySender(unpackTransactions(queued)) }
  }
  const wholeContent = shared(() => contentOf(undefined))
  const { hasDag, admin } = facts
  return {
    pool: {
      async add(raws) {
        const packed = packBytes(raws)
        return unpackVerdicts(await call('add', [packed], packed.length))
      },
      get: async hash => unpackTransactions(await call('pooled', [hash.slice()]))[0],
      nextNonce: address => call('nextNonce', [address.slice()]),
      content: sender => (sender === undefined ? wholeContent() : contentOf(sender)),
      status: () => call('poolStatus', []),
      onAdded: listener => listen(onPending, listener),
    },
    network: { peerCount: () => call('peerCount', []), listening: () => call('listening', []) },
    syncing: () => call('syncing', []),
    ...(hasDag
      ? {
          dag: {
            status: () => call('dagStatus', []),
            validators: () => call('dagValidators', []),
            rounds: (from, to) => call('dagRounds', [from, to]),
            commit: index => call('dagCommit', [index]),
            vertex: digest => call('dagVertex', [digest.slice()]),
            certificate: height => call('dagCertificate', [height]),
            timeline: hash => call('dagTimeline', [hash.slice()]),
            onCommit: listener => listen(onCommit, listener),
          },
        }
      : {}),
    ...(admin === undefined
      ? {}
      : {
          admin: {
            ...admin,
            addresses: () => call('adminAddresses', []),
            peers: () => call('adminPeers', []),
            addPeer: address => call('adminAddPeer', [address]),
          },
        }),
  }
}

function bySender(transactions: readonly RecoveredTransaction[]): Map<string, RecoveredTransaction[]> {
  return Map.groupBy(transactions, ({ sender }) => toRawHex(sender))
}
