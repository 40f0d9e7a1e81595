import { EMPTY, utf8 } from '#lib/bytes'
import { DecodeError, Reader, Writer } from '#lib/codec'
import { sha256, taggedHash } from '#lib/hash'
import { accept, reject, type Verdict } from '#lib/verdict'
import type { Digest, Epoch } from './ids.ts'
import { readRef, writeRef } from './refs.ts'
import type { CommitVote, ExecVote, SystemItem, Vertex, VertexRef } from './vertex.ts'

/** The only version of the vertex format so far. */
export const VERTEX_VERSION = 1
/** Upper bound of one encoded vertex: payload and framing of its transactions, parents, votes and system items. */
export const VERTEX_BYTES_MAX = 1024 * 1024
/** All system items of one vertex together. */
export const SYSTEM_BYTES_MAX = 128 * 1024

/** What an author decides about a vertex; the rest is computed by {@link sealVertex}. */
export type VertexDraft = Omit<Vertex, 'payloadRoot' | 'signature' | 'headerDigest' | 'digest' | 'bytes'>

/** A header apart from its body, as it travels in evidence of equivocation. */
export interface VertexHeader extends Omit<VertexDraft, 'transactions'> {
  readonly transactionCount: number
  readonly payloadBytes: number
  readonly payloadRoot: Digest
}

/** H("dag/payload/1" ‖ count ‖ H(tx_0) ‖ H(tx_1) …). */
export function payloadRoot(transactions: readonly Uint8Array[]): Digest {
  const out = new Writer(2 + 32 * transactions.length).u16(transactions.length)
  for (const transaction of transactions) out.bytes(sha256(transaction))
  return taggedHash('dag/payload/1', out.finish())
}

export function headerDigest(header: Uint8Array): Digest {
  return taggedHash('dag/header/1', header)
}

/** Covers the signature, so that a digest names exact bytes. */
export function vertexDigest(headerDigestBytes: Digest, signature: Uint8Array): Digest {
  return taggedHash('dag/vertex/1', headerDigestBytes, signature)
}

const SIGNATURE_DOMAIN = utf8('dag/sig/1')

/** The bytes that the author's consensus key signs (Ed25519). Chain and epoch are inside the header. */
export function vertexSigningBytes(headerDigestBytes: Digest): Uint8Array {
  const message = new Uint8Array(SIGNATURE_DOMAIN.length + headerDigestBytes.length)
  message.set(SIGNATURE_DOMAIN)
  message.set(headerDigestBytes, SIGNATURE_DOMAIN.length)
  return message
}

/** Canonical bytes of a header: fixed widths, big-endian, nothing optional. */
export function encodeHeader(header: VertexHeader): Uint8Array {
  const out = new Writer(256 + 38 * header.parents.length)
  out.u8(header.version).u64(header.chainId).u64(header.epoch).u32(header.round).u16(header.author)
  out.u64(header.timestampMs)
  out.u16(header.parents.length)
  for (const parent of header.parents) writeRef(out, parent)
  out.u8(header.commitVotes.length)
  for (const vote of header.commitVotes) out.u64(vote.index).bytes(vote.digest)
  out.u8(header.execVotes.length)
  for (const vote of header.execVotes) out.u64(vote.height).bytes(vote.blockHash).bytes(vote.signature)
  out.u8(header.system.length)
  for (const item of header.system) out.u8(item.kind).u16(item.bytes.length).bytes(item.bytes)
  out.u16(header.transactionCount).u32(header.payloadBytes).bytes(header.payloadRoot)
  return out.finish()
}

/** Reads a header; {@link DecodeError} when bytes are missing. Values are views into the reader's bytes. */
export function readHeader(reader: Reader): VertexHeader {
  const version = reader.u8()
  const chainId = reader.u64()
  const epoch = reader.u64()
  const round = reader.u32()
  const author = reader.u16()
  const timestampMs = reader.u64()
  const parents: VertexRef[] = []
  for (let left = reader.u16(); left > 0; left--) parents.push(readRef(reader))
  const commitVotes: CommitVote[] = []
  for (let left = reader.u8(); left > 0; left--) commitVotes.push({ index: reader.u64(), digest: reader.bytes(32) })
  const execVotes: ExecVote[] = []
  for (let left = reader.u8(); left > 0; left--)
    execVotes.push({ height: reader.u64(), blockHash: reader.bytes(32), signature: reader.bytes(64) })
  const system: SystemItem[] = []
  for (let left = reader.u8(); left > 0; left--) {
    const kind = reader.u8()
    system.push({ kind, bytes: reader.bytes(reader.u16()) })
  }
  const transactionCount = reader.u16()
  const payloadBytes = reader.u32()
  const root = reader.bytes(32)
  return {
    version,
    chainId,
    epoch,
    round,
    author,
    timestampMs,
    parents,
    commitVotes,
    execVotes,
    system,
    transactionCount,
    payloadBytes,
    payloadRoot: root,
  }
}

/** The epoch that encoded vertex bytes claim, without decoding the rest; undefined when they end before it. */
export function peekVertexEpoch(bytes: Uint8Array): Epoch | undefined {
  const reader = new Reader(bytes)
  try {
    reader.bytes(9)
    return reader.u64()
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function payloadSize(transactions: readonly Uint8Array[]): number {
  let bytes = 0
  for (const transaction of transactions) bytes += transaction.length
  return bytes
}

function headerOf(draft: VertexDraft, root: Digest): VertexHeader {
  const { transactions, ...rest } = draft
  return {
    ...rest,
    transactionCount: transactions.length,
    payloadBytes: payloadSize(transactions),
    payloadRoot: root,
  }
}

/** The canonical header bytes of a whole vertex. */
export function headerBytesOf(vertex: Vertex): Uint8Array {
  return encodeHeader(headerOf(vertex, vertex.payloadRoot))
}

/** Completes a draft: payload root, header digest, signature over it, digest and canonical bytes. */
export function sealVertex(draft: VertexDraft, sign: (headerDigest: Digest) => Uint8Array): Vertex {
  const root = payloadRoot(draft.transactions)
  const header = encodeHeader(headerOf(draft, root))
  const digestOfHeader = headerDigest(header)
  const signature = sign(digestOfHeader)
  const out = new Writer(header.length + 64 + 64).bytes(header)
  for (const transaction of draft.transactions) out.u32(transaction.length).bytes(transaction)
  out.bytes(signature)
  return {
    ...draft,
    payloadRoot: root,
    signature,
    headerDigest: digestOfHeader,
    digest: vertexDigest(digestOfHeader, signature),
    bytes: out.finish(),
  }
}

/**
 * Decodes one vertex strictly: what decodes encodes to the same bytes. The result keeps `bytes` and views into it, so
 * the caller must not change or reuse the buffer. Checks form only; rules are in `#consensus`.
 */
export function decodeVertex(bytes: Uint8Array): Verdict<Vertex, 'oversized' | 'malformed'> {
  if (bytes.length > VERTEX_BYTES_MAX) return reject('oversized')
  try {
    const reader = new Reader(bytes)
    const { transactionCount, payloadBytes, ...header } = readHeader(reader)
    const headerEnd = reader.offset
    const transactions: Uint8Array[] = []
    for (let left = transactionCount; left > 0; left--) transactions.push(reader.bytes(reader.u32()))
    const signature = reader.bytes(64)
    reader.end()
    if (payloadSize(transactions) !== payloadBytes) return reject('malformed', 'payload size differs from its header')
    const digestOfHeader = headerDigest(bytes.subarray(0, headerEnd))
    return accept({
      ...header,
      transactions,
      signature,
      headerDigest: digestOfHeader,
      digest: vertexDigest(digestOfHeader, signature),
      bytes,
    })
  } catch (error) {
    if (error instanceof DecodeError) return reject('malformed', error.message)
    throw error
  }
}

/**
 * The vertices of round 0: one of each authority, made locally by everybody and never sent. Their digests bind chain,
 * epoch, committee and the previous epoch's record, so that vertices built on another past are invalid.
 */
export function genesisVertices(options: {
  readonly chainId: number
  readonly epoch: number
  readonly size: number
  readonly committeeDigest: Digest
  readonly previousEpochRecord: Digest
}): readonly Vertex[] {
  const vertices: Vertex[] = []
  for (let author = 0; author < options.size; author++) {
    const identity = new Writer(96).u64(options.chainId).u64(options.epoch).bytes(options.committeeDigest)
    identity.bytes(options.previousEpochRecord).u16(author)
    const digest = taggedHash('dag/genesis/1', identity.finish())
    vertices.push({
      version: VERTEX_VERSION,
      chainId: options.chainId,
      epoch: options.epoch,
      round: 0,
      author,
      timestampMs: 0,
      parents: [],
      commitVotes: [],
      execVotes: [],
      system: [],
      payloadRoot: payloadRoot([]),
      transactions: [],
      signature: EMPTY,
      headerDigest: digest,
      digest,
      bytes: EMPTY,
    })
  }
  return vertices
}
