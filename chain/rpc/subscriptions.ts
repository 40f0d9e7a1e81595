import type { ExecutedBlock } from '#evm'
import { toHex } from '#lib/bytes'
import type { Random } from '#lib/env'
import type { RecoveredTransaction } from '#types'
import type { RpcBackend } from './backend.ts'
import { RpcError } from './errors.ts'
import { headerToJson, logToJson, receiptsToJson, transactionToJson } from './format.ts'
import type { RpcLimits } from './limits.ts'
import { logsOf } from './log-query.ts'
import type { LogCriteria } from './params-call.ts'
import type { NotificationSink } from './session.ts'

/** What a client can subscribe to. */
export type Topic =
  | { readonly kind: 'newHeads' }
  | { readonly kind: 'logs'; readonly criteria: LogCriteria }
  | { readonly kind: 'newPendingTransactions'; readonly full: boolean }
  | { readonly kind: 'transactionReceipts'; readonly hashes: ReadonlySet<string> | undefined }
  | { readonly kind: 'syncing' }
  | { readonly kind: 'dagCommits' }

interface Subscription {
  readonly id: string
  readonly topic: Topic
  readonly sink: NotificationSink
  /** `eth_subscription` or the namespace's own envelope. */
  readonly envelope: string
  /** Notifications before the answer with the id would mean nothing to the client. */
  isActive: boolean
}

interface HubOptions {
  readonly backend: RpcBackend
  readonly limits: RpcLimits
  readonly random: Random
}

const SYNC_POLL_MS = 1_000

/** Pushes what happens to those who subscribed. What is the same for all is made into text once. */
export class SubscriptionHub {
  readonly #options: HubOptions
  readonly #byKind = new Map<Topic['kind'], Set<Subscription>>()
  readonly #bySink = new Map<NotificationSink, Map<string, Subscription>>()
  /** Where news come from while somebody wants them. */
  readonly #sources = new Map<Source, () => void>()
  #count = 0
  #wasSyncing = false

  constructor(options: HubOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#count
  }

  /** Starts after the current answer was sent; returns the subscription's id. */
  add(topic: Topic, sink: NotificationSink, envelope: string): string {
    const { limits, random } = this.#options
    const own = this.#bySink.get(sink) ?? new Map<string, Subscription>()
    if (own.size >= limits.subscriptionsPerConnectionMax || this.#count >= limits.subscriptionsMax) {
      throw new RpcError('limitExceeded', 'too many subscriptions')
    }
    if (!this.#bySink.has(sink)) {
      this.#bySink.set(sink, own)
      sink.onClose(() => this.#drop(sink))
    }
    const id = `0x${Buffer.from(random.bytes(16)).toString('hex').replace(/^0+/, '') || '0'}`
    const subscription: Subscription = { id, topic, sink, envelope, isActive: false }
    own.set(id, subscription)
    const peers = this.#byKind.get(topic.kind) ?? new Set<Subscription>()
    peers.add(subscription)
    this.#byKind.set(topic.kind, peers)
    this.#count += 1
    this.#listen()
    sink.afterAnswer(() => {
      subscription.isActive = true
      if (topic.kind === 'syncing') void this.#tellSyncing(() => [subscription])
    })
    return id
  }

  /** False when this connection has no such subscription. */
  remove(id: string, sink: NotificationSink): boolean {
    const subscription = this.#bySink.get(sink)?.get(id)
    if (subscription === undefined) return false
    this.#bySink.get(sink)?.delete(id)
    this.#byKind.get(subscription.topic.kind)?.delete(subscription)
    this.#count -= 1
    this.#listen()
    return true
  }

  close(): void {
    for (const sink of [...this.#bySink.keys()]) this.#drop(sink)
  }

  // News that nobody subscribed to are not asked for: they may have to come from another thread.
  #listen(): void {
    for (const source of Object.keys(SOURCES) as Source[]) {
      const isWanted = SOURCES[source].some(kind => (this.#byKind.get(kind)?.size ?? 0) > 0)
      const stop = this.#sources.get(source)
      if (isWanted && stop === undefined) this.#sources.set(source, this.#start(source))
      else if (!isWanted && stop !== undefined) {
        stop()
        this.#sources.delete(source)
      }
    }
  }

  #start(source: Source): () => void {
    const { chain, pool, dag } = this.#options.backend
    if (source === 'blocks') return chain.onBlock(executed => this.#onBlock(executed))
    if (source === 'pool') return pool.onAdded(transaction => this.#onPending(transaction))
    if (source === 'dag') {
      return dag?.onCommit(commit => this.#publish('dagCommits', () => JSON.stringify(commit))) ?? (() => {})
    }
    const timer = setInterval(() => void this.#pollSyncing(), SYNC_POLL_MS)
    return () => clearInterval(timer)
  }

  #drop(sink: NotificationSink): void {
    for (const id of [...(this.#bySink.get(sink)?.keys() ?? [])]) this.remove(id, sink)
    this.#bySink.delete(sink)
  }

  #active(kind: Topic['kind']): Subscription[] {
    return [...(this.#byKind.get(kind) ?? [])].filter(subscription => subscription.isActive)
  }

  #send(subscription: Subscription, result: string): void {
    const { id, envelope, sink } = subscription
    const params = `{"subscription":"${id}","result":${result}}`
    if (!sink.push(`{"jsonrpc":"2.0","method":"${envelope}","params":${params}}`)) this.#drop(sink)
  }

  #publish(kind: Topic['kind'], text: () => string): void {
    const subscriptions = this.#active(kind)
    if (subscriptions.length === 0) return
    const result = text()
    for (const subscription of subscriptions) this.#send(subscription, result)
  }

  #onBlock(executed: ExecutedBlock): void {
    const { block } = executed
    this.#publish('newHeads', () => JSON.stringify(headerToJson(block.header, block.hash)))
    for (const subscription of this.#active('logs')) {
      if (subscription.topic.kind !== 'logs') continue
      for (const located of logsOf(executed, subscription.topic.criteria)) {
        this.#send(subscription, JSON.stringify(logToJson(located)))
      }
    }
    const watchers = this.#active('transactionReceipts')
    if (watchers.length === 0) return
    const all = receiptsToJson(block, executed.receipts)
    for (const subscription of watchers) {
      const { topic } = subscription
      if (topic.kind !== 'transactionReceipts') continue
      const wanted = all.filter(receipt => topic.hashes?.has(String(receipt.transactionHash)) ?? true)
      if (wanted.length > 0) this.#send(subscription, JSON.stringify(wanted))
    }
  }

  #onPending(transaction: RecoveredTransaction): void {
    const subscriptions = this.#active('newPendingTransactions')
    if (subscriptions.length === 0) return
    const hash = JSON.stringify(toHex(transaction.hash))
    let full: string | undefined
    for (const subscription of subscriptions) {
      if (subscription.topic.kind !== 'newPendingTransactions') continue
      if (!subscription.topic.full) this.#send(subscription, hash)
      else {
        full ??= JSON.stringify(transactionToJson(transaction, undefined))
        this.#send(subscription, full)
      }
    }
  }

  async #pollSyncing(): Promise<void> {
    const wasSyncing = this.#wasSyncing
    await this.#tellSyncing(isSyncing => (isSyncing === wasSyncing ? [] : this.#active('syncing')))
  }

  async #tellSyncing(to: (isSyncing: boolean) => readonly Subscription[]): Promise<void> {
    try {
      const progress = await this.#options.backend.syncing()
      this.#wasSyncing = progress !== undefined
      const text = JSON.stringify(progress === undefined ? false : { syncing: true, status: progress })
      for (const subscription of to(this.#wasSyncing)) this.#send(subscription, text)
    } catch (error) {
      // The node's thread is too busy to say; the next poll asks again.
      if (!(error instanceof RpcError)) throw error
    }
  }
}

/** What each kind of news is needed for. */
const SOURCES = {
  blocks: ['newHeads', 'logs', 'transactionReceipts'],
  pool: ['newPendingTransactions'],
  dag: ['dagCommits'],
  syncing: ['syncing'],
} as const satisfies Readonly<Record<string, readonly Topic['kind'][]>>

type Source = keyof typeof SOURCES
