import { describe, expect, it } from 'vitest'
import { sealVertex, VERTEX_VERSION, type Vertex, type VertexRef } from '#types'
import { Checker, Violation } from './checker.ts'
import { CHAIN_ID } from './identity.ts'
import { Registry } from './registry.ts'

function vertexOf(round: number, author: number, parents: readonly VertexRef[]): Vertex {
  return sealVertex(
    {
      version: VERTEX_VERSION,
      chainId: CHAIN_ID,
      epoch: 0,
      round,
      author,
      timestampMs: 1,
      parents: parents.map(parent => ({ round: parent.round, author: parent.author, digest: parent.digest })),
      commitVotes: [],
      execVotes: [],
      system: [],
      transactions: [],
    },
    () => new Uint8Array(64).fill(author),
  )
}

function checkerOf() {
  return new Checker({
    epoch: 0,
    registry: new Registry(),
    isHonest: author => author !== 3,
    stakes: [1, 1, 1, 1],
    windowCommits: 20,
    gcDepth: 3,
    maxSuspended: 10,
    maxMissing: 10,
  })
}

const invented = (round: number): VertexRef => ({ round, author: 2, digest: new Uint8Array(32).fill(0xee) })
const accepting = (checker: Checker, vertex: Vertex, gcRound: number) =>
  checker.accepting(0, [{ kind: 'vertex', vertex, own: false }], () => gcRound)

describe('causal completeness (I6)', () => {
  it('asks for parents above the collected round, and not for invented ones at or below it', () => {
    const byzantine = vertexOf(6, 3, [invented(5)])
    expect(() => accepting(checkerOf(), byzantine, 5)).not.toThrow()
    expect(() => accepting(checkerOf(), byzantine, 4)).toThrow(Violation)
  })

  it('knows parents that were accepted before, also in the same step', () => {
    const checker = checkerOf()
    const parent = vertexOf(5, 2, [])
    const child = vertexOf(6, 1, [parent])
    const records = [parent, child].map(vertex => ({ kind: 'vertex' as const, vertex, own: false }))
    expect(() => checker.accepting(0, records, () => 4)).not.toThrow()
    expect(() => checker.accepting(1, records.reverse(), () => 4)).toThrow(/I6/)
  })
})

describe('the end of an epoch (I13)', () => {
  it('is one record of one last commit', () => {
    expect(() => checkerOf().epochEnded(0, new Uint8Array(32), 4, 0)).toThrow(/I13.*not its last one/)
  })
})
