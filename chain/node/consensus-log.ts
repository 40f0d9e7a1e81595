import { decodeLogRecord, encodeLogRecord, type LogRecord, type RangeSource } from '#consensus'
import { unreachable } from '#lib/assert'
import { Writer } from '#lib/codec'
import { CodedError } from '#lib/errors'
import { afterPrefix, KEY_PREFIX, type Store, type StoreOperation, storeKey, u48 } from '#storage'
import type { Commit, CommitIndex, Digest, Epoch, Round, Vertex, VertexRef } from '#types'

export const VERTEX = 1
export const COMMIT = 2
export const CERTIFIERS = 3
export const CHECKPOINT = 4
export const BY_DIGEST = 5
const DIGEST_BYTES = 32

export interface StoredCommit {
  readonly commit: Commit
  readonly digest: Digest
}

/**
 * The durable log of one epoch's consensus: accepted vertices by (round, author, digest), commits, their proofs and
 * window checkpoints by index. A restart folds over it; peers are served from it.
 */
export interface ConsensusLog extends RangeSource {
  /** In one atomic batch; with `durable` it is on the disk when this resolves. */
  append(records: readonly LogRecord[], options: { readonly durable: boolean }): Promise<void>
  vertex(ref: VertexRef): Vertex | undefined
  vertexByDigest(digest: Digest): Vertex | undefined
  storedCommit(index: CommitIndex): StoredCommit | undefined
  /** Vertices of rounds `from` to `to`, both included, in (round, author, digest) order. */
  rounds(from: Round, to: Round): AsyncIterable<Vertex>
  /** The last `limit` commits, oldest first. */
  latestCommits(limit: number): Promise<readonly StoredCommit[]>
  /**
   * What a core needs to go on, in replay order: the newest checkpoint that execution has reached, the vertices above
   * its collected round, and the commits after it. Everything when there is no such checkpoint.
   */
  replayFrom(executed: CommitIndex): Promise<readonly LogRecord[]>
  /**
   * Deletes what nobody needs who goes on from `index` or later: everything that the newest checkpoint up to it stands
   * for. At most about `room` records; resolves with how many it deleted.
   */
  prune(index: CommitIndex, room: number): Promise<number>
  /** Deletes the whole epoch, in the same manner. */
  drop(room: number): Promise<number>
}

export function createConsensusLog(store: Store, epoch: Epoch): ConsensusLog {
  const epochBytes = new Writer(4).u32(epoch).finish()
  const key = (kind: number, ...parts: readonly Uint8Array[]) =>
    storeKey(KEY_PREFIX.consensus, Uint8Array.of(kind), epochBytes, ...parts)
  const slot = (round: Round, author: number) => new Writer(6).u32(round).u16(author).finish()
  const vertexKey = (ref: VertexRef) => key(VERTEX, slot(ref.round, ref.author), ref.digest)

  function decode<K extends LogRecord['kind']>(bytes: Uint8Array, kind: K): Extract<LogRecord, { kind: K }> {
    const decoded = decodeLogRecord(bytes)
    if (decoded.kind === 'accept' && decoded.value.kind === kind)
      return decoded.value as Extract<LogRecord, { kind: K }>
    throw new CodedError(
      'store corrupt',
      `a ${kind} record of the consensus log is damaged; restore the data directory from a peer's snapshot`,
    )
  }

  function read<K extends LogRecord['kind']>(at: Uint8Array, kind: K): Extract<LogRecord, { kind: K }> | undefined {
    const bytes = store.get(at)
    return bytes === undefined ? undefined : decode(bytes, kind)
  }

  function operationsOf(record: LogRecord): StoreOperation[] {
    const value = encodeLogRecord(record)
    switch (record.kind) {
      case 'vertex': {
        const { round, author, digest } = record.vertex
        return [
          { key: vertexKey(record.vertex), value },
          { key: key(BY_DIGEST, digest), value: slot(round, author) },
        ]
      }
      case 'commit':
        return [{ key: key(COMMIT, u48(record.commit.index)), value }]
      case 'certifiers':
        return [{ key: key(CERTIFIERS, u48(record.index)), value }]
      case 'checkpoint':
        return [{ key: key(CHECKPOINT, u48(record.checkpoint.state.index)), value }]
      default:
        return unreachable(record)
    }
  }

  async function* scan<K extends LogRecord['kind']>(from: Uint8Array, to: Uint8Array, kind: K) {
    for await (const [, bytes] of store.scan({ from, to })) yield decode(bytes, kind)
  }

  // Vertices go together with their entry in the index by digest. In key order, so that what stays has no holes.
  async function deleteRange(from: Uint8Array, to: Uint8Array, room: number): Promise<number> {
    if (room <= 0) return 0
    const operations: StoreOperation[] = []
    let deleted = 0
    for await (const [name] of store.scan({ from, to, limit: room })) {
      operations.push({ key: name })
      if (name[1] === VERTEX) operations.push({ key: key(BY_DIGEST, name.subarray(-DIGEST_BYTES)) })
      deleted += 1
    }
    await store.write(operations, { durable: false })
    return deleted
  }

  async function deleteRanges(ranges: readonly (readonly [Uint8Array, Uint8Array])[], room: number): Promise<number> {
    let deleted = 0
    for (const [from, to] of ranges) deleted += await deleteRange(from, to, room - deleted)
    return deleted
  }

  return {
    append: (records, { durable }) => store.write(records.flatMap(operationsOf), { durable }),

    vertex: ref => read(vertexKey(ref), 'vertex')?.vertex,
    vertexBytes: ref => read(vertexKey(ref), 'vertex')?.vertex.bytes,

    vertexByDigest(digest) {
      const at = store.get(key(BY_DIGEST, digest))
      return at === undefined ? undefined : read(key(VERTEX, at, digest), 'vertex')?.vertex
    },

    storedCommit: index => read(key(COMMIT, u48(index)), 'commit'),
    commit: index => read(key(COMMIT, u48(index)), 'commit')?.commit,
    certifiers: index => read(key(CERTIFIERS, u48(index)), 'certifiers')?.vertices,

    async *rounds(from, to) {
      for await (const record of scan(key(VERTEX, slot(from, 0)), key(VERTEX, slot(to + 1, 0)), 'vertex'))
        yield record.vertex
    },

    async latestCommits(limit) {
      const latest: StoredCommit[] = []
      const range = { from: key(COMMIT), to: afterPrefix(key(COMMIT)), reverse: true, limit }
      for await (const [, bytes] of store.scan(range)) latest.push(decode(bytes, 'commit'))
      return latest.reverse()
    },

    async replayFrom(executed) {
      const records: LogRecord[] = []
      const reached = { from: key(CHECKPOINT), to: key(CHECKPOINT, u48(executed + 1)), reverse: true, limit: 1 }
      let firstRound = 1
      let firstCommit = 1
      for await (const [, bytes] of store.scan(reached)) {
        const record = decode(bytes, 'checkpoint')
        records.push(record)
        firstRound = record.checkpoint.gcRound + 1
        firstCommit = record.checkpoint.state.index + 1
      }
      const vertices = scan(key(VERTEX, slot(firstRound, 0)), afterPrefix(key(VERTEX)), 'vertex')
      for await (const record of vertices) records.push(record)
      const commits = scan(key(COMMIT, u48(firstCommit)), afterPrefix(key(COMMIT)), 'commit')
      let expected = firstCommit
      for await (const record of commits) {
        if (record.commit.index !== expected) {
          throw new CodedError(
            'store corrupt',
            `commit ${expected} of epoch ${epoch} is not in the consensus log (pruned, or lost): start from a snapshot`,
          )
        }
        expected += 1
        records.push(record)
      }
      return records
    },

    async prune(index, room) {
      const reached = { from: key(CHECKPOINT), to: key(CHECKPOINT, u48(index + 1)), reverse: true, limit: 1 }
      for await (const [, bytes] of store.scan(reached)) {
        const { gcRound, state } = decode(bytes, 'checkpoint').checkpoint
        return deleteRanges(
          [
            [key(COMMIT), key(COMMIT, u48(state.index + 1))],
            [key(CERTIFIERS), key(CERTIFIERS, u48(state.index + 1))],
            [key(CHECKPOINT), key(CHECKPOINT, u48(state.index))],
            [key(VERTEX), key(VERTEX, slot(gcRound + 1, 0))],
          ],
          room,
        )
      }
      return 0
    },

    drop: room =>
      deleteRanges(
        [COMMIT, CERTIFIERS, CHECKPOINT, VERTEX].map(kind => [key(kind), afterPrefix(key(kind))] as const),
        room,
      ),
  }
}
