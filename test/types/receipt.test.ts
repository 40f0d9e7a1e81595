import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError } from '#lib/codec'
import { bloomOf, decodeStoredLogs, decodeStoredReceipts, encodeStoredReceipts, type Log, type Receipt } from '#types'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const log: fc.Arbitrary<Log> = fc.record({
  address: bytes(20),
  topics: fc.array(bytes(32), { maxLength: 4 }),
  data: fc.uint8Array({ maxLength: 100 }),
})
const common = {
  type: fc.constantFrom(0, 1, 2, 4) as fc.Arbitrary<Receipt['type']>,
  gasUsed: fc.bigInt(21_000n, 2n ** 40n),
  effectiveGasPrice: fc.bigInt(0n, 2n ** 100n),
  logs: fc.array(log, { maxLength: 5 }),
}
const receipt = fc.oneof(
  fc.record({ ...common, status: fc.constantFrom(0, 1) as fc.Arbitrary<0 | 1> }),
  fc.record({ ...common, root: bytes(32) }),
  fc.record({ ...common, status: fc.constant<1>(1), contractAddress: bytes(20) }),
  fc.record({
    ...common,
    status: fc.constant<1>(1),
    blobGasUsed: fc.bigInt(1n, 2n ** 20n),
    blobGasPrice: fc.constant(7n),
  }),
)

/** As a block has them: what they used adds up, and blooms follow from logs. */
function inBlock(list: readonly (typeof receipt extends fc.Arbitrary<infer T> ? T : never)[]): Receipt[] {
  let cumulativeGasUsed = 0n
  return list.map(each => {
    cumulativeGasUsed += each.gasUsed
    return { ...each, cumulativeGasUsed, logsBloom: bloomOf(each.logs) }
  })
}

describe('stored receipts', () => {
  it('come back as they were, and their logs also alone', () => {
    fc.assert(
      fc.property(fc.array(receipt, { maxLength: 8 }), list => {
        const receipts = inBlock(list)
        const stored = encodeStoredReceipts(receipts)
        expect(decodeStoredReceipts(stored)).toEqual(receipts)
        expect(decodeStoredLogs(stored)).toEqual(receipts.map(({ logs }) => logs))
      }),
    )
  })

  it('are refused when they are cut', () => {
    const stored = encodeStoredReceipts(
      inBlock([{ type: 2, gasUsed: 21_000n, effectiveGasPrice: 1n, logs: [], status: 1 }]),
    )
    for (let length = 0; length < stored.length; length++) {
      expect(() => decodeStoredReceipts(stored.subarray(0, length))).toThrow(DecodeError)
      expect(() => decodeStoredLogs(stored.subarray(0, length))).toThrow(DecodeError)
    }
  })
})
