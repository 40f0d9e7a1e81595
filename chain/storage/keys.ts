/**
 * Layout of the store. An older one is brought up to it (`migrateStore`), a newer one is refused. 1: bodies and receipts in
 * the database; 2: in bulk files.
 */
export const SCHEMA_VERSION = 2

/**
 * Every key prefix, in one table. A key is the prefix byte and then fixed-width big-endian parts, so that ranges scan
 * in the order of their numbers. Prefixes from 0x80 belong to consensus and networking; the rest to execution.
 */
export const KEY_PREFIX = {
  /** name (UTF-8) → small singletons: schema, genesis hash, head, position in the commits. */
  meta: 0x01,
  /** block u48 → header RLP. */
  header: 0x02,
  /** block u48 → transactions with their senders, ommers, withdrawals. */
  body: 0x03,
  /** block u48 → receipts without blooms. */
  receipts: 0x04,
  /** block hash → block u48. */
  blockNumber: 0x05,
  /** transaction hash → block u48, index u32. */
  transaction: 0x06,
  /** transaction hash → why a commit's transaction is in no block. */
  skipped: 0x07,
  /** first 8 bytes of keccak(address or first topic), block u48 → nothing. */
  logIndex: 0x08,
  /** number u32 → committed bytes u32 and values that are pointed at u32, of one bulk file. */
  bulkSegment: 0x0f,
  /** address → account. */
  account: 0x10,
  /** address, slot → value without leading zeros. */
  slot: 0x11,
  /** code hash → code. */
  code: 0x12,
  /** path (one byte per nibble) → node of the account trie. */
  accountNode: 0x13,
  /** keccak(address), path → node of that account's storage trie. */
  storageNode: 0x14,
  /** address, block u48 → account before that block. */
  accountHistory: 0x18,
  /** address, slot, block u48 → value before that block. */
  slotHistory: 0x19,
  /** block u48 → which accounts and slots the block changed. */
  changes: 0x1a,
  /** height u48 → checkpoint certificate. */
  certificate: 0x1c,
  /** chunk u48 → nothing: the parts of a snapshot that were written, until it is whole. */
  snapshotChunk: 0x1d,
  /** Consensus log, vertices and votes; laid out by `chain/node`. */
  consensus: 0x80,
  /** epoch u32 → how it ended: record, signatures, what the next one needs; laid out by `chain/node`. */
  epochs: 0x81,
  /** Peers remembered between starts; laid out by `chain/p2p`. */
  peers: 0x90,
} as const

export type KeyPrefix = (typeof KEY_PREFIX)[keyof typeof KEY_PREFIX]

/** A key: prefix byte, then `parts` in order. */
export function storeKey(prefix: KeyPrefix, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 1
  for (const part of parts) length += part.length
  const key = new Uint8Array(length)
  key[0] = prefix
  let at = 1
  for (const part of parts) {
    key.set(part, at)
    at += part.length
  }
  return key
}

/** A block number (or any safe integer below 2^48) as six big-endian bytes. */
export function u48(value: number): Uint8Array {
  const bytes = new Uint8Array(6)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(value / 2 ** 32))
  view.setUint32(2, value >>> 0)
  return bytes
}

/** Reads what {@link u48} wrote at `offset`. */
export function readU48(bytes: Uint8Array, offset = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 6)
  return view.getUint16(0) * 2 ** 32 + view.getUint32(2)
}

/** First key after every key that begins with `prefix`: the exclusive end of a prefix scan. */
export function afterPrefix(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice()
  for (let i = end.length - 1; i >= 0; i--) {
    const byte = end[i] as number
    if (byte < 0xff) {
      end[i] = byte + 1
      return end.subarray(0, i + 1)
    }
  }
  throw new RangeError('a prefix of 0xff bytes only has no end')
}
