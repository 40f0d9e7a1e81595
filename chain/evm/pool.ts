import { defined } from '#lib/assert'
import { compareBytes, toRawHex } from '#lib/bytes'
import { type Clock, type Log, type MetricsRegistry, silentLog } from '#lib/env'
import { messageOf } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { type Address, type BlockHeader, effectiveTip, type RecoveredTransaction } from '#types'
import { Heap } from './heap.ts'
import { readSenderAccount } from './pool-account.ts'
import { EvictionIndex } from './pool-eviction.ts'
import { declarePoolMetrics } from './pool-metrics.ts'
import { DEFAULT_POOL_PARAMS, type PoolParams } from './pool-params.ts'
import {
  ALREADY_KNOWN,
  authoritiesOf,
  costOf,
  POOL_FULL,
  REPLACEMENT_UNDERPRICED,
  type Refusal,
  refuse,
  refuseByAccount,
  refuseByForm,
  refuseUndecoded,
  replaces,
  type SenderAccount,
  UNDERPRICED,
} from './pool-rules.ts'
import { type PooledTransaction, SenderQueue } from './pool-sender.ts'
import type { RecoveryPool } from './recovery.ts'
import type { ChainReader, ExecutedBlock, PoolVerdict, TransactionPool } from './types.ts'

export interface PoolOptions {
  readonly chain: Pick<ChainReader, 'chainId' | 'head' | 'stateAt'>
  readonly recovery: RecoveryPool
  readonly clock: Clock
  readonly params?: Partial<PoolParams>
  /** Base fee that the block after `header` will have, as well as it can be known; the same when absent. */
  readonly nextBaseFee?: (header: BlockHeader) => bigint
  readonly log?: Log
  readonly metrics?: MetricsRegistry
}

/** Smallest signed transaction; with less room than this nothing more is looked for. */
const TRANSACTION_BYTES_MIN = 100
const SWEEP_INTERVAL_MS = 60_000

/** Keeps admitted transactions until a block includes them or makes them impossible. The caller feeds `onBlock`. */
export function createPool(options: PoolOptions): TransactionPool {
  const { chain, recovery, clock } = options
  const params: PoolParams = { ...DEFAULT_POOL_PARAMS, ...options.params }
  const nextBaseFee = options.nextBaseFee ?? (header => header.baseFeePerGas ?? params.minBaseFeePerGas)
  const log = options.log ?? silentLog
  const metrics = declarePoolMetrics(options.metrics)
  const byHash = new Map<string, PooledTransaction>()
  const senders = new Map<string, SenderQueue>()
  /** Senders that may have something to hand out. */
  const ready = new Set<SenderQueue>()
  /** Senders whose account runs code (EIP-7702): anybody can move their balance. */
  const delegated = new Set<SenderQueue>()
  /** In flight, oldest first. */
  const taken = new Map<string, PooledTransaction>()
  /** Account in raw hex → how many pooled set-code transactions delegate it. */
  const delegating = new Map<string, number>()
  const eviction = new EvictionIndex()
  const listeners = new Set<(transaction: RecoveredTransaction) => void>()
  /** Senders whose account has to be read again. */
  const stale = new Set<string>()
  let head: BlockHeader = chain.head().header
  let baseFee = nextBaseFee(head)
  let sequence = 0
  let executableTotal = 0
  let bytesTotal = 0
  let admitting = 0
  let refreshing = false
  let sweptAtMs = clock.now()

  /** Changes a sender's queue and keeps the totals right. */
  function mutate<T>(queue: SenderQueue, change: () => T): T {
    const before = queue.executableCount
    const result = change()
    executableTotal += queue.executableCount - before
    if (queue.size === 0) {
      senders.delete(queue.key)
      ready.delete(queue)
      delegated.delete(queue)
      stale.delete(queue.key)
    } else if (queue.executableCount > 0) ready.add(queue)
    return result
  }

  function forget(entry: PooledTransaction, cause: string | undefined): void {
    entry.pooled = false
    byHash.delete(entry.key)
    taken.delete(entry.key)
    bytesTotal -= entry.transaction.raw.length
    recovery.forget([entry.transaction.raw])
    for (const authority of entry.authorities) {
      const count = (delegating.get(authority) ?? 0) - 1
      if (count > 0) delegating.set(authority, count)
      else delegating.delete(authority)
    }
    if (cause !== undefined) metrics.evicted.inc(1, { cause })
  }

  function drop(entry: PooledTransaction, cause: string): void {
    mutate(entry.sender, () => entry.sender.remove(entry))
    forget(entry, cause)
  }

  function makeRoom(incoming: RecoveredTransaction, queue: SenderQueue, isExecutable: boolean): Refusal | undefined {
    const isFull = () => byHash.size + 1 > params.transactionsMax || bytesTotal + incoming.raw.length > params.bytesMax
    while (isFull()) {
      if (!isExecutable) return refuse('full', 'future transaction tries to replace pending', true)
      const cheapest = eviction.cheapest(byHash, baseFee)
      if (cheapest === undefined) return POOL_FULL
      const offered = effectiveTip(incoming, baseFee)
      if (offered <= effectiveTip(cheapest.transaction, baseFee) || cheapest.sender === queue) return UNDERPRICED
      // The sender's last nonce goes, so that no other transaction of that sender loses its place.
      const victim = cheapest.sender.tail()
      if (victim === undefined) eviction.skip()
      else drop(victim, 'underpriced')
    }
    return undefined
  }

  function refuseDelegated(transaction: RecoveredTransaction, queue: SenderQueue, isReplacement: boolean) {
    if (queue.account.kind !== 'delegated' && !delegating.has(queue.key)) return undefined
    if (isReplacement) return undefined
    if (transaction.nonce !== queue.account.nonce) {
      return refuse('nonce', 'gapped-nonce tx from delegated accounts', true)
    }
    if (queue.size === 0) return undefined
    return refuse('full', 'in-flight transaction limit reached for delegated accounts', true)
  }

  function refuseByBounds(transaction: RecoveredTransaction, queue: SenderQueue): Refusal | undefined {
    const isExecutable = transaction.nonce === queue.nextNonce
    const pooled = isExecutable ? queue.executableCount : queue.queuedCount
    if (pooled >= (isExecutable ? params.executablePerSenderMax : params.queuedPerSenderMax)) {
      return refuse('full', `account limit exceeded: pooled ${pooled} txs`, true)
    }
    if (!isExecutable && byHash.size - executableTotal >= params.queuedMax) return POOL_FULL
    return makeRoom(transaction, queue, isExecutable)
  }

  function refuseReplacement(transaction: RecoveredTransaction, old: PooledTransaction): Refusal | undefined {
    if (!replaces(transaction, old.transaction, params.replacementBumpPercent)) return REPLACEMENT_UNDERPRICED
    const growth = transaction.raw.length - old.transaction.raw.length
    return bytesTotal + growth > params.bytesMax ? POOL_FULL : undefined
  }

  function admit(
    transaction: RecoveredTransaction,
    account: SenderAccount | undefined,
    origin: 'local' | 'gossip',
  ): Refusal | undefined {
    const key = toRawHex(transaction.hash)
    if (byHash.has(key)) return ALREADY_KNOWN
    const senderKey = toRawHex(transaction.sender)
    const queue =
      senders.get(senderKey) ??
      new SenderQueue(transaction.sender, senderKey, defined(account, 'accounts of new senders were read'))
    const old = queue.at(transaction.nonce)
    const replaced = old !== undefined && queue.isExecutable(transaction.nonce) ? old.cost : undefined
    const isPaidFor = refuseByAccount(transaction, queue.account, { executable: queue.spent, replaced })
    const early = isPaidFor ?? refuseDelegated(transaction, queue, old !== undefined)
    if (early !== undefined) return early
    const authorities = authoritiesOf(transaction)
    if (authorities.some(authority => (senders.get(authority)?.size ?? 0) > 1)) {
      return refuse('authorizations', 'authority already reserved', true)
    }
    const refusal = old === undefined ? refuseByBounds(transaction, queue) : refuseReplacement(transaction, old)
    if (refusal !== undefined) return refusal
    const nowMs = clock.now()
    const entry: PooledTransaction = {
      transaction,
      key,
      sender: queue,
      cost: costOf(transaction),
      sequence: sequence++,
      addedAtMs: nowMs,
      origin,
      heldUntilMs: origin === 'gossip' ? nowMs + holdMsOf(transaction.sender) : nowMs,
      authorities,
      // Its predecessor is on its way into a block: handing out both would waste a place there.
      takenAtMs: old?.takenAtMs,
      pooled: true,
    }
    senders.set(senderKey, queue)
    if (old !== undefined) forget(old, 'replaced')
    byHash.set(key, entry)
    if (entry.takenAtMs !== undefined) taken.set(key, entry)
    bytesTotal += transaction.raw.length
    for (const authority of authorities) delegating.set(authority, (delegating.get(authority) ?? 0) + 1)
    mutate(queue, () => queue.put(entry))
    if (queue.account.kind === 'delegated') delegated.add(queue)
    eviction.add(entry, byHash.size)
    return undefined
  }

  async function readAccounts(addresses: ReadonlyMap<string, Address>): Promise<Map<string, SenderAccount>> {
    const accounts = new Map<string, SenderAccount>()
    if (addresses.size === 0) return accounts
    const state = await chain.stateAt(chain.head().header.number)
    await Promise.all(
      Array.from(addresses, async ([key, address]) => {
        accounts.set(key, await readSenderAccount(state, address))
      }),
    )
    return accounts
  }

  function verdictOf(refusal: Refusal, transaction: RecoveredTransaction | undefined): PoolVerdict {
    metrics.refused.inc(1, { reason: refusal.reason })
    const { message, retryable } = refusal
    return { kind: 'rejected', ...(transaction === undefined ? {} : { hash: transaction.hash }), message, retryable }
  }

  function showTotals(): void {
    metrics.transactions.set(executableTotal, { state: 'pending' })
    metrics.transactions.set(byHash.size - executableTotal, { state: 'queued' })
    metrics.bytes.set(bytesTotal)
  }

  async function addBatch(raw: readonly Uint8Array[], origin: 'local' | 'gossip'): Promise<PoolVerdict[]> {
    const checked = await checkForm(raw)
    const readAt = head.number
    const accounts = new Map<string, SenderAccount>()
    for (
      let missing = sendersMissing(checked, accounts);
      missing.size > 0;
      missing = sendersMissing(checked, accounts)
    ) {
      for (const [key, account] of await readAccounts(missing)) accounts.set(key, account)
    }
    // Nothing below waits, so the queues and accounts seen above are the ones that admission works on.
    const added: RecoveredTransaction[] = []
    const verdicts = checked.map(({ transaction, refusal: early }): PoolVerdict => {
      if (transaction === undefined || early !== undefined) return verdictOf(early ?? POOL_FULL, transaction)
      const refusal = admit(transaction, accounts.get(toRawHex(transaction.sender)), origin)
      if (refusal !== undefined) return verdictOf(refusal, transaction)
      metrics.admitted.inc(1, { origin })
      added.push(transaction)
      return { kind: 'added', hash: transaction.hash }
    })
    if (head.number !== readAt) for (const key of accounts.keys()) if (senders.has(key)) stale.add(key)
    for (const transaction of added) for (const listener of listeners) listener(transaction)
    showTotals()
    refresh()
    return verdicts
  }

  async function checkForm(raw: readonly Uint8Array[]): Promise<Checked[]> {
    const limit = params.transactionBytesMax
    const small = raw.filter(bytes => bytes.length <= limit).map(detach)
    const recovered = await recovery.recover(small)
    const context = { params, chainId: BigInt(chain.chainId), blockGasLimit: head.gasLimit }
    let next = 0
    return raw.map((bytes): Checked => {
      if (bytes.length > limit) {
        return { refusal: refuse('oversized', `oversized data: transaction size ${bytes.length}, limit ${limit}`) }
      }
      const verdict = defined(recovered[next++], 'recovery answers every input')
      if (verdict.kind !== 'accept') return { refusal: refuseUndecoded(verdict) }
      const transaction = verdict.value
      const isKnown = byHash.has(toRawHex(transaction.hash))
      const refusal = isKnown ? ALREADY_KNOWN : refuseByForm(transaction, context)
      return refusal === undefined ? { transaction } : { transaction, refusal }
    })
  }

  function sendersMissing(checked: readonly Checked[], accounts: ReadonlyMap<string, SenderAccount>) {
    const missing = new Map<string, Address>()
    for (const { transaction, refusal } of checked) {
      if (transaction === undefined || refusal !== undefined) continue
      const key = toRawHex(transaction.sender)
      if (!senders.has(key) && !accounts.has(key)) missing.set(key, transaction.sender)
    }
    return missing
  }

  /** Reads stale accounts again, one pass at a time. */
  function refresh(): void {
    if (refreshing || stale.size === 0) return
    refreshing = true
    const keys = new Map<string, Address>()
    for (const key of stale) {
      const queue = senders.get(key)
      if (queue !== undefined) keys.set(key, queue.address)
    }
    stale.clear()
    readAccounts(keys).then(
      accounts => {
        for (const [key, account] of accounts) {
          const queue = senders.get(key)
          if (queue !== undefined) settle(queue, account)
        }
        refreshing = false
        refresh()
      },
      error => {
        // The next block tries again.
        log.warn('sender accounts not readable', { error: messageOf(error) })
        for (const key of keys.keys()) if (senders.has(key)) stale.add(key)
        refreshing = false
      },
    )
  }

  function settle(queue: SenderQueue, account: SenderAccount): void {
    // A nonce never falls: a lower one was read before the last block.
    const nonce = account.nonce > queue.account.nonce ? account.nonce : queue.account.nonce
    const dropped = mutate(queue, () => queue.settle({ ...account, nonce }))
    if (account.kind === 'delegated' && queue.size > 0) delegated.add(queue)
    for (const entry of dropped) forget(entry, entry.transaction.nonce < nonce ? undefined : 'unaffordable')
  }

  function releaseExpired(nowMs: number): void {
    for (const [key, entry] of taken) {
      if ((entry.takenAtMs ?? 0) + params.takeTimeoutMs > nowMs) return
      taken.delete(key)
      release(entry)
    }
  }

  function holdMsOf(sender: Address): number {
    return typeof params.gossipHoldMs === 'number' ? params.gossipHoldMs : params.gossipHoldMs(sender)
  }

  function release(entry: PooledTransaction): void {
    entry.sender.release(entry)
    ready.add(entry.sender)
    eviction.add(entry, byHash.size)
  }

  function available(queue: SenderQueue, nowMs: number): PooledTransaction | undefined {
    const entry = queue.nextUntaken()
    if (entry === undefined) return undefined
    if (effectiveTip(entry.transaction, baseFee) < 0n) return undefined
    return entry.heldUntilMs > nowMs ? undefined : entry
  }

  function sweep(nowMs: number): void {
    sweptAtMs = nowMs
    for (const entry of [...byHash.values()]) {
      const isQueued = !entry.sender.isExecutable(entry.transaction.nonce)
      if (isQueued && entry.addedAtMs + params.queuedLifetimeMs <= nowMs) drop(entry, 'expired')
    }
  }

  return {
    async add(raw, origin) {
      if (admitting + raw.length > params.admissionsMax) return raw.map(() => verdictOf(POOL_FULL, undefined))
      admitting += raw.length
      try {
        return await addBatch(raw, origin)
      } finally {
        admitting -= raw.length
      }
    },

    take(limit) {
      const nowMs = clock.now()
      releaseExpired(nowMs)
      const offers: Offer[] = []
      for (const queue of ready) {
        const entry = available(queue, nowMs)
        if (entry !== undefined) offers.push({ entry, tip: effectiveTip(entry.transaction, baseFee) })
        else if (queue.nextUntaken() === undefined) ready.delete(queue)
      }
      const best = new Heap(isBetterOffer, offers)
      const batch: Uint8Array[] = []
      let bytesLeft = limit.bytes
      while (batch.length < limit.transactions && bytesLeft >= TRANSACTION_BYTES_MIN) {
        const offer = best.peek()
        if (offer === undefined) break
        const { entry } = offer
        const { raw } = entry.transaction
        if (raw.length > bytesLeft) {
          best.pop()
          continue
        }
        batch.push(raw)
        bytesLeft -= raw.length
        entry.takenAtMs = nowMs
        taken.set(entry.key, entry)
        const following = available(entry.sender, nowMs)
        if (following === undefined) best.pop()
        else best.replaceTop({ entry: following, tip: effectiveTip(following.transaction, baseFee) })
      }
      return batch
    },

    putBack(raw) {
      for (const bytes of raw) {
        const key = toRawHex(keccak256(bytes))
        const entry = taken.get(key)
        if (entry === undefined) continue
        taken.delete(key)
        release(entry)
      }
    },

    get: hash => byHash.get(toRawHex(hash))?.transaction,

    async nextNonce(address) {
      const key = toRawHex(address)
      const queue = senders.get(key)
      if (queue !== undefined) return queue.nextNonce
      const accounts = await readAccounts(new Map([[key, address]]))
      return senders.get(key)?.nextNonce ?? accounts.get(key)?.nonce ?? 0n
    },

    content(sender) {
      const pending = new Map<string, readonly RecoveredTransaction[]>()
      const queued = new Map<string, readonly RecoveredTransaction[]>()
      const own = sender === undefined ? undefined : senders.get(toRawHex(sender))
      const wanted = sender === undefined ? [...senders.values()] : own === undefined ? [] : [own]
      for (const queue of wanted.sort((a, b) => compareBytes(a.address, b.address))) {
        if (queue.executableCount > 0) pending.set(queue.key, queue.executable().map(transactionOf))
        if (queue.queuedCount > 0) queued.set(queue.key, queue.queued().map(transactionOf))
      }
      return { pending, queued }
    },

    status: () => ({ pending: executableTotal, queued: byHash.size - executableTotal }),

    onBlock(executed: ExecutedBlock) {
      head = executed.block.header
      baseFee = nextBaseFee(head)
      const next = new Map<string, bigint>()
      for (const transaction of executed.block.transactions) {
        const key = toRawHex(transaction.sender)
        if (senders.has(key)) next.set(key, transaction.nonce + 1n)
        if (transaction.type !== 4) continue
        for (const authority of authoritiesOf(transaction)) if (senders.has(authority)) stale.add(authority)
      }
      for (const [key, nonce] of next) {
        const queue = senders.get(key)
        if (queue === undefined) continue
        settle(queue, { ...queue.account, nonce })
        if (senders.has(key)) stale.add(key)
      }
      for (const queue of delegated) stale.add(queue.key)
      for (const key of delegating.keys()) if (senders.has(key)) stale.add(key)
      const nowMs = clock.now()
      if (nowMs - sweptAtMs >= SWEEP_INTERVAL_MS) sweep(nowMs)
      showTotals()
      refresh()
    },

    onAdded(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** A transaction of a batch, or why it is none or not wanted. */
interface Checked {
  readonly transaction?: RecoveredTransaction
  readonly refusal?: Refusal
}

interface Offer {
  readonly entry: PooledTransaction
  readonly tip: bigint
}

function isBetterOffer(a: Offer, b: Offer): boolean {
  return a.tip === b.tip ? a.entry.sequence < b.entry.sequence : a.tip > b.tip
}

function transactionOf(entry: PooledTransaction): RecoveredTransaction {
  return entry.transaction
}

/** A small view must not keep a whole network buffer alive for as long as its transaction is pooled. */
function detach(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > bytes.length * 2 ? bytes.slice() : bytes
}
