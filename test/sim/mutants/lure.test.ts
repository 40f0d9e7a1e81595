import { describe, expect, it } from 'vitest'
import { defined } from '#lib/assert'
import { runPlan } from '../run.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { MUTANTS } from './list.ts'
import { loadMutant } from './load.ts'

describe('the round-jump lure (F11)', () => {
  it('starves a pacemaker that enters rounds without an own vertex', async () => {
    const core = await loadMutant(
      defined(
        MUTANTS.find(m => m.name === 'round-jump'),
        'the mutant',
      ),
    )
    const scenario = defined(
      SCENARIOS.find(s => s.name === 'round-jump-lure'),
      'the scenario',
    )
    const expectation = defined(scenario.expect, 'its expectation')
    for (const plan of scenario.plans()) {
      expect(runPlan(plan, { core, expect: expectation }).violation?.invariant).toBe('expected')
    }
  })
})
