import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Dag, type DagVertex, stakesOf, VertexManager } from '#consensus'
import { keyOf, randomDag, randomFrom, refNamed, shuffle } from './random-dag.ts'

const COMMITTEE = stakesOf([1, 1, 1, 1])

function managerOf(committee = COMMITTEE, maxRoundLookahead = 200) {
  const dag = new Dag<DagVertex>(committee)
  for (let author = 0; author < committee.size; author++)
    dag.insert({ ...refNamed(0, author), parents: [], timestampMs: 0 })
  const accepted: string[] = []
  const manager = new VertexManager<DagVertex>({
    dag,
    maxRoundLookahead,
    accept: vertex => {
      for (const parent of vertex.parents)
        if (parent.round > dag.collected && parent.round > gcRound) expect(dag.get(parent)).toBeDefined()
      dag.insert(vertex)
      accepted.push(keyOf(vertex))
    },
    sizeOf: () => 100,
  })
  let gcRound = 0
  return {
    dag,
    manager,
    accepted,
    add: (vertex: DagVertex, from?: number) => manager.add(vertex, from, 0, 10),
    collect: (round: number) => {
      gcRound = round
      dag.collect(round)
      manager.collect(round, 0)
    },
  }
}

function full(round: number, author: number, parents = [0, 1, 2, 3]): DagVertex {
  const names = [author, ...parents.filter(parent => parent !== author)]
  return { ...refNamed(round, author), parents: names.map(name => refNamed(round - 1, name)), timestampMs: round }
}

describe('the vertex manager', () => {
  test('accepts the whole DAG from any order of arrival, parents first', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 12 }), (seed, rounds) => {
        const random = randomFrom(seed)
        const vertices = randomDag(COMMITTEE, rounds, 1, random).filter(vertex => vertex.round > 0)
        const { manager, accepted, add } = managerOf()
        for (const vertex of shuffle(vertices, random)) add(vertex, random(4))
        expect(new Set(accepted)).toEqual(new Set(vertices.map(keyOf)))
        expect(accepted.length).toBe(vertices.length)
        expect(manager.suspendedCount).toBe(0)
        expect(manager.missingCount).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  test('names the missing parents once, lowest round first, with who delivered the child', () => {
    const { manager, add } = managerOf()
    expect(add(full(3, 0), 2)).toBe('suspended')
    expect(add(full(3, 1), 3)).toBe('suspended')
    expect(add(full(2, 0), 1)).toBe('suspended')
    const { missing } = manager.due(10)
    expect(missing.map(wanted => wanted.ref.round)).toEqual([1, 1, 1, 1, 2, 2, 2])
    expect(missing.at(-1)?.holders).toEqual([2, 0, 3, 1])
    expect(missing[0]?.holders).toEqual([1, 0])
    expect(add(full(3, 0), 2)).toBe('duplicate')
  })

  test('collected rounds are forgotten, and what waited only for them is accepted', () => {
    const { manager, accepted, add, collect } = managerOf()
    for (let author = 0; author < 4; author++) add(full(3, author), 0)
    add(full(2, 0), 0)
    expect(accepted).toEqual([])
    collect(2)
    expect(accepted.length).toBe(4)
    expect(manager.suspendedCount).toBe(0)
    expect(manager.missingCount).toBe(0)
    expect(add(full(2, 1), 0)).toBe('collected')
  })

  test('at the bound of an author its highest rounds go, the low ones stay', () => {
    const lookahead = 5
    const { manager, add } = managerOf(COMMITTEE, lookahead)
    for (let round = 30; round > 2; round--) add(full(round, 1, [1, 2, 3]), 1)
    expect(manager.suspendedCount).toBeLessThanOrEqual(2 * lookahead)
    expect(manager.missingCount).toBeLessThanOrEqual(4 * lookahead)
    const rounds = manager.due(1_000).missing.map(wanted => wanted.ref.round)
    expect(Math.min(...rounds)).toBe(2)
    expect(Math.max(...rounds)).toBeLessThan(13)
    expect(add(full(40, 1), 1)).toBe('evicted')
  })

  test('of a flood of invented parents each pass considers a bounded number, lowest rounds first', () => {
    const wide = stakesOf(new Array<number>(50).fill(1))
    const { manager, add } = managerOf(wide)
    for (let round = 150; round > 1; round--) {
      const parents = Array.from({ length: 50 }, (_, author) => refNamed(round - 1, author, 9))
      add({ ...refNamed(round, 3, 9), parents, timestampMs: 0 }, 3)
    }
    expect(manager.missingCount).toBeGreaterThan(5_000)
    expect(manager.due(9)).toEqual({ missing: [], nextAtMs: 10 })
    const { missing, nextAtMs } = manager.due(10)
    expect(missing.length).toBe(640)
    expect(nextAtMs).toBe(10)
    expect(Math.max(...missing.map(wanted => wanted.ref.round))).toBeLessThan(15)
    for (const wanted of missing) wanted.askAtMs = 500
    expect(Math.min(...manager.due(10).missing.map(wanted => wanted.ref.round))).toBeGreaterThan(12)
  })

  test('ten thousand vertices of a chain bomb stay within the bounds', () => {
    const { manager, add } = managerOf(COMMITTEE, 50)
    for (let i = 0; i < 10_000; i++) {
      const round = 2 + (i % 400)
      const parents = [0, 1, 2].map(author => refNamed(round - 1, author, 1 + (i % 250)))
      add({ ...refNamed(round, 3, i % 251), parents, timestampMs: i }, 3)
    }
    expect(manager.suspendedCount).toBeLessThanOrEqual(100)
    expect(manager.missingCount).toBeLessThanOrEqual(4 * 50)
  })

  test('invented parents of one author do not push out what the others wait for', () => {
    const lookahead = 5
    const { manager, add } = managerOf(COMMITTEE, lookahead)
    for (let round = 3; round < 13; round++) {
      const parents = [3, 0, 1, 2].map(author => refNamed(round - 1, author, 7))
      add({ ...refNamed(round, 3, 7), parents, timestampMs: 0 }, 3)
    }
    expect(manager.missingCount).toBeGreaterThan(3 * lookahead)
    expect(add(full(20, 0, [0, 1, 2]), 0)).toBe('suspended')
    expect(add(full(20, 1, [0, 1, 2]), 1)).toBe('suspended')
    expect(manager.isMissing(refNamed(19, 2))).toBe(true)
    expect(manager.missingCount).toBeLessThanOrEqual(4 * lookahead)
  })

  test('a cascade of ten thousand rounds needs no stack', () => {
    const alone = stakesOf([1])
    const { manager, accepted, add } = managerOf(alone, 20_000)
    for (let round = 10_000; round > 1; round--) add(full(round, 0, [0]), 0)
    expect(add(full(1, 0, [0]), 0)).toBe('accepted')
    expect(accepted.length).toBe(10_000)
    expect(manager.suspendedCount).toBe(0)
  })
})
