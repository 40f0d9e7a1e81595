/**
 * What the explorer reads from a node, as the JSON that travels. `eth_*` shapes are those of the execution-apis
 * specification (quantities are `0x` hex); `dag_*` and `ogpu_*` are this network's own: numbers are JSON numbers, digests
 * are `0x` hex of 32 bytes, times are milliseconds since the Unix epoch, validators are named by committee index.
 */

export interface NodeBlock {
  readonly number: string
  readonly hash: string
  readonly parentHash: string
  readonly timestamp: string
  readonly miner: string
  readonly gasLimit: string
  readonly gasUsed: string
  readonly baseFeePerGas?: string
  readonly size?: string
  readonly stateRoot: string
  readonly transactionsRoot: string
  readonly receiptsRoot: string
  readonly extraData: string
  readonly mixHash?: string
  /** Digest of the commit that the block was made from. */
  readonly parentBeaconBlockRoot?: string
  readonly transactions: readonly NodeTransaction[]
}

export interface NodeTransaction {
  readonly hash: string
  readonly from: string
  readonly to: string | null
  readonly value: string
  readonly nonce: string
  readonly gas: string
  readonly gasPrice?: string
  readonly maxFeePerGas?: string
  readonly maxPriorityFeePerGas?: string
  readonly type?: string
  readonly input: string
  readonly transactionIndex: string | null
  readonly blockNumber: string | null
  readonly authorizationList?: readonly unknown[]
}

export interface NodeLog {
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
  readonly logIndex: string
}

export interface NodeReceipt {
  readonly transactionHash: string
  readonly status?: string
  readonly gasUsed: string
  readonly effectiveGasPrice?: string
  readonly contractAddress: string | null
  readonly logs: readonly NodeLog[]
}

/** `dag_status` */
export interface DagStatus {
  readonly epoch: number
  /** Highest round that this node has made or accepted a vertex for. */
  readonly round: number
  /** Rounds up to this one are collected and no longer answered by `dag_getRounds`. */
  readonly gcRound: number
  readonly commitIndex: number
  readonly commitDigest: string
  readonly headNumber: number
  /** Highest block with a checkpoint certificate. */
  readonly finalizedNumber: number
  readonly committeeSize: number
  readonly quorum: number
}

/** `dag_validators`, in committee order. */
export interface DagValidator {
  readonly index: number
  readonly name: string
  readonly operator: string
  readonly stake: number
  readonly peerId: string
  readonly up: boolean
  /** Highest round with a vertex of this validator in our DAG. */
  readonly lastRound: number
  readonly leadersCommitted: number
  readonly leadersSkipped: number
  /** Reputation score of the running leader-schedule window. */
  readonly score: number
}

export interface DagVertexRef {
  readonly author: number
  readonly round: number
  readonly digest: string
}

export interface DagVertex {
  readonly author: number
  readonly digest: string
  /** Stamped by the author. */
  readonly timestampMs: number
  readonly parents: readonly DagVertexRef[]
  readonly transactionCount: number
  readonly payloadBytes: number
  /** When this node accepted it. */
  readonly receivedMs: number
}

export interface DagLeader {
  readonly author: number
  readonly status: 'committed' | 'skipped' | 'undecided'
  readonly commitIndex?: number
}

/** `dag_getRounds(from, to)`: both ends included, ascending; rounds that this node no longer has are left out. */
export interface DagRound {
  readonly round: number
  readonly vertices: readonly DagVertex[]
  readonly leader: DagLeader
}

/** `dag_getCommit(index)` and the payload of `eth_subscribe("dagCommits")`. */
export interface DagCommit {
  readonly index: number
  readonly epoch: number
  readonly digest: string
  readonly timestampMs: number
  readonly leader: DagVertexRef
  readonly vertices: readonly DagVertexRef[]
  /** Numbers of the blocks made from it; empty when nothing was to execute. */
  readonly blocks: readonly number[]
}

/** `dag_getVertex(digest)`: the vertex with the hashes of its transactions. */
export interface DagVertexDetail extends DagVertex {
  readonly round: number
  readonly epoch: number
  readonly transactions: readonly string[]
}

/** `dag_getCertificate(height)`: who signed the hash of that block. */
export interface DagCertificate {
  readonly height: number
  readonly blockHash: string
  readonly epoch: number
  readonly signers: readonly number[]
  readonly stake: number
}

/**
 * `ogpu_transactionTimeline(hash)`: when the answering node saw each stage; absent stages did not happen (yet), or not here:
 * a node that learns of a transaction from another validator's vertex never `received` it.
 */
export interface TransactionTimeline {
  readonly receivedMs?: number
  readonly proposedMs?: number
  readonly acceptedMs?: number
  readonly committedMs?: number
  readonly executedMs?: number
  readonly certifiedMs?: number
}

/** `ogpu_droppedTransaction(hash)`: committed by consensus but invalid when its turn came. */
export interface DroppedTransaction {
  readonly hash: string
  readonly reason: string
  /** Quantities, `0x` hex. */
  readonly epoch: string
  readonly commitIndex: string
}
