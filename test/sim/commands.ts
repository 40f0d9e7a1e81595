import { readFileSync } from 'node:fs'
import { REAL_CORE } from './core.ts'
import { measureDelays } from './delays.ts'
import { compareOnRandomDags } from './differential.ts'
import { fuzz } from './fuzz.ts'
import { huntMutants } from './mutants/hunt.ts'
import { defaultJobs, hashOf, runSeeds } from './parallel.ts'
import { basePlan, CALM_NETWORK, type Plan } from './plan.ts'
import { type RunResult, runPlan, summaryOf } from './run.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios/index.ts'
import { REGRESSION_SEEDS } from './seeds.ts'
import { shrink } from './shrink.ts'
import { planFromSeed } from './swarm.ts'

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function seconds(sinceMs: number): string {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`
}

function printFailure(result: RunResult, replay: string): void {
  print(`  ${result.verdict}: ${result.violation?.message ?? ''}`)
  print(`  ${summaryOf(result)}`)
  print(`  replay: ${replay}`)
}

/** Everything: named scenarios, remembered and fresh seeds, mutants. */
export async function runAll(): Promise<boolean> {
  const scenarios = runScenarios([], false)
  const swarm = await runSwarm(0, 200, defaultJobs())
  const mutants = await runMutants([])
  print(
    `scenarios ${scenarios ? 'passed' : 'FAILED'}, swarm ${swarm ? 'passed' : 'FAILED'}, mutants ${mutants ? 'caught' : 'SURVIVED'}`,
  )
  return scenarios && swarm && mutants
}

/** Runs one scenario; true when every plan of it passes. */
export function runScenario(
  scenario: Scenario,
  verbose: boolean,
  report: (plan: Plan, result: RunResult) => void,
): boolean {
  let good = true
  for (const plan of scenario.plans()) {
    const expect = scenario.expect === undefined ? {} : { expect: scenario.expect }
    const result = runPlan(plan, { core: REAL_CORE, verbose, ...expect })
    good &&= result.verdict === 'pass'
    report(plan, result)
  }
  return good
}

export function runScenarios(names: readonly string[], verbose: boolean): boolean {
  const chosen = SCENARIOS.filter(s => names.length === 0 || names.includes(s.name) || names.includes(s.row))
  if (chosen.length === 0) {
    print(`no such scenario; there are: ${SCENARIOS.map(s => `${s.row} ${s.name}`).join(', ')}`)
    return false
  }
  let failures = 0
  let runs = 0
  const start = Date.now()
  for (const scenario of chosen) {
    const since = Date.now()
    const failed: [Plan, RunResult][] = []
    let count = 0
    runScenario(scenario, verbose, (plan, result) => {
      count += 1
      if (verbose) for (const line of result.world.trace.tail()) print(line)
      if (result.verdict !== 'pass') failed.push([plan, result])
    })
    runs += count
    failures += failed.length
    print(
      `${failed.length === 0 ? 'ok  ' : 'FAIL'} ${scenario.row.padEnd(3)} ${scenario.name.padEnd(26)} ${String(count).padStart(3)} runs ${seconds(since).padStart(7)}  ${scenario.about}`,
    )
    for (const [plan, result] of failed) {
      print(`  plan ${plan.seed}`)
      printFailure(result, `npm run sim -- scenarios ${scenario.name} --verbose`)
    }
  }
  print(`${chosen.length} scenarios, ${runs} runs, ${failures} failed, ${seconds(start)}`)
  return failures === 0
}

/** Random plans on `jobs` cores; what is printed at the end does not depend on their number. */
export async function runSwarm(from: number, count: number, jobs: number): Promise<boolean> {
  const start = Date.now()
  const seeds = [...(from === 0 ? REGRESSION_SEEDS : []), ...Array.from({ length: count }, (_, k) => String(from + k))]
  let said = Date.now()
  let failed = 0
  const reports = await runSeeds(seeds, jobs, (one, done) => {
    if (one.verdict !== 'pass') {
      failed += 1
      print(`… seed ${one.seed} fails: ${(one.message ?? '').split('\n')[0]}`)
    }
    if (Date.now() - said < 10_000) return
    said = Date.now()
    const left = (((Date.now() - start) / done) * (seeds.length - done)) / 1_000
    print(`… ${done} of ${seeds.length} seeds, ${failed} failed, ${seconds(start)}, about ${Math.round(left)} s left`)
  })
  const tally = { pass: 0, 'no-progress': 0, diverged: 0 }
  for (const one of reports) {
    tally[one.verdict] += 1
    if (one.verdict === 'pass') continue
    print(`FAIL seed ${one.seed}`)
    print(`  ${one.verdict}: ${one.message ?? ''}`)
    print(`  ${one.summary}`)
    print(`  replay: npm run sim -- --seed ${one.seed} --verbose`)
  }
  const verdicts = `${tally.pass} pass, ${tally['no-progress']} no-progress, ${tally.diverged} diverged`
  print(`swarm: ${seeds.length} seeds, ${verdicts}, traces ${hashOf(reports)}`)
  print(`${seconds(start)} on ${jobs} threads`)
  return tally.pass === seeds.length
}

export function replay(seed: string, verbose: boolean): boolean {
  return showRun(planFromSeed(seed), verbose, `seed ${seed}`)
}

export function runPlanFile(file: string, verbose: boolean): boolean {
  return showRun(JSON.parse(readFileSync(file, 'utf8')) as Plan, verbose, file)
}

function showRun(plan: Plan, verbose: boolean, name: string): boolean {
  const result = runPlan(plan, { core: REAL_CORE, verbose })
  if (verbose) {
    print(JSON.stringify(plan, null, 2))
    for (const line of result.world.trace.tail()) print(line)
  }
  print(`${name}: ${result.verdict}${result.violation === undefined ? '' : `: ${result.violation.message}`}`)
  print(`${summaryOf(result)} events=${result.events}`)
  return result.verdict === 'pass'
}

export function shrinkSeed(seed: string): boolean {
  const plan = planFromSeed(seed)
  const result = runPlan(plan, { core: REAL_CORE })
  if (result.violation === undefined) {
    print(`seed ${seed} passes`)
    return true
  }
  const small = shrink(plan, result, REAL_CORE)
  print(JSON.stringify(small.plan, null, 2))
  print(
    `${small.runs} runs; ${plan.faults.length} → ${small.plan.faults.length} faults, ${plan.stakes.length} → ${small.plan.stakes.length} nodes`,
  )
  print(`${small.result.verdict}: ${small.result.violation?.message ?? ''}`)
  return false
}

export function runDelays(nMax: number): boolean {
  const start = Date.now()
  print(
    `${'setting'.padEnd(40)} ${'N'.padStart(4)}  ${'measure'.padEnd(11)} ${'measured'.padStart(8)} ${'expected'.padStart(8)}`,
  )
  const results = measureDelays(REAL_CORE, nMax, r => {
    print(
      `${r.setting.padEnd(40)} ${String(r.n).padStart(4)}  ${r.measure.padEnd(11)} ${r.measured.toFixed(2).padStart(8)} ${r.expected.toFixed(2).padStart(8)}  ${r.holds ? 'ok' : 'OUTSIDE'}`,
    )
  })
  const good = results.filter(r => r.holds).length
  print(`${good} of ${results.length} cells within bounds (0.3 δ constant, 10 % random), ${seconds(start)}`)
  return good === results.length
}

export async function runMutants(names: readonly string[]): Promise<boolean> {
  const start = Date.now()
  const results = await huntMutants(names, r => {
    print(
      `${r.caughtBy === undefined ? 'SURVIVED' : 'caught  '} ${r.name.padEnd(28)} ${r.about}${r.caughtBy === undefined ? '' : `\n${' '.repeat(38)}by ${r.caughtBy}`}`,
    )
  })
  const caught = results.filter(r => r.caughtBy !== undefined).length
  print(`${caught} of ${results.length} mutants caught, ${seconds(start)}`)
  return caught === results.length
}

export function runDifferential(count: number, seed: string): boolean {
  const start = Date.now()
  const result = compareOnRandomDags(seed, count)
  for (const failure of result.failures.slice(0, 5)) print(failure)
  print(
    `differential: ${result.dags} DAGs, ${result.decisions} decisions, ${result.failures.length} differences, ${seconds(start)}`,
  )
  return result.failures.length === 0
}

export function runScale(validators: number, rounds: number): boolean {
  const start = Date.now()
  const plan = basePlan('scale', validators, {
    durationMs: 100_000_000,
    network: { ...CALM_NETWORK, ordered: false },
    workload: { everyMs: 0, bytes: 40, doublePpm: 0 },
  })
  const result = runPlan(plan, { core: REAL_CORE, stopAtRound: rounds })
  const took = (Date.now() - start) / 1000
  const cpu = (process.cpuUsage().user + process.cpuUsage().system) / 1e6
  const accepted = validators * validators * rounds
  print(
    `${validators} validators × ${rounds} rounds: ${took.toFixed(1)} s (${cpu.toFixed(1)} s of CPU), ${Math.round(accepted / took)} vertices accepted and decided per second, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
  )
  if (result.violation !== undefined) print(result.violation.message)
  return result.verdict === 'pass'
}

export function runFuzz(minutes: number, seed: string): boolean {
  const result = fuzz(seed, minutes * 60_000, line => print(line))
  print(`fuzz: ${result.inputs} inputs, ${result.accepted} accepted, ${result.failures.length} failures`)
  for (const failure of result.failures.slice(0, 10)) print(`  ${failure}`)
  return result.failures.length === 0
}
