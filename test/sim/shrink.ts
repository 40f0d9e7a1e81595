import type { CoreModule } from './core.ts'
import type { Fault, Plan } from './plan.ts'
import { type RunResult, runPlan } from './run.ts'

/** Smaller variants of a plan, the most drastic first. */
function* candidates(plan: Plan): Generator<Plan> {
  const { faults, stakes } = plan
  if (faults.length > 1) {
    const half = faults.length >> 1
    yield { ...plan, faults: faults.slice(0, half) }
    yield { ...plan, faults: faults.slice(half) }
  }
  for (let i = 0; i < faults.length; i++) yield { ...plan, faults: faults.filter((_, j) => j !== i) }
  if (stakes.length > 4) {
    for (let i = stakes.length - 1; i >= 0; i--) {
      const smaller = withoutNode(plan, i)
      if (smaller !== undefined) yield smaller
    }
  }
  const { staking, coldStart, ...rest } = plan
  if (staking !== undefined) {
    const { epochDurationMs: _duration, ...params } = plan.params
    yield { ...rest, params, ...(coldStart === undefined ? {} : { coldStart }) }
    for (let i = 0; i < staking.length; i++) yield { ...plan, staking: staking.filter((_, j) => j !== i) }
  }
  if (coldStart === true) yield { ...rest, ...(staking === undefined ? {} : { staking }) }
  if (stakes.some(s => s > 1)) yield { ...plan, stakes: stakes.map(s => Math.min(s, 1)) }
  if (plan.durationMs > 500) yield { ...plan, durationMs: Math.ceil(plan.durationMs / 2) }
  if (plan.durationMs > 500) yield { ...plan, durationMs: Math.ceil(plan.durationMs * 0.8) }
  if (plan.network.latency.kind !== 'constant')
    yield { ...plan, network: { ...plan.network, latency: { kind: 'constant', us: 50_000 } } }
  if (plan.network.gstMs > 0) yield { ...plan, network: { ...plan.network, gstMs: 0 } }
  if (plan.network.lossPpm > 0 || plan.network.duplicatePpm > 0)
    yield { ...plan, network: { ...plan.network, lossPpm: 0, duplicatePpm: 0 } }
  if (!plan.network.ordered) yield { ...plan, network: { ...plan.network, ordered: true } }
  if (plan.disk.highUs > 0) yield { ...plan, disk: { lowUs: 0, highUs: 0 } }
  if (plan.executionUs > 0) yield { ...plan, executionUs: 0 }
  if (plan.workload.everyMs > 0) yield { ...plan, workload: { ...plan.workload, everyMs: 0 } }
  if (plan.leaders === 'schedule') yield { ...plan, leaders: 'roundRobin' }
}

/** The plan with one node less; undefined when a fault is about it. */
function withoutNode(plan: Plan, gone: number): Plan | undefined {
  const move = (i: number) => (i > gone ? i - 1 : i)
  const faults: Fault[] = []
  for (const fault of plan.faults) {
    if ('node' in fault) {
      if (fault.node === gone) return undefined
      faults.push({ ...fault, node: move(fault.node) })
    } else if (fault.kind === 'partition')
      faults.push({ ...fault, groups: fault.groups.map(g => g.filter(i => i !== gone).map(move)) })
    else if (fault.kind === 'cut')
      faults.push({
        ...fault,
        from: fault.from.filter(i => i !== gone).map(move),
        to: fault.to.filter(i => i !== gone).map(move),
      })
    else if (fault.kind === 'slow') faults.push({ ...fault, nodes: fault.nodes.filter(i => i !== gone).map(move) })
    else faults.push(fault)
  }
  const staking = plan.staking
    ?.filter(({ machine }) => machine !== gone)
    .map(change => ({ ...change, machine: move(change.machine) }))
  const stakes = plan.stakes.filter((_, i) => i !== gone)
  if (!stakes.some(stake => stake > 0)) return undefined
  return { ...plan, faults, stakes, ...(staking === undefined ? {} : { staking }) }
}

/**
 * Makes a failing plan smaller while it fails with the same invariant; stops at `runsMax` runs.
 */
export function shrink(
  plan: Plan,
  failure: RunResult,
  core: CoreModule,
  runsMax = 200,
): { plan: Plan; result: RunResult; runs: number } {
  let best = plan
  let result = failure
  let runs = 0
  for (let improved = true; improved; ) {
    improved = false
    for (const smaller of candidates(best)) {
      if (runs >= runsMax) return { plan: best, result, runs }
      runs += 1
      const next = runPlan(smaller, { core })
      if (next.violation === undefined || next.violation.invariant !== result.violation?.invariant) continue
      best = smaller
      result = next
      improved = true
      break
    }
  }
  return { plan: best, result, runs }
}
