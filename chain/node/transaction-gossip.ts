import type { TransactionPool } from '#evm'
import { DecodeError, Reader, Writer } from '#lib/codec'
import type { Log } from '#lib/env'
import { CodedError } from '#lib/errors'
import type { MessageVerdict, Network } from '#p2p'

/** One gossip message carries at most this much: a message per transaction would cost more than recovering its sender. */
const BATCH_BYTES_MAX = 64 * 1024
const BATCH_TRANSACTIONS_MAX = 1_024
/** How long a transaction may wait for company. */
const BATCH_DELAY_MS = 20

/** Length-prefixed transactions: count u16, then length u32 and bytes of each. */
export function encodeTransactions(transactions: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(BATCH_BYTES_MAX)
  writer.u16(transactions.length)
  for (const transaction of transactions) writer.u32(transaction.length).bytes(transaction)
  return writer.finish()
}

/** Strict inverse of {@link encodeTransactions}; undefined for anything else. */
export function decodeTransactions(message: Uint8Array): Uint8Array[] | undefined {
  try {
    const reader = new Reader(message)
    const count = reader.u16()
    if (count === 0 || count > BATCH_TRANSACTIONS_MAX) return undefined
    const transactions: Uint8Array[] = []
    for (let i = 0; i < count; i++) transactions.push(reader.bytes(reader.u32()).slice())
    reader.end()
    return transactions
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/**
 * Brings transactions from nodes that make no vertices to the validators, in batches. A validator proposes what it
 * received by RPC itself, so only followers publish; everybody admits what arrives.
 */
export function createTransactionGossip(options: {
  readonly network: Network
  readonly pool: TransactionPool
  /** Whether this node has no vertices of its own to put transactions into; asked each time where that changes. */
  readonly publishes: boolean | (() => boolean)
  readonly log: Log
}): { stop(): void } {
  const { network, pool, publishes, log } = options
  let batch: Uint8Array[] = []
  let batchBytes = 0
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (batch.length === 0) return
    const message = encodeTransactions(batch)
    batch = []
    batchBytes = 0
    network.publish('transactions', message).catch(error => log.warn('gossip failed', { error: String(error) }))
  }

  const unsubscribe = pool.onAdded(transaction => {
    if (!(typeof publishes === 'function' ? publishes() : publishes)) return
    if (batchBytes + transaction.raw.length > BATCH_BYTES_MAX || batch.length >= BATCH_TRANSACTIONS_MAX) flush()
    batch.push(transaction.raw)
    batchBytes += transaction.raw.length + 4
    timer ??= setTimeout(flush, BATCH_DELAY_MS)
  })

  network.onGossip('transactions', async (_from, message): Promise<MessageVerdict> => {
    const transactions = decodeTransactions(message)
    if (transactions === undefined) return { kind: 'reject', reason: 'malformed transaction batch' }
    try {
      const verdicts = await pool.add(transactions, 'gossip')
      return verdicts.some(verdict => verdict.kind === 'added') ? { kind: 'accept' } : { kind: 'ignore' }
    } catch (error) {
      if (error instanceof CodedError) return { kind: 'ignore' }
      throw error
    }
  })

  return {
    stop() {
      unsubscribe()
      flush()
    },
  }
}
