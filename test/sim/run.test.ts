import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runScenario } from './commands.ts'
import { REAL_CORE } from './core.ts'
import { measureDelays } from './delays.ts'
import { compareOnRandomDags } from './differential.ts'
import { MUTANTS } from './mutants/list.ts'
import { applyMutant } from './mutants/load.ts'
import { basePlan } from './plan.ts'
import { runPlan } from './run.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { REGRESSION_SEEDS } from './seeds.ts'
import { shrink } from './shrink.ts'
import { planFromSeed } from './swarm.ts'

/** Runs that take long, or many that are alike, stay with `npm run sim`. */
const SHORT = new Set([
  'epoch-restarts',
  'epoch-change',
  'cold-start',
  'long-outage',
  'lying-sync-server',
  'crash-points',
  'loss',
  'every-strategy',
  'several-leaders',
])

describe('the fault matrix', () => {
  for (const scenario of SCENARIOS) {
    it(`${scenario.row} ${scenario.name}: ${scenario.about}`, () => {
      const failures: string[] = []
      const plans = scenario.plans()
      const some = SHORT.has(scenario.name) ? plans.filter((_, i) => i % 4 === 0) : plans
      runScenario({ ...scenario, plans: () => some }, false, (plan, result) => {
        if (result.violation !== undefined) failures.push(`${plan.seed}: ${result.violation.message}`)
      })
      expect(failures).toEqual([])
    })
  }

  it('has every row from F1 to F26', () => {
    const rows = new Set(SCENARIOS.map(s => s.row))
    expect(Array.from({ length: 26 }, (_, i) => `F${i + 1}`).filter(row => !rows.has(row))).toEqual([])
  })
})

describe('runs', () => {
  it('of one plan are the same byte for byte', () => {
    for (const seed of ['3', '7']) {
      const first = runPlan(planFromSeed(seed), { core: REAL_CORE })
      const again = runPlan(planFromSeed(seed), { core: REAL_CORE, verbose: true })
      expect(again.trace).toBe(first.trace)
      expect(again.events).toBe(first.events)
    }
  })

  it('of different seeds differ', () => {
    const plan = {
      ...basePlan('x', 4),
      network: { ...basePlan('x', 4).network, latency: { kind: 'uniform' as const, lowUs: 1, highUs: 90_000 } },
    }
    const one = runPlan(plan, { core: REAL_CORE })
    const two = runPlan({ ...plan, seed: 'y' }, { core: REAL_CORE })
    expect(one.trace).not.toBe(two.trace)
  })

  it('pass for a handful of swarm seeds and for all that once failed', () => {
    const failures: string[] = []
    for (const seed of [...REGRESSION_SEEDS, ...Array.from({ length: 12 }, (_, k) => String(100 + k))]) {
      const { violation } = runPlan(planFromSeed(seed), { core: REAL_CORE })
      if (violation !== undefined) failures.push(`seed ${seed}: ${violation.message}`)
    }
    expect(failures).toEqual([])
  })

  it('without a quorum are told from runs that disagree', () => {
    const plan = basePlan('stuck', 4, {
      durationMs: 20_000,
      // The plan breaks the fault bound behind the liveness check's back: nobody hears anybody, and nobody is faulty.
      faults: [{ kind: 'slow', nodes: [0, 1, 2, 3], addUs: 60_000_000, fromMs: 0, toMs: 1 }],
    })
    const { verdict, violation } = runPlan(
      { ...plan, network: { ...plan.network, lossPpm: 1_000_000 } },
      { core: REAL_CORE },
    )
    expect(verdict).toBe('no-progress')
    expect(violation?.invariant).toBe('I10')
  })

  it('that fail shrink to a smaller plan that fails alike', () => {
    const plan = {
      ...planFromSeed('shrink'),
      stakes: [1, 1, 1, 1, 1, 1, 1],
      durationMs: 9_000,
      network: { ...basePlan('x', 4).network, lossPpm: 1_000_000 },
      params: { leaderTimeoutMs: 60, leaderTimeoutMaxMs: 60 },
      faults: [
        { kind: 'clock' as const, node: 1, offsetMs: 10, driftPpm: 0 },
        { kind: 'byzantine' as const, node: 2, strategy: 'garbage' },
      ],
    }
    const result = runPlan(plan, { core: REAL_CORE })
    expect(result.violation?.invariant).toBe('I10')
    const small = shrink(plan, result, REAL_CORE, 40)
    expect(small.result.violation?.invariant).toBe('I10')
    expect(small.plan.faults).toEqual([])
    expect(small.plan.stakes.length).toBe(4)
  })
})

it('shrinks a failure in an epoch of joining validators without losing what it is about', () => {
  const plan = {
    ...basePlan('shrink/epochs', 4, { durationMs: 9_000 }),
    stakes: [1, 1, 1, 1, 1, 1, 0],
    params: { leaderTimeoutMs: 60, leaderTimeoutMaxMs: 60, epochDurationMs: 2_000 },
    staking: [{ machine: 6, stake: 1, atMs: 300 }],
    network: { ...basePlan('x', 4).network, lossPpm: 1_000_000 },
  }
  const result = runPlan(plan, { core: REAL_CORE })
  expect(result.violation?.invariant).toBe('I10')
  const small = shrink(plan, result, REAL_CORE, 40)
  expect(small.result.violation?.invariant).toBe('I10')
  expect(small.plan.staking).toBeUndefined()
  expect(small.plan.stakes.length).toBe(4)
})

describe('the commit rule', () => {
  it('has the message delays of the design note for committees up to ten', () => {
    const outside = measureDelays(REAL_CORE, 10, () => {}).filter(r => !r.holds)
    expect(outside).toEqual([])
  })

  it('decides and orders random DAGs with equivocators as the reference model does', () => {
    expect(compareOnRandomDags('vitest', 150).failures).toEqual([])
  })
})

describe('mutants', () => {
  it('all still apply to the source', () => {
    for (const mutant of MUTANTS) {
      const source = readFileSync(new URL(`../../chain/consensus/${mutant.file}`, import.meta.url), 'utf8')
      expect(applyMutant(mutant, source)).not.toBe(source)
    }
    expect(new Set(MUTANTS.map(m => m.name)).size).toBe(MUTANTS.length)
  })
})
