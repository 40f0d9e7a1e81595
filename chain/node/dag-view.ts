import type { CheckpointCertificate, Consensus } from '#consensus'
import type { ExecutedCommit } from '#evm'
import { toHex, toRawHex } from '#lib/bytes'
import { GenerationCache } from '#lib/cache'
import { keccak256 } from '#lib/hash'
import type { DagReader } from '#rpc'
import type {
  Authority,
  AuthorityIndex,
  BlockNumber,
  Commit,
  Digest,
  Epoch,
  OrderedCommit,
  Round,
  Vertex,
  VertexRef,
} from '#types'
import type { ConsensusLog, StoredCommit } from './consensus-log.ts'
import type { Passage, Timeline } from './timeline.ts'

/** Rounds in one answer of `dag_getRounds`. */
const ROUNDS_PER_ANSWER_MAX = 200
/** Arrival times, leaders and block numbers that stay in memory, each; the older half goes first. */
const ENTRIES_MAX = 20_000
/** Commits read back from the log at a start. */
const RESTORED_COMMITS = 2_000

interface Arrival {
  readonly atMs: number
  readonly own: boolean
}

interface LeaderRecord {
  readonly author: AuthorityIndex
  readonly commitIndex: number
}

/** What this node saw of the DAG, for RPC. It only watches: nothing here feeds back into consensus. */
export interface DagView extends DagReader {
  /** Reads the latest commits back from the log, so that a restart does not forget who led. */
  restore(): Promise<void>
  highestRoundOf(author: AuthorityIndex): Round
  onVertex(vertex: Vertex, own: boolean, atMs: number): void
  onOrdered(ordered: OrderedCommit, atMs: number): void
  onExecuted(ordered: OrderedCommit, executed: ExecutedCommit, atMs: number): void
}

export interface DagViewOptions {
  readonly core: Consensus
  readonly authorities: readonly Authority[]
  readonly names: readonly string[]
  readonly peerIds: readonly string[]
  readonly isUp: (authority: AuthorityIndex) => boolean
  readonly quorum: number
  readonly consensusLog: ConsensusLog
  readonly timeline: Timeline
  readonly heights: () => { readonly head: BlockNumber; readonly finalized: BlockNumber }
  readonly certificateAt: (height: BlockNumber) => CheckpointCertificate | undefined
  /** Of another epoch: certificates outlive theirs. */
  readonly authoritiesOf: (epoch: Epoch) => readonly Authority[]
}

export function createDagView(options: DagViewOptions): DagView {
  const { core, authorities, consensusLog, timeline } = options
  const arrivals = new GenerationCache<string, Arrival>(ENTRIES_MAX)
  const orderedMs = new GenerationCache<number, number>(ENTRIES_MAX)
  const leaders = new GenerationCache<Round, LeaderRecord>(ENTRIES_MAX)
  const blocksOf = new GenerationCache<number, readonly number[]>(ENTRIES_MAX)
  const lastRound = new Array<number>(authorities.length).fill(0)
  const committed = new Array<number>(authorities.length).fill(0)
  const skipped = new Array<number>(authorities.length).fill(0)
  const listeners = new Set<(commit: Readonly<Record<string, unknown>>) => void>()
  let decidedRound = 0

  const ref = ({ author, round, digest }: VertexRef) => ({ author, round, digest: toHex(digest) })

  function vertexJson(vertex: Vertex) {
    return {
      ...ref(vertex),
      timestampMs: vertex.timestampMs,
      parents: vertex.parents.map(ref),
      transactionCount: vertex.transactions.length,
      payloadBytes: vertex.transactions.reduce((sum, transaction) => sum + transaction.length, 0),
      receivedMs: arrivals.get(toRawHex(vertex.digest))?.atMs ?? vertex.timestampMs,
    }
  }

  function leaderJson(round: Round) {
    const record = leaders.get(round)
    if (record !== undefined) return { author: record.author, status: 'committed', commitIndex: record.commitIndex }
    const author = core.leaders(round)[0] ?? 0
    return { author, status: round <= decidedRound ? 'skipped' : 'undecided' }
  }

  function commitJson({ commit, digest }: StoredCommit) {
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

  function noteCommit({ leader, index }: Commit): void {
    const first = decidedRound === 0 ? leader.round : decidedRound + 1
    for (let round = first; round < leader.round; round++) {
      const [author] = core.leaders(round)
      if (author !== undefined) skipped[author] = (skipped[author] ?? 0) + 1
    }
    decidedRound = leader.round
    committed[leader.author] = (committed[leader.author] ?? 0) + 1
    leaders.set(leader.round, { author: leader.author, commitIndex: index })
  }

  // Blocks hold the very bytes that their vertices brought, so each transaction finds its vertex without being hashed.
  function noteExecuted(ordered: OrderedCommit, blocks: ExecutedCommit['blocks'], executedMs: number): void {
    const committedMs = orderedMs.get(ordered.commit.index)
    const together = { ...(committedMs === undefined ? {} : { committedMs }), executedMs }
    const passages = new Map<Uint8Array, Passage>()
    for (const vertex of ordered.vertices) {
      if (vertex.transactions.length === 0) continue
      const arrival = arrivals.get(toRawHex(vertex.digest))
      const stage = arrival?.own === true ? 'proposedMs' : 'acceptedMs'
      const passage: Passage = arrival === undefined ? together : { [stage]: arrival.atMs, ...together }
      for (const transaction of vertex.transactions) passages.set(transaction, passage)
    }
    for (const { block } of blocks) {
      for (const { hash, raw } of block.transactions) {
        timeline.executed(hash, block.header.number, passages.get(raw) ?? together)
      }
    }
  }

  return {
    onVertex(vertex, own, atMs) {
      arrivals.set(toRawHex(vertex.digest), { atMs, own })
      lastRound[vertex.author] = Math.max(lastRound[vertex.author] ?? 0, vertex.round)
    },

    async restore() {
      for (const { commit } of await consensusLog.latestCommits(RESTORED_COMMITS)) noteCommit(commit)
      for await (const vertex of consensusLog.rounds(Math.max(1, decidedRound), decidedRound + 1_000)) {
        lastRound[vertex.author] = Math.max(lastRound[vertex.author] ?? 0, vertex.round)
      }
    },

    highestRoundOf: author => lastRound[author] ?? 0,

    onOrdered(ordered, atMs) {
      noteCommit(ordered.commit)
      orderedMs.set(ordered.commit.index, atMs)
    },

    onExecuted(ordered, { blocks }, atMs) {
      const commitIndex = ordered.commit.index
      blocksOf.set(
        commitIndex,
        blocks.map(({ block }) => block.header.number),
      )
      noteExecuted(ordered, blocks, atMs)
      const stored = listeners.size === 0 ? undefined : consensusLog.storedCommit(commitIndex)
      if (stored !== undefined) for (const listener of listeners) listener(commitJson(stored))
    },

    status() {
      const status = core.status()
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
      const { scores } = core.status()
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
      for await (const vertex of consensusLog.rounds(from, last)) {
        const row = byRound.get(vertex.round)
        if (row === undefined) byRound.set(vertex.round, [vertexJson(vertex)])
        else row.push(vertexJson(vertex))
      }
      return [...byRound].map(([round, vertices]) => ({ round, vertices, leader: leaderJson(round) }))
    },

    async commit(index) {
      const stored = consensusLog.storedCommit(index)
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

    async certificate(height = options.heights().finalized) {
      const certificate = options.certificateAt(height)
      if (certificate === undefined) return undefined
      const signers = certificate.signatures.map(({ author }) => author)
      const members = options.authoritiesOf(certificate.epoch)
      return {
        height,
        blockHash: toHex(certificate.blockHash),
        epoch: certificate.epoch,
        signers,
        stake: signers.reduce((sum, author) => sum + (members[author]?.stake ?? 0), 0),
        signatures: certificate.signatures.map(({ author, signature }) => ({ author, signature: toHex(signature) })),
      }
    },
    timeline: hash => timeline.get(hash),
    onCommit(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
