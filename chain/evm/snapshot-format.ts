import { compareBytes, equalBytes } from '#lib/bytes'
import { DecodeError, decoding, Reader, Writer } from '#lib/codec'
import { keccak256, sha256 } from '#lib/hash'
import type { Verdict } from '#lib/verdict'
import { KEY_PREFIX, type KeyPrefix, type StoreOperation } from '#storage'
import {
  type BlockHeader,
  blockHeaderHash,
  type Digest,
  decodeBlock,
  decodeBlockHeader,
  decodeStoredReceipts,
  encodeBlockHeader,
  encodeReceipt,
  type RawBlock,
  type Receipt,
} from '#types'
import { decodeSlimAccount } from './state/account.ts'
import { orderedRoot } from './trie/ordered-root.ts'

/**
 * Bytes of a snapshot: a manifest that names every chunk by its hash, one chunk with the block and the headers before it,
 * and chunks of flat state records in the order of their keys. All bytes follow from the chain alone, so every node's
 * snapshot of a block is the same, and its parts may come from different peers.
 */

/** A chunk is closed at this size; one record of at most 64 KiB may stand over. */
export const SNAPSHOT_CHUNK_BYTES = 1024 * 1024
/** Above it nothing is taken from a peer: the first chunk has a block of any size in it. */
export const SNAPSHOT_CHUNK_BYTES_MAX = 6 * 1024 * 1024
const VALUE_BYTES_MAX = 64 * 1024
const CHUNKS_MAX = 100_000
const CERTIFICATE_BYTES_MAX = 64 * 1024
/** BLOCKHASH reaches so far back. */
export const SNAPSHOT_HEADERS = 256
const FORMAT = 1

export interface SnapshotChunk {
  /** SHA-256. */
  readonly digest: Digest
  readonly bytes: number
}

/** What a snapshot consists of. Only the header is proven (by the certificate); the chunks prove themselves in the end. */
export interface SnapshotManifest {
  readonly header: BlockHeader
  /** `encodeCertificate` of the header's hash. */
  readonly certificate: Uint8Array
  /** The first one is the head chunk. */
  readonly chunks: readonly SnapshotChunk[]
}

export function encodeSnapshotManifest({ header, certificate, chunks }: SnapshotManifest): Uint8Array {
  const out = new Writer(1_024 + 36 * chunks.length).u8(FORMAT)
  const encoded = encodeBlockHeader(header)
  out.u16(encoded.length).bytes(encoded).u32(certificate.length).bytes(certificate).u32(chunks.length)
  for (const { digest, bytes } of chunks) out.bytes(digest).u32(bytes)
  return out.finish()
}

/** Strict inverse of {@link encodeSnapshotManifest}. */
export function decodeSnapshotManifest(bytes: Uint8Array): Verdict<SnapshotManifest, 'malformed'> {
  return decoding(() => {
    const reader = new Reader(bytes)
    if (reader.u8() !== FORMAT) throw new DecodeError('a format of another version')
    const header = decodeBlockHeader(reader.bytes(reader.u16()))
    if (header.kind !== 'accept') throw new DecodeError('no header')
    const certificate = reader.bytes(bounded(reader.u32(), CERTIFICATE_BYTES_MAX)).slice()
    const chunks: SnapshotChunk[] = []
    for (let left = bounded(reader.u32(), CHUNKS_MAX); left > 0; left--)
      chunks.push({ digest: reader.bytes(32).slice(), bytes: bounded(reader.u32(), SNAPSHOT_CHUNK_BYTES_MAX) })
    reader.end()
    if (chunks.length === 0) throw new DecodeError('no chunks')
    return { header: header.value, certificate, chunks }
  })
}

/**
 * What two nodes compare: the same for every node that has the same block, whatever signatures its certificate has.
 */
export function snapshotIdentity({ header, chunks }: SnapshotManifest): Digest {
  const out = new Writer(64 + 36 * chunks.length).bytes(blockHeaderHash(header))
  for (const { digest, bytes } of chunks) out.bytes(digest).u32(bytes)
  return sha256(out.finish())
}

/** Whether these bytes are what the manifest names. */
export function isSnapshotChunk(chunk: SnapshotChunk, bytes: Uint8Array): boolean {
  return bytes.length === chunk.bytes && equalBytes(sha256(bytes), chunk.digest)
}

/** The block of a snapshot and what a node needs of the blocks before it. */
export interface SnapshotHead {
  readonly block: RawBlock
  readonly receipts: readonly Receipt[]
  /** Stored form of the receipts. */
  readonly receiptBytes: Uint8Array
  /** Headers of the blocks before, oldest first. */
  readonly headers: readonly BlockHeader[]
}

export function encodeHeadChunk(block: Uint8Array, receipts: Uint8Array, headers: readonly BlockHeader[]): Uint8Array {
  const out = new Writer(block.length + receipts.length + 640 * headers.length)
  out.u32(block.length).bytes(block).u32(receipts.length).bytes(receipts).u16(headers.length)
  for (const header of headers) {
    const encoded = encodeBlockHeader(header)
    out.u16(encoded.length).bytes(encoded)
  }
  return out.finish()
}

/** Decodes a head chunk and checks that everything in it follows from `header`. */
export function readHeadChunk(bytes: Uint8Array, header: BlockHeader): Verdict<SnapshotHead, 'malformed'> {
  return decoding(() => {
    const reader = new Reader(bytes)
    const block = decodeBlock(reader.bytes(reader.u32()))
    if (block.kind !== 'accept') throw new DecodeError('no block')
    const receiptBytes = reader.bytes(reader.u32()).slice()
    const headers: BlockHeader[] = []
    for (let left = bounded(reader.u16(), SNAPSHOT_HEADERS); left > 0; left--) {
      const decoded = decodeBlockHeader(reader.bytes(reader.u16()))
      if (decoded.kind !== 'accept') throw new DecodeError('no header')
      headers.push(decoded.value)
    }
    reader.end()
    const { value } = block
    if (!equalBytes(value.hash, blockHeaderHash(header))) throw new DecodeError('another block than the certified one')
    if (!equalBytes(orderedRoot(value.transactions), header.transactionsRoot)) throw new DecodeError('transactions')
    if (value.ommers.length > 0 || (value.withdrawals?.length ?? 0) > 0) throw new DecodeError('ommers or withdrawals')
    const receipts = decodeStoredReceipts(receiptBytes)
    if (!equalBytes(orderedRoot(receipts.map(encodeReceipt)), header.receiptsRoot)) throw new DecodeError('receipts')
    checkAncestors(header, headers)
    return { block: value, receipts, receiptBytes, headers }
  })
}

function checkAncestors(header: BlockHeader, headers: readonly BlockHeader[]): void {
  if (headers.length !== Math.min(SNAPSHOT_HEADERS, header.number)) throw new DecodeError('too few headers')
  let child = header
  for (const parent of headers.toReversed()) {
    if (!equalBytes(blockHeaderHash(parent), child.parentHash)) throw new DecodeError('a header of another chain')
    child = parent
  }
}

/** Prefixes of what a snapshot carries, with the length of the key behind the prefix. */
const KEY_BYTES: ReadonlyMap<number, number> = new Map<KeyPrefix, number>([
  [KEY_PREFIX.account, 20],
  [KEY_PREFIX.slot, 52],
  [KEY_PREFIX.code, 32],
])

/** Collects records into chunks. */
export class StateChunkWriter {
  readonly #chunkBytes: number
  #out = new Writer(VALUE_BYTES_MAX)

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes
  }

  /** Adds a record of the flat state; a chunk when it is full. */
  add(key: Uint8Array, value: Uint8Array): Uint8Array | undefined {
    this.#out.bytes(key).u32(value.length).bytes(value)
    return this.#out.length < this.#chunkBytes ? undefined : this.#take()
  }

  /** What is left; undefined for nothing. */
  end(): Uint8Array | undefined {
    return this.#out.length === 0 ? undefined : this.#take()
  }

  #take(): Uint8Array {
    const bytes = this.#out.finish()
    this.#out = new Writer(this.#chunkBytes + VALUE_BYTES_MAX)
    return bytes
  }
}

/** The records of a state chunk as writes. Accounts decode, slots have no zeros in front, code has its hash for a name. */
export function readStateChunk(bytes: Uint8Array): Verdict<readonly StoreOperation[], 'malformed'> {
  return decoding(() => {
    const reader = new Reader(bytes)
    const operations: StoreOperation[] = []
    let previous: Uint8Array | undefined
    while (reader.remaining > 0) {
      const prefix = reader.u8()
      const length = KEY_BYTES.get(prefix)
      if (length === undefined) throw new DecodeError('a record of another kind')
      const key = new Uint8Array(1 + length)
      key[0] = prefix
      key.set(reader.bytes(length), 1)
      const value = reader.bytes(bounded(reader.u32(), VALUE_BYTES_MAX)).slice()
      checkRecord(prefix, key, value)
      if (previous !== undefined && compareBytes(previous, key) >= 0) throw new DecodeError('records out of order')
      previous = key
      operations.push({ key, value })
    }
    return operations
  })
}

function checkRecord(prefix: number, key: Uint8Array, value: Uint8Array): void {
  if (prefix === KEY_PREFIX.account) decodeSlimAccount(value)
  else if (prefix === KEY_PREFIX.slot) {
    if (value.length === 0 || value.length > 32 || value[0] === 0) throw new DecodeError('a slot of another form')
  } else if (!equalBytes(keccak256(value), key.subarray(1))) throw new DecodeError('code of another hash')
}

function bounded(count: number, max: number): number {
  if (count > max) throw new DecodeError(`${count} where ${max} are allowed`)
  return count
}
