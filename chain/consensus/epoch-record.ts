import { equalBytes } from '#lib/bytes'
import { Writer } from '#lib/codec'
import { taggedHash } from '#lib/hash'
import { accept, reject, type Verdict } from '#lib/verdict'
import type { Authority, AuthorityIndex, BlockNumber, CommitIndex, Digest, Epoch } from '#types'
import { type Committee, createCommittee, Tally } from './committee.ts'
import { importPublicKey, verifySignature } from './keys.ts'

/**
 * How an epoch ended and who comes next. Records form a chain from genesis, each signed by a quorum of the committee
 * that ends, so a newcomer gets to the present committee without executing anything.
 */
export interface EpochRecord {
  readonly epoch: Epoch
  readonly lastCommitIndex: CommitIndex
  readonly lastCommitDigest: Digest
  readonly lastBlockNumber: BlockNumber
  readonly lastBlockHash: Digest
  readonly nextAuthorities: readonly Authority[]
  /** Seed of the next epoch's leader schedule. */
  readonly nextEpochSeed: Digest
  readonly nextEpochStartMs: number
  readonly nextEpochDurationMs: number
  /** Protocol version that the next epoch runs. */
  readonly nextProtocolVersion: number
  /** Zero for epoch 0. */
  readonly previousRecordDigest: Digest
}

export interface EpochSignature {
  readonly author: AuthorityIndex
  readonly signature: Uint8Array
}

/** An epoch record with checkpoint-key signatures of a quorum of its own committee. */
export interface CertifiedEpochRecord {
  readonly record: EpochRecord
  readonly signatures: readonly EpochSignature[]
}

/** Digest of a record; the next epoch's genesis vertices and first commit are bound to it. */
export function epochRecordDigest(record: EpochRecord, chainId: number): Digest {
  const next = createCommittee(record.nextAuthorities)
  const out = new Writer(256).u64(chainId).u64(record.epoch)
  out.u64(record.lastCommitIndex).bytes(record.lastCommitDigest)
  out.u64(record.lastBlockNumber).bytes(record.lastBlockHash)
  out.bytes(next.digest).bytes(record.nextEpochSeed).u64(record.nextEpochStartMs)
  out.u64(record.nextEpochDurationMs).u32(record.nextProtocolVersion)
  out.bytes(record.previousRecordDigest)
  return taggedHash('dag/epoch/1', out.finish())
}

/** What a validator's checkpoint key signs to certify a record. */
export function epochRecordSigningBytes(digest: Digest): Uint8Array {
  return taggedHash('dag/epoch-sig/1', digest)
}

export type EpochRecordReason = 'epoch' | 'previous record' | 'committee' | 'signature' | 'signed twice' | 'quorum'

/** Checks one certified record against the committee that ends. */
export function verifyEpochRecord(
  certified: CertifiedEpochRecord,
  committee: Committee,
  chainId: number,
): Verdict<EpochRecord, EpochRecordReason> {
  const { record, signatures } = certified
  const next = committeeOrUndefined(record.nextAuthorities)
  if (next === undefined) return reject('committee')
  const message = epochRecordSigningBytes(epochRecordDigest(record, chainId))
  const signers = new Tally(committee)
  for (const { author, signature } of signatures) {
    const authority = committee.authorities[author]
    if (authority === undefined || !verifySignature(importPublicKey(authority.checkpointKey), message, signature))
      return reject('signature')
    if (!signers.add(author)) return reject('signed twice')
  }
  return signers.weight >= committee.quorum ? accept(record) : reject('quorum')
}

/** The committee of `epoch` with what the next `createConsensus` needs. */
export interface EpochStart {
  readonly epoch: Epoch
  readonly committee: Committee
  readonly epochSeed: Digest
  readonly epochStartMs: number
  readonly previousEpochRecord: Digest
}

/**
 * Follows the chain of records from `start` (for a new node: genesis) to the epoch after the last one. Nothing is
 * executed; every step is signed by a quorum of the committee known so far.
 */
export function followEpochs(
  start: EpochStart,
  records: readonly CertifiedEpochRecord[],
  chainId: number,
): Verdict<EpochStart, EpochRecordReason> {
  let current = start
  for (const certified of records) {
    const { record } = certified
    if (record.epoch !== current.epoch) return reject('epoch')
    if (!equalBytes(record.previousRecordDigest, current.previousEpochRecord)) return reject('previous record')
    const verified = verifyEpochRecord(certified, current.committee, chainId)
    if (verified.kind !== 'accept') return verified
    current = {
      epoch: record.epoch + 1,
      committee: createCommittee(record.nextAuthorities),
      epochSeed: record.nextEpochSeed,
      epochStartMs: record.nextEpochStartMs,
      previousEpochRecord: epochRecordDigest(record, chainId),
    }
  }
  return accept(current)
}

function committeeOrUndefined(authorities: readonly Authority[]): Committee | undefined {
  try {
    return createCommittee(authorities)
  } catch {
    return undefined
  }
}
