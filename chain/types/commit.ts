import type { AuthorityIndex, CommitIndex, Digest, Epoch } from './ids.ts'
import type { Vertex, VertexRef } from './vertex.ts'

/** What consensus emits: a committed leader and the vertices that it brings in, in their final order. */
export interface Commit {
  readonly version: number
  readonly epoch: Epoch
  readonly index: CommitIndex
  readonly previousDigest: Digest
  /** Stake-weighted median of the leader's parents' timestamps, never below the previous commit's. */
  readonly timestampMs: number
  readonly leader: VertexRef
  readonly vertices: readonly VertexRef[]
  /** Reputation scores by authority; present on the commit that ends a schedule window. */
  readonly scores?: readonly number[]
  /** True on the last commit of its epoch. */
  readonly endsEpoch: boolean
}

/** A commit with everything that execution needs. */
export interface OrderedCommit {
  readonly commit: Commit
  readonly digest: Digest
  /** In the order of `commit.vertices`. */
  readonly vertices: readonly Vertex[]
  /**
   * Same length as `vertices`: false for the later twins of a slot, whose payload counts for nothing (the first vertex
   * of each slot in the total order is the one whose transactions run).
   */
  readonly executes: readonly boolean[]
}

export interface Authority {
  readonly index: AuthorityIndex
  /** Operator's account. */
  readonly operator: Uint8Array
  /** Ed25519 public keys, 32 bytes each; all three are different. */
  readonly consensusKey: Uint8Array
  readonly networkKey: Uint8Array
  readonly checkpointKey: Uint8Array
  /** Voting power; the committee's total stays below 2^53. */
  readonly stake: number
}
