import { describe, expect, test } from 'vitest'
import { AmnesiaFloor, mayCreate, mayEnterNext, Pacemaker, type PaceView, stakesOf } from '#consensus'
import { DEFAULT_CONSENSUS_PARAMS } from '#types'

const READY = { timedOut: false, delayed: false }

function view(change: Partial<PaceView> = {}): PaceView {
  return {
    quorum: 3,
    weight: () => 3,
    weightOfOthers: () => 0,
    hasLeaders: () => true,
    isSettled: () => true,
    ...change,
  }
}

describe('pacemaker rules', () => {
  test('a round is entered with a quorum of the one before and the own vertex in it', () => {
    expect(mayEnterNext({ round: 4, created: 4 }, view())).toBe(true)
    expect(mayEnterNext({ round: 4, created: 4 }, view({ weight: () => 2 }))).toBe(false)
    expect(mayEnterNext({ round: 4, created: 3 }, view())).toBe(false)
  })

  test('a vertex is made with the leader before and a settled leader before that', () => {
    const state = { round: 5, created: 4 }
    expect(mayCreate(state, view(), READY)).toBe('leader')
    expect(mayCreate(state, view({ hasLeaders: round => round !== 4 }), READY)).toBeUndefined()
    expect(mayCreate(state, view({ isSettled: round => round !== 3 }), READY)).toBeUndefined()
    expect(mayCreate({ round: 5, created: 5 }, view(), READY)).toBeUndefined()
  })

  test('a timeout or others being ahead releases the wait; the floor on rounds yields only to catching up', () => {
    const state = { round: 5, created: 4 }
    const stuck = view({ hasLeaders: () => false })
    expect(mayCreate(state, stuck, { ...READY, timedOut: true })).toBe('timeout')
    expect(mayCreate(state, stuck, { timedOut: true, delayed: true })).toBeUndefined()
    expect(mayCreate(state, view(), { ...READY, delayed: true })).toBeUndefined()
    const ahead = view({ weightOfOthers: round => (round === 5 ? 3 : 0), hasLeaders: () => false })
    expect(mayCreate(state, ahead, { ...READY, delayed: true })).toBe('catch-up')
  })

  test('no round is left out however far others are', () => {
    const pace = new Pacemaker(DEFAULT_CONSENSUS_PARAMS)
    const ahead = view({ weightOfOthers: round => (round <= 5 ? 3 : 0), weight: round => (round <= 5 ? 3 : 0) })
    pace.start(0)
    const created: number[] = []
    for (let i = 0; i < 10; i++) {
      pace.enterRounds(ahead, 0)
      if (pace.reasonToCreate(ahead, 0) === undefined) continue
      pace.noteCreated(0)
      created.push(pace.round)
    }
    expect(created).toEqual([1, 2, 3, 4, 5])
    expect(pace.round).toBe(6)
  })

  test('the timeout grows while nothing is committed and falls back with commits', () => {
    const pace = new Pacemaker(DEFAULT_CONSENSUS_PARAMS)
    pace.start(0)
    for (let i = 0; i < 200; i++) {
      pace.enterRounds(view(), i)
      pace.noteCreated(i)
    }
    expect(pace.timeoutMs).toBe(DEFAULT_CONSENSUS_PARAMS.leaderTimeoutMaxMs)
    for (let i = 0; i < 10; i++) pace.noteCommit()
    expect(pace.timeoutMs).toBe(DEFAULT_CONSENSUS_PARAMS.leaderTimeoutMs)
  })

  test('it wants to be woken when time alone can help, and not otherwise', () => {
    const pace = new Pacemaker(DEFAULT_CONSENSUS_PARAMS)
    const waiting = view({ hasLeaders: () => false })
    pace.start(1_000)
    expect(pace.deadline(waiting, 1_000)).toBe(1_250)
    pace.noteCreated(1_000)
    expect(pace.deadline(waiting, 1_000)).toBeUndefined()
    pace.enterRounds(waiting, 1_010)
    expect(pace.deadline(view(), 1_010)).toBe(1_050)
    expect(pace.deadline(waiting, 1_010)).toBe(1_260)
  })
})

describe('the amnesia floor', () => {
  test('is one above the highest round of a quorum of others, once our DAG reached it', () => {
    const floor = new AmnesiaFloor(stakesOf([1, 1, 1, 1]), 0)
    floor.reply(1, 43, 41)
    floor.reply(2, 44, 40)
    expect(floor.update(50, 0)).toBe(false)
    floor.reply(0, 1, 1)
    floor.reply(3, 43, 41)
    expect(floor.update(43, 0)).toBe(false)
    expect(floor.update(44, 0)).toBe(true)
    expect(floor.floor).toBe(45)
  })

  test('is zero in a fresh network, and out of reach for a validator that is a quorum alone', () => {
    const floor = new AmnesiaFloor(stakesOf([1, 1, 1, 1]), 2)
    for (const from of [0, 1, 3]) floor.reply(from, 0, 0)
    // Held back, so that everybody else asks once more before we begin.
    expect(floor.update(0, 1_000)).toBe(false)
    expect(floor.readyMs).toBe(7_000)
    expect(floor.update(0, 6_999)).toBe(false)
    expect(floor.update(0, 7_000)).toBe(true)
    expect(floor.floor).toBe(0)
    expect(floor.isReachable).toBe(true)
    expect(new AmnesiaFloor(stakesOf([1]), 0).isReachable).toBe(false)
  })

  test('a claim beyond everything accepted never counts', () => {
    const floor = new AmnesiaFloor(stakesOf(new Array(7).fill(1)), 6)
    for (let from = 0; from < 5; from++) floor.reply(from, 10, 9)
    floor.reply(4, 10, 9)
    floor.reply(5, 1_000_000, 0)
    expect(floor.update(10, 0)).toBe(true)
    expect(floor.floor).toBe(11)
  })
})
