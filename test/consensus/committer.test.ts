import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Committer,
  createRoundRobin,
  Dag,
  type DagVertex,
  type DecideResult,
  type Decision,
  decide,
  type Leaders,
  type Stakes,
  stakesOf,
} from '#consensus'
import { keyOf, partialView, randomDag, randomFrom, topologicalShuffle } from './random-dag.ts'

const COMMITTEES: readonly (readonly number[])[] = [
  [1],
  [1, 1, 1, 1],
  [1, 1, 1, 1, 1],
  [1, 1, 1, 1, 1, 1, 1],
  [4, 3, 2, 1],
  [3, 3, 1, 1, 1, 1],
]

function dagOf(vertices: readonly DagVertex[], committee: Stakes): Dag {
  const dag = new Dag(committee)
  for (const vertex of vertices) dag.insert(vertex)
  return dag
}

function textOf(decision: Decision): string {
  const { slot } = decision
  const what = decision.kind === 'skip' ? 'skip' : keyOf(decision.leader.vertex)
  return `${slot.round}.${slot.rank} ${slot.author} ${what}`
}

function outline(result: DecideResult) {
  return {
    decided: result.decided.map(decision => `${textOf(decision)} ${decision.via}`),
    firstUndecided: result.firstUndecided,
    conflict: result.conflict,
  }
}

/** Equivocators with at most f stake. */
function faultyOf(committee: Stakes): number {
  let count = 0
  let weight = 0
  for (const stake of committee.stakes) {
    weight += stake
    if (weight >= committee.validity) return count
    count++
  }
  return count
}

const plan = fc.record({
  committee: fc.constantFrom(...COMMITTEES),
  seed: fc.nat(),
  rounds: fc.integer({ min: 3, max: 14 }),
  leadersPerRound: fc.constantFrom(1, 1, 1, 2),
})

function prepare(input: { committee: readonly number[]; seed: number; rounds: number; leadersPerRound: number }) {
  const committee = stakesOf(input.committee)
  const random = randomFrom(input.seed)
  const ranks = Math.min(input.leadersPerRound, committee.size)
  const schedule = createRoundRobin(committee.size, ranks)
  const leaders: Leaders = round => schedule.leaders(round)
  const vertices = randomDag(committee, input.rounds, faultyOf(committee), random)
  return { committee, random, leaders, vertices }
}

describe('the committer', () => {
  test('counts to the same decisions as the plain rule, after every vertex and with a moving cursor', () => {
    fc.assert(
      fc.property(plan, input => {
        const { committee, random, leaders, vertices } = prepare(input)
        const dag = new Dag(committee)
        const committer = new Committer(dag, committee, leaders)
        for (const vertex of topologicalShuffle(vertices, random)) {
          committer.accept(dag.insert(vertex))
          if (random(3) !== 0) continue
          const counted = committer.decide()
          expect(outline(counted)).toEqual(outline(decide(dag, committer.cursor, leaders, committee)))
          for (const decision of counted.decided)
            if (random(2) === 0) committer.advance(decision.slot)
            else break
        }
        expect(outline(committer.decide())).toEqual(outline(decide(dag, committer.cursor, leaders, committee)))
      }),
      { numRuns: 150 },
    )
  })

  test('decides the same whatever the order of acceptance', () => {
    fc.assert(
      fc.property(plan, input => {
        const { committee, random, leaders, vertices } = prepare(input)
        const first = decide(dagOf(vertices, committee), undefined, leaders, committee)
        const second = decide(dagOf(topologicalShuffle(vertices, random), committee), undefined, leaders, committee)
        expect(outline(second)).toEqual(outline(first))
      }),
      { numRuns: 100 },
    )
  })

  test('never disagrees between nodes that saw different parts of the DAG', () => {
    fc.assert(
      fc.property(plan, input => {
        const { committee, random, leaders, vertices } = prepare(input)
        const whole = decide(dagOf(vertices, committee), undefined, leaders, committee)
        expect(whole.conflict).toBeUndefined()
        for (let view = 0; view < 3; view++) {
          const part = decide(dagOf(partialView(vertices, random), committee), undefined, leaders, committee)
          const shared = Math.min(part.decided.length, whole.decided.length)
          expect(part.decided.slice(0, shared).map(textOf)).toEqual(whole.decided.slice(0, shared).map(textOf))
        }
      }),
      { numRuns: 150 },
    )
  })

  test('re-counts with another schedule after it forgot the old one', () => {
    const { committee, vertices } = prepare({ committee: [1, 1, 1, 1], seed: 9, rounds: 12, leadersPerRound: 1 })
    const dag = new Dag(committee)
    let offset = 0
    const leaders: Leaders = round => [(round + offset) % 4]
    const committer = new Committer(dag, committee, leaders)
    for (const vertex of vertices) committer.accept(dag.insert(vertex))
    const [first] = committer.decide().decided
    if (first === undefined) throw new Error('this DAG decides its first slot')
    committer.advance(first.slot)
    offset = 1
    committer.forgetAbove(first.slot.round)
    expect(outline(committer.decide())).toEqual(outline(decide(dag, committer.cursor, leaders, committee)))
  })
})
