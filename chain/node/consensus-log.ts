import type { LogRecord } from '#consensus'
import { assert } from '#lib/assert'
import { concat } from '#lib/bytes'
import { Writer } from '#lib/codec'
import { afterPrefix, KEY_PREFIX, type Store, type StoreOperation, storeKey, u48 } from '#storage'
import {
  type Commit,
  type CommitIndex,
  type Digest,
  decodeCommit,
  decodeVertex,
  type Epoch,
  encodeCommit,
  type Round,
  type Vertex,
  type VertexRef,
} from '#types'

const VERTEX = 1
const COMMIT = 2
const BY_DIGEST = 3
const OWN = 1
const FOREIGN = 0

/**
 * The durable log of one epoch's consensus: accepted vertices by (round, author, digest) and commits by index. It is
 * what a restart folds over and what peers are served from.
 */
export interface ConsensusLog {
  /** In one atomic batch; with `durable` it is on the disk when this resolves. */
  append(records: readonly LogRecord[], options: { readonly durable: boolean }): Promise<void>
  vertex(ref: VertexRef): Vertex | undefined
  vertexByDigest(digest: Digest): Vertex | undefined
  commit(index: CommitIndex): { readonly commit: Commit; readonly digest: Digest } | undefined
  /** Commits from `from` on, at most `limit`. */
  commits(from: CommitIndex, limit: number): AsyncIterable<{ readonly commit: Commit; readonly digest: Digest }>
  /** Vertices of rounds `from` to `to`, both included, in (round, author, digest) order. */
  rounds(from: Round, to: Round): AsyncIterable<{ readonly vertex: Vertex; readonly own: boolean }>
  lastCommitIndex(): Promise<CommitIndex>
}

export function createConsensusLog(store: Store, epoch: Epoch): ConsensusLog {
  const epochBytes = new Writer(4).u32(epoch).finish()
  const key = (kind: number, ...parts: readonly Uint8Array[]) =>
    storeKey(KEY_PREFIX.consensus, Uint8Array.of(kind), epochBytes, ...parts)
  const slotOf = (round: Round, author: number) => new Writer(6).u32(round).u16(author).finish()
  const vertexKey = (ref: VertexRef) => key(VERTEX, slotOf(ref.round, ref.author), ref.digest)

  function storedVertex(bytes: Uint8Array): Vertex {
    const decoded = decodeVertex(bytes.subarray(1))
    assert(decoded.kind === 'accept', 'a stored vertex decodes')
    return decoded.value
  }

  function storedCommit(bytes: Uint8Array): { readonly commit: Commit; readonly digest: Digest } {
    const decoded = decodeCommit(bytes.subarray(32))
    assert(decoded.kind === 'accept', 'a stored commit decodes')
    return { commit: decoded.value, digest: bytes.subarray(0, 32) }
  }

  function operationsOf(record: LogRecord): StoreOperation[] {
    if (record.kind === 'commit') {
      return [{ key: key(COMMIT, u48(record.commit.index)), value: concat(record.digest, encodeCommit(record.commit)) }]
    }
    const { vertex, own } = record
    return [
      { key: vertexKey(vertex), value: concat(Uint8Array.of(own ? OWN : FOREIGN), vertex.bytes) },
      { key: key(BY_DIGEST, vertex.digest), value: slotOf(vertex.round, vertex.author) },
    ]
  }

  return {
    append: (records, { durable }) => store.write(records.flatMap(operationsOf), { durable }),

    vertex(ref) {
      const bytes = store.get(vertexKey(ref))
      return bytes === undefined ? undefined : storedVertex(bytes)
    },

    vertexByDigest(digest) {
      const slot = store.get(key(BY_DIGEST, digest))
      const bytes = slot === undefined ? undefined : store.get(key(VERTEX, slot, digest))
      return bytes === undefined ? undefined : storedVertex(bytes)
    },

    commit(index) {
      const bytes = store.get(key(COMMIT, u48(index)))
      return bytes === undefined ? undefined : storedCommit(bytes)
    },

    async *commits(from, limit) {
      for await (const [, bytes] of store.scan({ from: key(COMMIT, u48(from)), to: afterPrefix(key(COMMIT)), limit })) {
        yield storedCommit(bytes)
      }
    },

    async *rounds(from, to) {
      const range = { from: key(VERTEX, slotOf(from, 0)), to: key(VERTEX, slotOf(to + 1, 0)) }
      for await (const [, bytes] of store.scan(range)) yield { vertex: storedVertex(bytes), own: bytes[0] === OWN }
    },

    async lastCommitIndex() {
      for await (const [, bytes] of store.scan({
        from: key(COMMIT),
        to: afterPrefix(key(COMMIT)),
        reverse: true,
        limit: 1,
      })) {
        return storedCommit(bytes).commit.index
      }
      return 0
    },
  }
}
