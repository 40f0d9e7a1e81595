import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  type CertifiedEpochRecord,
  type CheckpointCertificate,
  createCommittee,
  type EpochRecord,
  type EpochStart,
  epochRecordDigest,
  epochRecordSigningBytes,
  execVoteSigningBytes,
  followEpochs,
  isWeakKey,
  verifyEpochRecord,
  verifyFromGenesis,
} from '#consensus'
import { fromHex } from '#lib/bytes'
import { CHAIN_ID, makeValidators, type TestValidator } from './cluster.ts'

const SETS = [makeValidators([1, 1, 1, 1]), makeValidators([2, 2, 1]), makeValidators([1, 1, 1, 1, 1])] as const
const ZERO = new Uint8Array(32)

function committeeOf(validators: readonly TestValidator[]) {
  return createCommittee(validators.map(validator => validator.authority))
}

const GENESIS: EpochStart = {
  epoch: 0,
  committee: committeeOf(SETS[0]),
  epochSeed: ZERO,
  epochStartMs: 0,
  previousEpochRecord: ZERO,
}

function recordOf(epoch: number, next: readonly TestValidator[], previousRecordDigest: Uint8Array): EpochRecord {
  return {
    epoch,
    lastCommitIndex: 100 + epoch,
    lastCommitDigest: new Uint8Array(32).fill(1),
    lastBlockNumber: 50 * (epoch + 1),
    lastBlockHash: new Uint8Array(32).fill(2),
    nextAuthorities: next.map(validator => validator.authority),
    nextEpochSeed: new Uint8Array(32).fill(3),
    nextEpochStartMs: 1_000 * (epoch + 1),
    nextEpochDurationMs: 1_000,
    nextProtocolVersion: 1,
    previousRecordDigest,
  }
}

function certify(record: EpochRecord, validators: readonly TestValidator[], count: number): CertifiedEpochRecord {
  const message = epochRecordSigningBytes(epochRecordDigest(record, CHAIN_ID))
  const signatures = validators.slice(0, count).map((validator, author) => ({
    author,
    signature: new Uint8Array(sign(null, message, validator.checkpointKey)),
  }))
  return { record, signatures }
}

const FIRST = recordOf(0, SETS[1], ZERO)
const SECOND = recordOf(1, SETS[2], epochRecordDigest(FIRST, CHAIN_ID))

describe('epoch records', () => {
  test('a quorum of the committee that ends certifies a record', () => {
    expect(verifyEpochRecord(certify(FIRST, SETS[0], 3), GENESIS.committee, CHAIN_ID)).toMatchObject({ kind: 'accept' })
    const two = certify(FIRST, SETS[0], 2)
    expect(verifyEpochRecord(two, GENESIS.committee, CHAIN_ID)).toMatchObject({ reason: 'quorum' })
    const twice = { ...two, signatures: [...two.signatures, ...two.signatures] }
    expect(verifyEpochRecord(twice, GENESIS.committee, CHAIN_ID)).toMatchObject({ reason: 'signed twice' })
    const forged = certify(FIRST, SETS[2], 4)
    expect(verifyEpochRecord(forged, GENESIS.committee, CHAIN_ID)).toMatchObject({ reason: 'signature' })
    const [author] = FIRST.nextAuthorities
    const bad = { ...FIRST, nextAuthorities: author === undefined ? [] : [author, author] }
    expect(verifyEpochRecord({ record: bad, signatures: [] }, GENESIS.committee, CHAIN_ID)).toMatchObject({
      reason: 'committee',
    })
  })

  test('a newcomer follows the chain from genesis to the present committee', () => {
    const chain = [certify(FIRST, SETS[0], 3), certify(SECOND, SETS[1], 3)]
    const followed = followEpochs(GENESIS, chain, CHAIN_ID)
    expect(followed).toMatchObject({ kind: 'accept', value: { epoch: 2, epochStartMs: 2_000 } })
    if (followed.kind === 'accept') expect(followed.value.committee.digest).toEqual(committeeOf(SETS[2]).digest)
    expect(followEpochs(GENESIS, chain.slice(1), CHAIN_ID)).toMatchObject({ reason: 'epoch' })
    const other = certify({ ...SECOND, previousRecordDigest: ZERO }, SETS[1], 3)
    expect(followEpochs(GENESIS, [chain[0] as CertifiedEpochRecord, other], CHAIN_ID)).toMatchObject({
      reason: 'previous record',
    })
    expect(followEpochs(GENESIS, chain, CHAIN_ID + 1)).toMatchObject({ reason: 'signature' })
  })

  test('a light client checks a block from genesis alone', () => {
    const blockHash = new Uint8Array(32).fill(5)
    const message = execVoteSigningBytes(CHAIN_ID, 2, 130, blockHash)
    const certificate: CheckpointCertificate = {
      epoch: 2,
      height: 130,
      blockHash,
      signatures: SETS[2].slice(0, 4).map((validator, author) => ({
        author,
        signature: new Uint8Array(sign(null, message, validator.checkpointKey)),
      })),
    }
    const chain = [certify(FIRST, SETS[0], 3), certify(SECOND, SETS[1], 3)]
    expect(verifyFromGenesis(GENESIS, chain, certificate, CHAIN_ID)).toEqual({
      kind: 'accept',
      value: { height: 130, blockHash },
    })
    expect(verifyFromGenesis(GENESIS, chain.slice(0, 1), certificate, CHAIN_ID)).toMatchObject({ reason: 'epoch' })
    const high = { ...certificate, height: 131 }
    expect(verifyFromGenesis(GENESIS, chain, high, CHAIN_ID)).toMatchObject({ reason: 'signature' })
  })
})

describe('keys', () => {
  test('points of small order and other encodings of them are weak', () => {
    const weak = [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0000000000000000000000000000000000000000000000000000000000000080',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    ]
    for (const key of weak) expect(isWeakKey(fromHex(key))).toBe(true)
    for (const validator of SETS[0]) expect(isWeakKey(validator.authority.consensusKey)).toBe(false)
  })

  test('a committee out of order, with a key twice or a weak key is refused', () => {
    const [a, b, ...rest] = SETS[0].map(validator => validator.authority)
    if (a === undefined || b === undefined) throw new Error('two authorities')
    expect(() => createCommittee([b, a, ...rest])).toThrow('indices')
    expect(() => createCommittee([a, { ...b, operator: a.operator }, ...rest])).toThrow('ascending')
    expect(() => createCommittee([a, { ...b, consensusKey: a.networkKey }, ...rest])).toThrow('once')
    expect(() => createCommittee([a, { ...b, networkKey: ZERO }, ...rest])).toThrow('full order')
    expect(() => createCommittee([{ ...a, stake: 0 }])).toThrow('positive')
    expect(() => createCommittee([])).toThrow('between')
  })
})
