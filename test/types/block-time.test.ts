import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BlockHeader,
  blockTimeMs,
  decodeBlockHeader,
  EMPTY_BLOOM,
  EMPTY_OMMERS_HASH,
  EMPTY_TRIE_ROOT,
  encodeBlockHeader,
  encodeBlockOrigin,
  isCommitTime,
  secondsOfMs,
  secondsToMs,
  ZERO_DIGEST,
  ZERO_NONCE,
} from '#types'

function headerAt(timestamp: bigint): BlockHeader {
  return {
    parentHash: ZERO_DIGEST,
    ommersHash: EMPTY_OMMERS_HASH,
    coinbase: new Uint8Array(20),
    stateRoot: ZERO_DIGEST,
    transactionsRoot: EMPTY_TRIE_ROOT,
    receiptsRoot: EMPTY_TRIE_ROOT,
    logsBloom: EMPTY_BLOOM,
    difficulty: 0n,
    number: 1,
    gasLimit: 30_000_000n,
    gasUsed: 0n,
    timestamp,
    extraData: new Uint8Array(0),
    mixHash: ZERO_DIGEST,
    nonce: ZERO_NONCE,
  }
}

describe('the time of a header', () => {
  it('survives its encoding for all 64 bits', () => {
    const edges = [0n, 1n, 127n, 128n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n]
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...edges), fc.bigInt(0n, 2n ** 64n - 1n)), timestamp => {
        const header = headerAt(timestamp)
        expect(decodeBlockHeader(encodeBlockHeader(header))).toEqual({ kind: 'accept', value: header })
      }),
    )
  })

  it('is malformed above 64 bits', () => {
    for (const timestamp of [2n ** 64n, 2n ** 72n]) {
      expect(decodeBlockHeader(encodeBlockHeader(headerAt(timestamp)))).toMatchObject({
        kind: 'reject',
        reason: 'malformed',
      })
    }
  })

  it('is the whole seconds of a commit, whose milliseconds come back with the extra data', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), timeMs => {
        const origin = { epoch: 0, commitIndex: 1, subIndex: 0, endsEpoch: false, heartbeat: false }
        const extraData = encodeBlockOrigin({ ...origin, milliseconds: timeMs % 1_000 })
        expect(blockTimeMs({ header: { timestamp: secondsOfMs(timeMs), extraData } })).toBe(timeMs)
      }),
    )
    expect(blockTimeMs({ header: headerAt(1_700_000_000n) })).toBe(1_700_000_000_000)
  })

  it('that no commit can have is never taken for one', () => {
    for (const seconds of [-1n, 2n ** 53n / 1_000n + 1n, 2n ** 53n, 2n ** 64n - 1n]) {
      expect(isCommitTime(seconds)).toBe(false)
      expect(() => secondsToMs(seconds)).toThrow('clock of commits')
    }
    expect(() => secondsOfMs(2 ** 53)).toThrow('whole milliseconds')
    expect(() => secondsOfMs(0.5)).toThrow('whole milliseconds')
  })
})
