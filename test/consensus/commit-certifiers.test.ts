import { describe, expect, test } from 'vitest'
import type { Vertex } from '#types'
import { CommitCertifiers } from '../../chain/consensus/commit-certifiers.ts'
import { stakesOf } from '../../chain/consensus/committee.ts'

const LIAR = 3
const digest = (fill: number) => new Uint8Array(32).fill(fill)

function voting() {
  const certifiers = new CommitCertifiers(stakesOf([1, 1, 1, 1]), 10)
  let round = 0
  return {
    certifiers,
    vote: (author: number, index: number, fill: number) => {
      const vertex = { author, round: ++round, digest: digest(0xff), commitVotes: [{ index, digest: digest(fill) }] }
      return certifiers.observe(vertex as unknown as Vertex).map(event => event.kind)
    },
  }
}

describe('commit votes of a liar', () => {
  test('count for two digests of a commit, however many it names', () => {
    const { vote } = voting()
    for (const fill of [1, 2, 3]) expect(vote(LIAR, 5, fill)).toEqual([])
    expect([vote(0, 5, 3), vote(1, 5, 3)]).toEqual([[], []])
    expect([vote(0, 5, 2), vote(1, 5, 2)]).toEqual([[], ['certified']])
  })

  test('do not keep a quorum from proving a commit, and a second quorum shows', () => {
    const { certifiers, vote } = voting()
    expect(certifiers.committed(5, digest(1))).toEqual([])
    for (const fill of [7, 8, 9]) vote(LIAR, 5, fill)
    expect([vote(0, 5, 1), vote(0, 5, 1), vote(1, 5, 1), vote(2, 5, 1)]).toEqual([[], [], [], ['certified']])
    expect(certifiers.isCertified(5)).toBe(true)
    expect([vote(0, 5, 7), vote(1, 5, 7)]).toEqual([[], ['certified', 'conflict']])
  })
})
