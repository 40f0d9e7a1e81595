import { assert } from '#lib/assert'
import { DecodeError, Reader, Writer } from '#lib/codec'
import { accept, reject, type Verdict } from '#lib/verdict'
import {
  type AuthorityIndex,
  decodeCommit,
  decodeVertex,
  encodeCommit,
  readRef,
  type VertexRef,
  writeRef,
} from '#types'
import { COMMITTEE_SIZE_MAX } from './committee.ts'
import type { ConsensusCheckpoint, FinalizerState, LogRecord } from './types.ts'

const KIND = { vertex: 1, commit: 2, certifiers: 3, checkpoint: 4 } as const

/** Bytes of a log record for the node's own store. */
export function encodeLogRecord(record: LogRecord): Uint8Array {
  switch (record.kind) {
    case 'vertex':
      return new Writer(2 + record.vertex.bytes.length)
        .u8(KIND.vertex)
        .u8(record.own ? 1 : 0)
        .bytes(record.vertex.bytes)
        .finish()
    case 'commit': {
      const commit = encodeCommit(record.commit)
      return new Writer(33 + commit.length).u8(KIND.commit).bytes(record.digest).bytes(commit).finish()
    }
    case 'certifiers': {
      const out = new Writer(1024).u8(KIND.certifiers).u64(record.index).bytes(record.digest)
      writeRefs(out, record.vertices)
      return out.finish()
    }
    case 'checkpoint':
      return encodeCheckpoint(record.checkpoint)
  }
}

/** The record of bytes that {@link encodeLogRecord} made; a damaged store is a `reject`, never a throw. */
export function decodeLogRecord(bytes: Uint8Array): Verdict<LogRecord, 'malformed'> {
  try {
    const reader = new Reader(bytes)
    const kind = reader.u8()
    if (kind === KIND.vertex) {
      const own = readFlag(reader)
      const vertex = decodeVertex(reader.bytes(reader.remaining))
      return vertex.kind === 'accept' ? accept({ kind: 'vertex', vertex: vertex.value, own }) : reject('malformed')
    }
    if (kind === KIND.commit) {
      const digest = reader.bytes(32)
      const commit = decodeCommit(reader.bytes(reader.remaining))
      return commit.kind === 'accept' ? accept({ kind: 'commit', commit: commit.value, digest }) : commit
    }
    if (kind === KIND.certifiers) {
      const index = reader.u64()
      const digest = reader.bytes(32)
      const vertices = readRefs(reader)
      reader.end()
      return accept({ kind: 'certifiers', index, digest, vertices })
    }
    if (kind === KIND.checkpoint) return accept({ kind: 'checkpoint', checkpoint: readCheckpoint(reader) })
    return reject('malformed', 'unknown kind')
  } catch (error) {
    if (error instanceof DecodeError) return reject('malformed', error.message)
    throw error
  }
}

function encodeCheckpoint(checkpoint: ConsensusCheckpoint): Uint8Array {
  const { state, cursor } = checkpoint
  assert(state.leader !== undefined, 'a checkpoint follows a commit')
  const out = new Writer(4096).u8(KIND.checkpoint)
  out
    .u64(state.index)
    .bytes(state.digest)
    .u64(state.timestampMs)
    .u8(state.ended ? 1 : 0)
  writeRef(out, state.leader)
  writeAuthors(out, state.swaps.good)
  writeAuthors(out, state.swaps.bad)
  out.u16(state.scores.length)
  for (const score of state.scores) out.u32(score)
  writeRefs(out, state.leaders)
  out.u32(cursor.round).u16(cursor.rank).u32(checkpoint.gcRound)
  writeRefs(out, checkpoint.committed)
  // A round's only leader is the committed one.
  if (checkpoint.roundLeaders.length > 1) writeAuthors(out, checkpoint.roundLeaders)
  return out.finish()
}

function readCheckpoint(reader: Reader): ConsensusCheckpoint {
  const index = reader.u64()
  const digest = reader.bytes(32)
  const timestampMs = reader.u64()
  const ended = readFlag(reader)
  const leader = readRef(reader)
  const good = readAuthors(reader)
  const bad = readAuthors(reader)
  const scores: number[] = []
  for (let left = reader.u16(); left > 0; left--) scores.push(reader.u32())
  if (scores.length > COMMITTEE_SIZE_MAX) throw new DecodeError('more scores than members')
  const leaders = readRefs(reader)
  const state: FinalizerState = { index, digest, timestampMs, leader, swaps: { good, bad }, scores, leaders, ended }
  const cursor = { round: reader.u32(), rank: reader.u16() }
  const gcRound = reader.u32()
  const committed = readRefs(reader)
  const roundLeaders = reader.remaining > 0 ? readAuthors(reader) : [leader.author]
  reader.end()
  return { state, cursor, roundLeaders, gcRound, committed }
}

function readFlag(reader: Reader): boolean {
  const flag = reader.u8()
  if (flag > 1) throw new DecodeError('a flag is 0 or 1')
  return flag === 1
}

function writeAuthors(out: Writer, authors: readonly AuthorityIndex[]): void {
  out.u16(authors.length)
  for (const author of authors) out.u16(author)
}

function readAuthors(reader: Reader): AuthorityIndex[] {
  const authors: AuthorityIndex[] = []
  for (let left = reader.u16(); left > 0; left--) authors.push(reader.u16())
  return authors
}

function writeRefs(out: Writer, refs: readonly VertexRef[]): void {
  out.u32(refs.length)
  for (const ref of refs) writeRef(out, ref)
}

function readRefs(reader: Reader): VertexRef[] {
  const refs: VertexRef[] = []
  for (let left = reader.u32(); left > 0; left--) refs.push(readRef(reader))
  return refs
}
