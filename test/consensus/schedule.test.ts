import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applySwaps,
  createExplicitSchedule,
  createRoundRobin,
  createStakeSchedule,
  createSwapTable,
  drawByStake,
  HashStream,
  inclusionDelayMs,
  normalizeStakes,
  rankValidators,
  ScheduleHistory,
  stakesOf,
} from '#consensus'

const SEED = { chainId: 1071, epoch: 3, epochSeed: new Uint8Array(32).fill(9) }

describe('thresholds', () => {
  test('any two quorums share more than the faulty stake', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 50 }), stakes => {
        const { totalStake, quorum, validity } = stakesOf(stakes)
        const faulty = Math.floor((totalStake - 1) / 3)
        expect(2 * quorum - totalStake).toBeGreaterThan(faulty)
        expect(totalStake - faulty).toBeGreaterThanOrEqual(quorum)
        expect(validity).toBe(faulty + 1)
        expect(quorum).toBe(Math.floor((2 * totalStake) / 3) + 1)
      }),
    )
  })

  test('five equal validators need four', () => {
    expect(stakesOf([1, 1, 1, 1, 1])).toMatchObject({ quorum: 4, validity: 2 })
  })

  test('normalised stakes keep the total and the order', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 1n, max: 10n ** 27n }), { minLength: 1, maxLength: 60 }), amounts => {
        const stakes = normalizeStakes(amounts)
        expect(stakes.reduce((sum, stake) => sum + stake, 0)).toBe(10_000)
        for (const [i, a] of amounts.entries())
          for (const [j, b] of amounts.entries())
            if (a > b) expect(stakes[i]).toBeGreaterThanOrEqual(stakes[j] as number)
      }),
    )
  })
})

describe('the pseudo-random stream', () => {
  test('golden vectors', () => {
    const stream = new HashStream(new Uint8Array(32))
    expect(Array.from({ length: 5 }, () => stream.word().toString(16))).toEqual(GOLDEN.words)
    const draws = new HashStream(new Uint8Array(32).fill(1))
    expect(Array.from({ length: 12 }, () => draws.below(10))).toEqual(GOLDEN.below)
  })

  test('draws in proportion to stake', () => {
    const committee = stakesOf([70, 20, 10])
    const counts = [0, 0, 0]
    const stream = new HashStream(new Uint8Array(32).fill(2))
    for (let i = 0; i < 3_000; i++) {
      const [author] = drawByStake(stream, committee, 1)
      counts[author as number] = (counts[author as number] as number) + 1
    }
    expect(counts[0]).toBeGreaterThan(1_950)
    expect(counts[0]).toBeLessThan(2_250)
    expect(counts[2]).toBeGreaterThan(220)
    expect(counts[2]).toBeLessThan(380)
  })

  test('draws everybody once when everybody is wanted', () => {
    const committee = stakesOf([5, 1, 9, 2])
    const drawn = drawByStake(new HashStream(new Uint8Array(32).fill(3)), committee, 9)
    expect([...drawn].sort()).toEqual([0, 1, 2, 3])
  })
})

describe('leader schedules', () => {
  test('golden vectors of the stake-weighted schedule', () => {
    const schedule = createStakeSchedule(stakesOf([4, 3, 2, 1]), SEED, 2)
    expect(Array.from({ length: 8 }, (_, i) => schedule.leaders(i + 1))).toEqual(GOLDEN.leaders)
    expect(schedule.leaders(0)).toEqual([])
  })

  test('another epoch, chain or seed gives another schedule', () => {
    const committee = stakesOf(new Array(10).fill(1))
    const text = (seed: typeof SEED) =>
      Array.from({ length: 30 }, (_, i) => createStakeSchedule(committee, seed, 1).leaders(i + 1)).join()
    const all = [
      text(SEED),
      text({ ...SEED, epoch: 4 }),
      text({ ...SEED, chainId: 1 }),
      text({ ...SEED, epochSeed: new Uint8Array(32) }),
    ]
    expect(new Set(all).size).toBe(4)
  })

  test('swaps give away the slots of bad authorities only, never twice in a round', () => {
    const committee = stakesOf(new Array(7).fill(1))
    const base = createStakeSchedule(committee, SEED, 3)
    const swapped = applySwaps(base, { good: [0, 1], bad: [5, 6] }, committee, SEED)
    for (let round = 1; round < 60; round++) {
      const before = base.leaders(round)
      const after = swapped.leaders(round)
      expect(new Set(after).size).toBe(3)
      for (const [rank, author] of before.entries())
        if (author < 5) expect(after[rank]).toBe(author)
        else if (!before.includes(0) || !before.includes(1)) expect([0, 1, 5, 6]).toContain(after[rank])
    }
  })

  test('a switch rules rounds after it and leaves earlier ones', () => {
    const history = new ScheduleHistory(createRoundRobin(4))
    expect([1, 2, 3, 4].map(round => history.leaders(round)[0])).toEqual([1, 2, 3, 0])
    history.switchAfter(2, createExplicitSchedule({ 3: [2], 4: [2, 1] }))
    expect([1, 2, 3, 4, 5].map(round => history.leaders(round))).toEqual([[1], [2], [2], [2, 1], []])
    history.collect(3)
    expect(history.leaders(4)).toEqual([2, 1])
  })
})

describe('reputation', () => {
  const seven = stakesOf(new Array(7).fill(1))

  test('marks the lowest scorers within the stake limit, and as many good ones', () => {
    const table = createSwapTable([100, 99, 98, 97, 96, 10, 0], seven, 33, 100)
    expect(table.bad).toEqual([6, 5])
    expect(table.good).toEqual([0, 1])
    expect(createSwapTable([100, 99, 98, 97, 96, 10, 0], seven, 20, 100).bad).toEqual([6])
  })

  test('healthy authorities are not swapped', () => {
    expect(createSwapTable([100, 99, 98, 97, 96, 95, 81], seven, 33, 100)).toEqual({ good: [], bad: [] })
    expect(createSwapTable([0, 0, 0, 0, 0, 0, 0], seven, 33, 100)).toEqual({ good: [], bad: [] })
  })

  test('never swaps out stake that could stop the chain', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 100 })), {
          minLength: 1,
          maxLength: 20,
        }),
        rows => {
          const committee = stakesOf(rows.map(([stake]) => stake))
          const table = createSwapTable(
            rows.map(([, score]) => score),
            committee,
            100,
            7,
          )
          let weight = 0
          for (const author of table.bad) weight += committee.stakes[author] as number
          expect(weight).toBeLessThan(committee.validity)
          expect(table.good.some(author => table.bad.includes(author))).toBe(false)
        },
      ),
    )
  })
})

describe('transaction intake', () => {
  test('ranks every validator once, by sender and epoch', () => {
    const committee = stakesOf([3, 3, 3, 3])
    const sender = new Uint8Array(20).fill(1)
    expect([...rankValidators(sender, 0, committee)].sort()).toEqual([0, 1, 2, 3])
    expect(rankValidators(sender, 0, committee, 2)).toEqual(rankValidators(sender, 0, committee).slice(0, 2))
    const orders = new Set(
      Array.from({ length: 40 }, (_, i) => rankValidators(new Uint8Array(20).fill(i), 0, committee).join()),
    )
    expect(orders.size).toBeGreaterThan(10)
    expect(inclusionDelayMs(0, 100, 400)).toBe(0)
    expect(inclusionDelayMs(2, 100, 400)).toBe(1_200)
  })
})

/** Computed by an independent implementation of the text (Python, hashlib). */
const GOLDEN = {
  words: [
    '6db65fd59fd356f6',
    '729140571b5bcd6b',
    'b3b83492a16e1bf0',
    'a3884442fc3c8a0e',
    '2158a8906d5e2c2b',
  ] as readonly string[],
  below: [9, 4, 2, 4, 0, 1, 2, 8, 3, 0, 8, 0] as readonly number[],
  leaders: [
    [0, 3],
    [1, 2],
    [1, 0],
    [1, 0],
    [2, 3],
    [0, 3],
    [3, 1],
    [0, 2],
  ] as readonly (readonly number[])[],
}
