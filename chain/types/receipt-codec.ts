import { defined } from '#lib/assert'
import { concat, EMPTY } from '#lib/bytes'
import { encodeRlp, type RlpItem, RlpReader, uintToRlp } from '#lib/rlp'
import type { Log, Receipt } from './block.ts'
import { EMPTY_BLOOM } from './block-codec.ts'
import { bloomOf } from './bloom.ts'
import type { TransactionType } from './transaction.ts'

/** Consensus form of a receipt (EIP-2718): what `receiptsRoot` and `debug_getRawReceipts` hold. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  if (receipt.logs.length === 0 && receipt.status !== undefined) return encodeQuietReceipt(receipt, receipt.status)
  const outcome =
    receipt.status === undefined
      ? defined(receipt.root, 'a receipt without status has a root')
      : uintToRlp(receipt.status)
  const list = encodeRlp([outcome, uintToRlp(receipt.cumulativeGasUsed), receipt.logsBloom, receipt.logs.map(logItem)])
  return receipt.type === 0 ? list : concat(Uint8Array.of(receipt.type), list)
}

// Most receipts have no logs; written by hand, their encoding costs a fifth.
function encodeQuietReceipt({ type, cumulativeGasUsed, logsBloom }: Receipt, status: number): Uint8Array {
  const gas = uintToRlp(cumulativeGasUsed)
  const gasHead = gas.length === 1 && (gas[0] as number) < 0x80 ? 0 : 1
  const payload = 1 + gasHead + gas.length + 3 + logsBloom.length + 1
  const bytes = new Uint8Array((type === 0 ? 0 : 1) + 3 + payload)
  let at = 0
  if (type !== 0) bytes[at++] = type
  bytes[at++] = 0xf9
  bytes[at++] = payload >> 8
  bytes[at++] = payload & 0xff
  bytes[at++] = status === 0 ? 0x80 : status
  if (gasHead === 1) bytes[at++] = 0x80 + gas.length
  bytes.set(gas, at)
  at += gas.length
  bytes[at++] = 0xb9
  bytes[at++] = logsBloom.length >> 8
  bytes[at++] = logsBloom.length & 0xff
  bytes.set(logsBloom, at)
  bytes[at + logsBloom.length] = 0xc0
  return bytes
}

/** A block's receipts as they are stored: every field, blooms left out because the logs give them. */
export function encodeStoredReceipts(receipts: readonly Receipt[]): Uint8Array {
  const integer = integerEncoder()
  return encodeRlp(
    receipts.map(receipt => [
      integer(receipt.type),
      receipt.status === undefined
        ? defined(receipt.root, 'a receipt without status has a root')
        : integer(receipt.status),
      integer(receipt.gasUsed),
      integer(receipt.effectiveGasPrice),
      receipt.logs.length === 0 ? NOTHING : receipt.logs.map(logItem),
      receipt.contractAddress ?? EMPTY,
      receipt.blobGasUsed === undefined
        ? NOTHING
        : [integer(receipt.blobGasUsed), integer(defined(receipt.blobGasPrice, 'blob gas has a price'))],
    ]),
  )
}

/** Type, outcome, gas used, effective gas price. */
const FIELDS_BEFORE_LOGS = 4
const NOTHING: readonly RlpItem[] = []

// The receipts of a block have most of their integers in common.
function integerEncoder(): (value: bigint | number) => Uint8Array {
  const known = new Map<bigint | number, Uint8Array>()
  return value => {
    const before = known.get(value)
    if (before !== undefined) return before
    const encoded = uintToRlp(value)
    known.set(value, encoded)
    return encoded
  }
}

/** Inverse of {@link encodeStoredReceipts}; throws DecodeError on bytes that it did not write. */
export function decodeStoredReceipts(bytes: Uint8Array): readonly Receipt[] {
  const list = new RlpReader(bytes).list()
  const receipts: Receipt[] = []
  let cumulativeGasUsed = 0n
  while (!list.isDone) {
    const fields = list.list()
    const type = Number(fields.uint(1)) as TransactionType
    const outcome = fields.bytes()
    const gasUsed = fields.uint(8)
    const effectiveGasPrice = fields.uint(32)
    const logs = readLogs(fields.list())
    const contract = fields.bytes()
    const blob = fields.list()
    const blobFields = blob.isDone ? {} : { blobGasUsed: blob.uint(8), blobGasPrice: blob.uint(32) }
    fields.end()
    cumulativeGasUsed += gasUsed
    receipts.push({
      type,
      ...(outcome.length === 32 ? { root: outcome } : { status: outcome.length === 0 ? 0 : 1 }),
      gasUsed,
      cumulativeGasUsed,
      logsBloom: logs.length === 0 ? EMPTY_BLOOM : bloomOf(logs),
      logs,
      effectiveGasPrice,
      ...(contract.length === 20 ? { contractAddress: contract } : {}),
      ...blobFields,
    })
  }
  return receipts
}

/** Only the logs of {@link decodeStoredReceipts}, by receipt: without their blooms, which cost more than all the rest. */
export function decodeStoredLogs(bytes: Uint8Array): readonly (readonly Log[])[] {
  const list = new RlpReader(bytes).list()
  const logs: Log[][] = []
  while (!list.isDone) {
    const fields = list.list()
    for (let before = 0; before < FIELDS_BEFORE_LOGS; before++) fields.skip()
    logs.push(readLogs(fields.list()))
  }
  return logs
}

function logItem(log: Log): RlpItem {
  return [log.address, log.topics, log.data]
}

function readLogs(list: RlpReader): Log[] {
  const logs: Log[] = []
  while (!list.isDone) {
    const fields = list.list()
    const address = fields.fixed(20)
    const topics: Uint8Array[] = []
    const topicList = fields.list()
    while (!topicList.isDone) topics.push(topicList.fixed(32))
    logs.push({ address, topics, data: fields.bytes() })
    fields.end()
  }
  return logs
}
