import { expect, test } from 'vitest'
import { compareRound } from './differential-round.ts'
import { KINDS } from './differential-transactions.ts'

test('300 random transactions of every kind do what they do on the stock @ethereumjs/vm', async () => {
  const outcomes = new Set<string>()
  const kinds = new Set<string>()
  for (let round = 0; round < 12; round++) {
    for (const { kind, outcome, difference } of await compareRound('vitest', round, 25)) {
      expect(difference, `seed vitest, round ${round}`).toBeUndefined()
      outcomes.add(outcome)
      kinds.add(kind)
    }
  }
  expect([...kinds].sort()).toEqual([...KINDS].sort())
  expect([...outcomes].sort()).toEqual(['failed', 'refused', 'succeeded'])
}, 60_000)

test('the comparison sees a stock VM that runs by the rules of the fork before', async () => {
  const differences: string[] = []
  for (let round = 0; round < 12 && differences.length === 0; round++) {
    for (const { difference } of await compareRound('vitest', round, 25, { hardfork: 'prague' })) {
      if (difference !== undefined) differences.push(difference)
    }
  }
  expect(differences[0]).toMatch(/stock .*, ours /)
}, 60_000)
