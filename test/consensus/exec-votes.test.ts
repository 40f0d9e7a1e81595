import { describe, expect, test } from 'vitest'
import { stakesOf } from '../../chain/consensus/committee.ts'
import { ExecVoteCounter } from '../../chain/consensus/exec-votes.ts'
import { EXEC_HEIGHTS_MAX } from '../../chain/consensus/limits.ts'

const LIAR = 3
const GOOD = new Uint8Array(32).fill(1)
const signature = new Uint8Array(64)

function voting() {
  const counter = new ExecVoteCounter(0, stakesOf([1, 1, 1, 1]))
  return {
    counter,
    vote: (author: number, height: number, blockHash = GOOD) =>
      counter.observe(author, { height, blockHash, signature }).map(effect => effect.kind),
  }
}

describe('execution votes of a liar', () => {
  // Found by swarm seed 703678: what was settled filled the room, and each new height was dropped as an unsupported claim.
  test('on every height do not keep others from certifying', () => {
    const { counter, vote } = voting()
    for (let height = 1; height <= 4 * EXEC_HEIGHTS_MAX; height++) {
      vote(LIAR, height + 3, new Uint8Array(32).fill(0xee))
      if (height % 10 !== 0) continue
      counter.executed(height, GOOD)
      for (const author of [0, 1, 2]) vote(author, height)
      expect(counter.certifiedHeight).toBe(height)
      expect([counter.isBehind, counter.isDoubtful]).toEqual([false, false])
    }
  })

  test('on heights that nobody reaches do not push out a slow vote', () => {
    const { counter, vote } = voting()
    for (const author of [0, 1]) vote(author, 7)
    for (let claimed = 0; claimed < 10 * EXEC_HEIGHTS_MAX; claimed++) vote(LIAR, 1_000_000 + claimed)
    expect(vote(2, 7)).toEqual(['certified'])
    expect(counter.certifiedHeight).toBe(7)
  })

  test('count again once forgotten: only the newest of each author are kept', () => {
    const { vote } = voting()
    vote(LIAR, 1)
    for (let height = 2; height <= EXEC_HEIGHTS_MAX; height++) vote(LIAR, height)
    vote(0, 1)
    // The liar's vote on height 1 still counts while somebody else holds that height.
    vote(LIAR, EXEC_HEIGHTS_MAX + 1)
    expect(vote(1, 1)).toEqual(['certified'])
    vote(LIAR, EXEC_HEIGHTS_MAX + 2)
    // Nobody else voted on height 2, so it is gone, and two votes are no quorum.
    vote(0, 2)
    expect(vote(1, 2)).toEqual([])
  })
})
