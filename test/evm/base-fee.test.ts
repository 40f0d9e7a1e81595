import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextBaseFee } from '#evm'

const input = { previous: 8_000_000_000n, gasUsed: 0n, elapsedMs: 1_000, targetPerSecond: 150_000_000n, minimum: 1n }

describe('the base fee', () => {
  test('is EIP-1559’s when blocks are one second apart', () => {
    expect(nextBaseFee({ ...input, gasUsed: 150_000_000n })).toBe(8_000_000_000n)
    expect(nextBaseFee({ ...input, gasUsed: 300_000_000n })).toBe(9_000_000_000n)
    expect(nextBaseFee(input)).toBe(7_000_000_000n)
    expect(nextBaseFee({ ...input, gasUsed: 225_000_000n })).toBe(8_500_000_000n)
  })

  test('moves by the share of a second that passed', () => {
    expect(nextBaseFee({ ...input, elapsedMs: 100, gasUsed: 15_000_000n })).toBe(8_000_000_000n)
    expect(nextBaseFee({ ...input, elapsedMs: 100, gasUsed: 300_000_000n })).toBe(8_100_000_000n)
    expect(nextBaseFee({ ...input, elapsedMs: 0, gasUsed: 300_000_000n })).toBe(8_000_000_000n)
    expect(nextBaseFee({ ...input, elapsedMs: 60_000 })).toBe(7_000_000_000n)
  })

  test('never leaves an eighth either way, nor goes below the minimum', () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 12n),
        fc.bigInt(0n, 10n ** 10n),
        fc.nat(5_000),
        (previous, gasUsed, elapsedMs) => {
          const next = nextBaseFee({ ...input, previous, gasUsed, elapsedMs, minimum: 1_000n })
          expect(next).toBeGreaterThanOrEqual(1_000n)
          if (previous < 1_000n) return
          expect(next).toBeLessThanOrEqual(previous + previous / 8n + 1n)
          expect(next).toBeGreaterThanOrEqual(previous - previous / 8n - 1n)
        },
      ),
    )
  })
})
