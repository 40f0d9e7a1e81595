import { readFileSync } from 'node:fs'
import { messageOf } from '#lib/errors'
import { runScenario as runCase } from '../../conformance/consensus.ts'
import { readScenarioFile } from '../../conformance/scenario-file.ts'
import { checkVertexCases } from '../../conformance/vertex-cases.ts'
import type { CoreModule } from '../core.ts'
import { compareOnRandomDags } from '../differential.ts'
import { runPlan } from '../run.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { planFromSeed } from '../swarm.ts'
import { MUTANTS, type Mutant } from './list.ts'
import { loadMutant } from './load.ts'

export interface MutantResult {
  readonly name: string
  readonly about: string
  /** The first check that failed; undefined when the mutant survived them all. */
  readonly caughtBy: string | undefined
}

const SWARM_SEEDS = 60
const VECTORS = ['consensus-scenarios.json', 'consensus-own-scenarios.json'].map(
  name => new URL(`../../vectors/${name}`, import.meta.url),
)

/** The checks in the order of their cost, each as a line that says what failed, or nothing. */
export function* failuresOf(core: CoreModule, likely: readonly string[] = []): Generator<string> {
  for (const failure of checkVertexCases(core)) yield `vertex check: ${failure}`
  for (const scenario of VECTORS.flatMap(file => readScenarioFile(readFileSync(file, 'utf8')))) {
    try {
      for (const result of runCase(scenario, core)) if (!result.passed) yield `scenario file, case ${scenario.id}`
    } catch (error) {
      yield `scenario file, case ${scenario.id}: ${firstLine(error)}`
    }
  }
  const { failures } = compareOnRandomDags('mutants', 200, core)
  const [difference] = failures
  if (difference !== undefined) yield `reference model: ${difference.split('\n')[0] ?? ''}`.slice(0, 140)
  const first = likely.flatMap(name => SCENARIOS.filter(s => s.name === name))
  for (const scenario of [...first, ...SCENARIOS.filter(s => !first.includes(s))]) {
    for (const plan of scenario.plans()) {
      const expect = scenario.expect === undefined ? {} : { expect: scenario.expect }
      const { violation } = runPlan(plan, { core, ...expect })
      if (violation !== undefined) yield `${scenario.row} ${plan.seed}: ${firstLine(violation)}`
    }
  }
  for (let seed = 0; seed < SWARM_SEEDS; seed++) {
    const { violation } = runPlan(planFromSeed(String(seed)), { core })
    if (violation !== undefined) yield `swarm seed ${seed}: ${firstLine(violation)}`
  }
}

function firstLine(error: unknown): string {
  return (messageOf(error).split('\n')[0] ?? '').slice(0, 140)
}

async function hunt(mutant: Mutant): Promise<MutantResult> {
  const { name, about } = mutant
  const core = await loadMutant(mutant)
  for (const failure of failuresOf(core, mutant.likely)) return { name, about, caughtBy: failure }
  return { name, about, caughtBy: undefined }
}

/** Runs every mutant (or the named ones) against the suite until something catches it. */
export async function huntMutants(
  names: readonly string[],
  report: (result: MutantResult) => void,
): Promise<MutantResult[]> {
  const results: MutantResult[] = []
  for (const mutant of MUTANTS) {
    if (names.length > 0 && !names.includes(mutant.name)) continue
    const result = await hunt(mutant)
    results.push(result)
    report(result)
  }
  return results
}
