import { decoding, Reader, Writer } from '#lib/codec'
import { accept, reject, type Verdict } from '#lib/verdict'
import type { BlockNumber, Digest } from '#types'
import { type Committee, Tally } from './committee.ts'
import { type CertifiedEpochRecord, type EpochRecordReason, type EpochStart, followEpochs } from './epoch-record.ts'
import { execVoteSigningBytes, importPublicKey, verifySignature } from './keys.ts'
import type { CheckpointCertificate } from './types.ts'

/** Bytes of a certificate for stores and light clients. */
export function encodeCertificate(certificate: CheckpointCertificate): Uint8Array {
  const out = new Writer(64 + 66 * certificate.signatures.length)
  out.u64(certificate.epoch).u64(certificate.height).bytes(certificate.blockHash).u16(certificate.signatures.length)
  for (const { author, signature } of certificate.signatures) out.u16(author).bytes(signature)
  return out.finish()
}

/** Decodes strictly and bounded; signatures are checked by {@link verifyCertificate}. */
export function decodeCertificate(bytes: Uint8Array): Verdict<CheckpointCertificate, 'malformed'> {
  return decoding(() => {
    const reader = new Reader(bytes)
    const [epoch, height, blockHash] = [reader.u64(), reader.u64(), reader.bytes(32)]
    const signatures: CheckpointCertificate['signatures'][number][] = []
    for (let left = reader.u16(); left > 0; left--)
      signatures.push({ author: reader.u16(), signature: reader.bytes(64) })
    reader.end()
    return { epoch, height, blockHash, signatures }
  })
}

export interface CertifiedBlock {
  readonly height: BlockNumber
  readonly blockHash: Digest
}

export type CertificateReason = 'epoch' | 'author' | 'signed twice' | 'signature' | 'quorum'

/**
 * Checks a checkpoint certificate: execution votes for one block by a quorum of `committee` (that of the certificate's
 * epoch). With it a block is final for a light client; two certificates for one height prove more than f faults.
 */
export function verifyCertificate(
  certificate: CheckpointCertificate,
  committee: Committee,
  chainId: number,
): Verdict<CertifiedBlock, CertificateReason> {
  const { epoch, height, blockHash } = certificate
  const message = execVoteSigningBytes(chainId, epoch, height, blockHash)
  const signers = new Tally(committee)
  for (const { author, signature } of certificate.signatures) {
    const authority = committee.authorities[author]
    if (authority === undefined) return reject('author')
    if (!signers.add(author)) return reject('signed twice')
    if (!verifySignature(importPublicKey(authority.checkpointKey), message, signature)) return reject('signature')
  }
  return signers.weight >= committee.quorum ? accept({ height, blockHash }) : reject('quorum')
}

/**
 * A light client's whole check: from the committee that it trusts (genesis), along the chain of epoch records, to a
 * certificate of the epoch after the last record. The caller compares the header that it was given with `blockHash`.
 */
export function verifyFromGenesis(
  genesis: EpochStart,
  records: readonly CertifiedEpochRecord[],
  certificate: CheckpointCertificate,
  chainId: number,
): Verdict<CertifiedBlock, EpochRecordReason | CertificateReason> {
  const followed = followEpochs(genesis, records, chainId)
  if (followed.kind !== 'accept') return followed
  if (certificate.epoch !== followed.value.epoch) return reject('epoch')
  return verifyCertificate(certificate, followed.value.committee, chainId)
}
