/**
 * Every number of the protocol, with its unit and its reason. A network's genesis may override them; a running network
 * changes them only at an epoch boundary, through the version record.
 */
export interface ConsensusParams {
  /** Rounds from a leader to the round that certifies it, inclusive. Mysticeti-C: 3. */
  readonly waveLength: number
  /** Leader slots in every round. */
  readonly leadersPerRound: number
  /** Wait for a leader before a vertex is made without it (pacemaker C2). About twice the expected network delay. */
  readonly leaderTimeoutMs: number
  /** Upper bound of the backed-off leader timeout. */
  readonly leaderTimeoutMaxMs: number
  /** Floor on the time between two own vertices (pacemaker M). */
  readonly minRoundDelayMs: number
  /** How far a vertex's timestamp may run ahead of the local clock. */
  readonly maxClockDriftMs: number
  /** Rounds behind the last committed leader at which vertices are collected. */
  readonly gcDepth: number
  /** How far above the local round a vertex from a live stream may be. */
  readonly maxRoundLookahead: number
  readonly transactionsPerVertexMax: number
  readonly payloadBytesPerVertexMax: number
  readonly transactionBytesMax: number
  readonly commitVotesPerVertexMax: number
  readonly execVotesPerVertexMax: number
  /** Commits per reputation window of the leader schedule. */
  readonly scheduleWindowCommits: number
  /** Largest share of stake, in percent, that the schedule may swap out for bad scores. */
  readonly scheduleBadStakePercent: number
  /** Commits per range of certified commit sync. */
  readonly commitSyncBatch: number
  /** Commit time between two execution votes. */
  readonly checkpointIntervalMs: number
  readonly epochDurationMs: number
}

/**
 * The protocol version that this program knows, together with all before it. A network begins with 1 and switches at the
 * end of an epoch to the highest version that a quorum knows (docs/epochs.md). Raise it with every change of a rule that
 * decides what is valid, committed or executed, and keep the old rule for the versions before.
 */
export const PROTOCOL_VERSION = 1

export const DEFAULT_CONSENSUS_PARAMS: ConsensusParams = {
  waveLength: 3,
  leadersPerRound: 1,
  leaderTimeoutMs: 250,
  leaderTimeoutMaxMs: 4_000,
  minRoundDelayMs: 50,
  maxClockDriftMs: 500,
  gcDepth: 60,
  maxRoundLookahead: 200,
  transactionsPerVertexMax: 512,
  payloadBytesPerVertexMax: 512 * 1024,
  transactionBytesMax: 128 * 1024,
  commitVotesPerVertexMax: 100,
  execVotesPerVertexMax: 32,
  scheduleWindowCommits: 100,
  scheduleBadStakePercent: 20,
  commitSyncBatch: 100,
  checkpointIntervalMs: 1_000,
  epochDurationMs: 6 * 60 * 60 * 1000,
}

export interface ExecutionParams {
  readonly chainId: number
  readonly blockGasLimit: bigint
  /** Base fee never falls below this. */
  readonly minBaseFeePerGas: bigint
  /** Base-fee target as a share of the gas limit: limit / elasticity. */
  readonly elasticity: bigint
  /** Commit time without a block after which an empty one is made. */
  readonly heartbeatMs: number
}

export const DEFAULT_EXECUTION_PARAMS: Omit<ExecutionParams, 'chainId'> = {
  blockGasLimit: 300_000_000n,
  minBaseFeePerGas: 1_000_000_000n,
  elasticity: 2n,
  heartbeatMs: 1_000,
}
