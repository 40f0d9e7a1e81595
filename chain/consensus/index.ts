/**
 * DAG consensus (Mysticeti-C, uncertified DAG, wave length 3, a leader in every round) as a pure state machine: inputs
 * in, effects out. docs/consensus.md is the design note and names the reading order.
 *
 * Invariants:
 * - No clock, I/O, `await`, randomness or arrival-ordered decision in this folder; time enters with each input.
 * - Everything that leaves the node in a step refers to what the step's single `persist` made durable before.
 * - A vertex enters only as `VerifiedVertex`, which `createVertexVerifier` mints.
 * - At most one own vertex per round, over restarts and lost databases.
 * - Commits are functions of signed, committed data; every honest node makes the same bytes.
 *
 * Absent on purpose: transaction votes in the DAG, network addresses, storage layout, state of the EVM.
 *
 * ```ts
 * const consensus = createConsensus({ chainId, epoch, authorities, ..., log, trustLog: true })
 * for (const effect of consensus.step({ kind: 'start', nowMs })) await perform(effect)
 * ```
 */

export { AmnesiaFloor } from './amnesia.ts'
export {
  type CertificateReason,
  type CertifiedBlock,
  decodeCertificate,
  encodeCertificate,
  verifyCertificate,
  verifyFromGenesis,
} from './certificates.ts'
export { checkpointFromCommits, firstCommitNeeded, windowEndBefore } from './checkpoint-from-commits.ts'
export { CommitCertifiers } from './commit-certifiers.ts'
export {
  COMMIT_RANGE_REASON,
  type CommitRangeContext,
  type CommitRangeReason,
  checkCommitRange,
} from './commit-range.ts'
export { CommitVoteMonitor } from './commit-votes.ts'
export {
  COMMITTEE_SIZE_MAX,
  type Committee,
  createCommittee,
  normalizeStakes,
  type Stakes,
  stakesOf,
  Tally,
} from './committee.ts'
export { Committer } from './committer.ts'
export { createConsensus } from './core.ts'
export { Dag, type DagVertex, type Entry } from './dag.ts'
export { decide, isCertificate } from './decide.ts'
export type { Cursor, DecideResult, Decision, Leaders, Slot } from './decision.ts'
export { decodeCertifiedRecord, encodeCertifiedRecord } from './epoch-codec.ts'
export {
  type CertifiedEpochRecord,
  type EpochRecord,
  type EpochRecordReason,
  type EpochSignature,
  type EpochStart,
  epochRecordDigest,
  epochRecordSigningBytes,
  followEpochs,
  verifyEpochRecord,
} from './epoch-record.ts'
export { type Equivocation, encodeEvidence, verifyEvidence } from './equivocation.ts'
export { genesisCommitDigest } from './finalizer.ts'
export { GasInFlight, type PayloadGas } from './gas-in-flight.ts'
export { inclusionDelayMs, rankValidators } from './intake.ts'
export { execVoteSigningBytes, importPublicKey, isWeakKey, verifySignature } from './keys.ts'
export {
  applySwaps,
  createExplicitSchedule,
  createRoundRobin,
  createStakeSchedule,
  ScheduleHistory,
  type ScheduleSeed,
} from './leader-schedule.ts'
export { gcRoundAfter, type InRoundOrder, linearize, type SubDag } from './linearizer.ts'
export { decodeLogRecord, encodeLogRecord } from './log-codec.ts'
export {
  assembleRange,
  COMMITS_PER_MESSAGE_MAX,
  decodeFetchAnswer,
  decodeFetchRequest,
  decodeOwnLastAnswer,
  decodeOwnLastRequest,
  decodeRangeAnswer,
  decodeRangeRequest,
  decodeStreamFrame,
  encodeFetchAnswer,
  encodeFetchRequest,
  encodeOwnLastAnswer,
  encodeOwnLastRequest,
  encodeRangeAnswer,
  encodeRangeRequest,
  encodeStreamFrame,
  type FetchRequest,
  type OwnLastAnswer,
  type OwnLastRequest,
  type RangeAnswer,
  type RangeRequest,
  type RangeSource,
  type StreamFrame,
  VERTICES_PER_MESSAGE_MAX,
} from './messages.ts'
export { mayCreate, mayEnterNext, Pacemaker, type PaceState, type PaceView } from './pacemaker.ts'
export { PayloadCap } from './payload-cap.ts'
export { createSwapTable } from './reputation.ts'
export { drawByStake, HashStream } from './stream.ts'
export { peersToAsk, planFetches } from './synchronizer.ts'
export { ThresholdClock } from './threshold-clock.ts'
export { commitTimestamp, medianTimestamp } from './timestamp.ts'
export * from './types.ts'
export { checkVertex, VERTEX_REASON, type VertexReason, type VertexRules } from './validity.ts'
export { createVertexVerifier, type VertexVerifier, type VertexVerifierOptions } from './verify-vertex.ts'
export {
  carriesVersionSupport,
  nextProtocolVersion,
  supportedVersion,
  VERSION_SUPPORT_ROUNDS,
  versionSupportItem,
} from './version-support.ts'
export { type AddOutcome, VertexManager } from './vertex-manager.ts'
