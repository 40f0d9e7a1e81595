import type { Consensus } from '#consensus'
import { toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import type { DagReader } from '#rpc'
import type { Authority, AuthorityIndex, Digest, OrderedCommit, Round, Vertex, VertexRef } from '#types'
import type { ConsensusLog } from './consensus-log.ts'
import type { Timeline } from './timeline.ts'

/** Rounds in one answer of `dag_getRounds`. */
const ROUNDS_PER_ANSWER_MAX = 200
/** Arrival times, leaders and block numbers that stay in memory, each; the oldest go first. */
const ENTRIES_MAX = 20_000

interface LeaderRecord {
  readonly author: AuthorityIndex
  readonly commitIndex: number
}

/** What this node saw of the DAG, for RPC. It only watches: nothing here feeds back into consensus. */
export interface DagView extends DagReader {
  onVertex(vertex: Vertex, own: boolean, atMs: number): void
  onOrdered(ordered: OrderedCommit, atMs: number): void
  onBlocks(commitIndex: number, blocks: readonly number[]): void
}

export function createDagView(options: {
  readonly core: () => Consensus
  readonly authorities: readonly Authority[]
  readonly names: readonly string[]
  readonly peerIds: readonly string[]
  readonly isUp: (authority: AuthorityIndex) => boolean
  readonly leaderOf: (round: Round) => AuthorityIndex | undefined
  readonly scores: () => readonly number[]
  readonly quorum: number
  readonly consensusLog: ConsensusLog
  readonly timeline: Timeline
  readonly heights: () => { readonly head: number; readonly finalized: number }
  readonly certificateAt: (height: number) => Promise<Readonly<Record<string, unknown>> | undefined>
}): DagView {
  const { authorities, consensusLog, timeline } = options
  const received = new Map<string, number>()
  const leaders = new Map<Round, LeaderRecord>()
  const blocksOf = new Map<number, readonly number[]>()
  const lastRound = new Array<number>(authorities.length).fill(0)
  const committed = new Array<number>(authorities.length).fill(0)
  const skipped = new Array<number>(authorities.length).fill(0)
  const listeners = new Set<(commit: Readonly<Record<string, unknown>>) => void>()
  let decidedRound = 0

  function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
    if (map.size >= ENTRIES_MAX) map.delete(map.keys().next().value as K)
    map.set(key, value)
  }

  const ref = ({ author, round, digest }: VertexRef) => ({ author, round, digest: toHex(digest) })

  function vertexJson(vertex: Vertex) {
    return {
      ...ref(vertex),
      timestampMs: vertex.timestampMs,
      parents: vertex.parents.map(ref),
      transactionCount: vertex.transactions.length,
      payloadBytes: vertex.transactions.reduce((sum, transaction) => sum + transaction.length, 0),
      receivedMs: received.get(toHex(vertex.digest)) ?? vertex.timestampMs,
    }
  }

  function leaderJson(round: Round) {
    const record = leaders.get(round)
    if (record !== undefined) return { author: record.author, status: 'committed', commitIndex: record.commitIndex }
    const author = options.leaderOf(round) ?? 0
    return { author, status: round <= decidedRound ? 'skipped' : 'undecided' }
  }

  function commitJson(ordered: Pick<OrderedCommit, 'commit' | 'digest'>) {
    const { commit, digest } = ordered
    return {
      index: commit.index,
      epoch: commit.epoch,
      digest: toHex(digest),
      timestampMs: commit.timestampMs,
      leader: ref(commit.leader),
      vertices: commit.vertices.map(ref),
      blocks: blocksOf.get(commit.index) ?? [],
    }
  }

  return {
    onVertex(vertex, own, atMs) {
      remember(received, toHex(vertex.digest), atMs)
      lastRound[vertex.author] = Math.max(lastRound[vertex.author] ?? 0, vertex.round)
      for (const transaction of vertex.transactions)
        timeline.mark(keccak256(transaction), own ? 'proposedMs' : 'acceptedMs', atMs)
    },

    onOrdered(ordered, atMs) {
      const { leader, index } = ordered.commit
      for (let round = decidedRound + 1; round < leader.round; round++) {
        const author = options.leaderOf(round)
        if (author !== undefined) skipped[author] = (skipped[author] ?? 0) + 1
      }
      decidedRound = leader.round
      committed[leader.author] = (committed[leader.author] ?? 0) + 1
      remember(leaders, leader.round, { author: leader.author, commitIndex: index })
      for (const vertex of ordered.vertices) {
        for (const transaction of vertex.transactions) timeline.mark(keccak256(transaction), 'committedMs', atMs)
      }
    },

    onBlocks(commitIndex, blocks) {
      remember(blocksOf, commitIndex, blocks)
      const stored = listeners.size === 0 ? undefined : consensusLog.commit(commitIndex)
      if (stored !== undefined) for (const listener of listeners) listener(commitJson(stored))
    },

    status() {
      const status = options.core().status()
      const { head, finalized } = options.heights()
      return {
        epoch: status.epoch,
        round: status.highestAcceptedRound,
        gcRound: status.gcRound,
        commitIndex: status.lastCommitIndex,
        commitDigest: toHex(status.lastCommitDigest),
        headNumber: head,
        finalizedNumber: finalized,
        committeeSize: authorities.length,
        quorum: options.quorum,
      }
    },

    validators() {
      const scores = options.scores()
      return authorities.map((authority, index) => ({
        index,
        name: options.names[index] ?? `validator ${index}`,
        operator: toHex(authority.operator),
        stake: authority.stake,
        peerId: options.peerIds[index] ?? '',
        up: options.isUp(index),
        lastRound: lastRound[index] ?? 0,
        leadersCommitted: committed[index] ?? 0,
        leadersSkipped: skipped[index] ?? 0,
        score: scores[index] ?? 0,
      }))
    },

    async rounds(from, to) {
      const last = Math.min(to, from + ROUNDS_PER_ANSWER_MAX - 1)
      const byRound = new Map<Round, ReturnType<typeof vertexJson>[]>()
      for await (const { vertex } of consensusLog.rounds(from, last)) {
        const row = byRound.get(vertex.round)
        if (row === undefined) byRound.set(vertex.round, [vertexJson(vertex)])
        else row.push(vertexJson(vertex))
      }
      return [...byRound].map(([round, vertices]) => ({ round, vertices, leader: leaderJson(round) }))
    },

    async commit(index) {
      const stored = consensusLog.commit(index)
      return stored === undefined ? undefined : commitJson(stored)
    },

    async vertex(digest: Digest) {
      const vertex = consensusLog.vertexByDigest(digest)
      if (vertex === undefined) return undefined
      return {
        ...vertexJson(vertex),
        epoch: vertex.epoch,
        transactions: vertex.transactions.map(transaction => toHex(keccak256(transaction))),
      }
    },

    certificate: options.certificateAt,
    timeline: hash => timeline.get(hash),
    onCommit(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
