import { describe, expect, test } from 'vitest'
import { createExecutionEngine } from '#evm'
import { fromHex, toRawHex } from '#lib/bytes'
import { createMemoryStore } from '#storage'
import { contractAddress, PROGRAMS, randomProgram } from './differential-programs.ts'
import { Choices } from './differential-random.ts'
import { ROUND_CODES } from './differential-transactions.ts'
import { addressOfUser, genesisFile } from './fixtures.ts'

describe('calls', () => {
  test('have the same outcome and estimate on our interpreter as on @ethereumjs/evm', async () => {
    const kinds = new Map<string, number>()
    for (let seed = 1; seed <= 30; seed++) {
      const choices = new Choices('calls', seed)
      const codes = ROUND_CODES(choices)
      const alloc = Object.fromEntries(codes.map((code, i) => [contractAddress(i), { code, balance: '0x7' as const }]))
      const genesis = genesisFile({ users: 3, alloc })
      const [own, stock] = await Promise.all(
        [true, false].map(ownInterpreter =>
          createExecutionEngine({ genesis, store: createMemoryStore(), ownInterpreter }),
        ),
      )
      for (let i = 0; i < 12; i++) {
        const request = {
          from: addressOfUser(choices.below(3)),
          ...(choices.chance(10) ? {} : { to: fromHex(contractAddress(choices.below(codes.length))) }),
          data: fromHex(choices.chance(40) ? randomProgram(choices) : `0x${'00'.repeat(31)}2a${'00'.repeat(31)}07`),
          value: BigInt(choices.below(3)),
          gas: choices.chance(20) ? 30_000n : 400_000n,
          ...(choices.chance(30) ? { maxFeePerGas: 10n ** 10n } : {}),
        }
        const state = choices.chance(30)
          ? new Map([
              [
                contractAddress(choices.below(PROGRAMS)).slice(2),
                { code: fromHex(randomProgram(choices)), balance: 5n },
              ],
              [toRawHex(addressOfUser(0)), { balance: 10n ** 21n, nonce: 9n }],
            ])
          : undefined
        const context = { block: 0, ...(state === undefined ? {} : { state }) }
        const outcome = await own?.calls.call(request, context)
        expect(outcome, `seed ${seed}, call ${i}`).toEqual(await stock?.calls.call(request, context))
        kinds.set(String(outcome?.kind), (kinds.get(String(outcome?.kind)) ?? 0) + 1)
        expect(await own?.calls.estimateGas(request, context)).toEqual(await stock?.calls.estimateGas(request, context))
      }
    }
    for (const kind of ['success', 'revert', 'halt']) expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(10)
  }, 60_000)
})
