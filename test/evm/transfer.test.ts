import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createExecutionEngine } from '#evm'
import { fromHex, toHex } from '#lib/bytes'
import { createMemoryStore } from '#storage'
import type { UnsignedTransaction } from '#types'
import { addressOfUser, commitOf, FEE_COLLECTOR, GENESIS_MS, genesisFile, signed } from './fixtures.ts'

const CONTRACT = '0x00000000000000000000000000000000000c0de0'
const EMPTY_ACCOUNT = '0x00000000000000000000000000000000000e3a71'
const RICH = '0x0000000000000000000000000000000000000abc'
// Stores the call value in slot 0 and logs it: what a transfer to it must not skip.
const CONTRACT_CODE = '0x345f55345f5260205fa000'

const recipients = [
  ...Array.from({ length: 5 }, (_, i) => toHex(addressOfUser(i))),
  CONTRACT,
  EMPTY_ACCOUNT,
  RICH,
  FEE_COLLECTOR,
  '0x0000000000000000000000000000000000000002',
  '0x0000000000000000000000000000000000000100',
  '0x1111111111111111111111111111111111111111',
] as const

const gwei = 1_000_000_000n

const transfer = fc.record({
  user: fc.nat(4),
  to: fc.constantFrom(...recipients),
  value: fc.constantFrom(0n, 1n, 10n ** 18n, 999n * 10n ** 18n, 10n ** 24n),
  type: fc.constantFrom(0 as const, 1 as const, 2 as const),
  gasLimit: fc.constantFrom(20_999n, 21_000n, 21_001n, 100_000n),
  fee: fc.constantFrom(gwei / 2n, gwei, 3n * gwei),
  tip: fc.constantFrom(0n, 1n, gwei),
  nonceShift: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, -1),
  data: fc.constantFrom('0x', '0x', '0x', '0x00', '0x010203'),
})

describe('the short way for transfers', () => {
  test('gives the blocks of the long way, to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(transfer, { maxLength: 12 }), { maxLength: 4 }), async commits => {
        const genesis = genesisFile({
          users: 5,
          alloc: {
            [CONTRACT]: { code: CONTRACT_CODE, balance: '0x0' },
            [EMPTY_ACCOUNT]: { balance: '0x0' },
            [RICH]: { balance: `0x${'f'.repeat(64)}` },
          },
        })
        const [short, long] = await Promise.all(
          [true, false].map(fastTransfers =>
            createExecutionEngine({
              genesis,
              store: createMemoryStore(),
              fastTransfers,
              ownInterpreter: fastTransfers,
            }),
          ),
        )
        if (short === undefined || long === undefined) throw new Error('two engines')
        const nonces = new Map<number, number>()
        for (const [i, transfers] of commits.entries()) {
          const payload = transfers.map(item => {
            const nonce = nonces.get(item.user) ?? 0
            if (item.nonceShift === 0) nonces.set(item.user, nonce + 1)
            return signed(item.user, fieldsOf(item, Math.max(0, nonce + item.nonceShift))).raw
          })
          const ordered = commitOf(i + 1, [payload], { timestampMs: GENESIS_MS + 400 * (i + 1) })
          const [a, b] = [await short.execute(ordered), await long.execute(ordered)]
          expect(a.skipped).toEqual(b.skipped)
          expect(a.blocks.map(({ block }) => toHex(block.hash))).toEqual(b.blocks.map(({ block }) => toHex(block.hash)))
          expect(a.blocks.map(({ receipts }) => receipts)).toEqual(b.blocks.map(({ receipts }) => receipts))
        }
      }),
      { numRuns: 60 },
    )
  })
})

type Transfer = typeof transfer extends fc.Arbitrary<infer T> ? T : never

function fieldsOf(item: Transfer, nonce: number): UnsignedTransaction {
  const common = {
    type: item.type,
    chainId: 1071n,
    nonce: BigInt(nonce),
    gasLimit: item.gasLimit,
    to: fromHex(item.to),
    value: item.value,
    data: fromHex(item.data),
  }
  if (item.type === 2) return { ...common, maxFeePerGas: item.fee, maxPriorityFeePerGas: item.tip, accessList: [] }
  return item.type === 1 ? { ...common, gasPrice: item.fee, accessList: [] } : { ...common, gasPrice: item.fee }
}
