import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createExecutionEngine } from '#evm'
import { concat, fromHex, toHex } from '#lib/bytes'
import { createMemoryStore } from '#storage'
import { commitOf, GENESIS_MS, genesisFile, signed } from './fixtures.ts'

/** Pieces of programs: pushes of telling words, then any opcode, so that most of them find operands. */
const word = fc.constantFrom(
  '00',
  '01',
  '1f',
  '20',
  'ff',
  '0100',
  'ffffffff',
  '80'.padEnd(64, '0'),
  'ff'.repeat(32),
  'c0de00',
  'c0de01',
  'ff'.repeat(20),
)
const push = word.map(digits => concat(Uint8Array.of(0x5f + digits.length / 2), fromHex(digits)))
const opcode = fc.integer({ min: 0, max: 255 }).map(op => Uint8Array.of(op))
const piece = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(push, push, push, opcode).map(parts => concat(...parts)) },
  { weight: 2, arbitrary: push },
  { weight: 2, arbitrary: opcode },
  // A call of one of the two programs with all gas, and a creation from memory.
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('5f5f60205f5f62c0de015af1', '5f5f60205f62c0de005af4', '60205f5ff0', '5f60205f5ff5')
      .map(fromHex),
  },
  { weight: 1, arbitrary: fc.constantFrom('5b', '60065f55', '5f5460010160005500', '62c0de01ff').map(fromHex) },
)
const program = fc.array(piece, { minLength: 1, maxLength: 25 }).map(pieces => concat(...pieces))

describe('our interpreter', () => {
  test('gives the blocks of @ethereumjs/evm for any program', async () => {
    await fc.assert(
      fc.asyncProperty(program, program, fc.uint8Array({ maxLength: 70 }), async (first, second, data) => {
        const genesis = genesisFile({
          users: 3,
          alloc: {
            '0x0000000000000000000000000000000000c0de00': { code: toHex(first), balance: '0x7' },
            '0x0000000000000000000000000000000000c0de01': { code: toHex(second), balance: '0x0' },
          },
        })
        const run = async (ownInterpreter: boolean) => {
          const engine = await createExecutionEngine({ genesis, store: createMemoryStore(), ownInterpreter })
          const to = fromHex('0000000000000000000000000000000000c0de00')
          const payload = [
            signed(0, { nonce: 0n, to, data, gasLimit: 300_000n, value: 3n }).raw,
            signed(1, { nonce: 0n, to, data: first, gasLimit: 90_000n, value: 0n }).raw,
            signed(2, { nonce: 0n, to: undefined, data: second, gasLimit: 400_000n, value: 1n } as never).raw,
          ]
          const { blocks, skipped } = await engine.execute(commitOf(1, [payload], { timestampMs: GENESIS_MS + 900 }))
          return { blocks: blocks.map(({ block, receipts }) => ({ hash: toHex(block.hash), receipts })), skipped }
        }
        expect(await run(true)).toEqual(await run(false))
      }),
      { numRuns: 150 },
    )
  })
})
