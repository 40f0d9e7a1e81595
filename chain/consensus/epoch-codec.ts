import { DecodeError, decoding, Reader, Writer } from '#lib/codec'
import type { Verdict } from '#lib/verdict'
import type { Authority } from '#types'
import { COMMITTEE_SIZE_MAX } from './committee.ts'
import type { CertifiedEpochRecord, EpochRecord, EpochSignature } from './epoch-record.ts'

/** Bytes of a record and the signatures known so far, for stores and peers. */
export function encodeCertifiedRecord({ record, signatures }: CertifiedEpochRecord): Uint8Array {
  const out = new Writer(512).u64(record.epoch)
  out.u64(record.lastCommitIndex).bytes(record.lastCommitDigest)
  out.u64(record.lastBlockNumber).bytes(record.lastBlockHash)
  out.bytes(record.nextEpochSeed).u64(record.nextEpochStartMs).u64(record.nextEpochDurationMs)
  out.u32(record.nextProtocolVersion).bytes(record.previousRecordDigest)
  out.u16(record.nextAuthorities.length)
  for (const { operator, consensusKey, networkKey, checkpointKey, stake } of record.nextAuthorities)
    out.bytes(operator).bytes(consensusKey).bytes(networkKey).bytes(checkpointKey).u64(stake)
  out.u16(signatures.length)
  for (const { author, signature } of signatures) out.u16(author).bytes(signature)
  return out.finish()
}

/** Decodes strictly and bounded; whether it is signed is for `verifyEpochRecord` to say. */
export function decodeCertifiedRecord(bytes: Uint8Array): Verdict<CertifiedEpochRecord, 'malformed'> {
  return decoding(() => {
    const reader = new Reader(bytes)
    const record = readRecord(reader)
    const signatures: EpochSignature[] = []
    for (let left = bounded(reader.u16()); left > 0; left--)
      signatures.push({ author: reader.u16(), signature: reader.bytes(64).slice() })
    reader.end()
    return { record, signatures }
  })
}

function readRecord(reader: Reader): EpochRecord {
  const digest = () => reader.bytes(32).slice()
  const epoch = reader.u64()
  const lastCommitIndex = reader.u64()
  const lastCommitDigest = digest()
  const lastBlockNumber = reader.u64()
  const lastBlockHash = digest()
  const nextEpochSeed = digest()
  const nextEpochStartMs = reader.u64()
  const nextEpochDurationMs = reader.u64()
  const nextProtocolVersion = reader.u32()
  const previousRecordDigest = digest()
  const nextAuthorities: Authority[] = []
  const size = bounded(reader.u16())
  for (let index = 0; index < size; index++) {
    const operator = reader.bytes(20).slice()
    const keys = { consensusKey: digest(), networkKey: digest(), checkpointKey: digest() }
    nextAuthorities.push({ index, operator, ...keys, stake: reader.u64() })
  }
  return {
    epoch,
    lastCommitIndex,
    lastCommitDigest,
    lastBlockNumber,
    lastBlockHash,
    nextAuthorities,
    nextEpochSeed,
    nextEpochStartMs,
    nextEpochDurationMs,
    nextProtocolVersion,
    previousRecordDigest,
  }
}

function bounded(count: number): number {
  if (count > COMMITTEE_SIZE_MAX) throw new DecodeError(`${count} items where ${COMMITTEE_SIZE_MAX} are allowed`)
  return count
}
