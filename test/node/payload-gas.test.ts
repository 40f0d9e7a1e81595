import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeTransaction, signTransaction, type TransactionType, type UnsignedTransaction } from '#types'
import { peekGasLimit } from '../../chain/node/payload-gas.ts'

const KEY = new Uint8Array(32).fill(3)
const TO = new Uint8Array(20).fill(9)

function transaction(type: TransactionType, gasLimit: bigint, data: Uint8Array): UnsignedTransaction {
  return {
    type,
    chainId: 1071n,
    nonce: 700n,
    gasLimit,
    to: TO,
    value: 5n,
    data,
    ...(type < 2 ? { gasPrice: 1_000_000_000n } : { maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 0n }),
    ...(type === 0 ? {} : { accessList: [] }),
    ...(type === 3 ? { maxFeePerBlobGas: 1n, blobVersionedHashes: [] } : {}),
    ...(type === 4 ? { authorizationList: [] } : {}),
  }
}

describe('the gas limit of a raw transaction', () => {
  it('is what decoding it says, for every type', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<TransactionType[]>(0, 1, 2, 3, 4),
        fc.bigInt({ min: 0n, max: 2n ** 50n }),
        fc.uint8Array({ maxLength: 300 }),
        (type, gasLimit, data) => {
          const { raw } = signTransaction(transaction(type, gasLimit, data), KEY)
          expect(decodeTransaction(raw).kind).toBe('accept')
          expect(peekGasLimit(raw)).toBe(Number(gasLimit))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is a number for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), raw => {
        expect(peekGasLimit(raw)).toBeGreaterThanOrEqual(0)
      }),
    )
    expect(peekGasLimit(new Uint8Array())).toBe(0)
    expect(peekGasLimit(Uint8Array.of(0x7f, 0xc0))).toBe(0)
  })
})
