import { DecodeError, Reader, Writer } from '#lib/codec'
import { taggedHash } from '#lib/hash'
import { accept, reject, type Verdict } from '#lib/verdict'
import type { Commit } from './commit.ts'
import type { Digest } from './ids.ts'
import { REF_BYTES, readRef, writeRef } from './refs.ts'
import type { VertexRef } from './vertex.ts'

export const COMMIT_VERSION = 1

const ENDS_EPOCH = 1
const HAS_SCORES = 2

/** Canonical bytes of a commit. */
export function encodeCommit(commit: Commit): Uint8Array {
  const out = new Writer(128 + REF_BYTES * commit.vertices.length)
  out.u8(commit.version).u64(commit.epoch).u64(commit.index).bytes(commit.previousDigest).u64(commit.timestampMs)
  writeRef(out, commit.leader)
  out.u8((commit.endsEpoch ? ENDS_EPOCH : 0) | (commit.scores === undefined ? 0 : HAS_SCORES))
  out.u32(commit.vertices.length)
  for (const ref of commit.vertices) writeRef(out, ref)
  if (commit.scores !== undefined) {
    out.u16(commit.scores.length)
    for (const score of commit.scores) out.u32(score)
  }
  return out.finish()
}

/** Digest of a commit: each names its predecessor, so equal digests at one index mean equal history. */
export function commitDigest(commit: Commit): Digest {
  return taggedHash('dag/commit/1', encodeCommit(commit))
}

/** Decodes one commit strictly; the result holds views into `bytes`. */
export function decodeCommit(bytes: Uint8Array): Verdict<Commit, 'malformed'> {
  try {
    const reader = new Reader(bytes)
    const version = reader.u8()
    if (version !== COMMIT_VERSION) return reject('malformed', 'unknown version')
    const epoch = reader.u64()
    const index = reader.u64()
    const previousDigest = reader.bytes(32)
    const timestampMs = reader.u64()
    const leader = readRef(reader)
    const flags = reader.u8()
    if (flags > (ENDS_EPOCH | HAS_SCORES)) return reject('malformed', 'unknown flag')
    const vertices: VertexRef[] = []
    for (let left = reader.u32(); left > 0; left--) vertices.push(readRef(reader))
    const base = {
      version,
      epoch,
      index,
      previousDigest,
      timestampMs,
      leader,
      vertices,
      endsEpoch: (flags & ENDS_EPOCH) !== 0,
    }
    if ((flags & HAS_SCORES) === 0) {
      reader.end()
      return accept(base)
    }
    const scores: number[] = []
    for (let left = reader.u16(); left > 0; left--) scores.push(reader.u32())
    reader.end()
    return accept({ ...base, scores })
  } catch (error) {
    if (error instanceof DecodeError) return reject('malformed', error.message)
    throw error
  }
}
