import type { PoolVerdict } from '#evm'
import { equalBytes, toHex, toRawHex } from '#lib/bytes'
import { type Block, decodeTransaction, type RecoveredTransaction } from '#types'
import type { ReadContext, RpcContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import { type Json, receiptAtToJson, toQuantity, transactionToJson } from '../format.ts'
import { method } from '../method.ts'
import { address, type BlockRef, blockNumber, data, hash, index, optional, quantity } from '../params.ts'
import { milliseconds } from '../params-call.ts'
import { DATA, HASH, nullable, titled } from '../schema.ts'

const TRANSACTION = nullable(titled('transaction'))

interface Located {
  readonly block: Block
  readonly index: number
  readonly transaction: RecoveredTransaction
}

/** Where a transaction was executed. */
export async function locateTransaction(context: ReadContext, digest: Uint8Array): Promise<Located | undefined> {
  const { chain } = context.backend
  const place = await chain.locate(digest)
  if (place === undefined) return undefined
  const block = await context.findBlock({ kind: 'number', number: place.blockNumber })
  const transaction = block?.transactions[place.index]
  return block === undefined || transaction === undefined ? undefined : { block, index: place.index, transaction }
}

async function transactionAt(context: RpcContext, ref: BlockRef, position: number): Promise<Json | null> {
  const block = await context.findBlock(ref)
  const transaction = block?.transactions[position]
  if (block === undefined || transaction === undefined) return null
  return transactionToJson(transaction, { block, index: position })
}

async function rawTransactionAt(context: RpcContext, ref: BlockRef, position: number): Promise<string | null> {
  const transaction = (await context.findBlock(ref))?.transactions[position]
  return transaction === undefined ? null : toHex(transaction.raw)
}

/** A transaction from a block or from the pool. */
async function findTransaction(
  context: RpcContext,
  digest: Uint8Array,
): Promise<Located | { readonly transaction: RecoveredTransaction } | undefined> {
  const located = await locateTransaction(context, digest)
  if (located !== undefined) return located
  const transaction = await context.backend.pool.get(digest)
  // It may have left the pool for a block between the two questions.
  return transaction === undefined ? locateTransaction(context, digest) : { transaction }
}

async function rawTransaction(context: RpcContext, digest: Uint8Array): Promise<string | null> {
  const found = await findTransaction(context, digest)
  return found === undefined ? null : toHex(found.transaction.raw)
}

async function receiptOf(context: RpcContext, digest: Uint8Array): Promise<Json | undefined> {
  const located = await locateTransaction(context, digest)
  if (located === undefined) return undefined
  const receipts = await context.backend.chain.receipts(located.block.header.number)
  return receipts === undefined ? undefined : receiptAtToJson(located.block, receipts, located.index)
}

function hashOf(verdict: PoolVerdict): Uint8Array {
  if (verdict.kind === 'added') return verdict.hash
  throw new RpcError('server', verdict.message)
}

/** Resolves with the receipt once a block holds the transaction; undefined when time is over. */
function waitForReceipt(
  context: RpcContext,
  digest: Uint8Array,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Json | undefined> {
  return new Promise(resolve => {
    const finish = (receipt: Json | undefined) => {
      clearTimeout(timer)
      stop()
      signal.removeEventListener('abort', giveUp)
      resolve(receipt)
    }
    const giveUp = () => finish(undefined)
    const timer = setTimeout(giveUp, timeoutMs)
    const stop = context.backend.chain.onBlock(({ block, receipts }) => {
      const position = block.transactions.findIndex(transaction => equalBytes(transaction.hash, digest))
      if (position >= 0) finish(receiptAtToJson(block, receipts, position))
    })
    signal.addEventListener('abort', giveUp)
  })
}

async function sendSync(context: RpcContext, raw: Uint8Array, timeoutMs: number, signal: AbortSignal): Promise<Json> {
  const { pool } = context.backend
  // A block may hold the transaction before the pool's verdict is back here, so waiting begins first.
  const decoded = decodeTransaction(raw)
  const wait = new AbortController()
  const receipt =
    decoded.kind === 'accept'
      ? waitForReceipt(context, decoded.value.hash, timeoutMs, AbortSignal.any([signal, wait.signal]))
      : undefined
  try {
    const digest = hashOf(await context.submitter.submit(raw))
    const sender = (await pool.get(digest))?.sender
    if (decoded.kind === 'accept' && sender !== undefined) {
      const expected = await pool.nextNonce(sender)
      if (expected < decoded.value.nonce) {
        throw new RpcError('nonceGap', `nonce gap: expected nonce ${expected}`, toQuantity(expected))
      }
    }
    const found = (await receipt) ?? (await receiptOf(context, digest))
    if (found !== undefined) return found
    const text = `The transaction was added to the mempool but wasn't processed in ${timeoutMs}ms.`
    throw new RpcError('transactionTimeout', text, toHex(digest))
  } finally {
    wait.abort()
  }
}

/** Transactions: reading, sending and their receipts. */
export const transactionMethods = [
  method({
    name: 'eth_getTransactionByHash',
    summary: 'A transaction from a block or from the pool.',
    params: [hash('transactionHash')],
    result: TRANSACTION,
    handle: async (context, [digest]) => {
      const found = await findTransaction(context, digest)
      if (found === undefined) return null
      return transactionToJson(found.transaction, 'block' in found ? found : undefined)
    },
  }),
  method({
    name: 'eth_getTransactionByBlockHashAndIndex',
    summary: 'A transaction by its place in a block.',
    params: [hash('blockHash'), index('index')],
    result: TRANSACTION,
    handle: (context, [digest, position]) => transactionAt(context, { kind: 'hash', hash: digest }, position),
  }),
  method({
    name: 'eth_getTransactionByBlockNumberAndIndex',
    summary: 'A transaction by its place in a block.',
    params: [blockNumber, index('index')],
    result: TRANSACTION,
    handle: (context, [ref, position]) => transactionAt(context, ref, position),
  }),
  method({
    name: 'eth_getTransactionBySenderAndNonce',
    summary: 'A transaction in the pool by sender and nonce.',
    params: [address, quantity('nonce')],
    result: TRANSACTION,
    handle: async (context, [sender, nonce]) => {
      const { pending, queued } = await context.backend.pool.content(sender)
      const key = toRawHex(sender)
      const own = [...(pending.get(key) ?? []), ...(queued.get(key) ?? [])]
      const found = own.find(transaction => transaction.nonce === nonce)
      return found === undefined ? null : transactionToJson(found, undefined)
    },
  }),
  method({
    name: 'eth_getRawTransactionByHash',
    summary: 'EIP-2718 bytes of a transaction from a block or from the pool.',
    params: [hash('transactionHash')],
    result: nullable(DATA),
    handle: (context, [digest]) => rawTransaction(context, digest),
  }),
  method({
    name: 'eth_getRawTransactionByBlockHashAndIndex',
    summary: 'EIP-2718 bytes of a transaction by its place in a block.',
    params: [hash('blockHash'), index('index')],
    result: nullable(DATA),
    handle: (context, [digest, position]) => rawTransactionAt(context, { kind: 'hash', hash: digest }, position),
  }),
  method({
    name: 'eth_getRawTransactionByBlockNumberAndIndex',
    summary: 'EIP-2718 bytes of a transaction by its place in a block.',
    params: [blockNumber, index('index')],
    result: nullable(DATA),
    handle: (context, [ref, position]) => rawTransactionAt(context, ref, position),
  }),
  method({
    name: 'debug_getRawTransaction',
    summary: 'EIP-2718 bytes of a transaction from a block or from the pool.',
    params: [hash('transactionHash')],
    result: DATA,
    handle: async (context, [digest]) => (await rawTransaction(context, digest)) ?? '0x',
  }),
  method({
    name: 'eth_getTransactionReceipt',
    summary: 'Receipt of an executed transaction, or null.',
    params: [hash('transactionHash')],
    result: nullable(titled('receipt')),
    handle: async (context, [digest]) => (await receiptOf(context, digest)) ?? null,
  }),
  method({
    name: 'eth_sendRawTransaction',
    summary: 'Hands a signed transaction to the pool; the answer is its hash.',
    params: [data('transaction')],
    result: HASH,
    handle: async (context, [raw]) => toHex(hashOf(await context.submitter.submit(raw))),
  }),
  method({
    name: 'eth_sendRawTransactionSync',
    summary: 'Hands a signed transaction to the pool and waits for its receipt (EIP-7966).',
    params: [data('transaction'), optional(milliseconds('timeoutMs'))],
    result: titled('receipt'),
    handle: (context, [raw, timeoutMs], { signal }) => {
      const { syncTimeoutMs, syncTimeoutMaxMs } = context.limits
      return sendSync(context, raw, Math.min(timeoutMs ?? syncTimeoutMs, syncTimeoutMaxMs), signal)
    },
  }),
]
