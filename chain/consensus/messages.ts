import { DecodeError, decoding, Reader, Writer } from '#lib/codec'
import type { Verdict } from '#lib/verdict'
import {
  type AuthorityIndex,
  type Commit,
  type CommitIndex,
  decodeCommit,
  type Epoch,
  encodeCommit,
  REF_BYTES,
  type Round,
  readRef,
  VERTEX_BYTES_MAX,
  type VertexRef,
  writeRef,
} from '#types'
import { FETCH_REFS_MAX } from './limits.ts'

/**
 * Bodies of the messages between validators. Every decoder is strict and bounded and answers with a Verdict, never a
 * throw; vertices travel as bytes, since only `createVertexVerifier` may turn them into more.
 */

/** Vertices of one answer or stream frame. */
export const VERTICES_PER_MESSAGE_MAX = 2 * FETCH_REFS_MAX
/** Commits of one range. */
export const COMMITS_PER_MESSAGE_MAX = 1_000
/** Vertices of one range of commits. */
export const RANGE_VERTICES_MAX = 100_000

type Decoded<T> = Verdict<T, 'malformed'>

function decodingAll<T>(bytes: Uint8Array, read: (reader: Reader) => T): Decoded<T> {
  return decoding(() => {
    const reader = new Reader(bytes)
    const value = read(reader)
    reader.end()
    return value
  })
}

function count(value: number, max: number, min = 0): number {
  if (value < min || value > max) throw new DecodeError(`${value} items where ${min} to ${max} are allowed`)
  return value
}

function writeBlobs(out: Writer, blobs: readonly Uint8Array[]): void {
  out.u32(blobs.length)
  for (const blob of blobs) out.u32(blob.length).bytes(blob)
}

function readBlobs(reader: Reader, max: number): readonly Uint8Array[] {
  const blobs: Uint8Array[] = []
  for (let left = count(reader.u32(), max); left > 0; left--)
    blobs.push(reader.bytes(count(reader.u32(), VERTEX_BYTES_MAX, 1)))
  return blobs
}

/** One frame of the vertex stream. */
export interface StreamFrame {
  /** `own`: made by the sender, on its way for the first time. `history`: pushed on, of anybody. */
  readonly kind: 'own' | 'history'
  readonly vertices: readonly Uint8Array[]
}

export function encodeStreamFrame(frame: StreamFrame): Uint8Array {
  const out = new Writer(1024).u8(frame.kind === 'own' ? 1 : 2)
  writeBlobs(out, frame.vertices)
  return out.finish()
}

export function decodeStreamFrame(bytes: Uint8Array): Decoded<StreamFrame> {
  return decodingAll(bytes, reader => {
    const kind = count(reader.u8(), 2, 1) === 1 ? 'own' : 'history'
    return { kind, vertices: readBlobs(reader, VERTICES_PER_MESSAGE_MAX) }
  })
}

/** "Send me these vertices." */
export interface FetchRequest {
  readonly epoch: Epoch
  readonly refs: readonly VertexRef[]
}

export function encodeFetchRequest(request: FetchRequest): Uint8Array {
  const out = new Writer(16 + REF_BYTES * request.refs.length).u64(request.epoch).u16(request.refs.length)
  for (const ref of request.refs) writeRef(out, ref)
  return out.finish()
}

export function decodeFetchRequest(bytes: Uint8Array): Decoded<FetchRequest> {
  return decodingAll(bytes, reader => {
    const epoch = reader.u64()
    const refs: VertexRef[] = []
    for (let left = count(reader.u16(), VERTICES_PER_MESSAGE_MAX, 1); left > 0; left--) refs.push(readRef(reader))
    return { epoch, refs }
  })
}

/** The vertices that the server has, in any order; what it lacks is left out. */
export function encodeFetchAnswer(vertices: readonly Uint8Array[]): Uint8Array {
  const out = new Writer(1024)
  writeBlobs(out, vertices)
  return out.finish()
}

export function decodeFetchAnswer(bytes: Uint8Array): Decoded<readonly Uint8Array[]> {
  return decodingAll(bytes, reader => readBlobs(reader, VERTICES_PER_MESSAGE_MAX))
}

/** "Send me commits from `from` up to at most `upTo`, with proof." */
export interface RangeRequest {
  readonly epoch: Epoch
  readonly from: CommitIndex
  readonly upTo: CommitIndex
}

export function encodeRangeRequest(request: RangeRequest): Uint8Array {
  return new Writer(24).u64(request.epoch).u64(request.from).u64(request.upTo).finish()
}

export function decodeRangeRequest(bytes: Uint8Array): Decoded<RangeRequest> {
  return decodingAll(bytes, reader => {
    const request = { epoch: reader.u64(), from: reader.u64(), upTo: reader.u64() }
    if (request.from < 1 || request.upTo < request.from) throw new DecodeError('an empty range')
    return request
  })
}

/** Consecutive commits, their vertices, and the vertices whose votes prove the last commit. */
export interface RangeAnswer {
  readonly commits: readonly Commit[]
  readonly certifiers: readonly Uint8Array[]
  readonly vertices: readonly Uint8Array[]
}

export function encodeRangeAnswer(answer: RangeAnswer): Uint8Array {
  const out = new Writer(4096).u16(answer.commits.length)
  for (const commit of answer.commits) {
    const bytes = encodeCommit(commit)
    out.u32(bytes.length).bytes(bytes)
  }
  writeBlobs(out, answer.certifiers)
  writeBlobs(out, answer.vertices)
  return out.finish()
}

export function decodeRangeAnswer(bytes: Uint8Array): Decoded<RangeAnswer> {
  return decodingAll(bytes, reader => {
    const commits: Commit[] = []
    for (let left = count(reader.u16(), COMMITS_PER_MESSAGE_MAX); left > 0; left--) {
      const commit = decodeCommit(reader.bytes(reader.u32()))
      if (commit.kind !== 'accept') throw new DecodeError('a commit of the range is malformed')
      commits.push(commit.value)
    }
    return {
      commits,
      certifiers: readBlobs(reader, VERTICES_PER_MESSAGE_MAX * 16),
      vertices: readBlobs(reader, RANGE_VERTICES_MAX),
    }
  })
}

/** What a server of commit ranges reads; a node's store implements it. */
export interface RangeSource {
  commit(index: CommitIndex): Commit | undefined
  /** From the `certifiers` record of this index. */
  certifiers(index: CommitIndex): readonly VertexRef[] | undefined
  vertexBytes(ref: VertexRef): Uint8Array | undefined
}

/**
 * The longest provable answer to a range request that fits `bytesMax` and is not longer than `commitsMax`. Where nothing
 * in it can be proven, the same without certifiers: its vertices help a peer that decides for itself. `undefined` when
 * nothing is stored. At least one commit is given, whatever its size.
 */
export function assembleRange(
  request: RangeRequest,
  source: RangeSource,
  limits: { readonly bytesMax: number; readonly commitsMax: number },
): RangeAnswer | undefined {
  const last = Math.min(request.upTo, request.from + Math.min(limits.commitsMax, COMMITS_PER_MESSAGE_MAX) - 1)
  let proven: { readonly commits: number; readonly vertices: number; readonly certifiers: Uint8Array[] } | undefined
  const commits: Commit[] = []
  const vertices: Uint8Array[] = []
  let bytes = 0
  for (let index = request.from; index <= last; index++) {
    const commit = source.commit(index)
    if (commit === undefined) break
    const bodies = commit.vertices.map(ref => source.vertexBytes(ref))
    if (bodies.includes(undefined)) break
    commits.push(commit)
    bytes += 128 + REF_BYTES * commit.vertices.length
    for (const body of bodies as Uint8Array[]) {
      vertices.push(body)
      bytes += 4 + body.length
    }
    const certifiers = source.certifiers(index)?.map(ref => source.vertexBytes(ref))
    if (certifiers === undefined || certifiers.includes(undefined)) {
      if (bytes > limits.bytesMax) break
      continue
    }
    const proofs = certifiers as Uint8Array[]
    const proofBytes = proofs.reduce((sum, proof) => sum + 4 + proof.length, 0)
    if (proven !== undefined && bytes + proofBytes > limits.bytesMax) break
    proven = { commits: commits.length, vertices: vertices.length, certifiers: proofs }
    if (bytes + proofBytes > limits.bytesMax || vertices.length > RANGE_VERTICES_MAX - commit.vertices.length) break
  }
  if (proven === undefined) return commits.length === 0 ? undefined : { commits, certifiers: [], vertices }
  return {
    commits: commits.slice(0, proven.commits),
    certifiers: proven.certifiers,
    vertices: vertices.slice(0, proven.vertices),
  }
}

/** "What do you know of `author`'s vertices, and how far is your DAG?" (amnesia). */
export interface OwnLastRequest {
  readonly epoch: Epoch
  readonly author: AuthorityIndex
}

export function encodeOwnLastRequest(request: OwnLastRequest): Uint8Array {
  return new Writer(16).u64(request.epoch).u16(request.author).finish()
}

export function decodeOwnLastRequest(bytes: Uint8Array): Decoded<OwnLastRequest> {
  return decodingAll(bytes, reader => ({ epoch: reader.u64(), author: reader.u16() }))
}

export interface OwnLastAnswer {
  readonly highestRound: Round
  /** 0 when no vertex of the author is known. */
  readonly ownRound: Round
}

export function encodeOwnLastAnswer(answer: OwnLastAnswer): Uint8Array {
  return new Writer(8).u32(answer.highestRound).u32(answer.ownRound).finish()
}

export function decodeOwnLastAnswer(bytes: Uint8Array): Decoded<OwnLastAnswer> {
  return decodingAll(bytes, reader => ({ highestRound: reader.u32(), ownRound: reader.u32() }))
}
