import type {
  Authority,
  AuthorityIndex,
  BlockNumber,
  Commit,
  CommitIndex,
  ConsensusParams,
  Digest,
  Epoch,
  OrderedCommit,
  Round,
  SystemItem,
  VerifiedVertex,
  Vertex,
  VertexRef,
} from '#types'
import type { PayloadGas } from './gas-in-flight.ts'

/** Everything that enters the core. Signatures of vertices were checked before (`verifyVertex`). */
export type Input =
  /** First input after creation or recovery: re-broadcasts the own last vertex and starts the timers. */
  | { readonly kind: 'start'; readonly nowMs: number }
  /** Vertices from a stream or a fetch, in any order. */
  | {
      readonly kind: 'vertices'
      readonly vertices: readonly VerifiedVertex[]
      readonly from?: AuthorityIndex
      readonly nowMs: number
    }
  /** Transactions for own vertices. The driver offers no more than `payloadRoom`. */
  | { readonly kind: 'payload'; readonly transactions: readonly Uint8Array[]; readonly nowMs: number }
  /** Time passed; the driver sends one at (or soon after) each `wake`. */
  | { readonly kind: 'tick'; readonly nowMs: number }
  /** A validator's stream went up or down. */
  | { readonly kind: 'peer'; readonly who: AuthorityIndex; readonly up: boolean; readonly nowMs: number }
  /** Execution finished a checkpoint block: vote for it in the next own vertex. */
  | {
      readonly kind: 'executed'
      readonly height: BlockNumber
      readonly blockHash: Digest
      readonly signature: Uint8Array
      readonly nowMs: number
    }
  /** A range of commits from commit sync, proven by `certifiers` (vertices whose commit votes carry a quorum). */
  | {
      readonly kind: 'commits'
      readonly commits: readonly Commit[]
      readonly vertices: readonly VerifiedVertex[]
      readonly certifiers: readonly VerifiedVertex[]
      readonly from?: AuthorityIndex
      readonly nowMs: number
    }
  /** A peer's answer to the amnesia question: its highest accepted round and the own vertex it knows. */
  | {
      readonly kind: 'ownLast'
      readonly from: AuthorityIndex
      readonly highestRound: number
      readonly ownRound: number
      readonly nowMs: number
    }
  /** Set while execution lags: own vertices stay empty. */
  | { readonly kind: 'backpressure'; readonly on: boolean; readonly nowMs: number }

/** What must be durable before anything that refers to it leaves the node. */
export type LogRecord =
  | { readonly kind: 'vertex'; readonly vertex: Vertex; readonly own: boolean }
  | { readonly kind: 'commit'; readonly commit: Commit; readonly digest: Digest }
  /** These vertices carry votes of a quorum for commit `index`: what a peer that is behind needs as proof. */
  | {
      readonly kind: 'certifiers'
      readonly index: CommitIndex
      readonly digest: Digest
      readonly vertices: readonly VertexRef[]
    }
  /**
   * State at the end of a schedule window. A log may begin with the latest one: then it needs only the vertices above
   * `gcRound` and the commits after `state.index`.
   */
  | { readonly kind: 'checkpoint'; readonly checkpoint: ConsensusCheckpoint }

/** Who leads which round. A pure function of the round: all nodes agree on it without talking. */
export interface LeaderSchedule {
  /** In rank order; empty when the round has no slot (only in tests). */
  leaders(round: number): readonly AuthorityIndex[]
}

/** Whose leader slots are given away, and who may get them. */
export interface SwapTable {
  readonly good: readonly AuthorityIndex[]
  readonly bad: readonly AuthorityIndex[]
}

/** Everything that the next commit depends on besides the DAG. */
export interface FinalizerState {
  readonly index: CommitIndex
  readonly digest: Digest
  readonly timestampMs: number
  /** Absent before the first commit. */
  readonly leader?: VertexRef
  readonly swaps: SwapTable
  /** Scores of the running window. */
  readonly scores: readonly number[]
  /** Leaders committed above the collected round. */
  readonly leaders: readonly VertexRef[]
  readonly ended: boolean
}

export interface ConsensusCheckpoint {
  readonly state: FinalizerState
  /** The last decided leader slot. */
  readonly cursor: { readonly round: number; readonly rank: number }
  /** Who leads the cursor's round: what is left of it is still ruled by the schedule before `state.swaps`. */
  readonly roundLeaders: readonly AuthorityIndex[]
  readonly gcRound: number
  /** Committed vertices above `gcRound`. */
  readonly committed: readonly VertexRef[]
}

/** What the driver does, in the order given: `persist` is durable before any later effect of the same step runs. */
export type Effect =
  | { readonly kind: 'persist'; readonly records: readonly LogRecord[] }
  /** Send the own vertex to every validator. */
  | { readonly kind: 'publish'; readonly vertex: VerifiedVertex }
  /** Push vertices that this peer does not seem to know. */
  | { readonly kind: 'push'; readonly to: AuthorityIndex; readonly vertices: readonly VertexRef[] }
  /**
   * Ask for missing vertices; `to` are the peers to ask, best first: the next one is for when the one before fails or
   * lacks some of them. The core repeats the effect with other peers while a vertex stays missing; the driver need not retry, nor report failure.
   */
  | { readonly kind: 'fetch'; readonly refs: readonly VertexRef[]; readonly to: readonly AuthorityIndex[] }
  /**
   * The node is far behind: fetch commits `from`..`upTo` (certified range). A shorter proven range is a good answer. The
   * core asks again, elsewhere, after a timeout or a refused answer.
   */
  | {
      readonly kind: 'syncCommits'
      readonly from: CommitIndex
      readonly upTo: CommitIndex
      readonly to: readonly AuthorityIndex[]
    }
  /** Ask everybody for our own last vertex (amnesia). */
  | { readonly kind: 'askOwnLast' }
  | { readonly kind: 'wake'; readonly atMs: number }
  | { readonly kind: 'commit'; readonly ordered: OrderedCommit }
  /** Own payload fell under garbage collection uncommitted: back to the pool. */
  | { readonly kind: 'requeue'; readonly transactions: readonly Uint8Array[] }
  /** A checkpoint certificate formed. */
  | { readonly kind: 'certified'; readonly certificate: CheckpointCertificate }
  /** Something an operator must know. `fatal` alarms stop proposing. */
  | {
      readonly kind: 'alarm'
      readonly code: string
      readonly fatal: boolean
      readonly data: Readonly<Record<string, unknown>>
    }

export interface CheckpointCertificate {
  readonly epoch: Epoch
  readonly height: BlockNumber
  readonly blockHash: Digest
  readonly signatures: readonly { readonly author: AuthorityIndex; readonly signature: Uint8Array }[]
}

/**
 * Signs with the validator's consensus key. Deterministic (Ed25519). `sign` may throw to refuse; the core then halts.
 *
 * The guard against signing a round twice: remember the highest round *after* the own vertex is durable and before it is
 * published (between the effects `persist` and `publish`), and give it back as `own.lastSignedRound`. A guard that records
 * the round already in `sign` loses that round for ever when the process dies before `persist`: no copy of the vertex
 * exists, so the validator leaves the round out, which stops a network that cannot make a quorum without it (always with
 * one validator). A signature that was never published harms nobody.
 */
export interface VertexSigner {
  sign(round: number, headerDigest: Digest): Uint8Array
}

export interface ConsensusOptions {
  readonly chainId: number
  readonly epoch: Epoch
  readonly authorities: readonly Authority[]
  /** Seed of the leader schedule; from the previous epoch's last block. */
  readonly epochSeed: Digest
  readonly epochStartMs: number
  /** Digest of the previous epoch's record; zero for epoch 0. */
  readonly previousEpochRecord: Digest
  readonly params: ConsensusParams
  /** Absent for nodes that only follow. */
  readonly own?: {
    readonly index: AuthorityIndex
    readonly signer: VertexSigner
    /** From the signer's own record, when it has one: nothing at or below this round is ever signed again. */
    readonly lastSignedRound?: number
  }
  /** What was persisted in this epoch, oldest first; from the store. */
  readonly log?: Iterable<LogRecord>
  /** False when the store is new although the validator may have signed before: the amnesia floor is asked for. */
  readonly trustLog: boolean
  /** Lets the core keep the gas of own uncommitted payload within bounds; without it only bytes and numbers count. */
  readonly payloadGas?: PayloadGas
  /** System items to carry in the next own vertices. */
  readonly systemItems?: readonly SystemItem[]
  /** Highest protocol version that this software knows; own vertices say so now and then. */
  readonly protocolVersion?: number
  /** Replaces the stake-weighted schedule and its reputation swaps; for tests and scenarios. */
  readonly leaderSchedule?: LeaderSchedule
  /** Commits of `log` from this index on are emitted again at `start` (execution's last processed commit + 1). */
  readonly redeliverFrom?: CommitIndex
}

/** A deterministic state machine: same options and same inputs give the same effects on every machine. */
export interface Consensus {
  step(input: Input): readonly Effect[]
  /** How much more payload the core takes now. */
  payloadRoom(): { readonly transactions: number; readonly bytes: number }
  /** A read-only look for metrics, RPC and tests. */
  status(): ConsensusStatus
  /** Leaders of a round in rank order, as known now (a window that ends may change rounds after its last leader). */
  leaders(round: Round): readonly AuthorityIndex[]
}

export interface ConsensusStatus {
  readonly epoch: Epoch
  readonly round: number
  readonly highestAcceptedRound: number
  readonly gcRound: number
  readonly lastCommitIndex: CommitIndex
  readonly lastCommitDigest: Digest
  readonly lastCommittedLeader?: VertexRef
  readonly quorumCommitIndex: CommitIndex
  readonly suspended: number
  readonly missing: number
  readonly syncing: boolean
  readonly halted: boolean
  /** The last commit of the epoch was made. */
  readonly ended: boolean
  /** A quorum voted for the last commit of the epoch: this instance has nothing left to do but serve data. */
  readonly closed: boolean
  /** Authorities whose leader slots are given away at present. */
  readonly swappedOut: readonly AuthorityIndex[]
  /** Reputation scores of the running window by authority. */
  readonly scores: readonly number[]
  /** Current leader timeout in milliseconds, backed off or not. */
  readonly leaderTimeoutMs: number
  /** Bytes of payload that the next own vertex may carry: adapts to the duration of our rounds. */
  readonly payloadCapBytes: number
}
