import { fromHex, toRawHex } from '#lib/bytes'
import { checksumAddress, feeCapOf, type RecoveredTransaction } from '#types'
import { type Json, toQuantity, transactionToJson } from '../format.ts'
import { method } from '../method.ts'
import { address } from '../params.ts'
import { titled } from '../schema.ts'

function byNonce(transactions: readonly RecoveredTransaction[], show: (item: RecoveredTransaction) => unknown): Json {
  return Object.fromEntries(transactions.map(item => [item.nonce.toString(), show(item)]))
}

function bySender(
  all: ReadonlyMap<string, readonly RecoveredTransaction[]>,
  show: (item: RecoveredTransaction) => unknown,
): Json {
  return Object.fromEntries(Array.from(all, ([key, items]) => [checksumAddress(fromHex(key)), byNonce(items, show)]))
}

function wholeOf(transaction: RecoveredTransaction): Json {
  return transactionToJson(transaction, undefined)
}

function lineOf(transaction: RecoveredTransaction): string {
  const { to, value, gasLimit } = transaction
  const target = to === undefined ? 'contract creation' : checksumAddress(to)
  return `${target}: ${value} wei + ${gasLimit} gas × ${feeCapOf(transaction)} wei`
}

/** The node's own pool. */
export const poolMethods = [
  method({
    name: 'txpool_status',
    summary: 'How many transactions are executable and how many wait for an earlier nonce.',
    params: [],
    result: titled('pool status'),
    handle: async ({ backend }) => {
      const { pending, queued } = await backend.pool.status()
      return { pending: toQuantity(pending), queued: toQuantity(queued) }
    },
  }),
  method({
    name: 'txpool_content',
    summary: 'Every transaction in the pool.',
    params: [],
    result: titled('pool content'),
    weight: 50,
    handle: async ({ backend }) => {
      const { pending, queued } = await backend.pool.content()
      return { pending: bySender(pending, wholeOf), queued: bySender(queued, wholeOf) }
    },
  }),
  method({
    name: 'txpool_contentFrom',
    summary: 'Transactions of one sender in the pool.',
    params: [address],
    result: titled('pool content'),
    weight: 5,
    handle: async ({ backend }, [sender]) => {
      const { pending, queued } = await backend.pool.content(sender)
      const key = toRawHex(sender)
      return { pending: byNonce(pending.get(key) ?? [], wholeOf), queued: byNonce(queued.get(key) ?? [], wholeOf) }
    },
  }),
  method({
    name: 'txpool_inspect',
    summary: 'Every transaction in the pool as one line of text.',
    params: [],
    result: titled('pool summary'),
    weight: 50,
    handle: async ({ backend }) => {
      const { pending, queued } = await backend.pool.content()
      return { pending: bySender(pending, lineOf), queued: bySender(queued, lineOf) }
    },
  }),
]
