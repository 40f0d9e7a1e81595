import { assert, defined } from '#lib/assert'
import { bytesToBigint, concat } from '#lib/bytes'
import { Reader, Writer } from '#lib/codec'
import { keccak256 } from '#lib/hash'
import { encodeRlp, type RlpItem, RlpReader } from '#lib/rlp'
import { KEY_PREFIX, readU48, type Store, type StoreOperation, storeKey, u48 } from '#storage'
import {
  type Block,
  type BlockHeader,
  type BlockNumber,
  type Digest,
  decodeBlockHeader,
  decodeStoredLogs,
  decodeStoredReceipts,
  decodeTransaction,
  encodeBlockHeader,
  encodeStoredReceipts,
  type Log,
  type Receipt,
  type RecoveredTransaction,
  readWithdrawals,
  withdrawalItem,
} from '#types'
import type { ExecutedBlock, SkippedTransaction, SkipReason, TransactionLocation } from './types.ts'

/** Reasons by their number in the store; only ever appended to. */
const SKIP_REASONS: readonly SkipReason[] = [
  'malformed',
  'wrong chain',
  'unsupported type',
  'bad signature',
  'nonce too low',
  'nonce too high',
  'insufficient funds',
  'fee below base fee',
  'intrinsic gas',
  'gas limit too high',
  'sender not an account',
  'duplicate',
  'block full',
]

/** How blocks, receipts and their indexes lie in the store. Stored bytes were written by this file, so they decode. */
export function blockOperations({ block, receipts }: ExecutedBlock, operations: StoreOperation[]): void {
  const number = u48(block.header.number)
  operations.push(
    { key: storeKey(KEY_PREFIX.header, number), value: encodeBlockHeader(block.header) },
    { key: storeKey(KEY_PREFIX.body, number), value: encodeBody(block) },
    { key: storeKey(KEY_PREFIX.receipts, number), value: encodeStoredReceipts(receipts) },
    { key: storeKey(KEY_PREFIX.blockNumber, block.hash), value: number },
  )
  const { transactions } = block
  const locations = new Uint8Array(10 * transactions.length)
  const view = new DataView(locations.buffer)
  for (let index = 0; index < transactions.length; index++) {
    const { hash } = transactions[index] as RecoveredTransaction
    locations.set(number, 10 * index)
    view.setUint32(10 * index + 6, index)
    const value = locations.subarray(10 * index, 10 * index + 10)
    operations.push({ key: storeKey(KEY_PREFIX.transaction, hash), value })
  }
  const indexed = new Map<bigint, Uint8Array>()
  for (const { logs } of receipts) {
    for (const { address, topics } of logs) {
      for (const value of topics[0] === undefined ? [address] : [address, topics[0]]) {
        const tag = logTag(value)
        indexed.set(bytesToBigint(tag), tag)
      }
    }
  }
  for (const tag of indexed.values()) {
    operations.push({ key: storeKey(KEY_PREFIX.logIndex, tag, number), value: new Uint8Array(0) })
  }
}

/** Appends the record of a transaction that is in no block. */
export function skippedOperation(skipped: SkippedTransaction): StoreOperation {
  const reason = SKIP_REASONS.indexOf(skipped.reason)
  assert(reason >= 0, 'every reason has a number')
  return {
    key: storeKey(KEY_PREFIX.skipped, skipped.hash),
    value: new Writer(13).u8(reason).u32(skipped.epoch).u64(skipped.commitIndex).finish(),
  }
}

export function readSkipped(store: Store, hash: Digest): SkippedTransaction | undefined {
  const bytes = store.get(storeKey(KEY_PREFIX.skipped, hash))
  if (bytes === undefined) return undefined
  const reader = new Reader(bytes)
  const reason = defined(SKIP_REASONS[reader.u8()], 'a stored reason has a name')
  return { hash, reason, epoch: reader.u32(), commitIndex: reader.u64() }
}

export function readHeader(store: Store, number: BlockNumber): BlockHeader | undefined {
  const bytes = store.get(storeKey(KEY_PREFIX.header, u48(number)))
  if (bytes === undefined) return undefined
  const decoded = decodeBlockHeader(bytes)
  assert(decoded.kind === 'accept', 'a stored header decodes')
  return decoded.value
}

/** Fields of a header before its bloom. */
const BEFORE_BLOOM = 6

/** Bloom of a stored block, of which nothing else is decoded. */
export function readBloom(store: Store, number: BlockNumber): Uint8Array | undefined {
  const bytes = store.get(storeKey(KEY_PREFIX.header, u48(number)))
  if (bytes === undefined) return undefined
  const fields = new RlpReader(bytes).list()
  for (let i = 0; i < BEFORE_BLOOM; i++) fields.skip()
  return fields.fixed(256)
}

/** Hash of a stored block, from its header's bytes. */
export function readBlockHash(store: Store, number: BlockNumber): Digest | undefined {
  const bytes = store.get(storeKey(KEY_PREFIX.header, u48(number)))
  return bytes === undefined ? undefined : keccak256(bytes)
}

export function readBlock(store: Store, number: BlockNumber): Block | undefined {
  const headerBytes = store.get(storeKey(KEY_PREFIX.header, u48(number)))
  const body = store.get(storeKey(KEY_PREFIX.body, u48(number)))
  if (headerBytes === undefined || body === undefined) return undefined
  const decoded = decodeBlockHeader(headerBytes)
  assert(decoded.kind === 'accept', 'a stored header decodes')
  return { header: decoded.value, hash: keccak256(headerBytes), ...decodeBody(body) }
}

export function readReceipts(store: Store, number: BlockNumber): readonly Receipt[] | undefined {
  const bytes = store.get(storeKey(KEY_PREFIX.receipts, u48(number)))
  return bytes === undefined ? undefined : decodeStoredReceipts(bytes)
}

/** Logs of a block by receipt. */
export function readLogs(store: Store, number: BlockNumber): readonly (readonly Log[])[] | undefined {
  const bytes = store.get(storeKey(KEY_PREFIX.receipts, u48(number)))
  return bytes === undefined ? undefined : decodeStoredLogs(bytes)
}

export function readLocation(store: Store, hash: Digest): TransactionLocation | undefined {
  const bytes = store.get(storeKey(KEY_PREFIX.transaction, hash))
  if (bytes === undefined) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { blockNumber: readU48(bytes), index: view.getUint32(6) }
}

export function readNumber(store: Store, hash: Digest): BlockNumber | undefined {
  const bytes = store.get(storeKey(KEY_PREFIX.blockNumber, hash))
  return bytes === undefined ? undefined : readU48(bytes)
}

/** Blocks in `from`..`to` that may have a log of this address or first topic, in order. */
export async function* indexedBlocks(
  store: Store,
  value: Uint8Array,
  from: BlockNumber,
  to: BlockNumber,
): AsyncIterable<BlockNumber> {
  const prefix = storeKey(KEY_PREFIX.logIndex, logTag(value))
  const end = concat(prefix, u48(to + 1))
  for await (const [key] of store.scan({ from: concat(prefix, u48(from)), to: end })) {
    yield readU48(key, prefix.length)
  }
}

function logTag(value: Uint8Array): Uint8Array {
  return keccak256(value).subarray(0, 8)
}

function encodeBody(block: Block): Uint8Array {
  const senders = new Uint8Array(20 * block.transactions.length)
  block.transactions.forEach(({ sender }, i) => {
    senders.set(sender, 20 * i)
  })
  const items: RlpItem[] = [
    block.transactions.map(transaction => transaction.raw),
    senders,
    block.ommers.map(encodeBlockHeader),
    new Writer(4).u32(block.size).finish(),
  ]
  if (block.withdrawals !== undefined) items.push(block.withdrawals.map(withdrawalItem))
  return encodeRlp(items)
}

function decodeBody(bytes: Uint8Array): Omit<Block, 'header' | 'hash'> {
  const fields = new RlpReader(bytes).list()
  const raw: Uint8Array[] = []
  const list = fields.list()
  while (!list.isDone) raw.push(list.bytes())
  const senders = fields.bytes()
  const transactions = raw.map((encoded, i): RecoveredTransaction => {
    const decoded = decodeTransaction(encoded)
    assert(decoded.kind === 'accept', 'a stored transaction decodes')
    return Object.assign(decoded.value, { sender: senders.subarray(20 * i, 20 * i + 20) })
  })
  const ommers: BlockHeader[] = []
  const ommerList = fields.list()
  while (!ommerList.isDone) {
    const header = decodeBlockHeader(ommerList.bytes())
    assert(header.kind === 'accept', 'a stored ommer decodes')
    ommers.push(header.value)
  }
  const size = new Reader(fields.bytes()).u32()
  const withdrawals = fields.isDone ? undefined : readWithdrawals(fields)
  return { transactions, ommers, size, ...(withdrawals === undefined ? {} : { withdrawals }) }
}
