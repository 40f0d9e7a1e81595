import type { AuthorityIndex, BlockNumber, CommitIndex, Digest, Epoch, Round } from './ids.ts'

/** Names one vertex. Ordered by (round, author, digest) wherever an order is needed. */
export interface VertexRef {
  readonly round: Round
  readonly author: AuthorityIndex
  /** Covers header and signature: it names exact bytes. */
  readonly digest: Digest
}

/** "I decided commit `index` and its digest is this"; part of a vertex, so it is signed and ordered. */
export interface CommitVote {
  readonly index: CommitIndex
  readonly digest: Digest
}

/** "Executing up to block `height` gave me this hash"; quorum of them is a checkpoint certificate. */
export interface ExecVote {
  readonly height: BlockNumber
  readonly blockHash: Digest
  /** Ed25519 by the validator's checkpoint key over ("chk/1", chainId, epoch, height, blockHash). 64 bytes. */
  readonly signature: Uint8Array
}

/** Kinds of system items that a vertex may carry. */
export const SYSTEM_ITEM = {
  /** Two headers of one slot signed by the same author. */
  equivocation: 1,
  /** Protocol versions that the author's software supports. */
  versionSupport: 2,
} as const

export interface SystemItem {
  readonly kind: number
  readonly bytes: Uint8Array
}

/** One unit of the DAG: what one validator says in one round. */
export interface Vertex {
  readonly version: number
  readonly chainId: number
  readonly epoch: Epoch
  readonly round: Round
  readonly author: AuthorityIndex
  readonly timestampMs: number
  /** Own previous vertex first; at most one of each author. */
  readonly parents: readonly VertexRef[]
  readonly commitVotes: readonly CommitVote[]
  readonly execVotes: readonly ExecVote[]
  readonly system: readonly SystemItem[]
  readonly payloadRoot: Digest
  /** Raw EIP-2718 transactions. */
  readonly transactions: readonly Uint8Array[]
  /** Ed25519 by the author's consensus key. 64 bytes; empty for genesis vertices. */
  readonly signature: Uint8Array
  readonly headerDigest: Digest
  readonly digest: Digest
  /** The canonical encoding (header, body, trailer) as received or made; relayed and stored as is. */
  readonly bytes: Uint8Array
}

declare const verified: unique symbol
/** A vertex whose signature and static validity were checked. Only `verifyVertex` mints it. */
export type VerifiedVertex = Vertex & { readonly [verified]: true }
