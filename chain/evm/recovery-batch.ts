/**
 * How a batch of transactions travels between threads: one transferable buffer each way, no structured clone.
 * Request: count, then each length (u32), then the bytes. Reply: per transaction one flag byte and 20 address bytes.
 */
import type { Address } from '#types'

export interface RecoveryRequest {
  readonly id: number
  readonly batch: Uint8Array<ArrayBuffer>
}

export interface RecoveryReply {
  readonly id: number
  readonly senders: Uint8Array<ArrayBuffer>
}

const ENTRY_BYTES = 21

export function packTransactions(transactions: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let offset = 4 + 4 * transactions.length
  const total = transactions.reduce((sum, raw) => sum + raw.length, offset)
  const batch = new Uint8Array(total)
  const view = new DataView(batch.buffer)
  view.setUint32(0, transactions.length)
  transactions.forEach((raw, index) => {
    view.setUint32(4 + 4 * index, raw.length)
    batch.set(raw, offset)
    offset += raw.length
  })
  return batch
}

export function unpackTransactions(batch: Uint8Array): Uint8Array[] {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength)
  const count = view.getUint32(0)
  const transactions: Uint8Array[] = []
  let offset = 4 + 4 * count
  for (let index = 0; index < count; index++) {
    const length = view.getUint32(4 + 4 * index)
    transactions.push(batch.subarray(offset, offset + length))
    offset += length
  }
  return transactions
}

export function packSenders(senders: readonly (Address | undefined)[]): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(senders.length * ENTRY_BYTES)
  senders.forEach((sender, index) => {
    if (sender === undefined) return
    packed[index * ENTRY_BYTES] = 1
    packed.set(sender, index * ENTRY_BYTES + 1)
  })
  return packed
}

export function unpackSenders(packed: Uint8Array): (Address | undefined)[] {
  return Array.from({ length: packed.length / ENTRY_BYTES }, (_, index) => {
    const at = index * ENTRY_BYTES
    return packed[at] === 1 ? packed.slice(at + 1, at + ENTRY_BYTES) : undefined
  })
}
