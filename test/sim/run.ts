import { Violation } from './checker.ts'
import type { CoreModule } from './core.ts'
import { checkLiveness } from './liveness.ts'
import type { Plan } from './plan.ts'
import { World } from './world.ts'

/** Outcome of a run: everything held, the network stood still (I10, I11), or nodes disagree or broke a safety rule. */
export type VerdictName = 'pass' | 'no-progress' | 'diverged'

export interface RunResult {
  readonly verdict: VerdictName
  readonly violation?: Violation
  /** Equal for equal plans, on every machine (I15). */
  readonly trace: string
  readonly events: number
  readonly world: World
}

export interface RunOptions {
  readonly core: CoreModule
  readonly verbose?: boolean
  /** A scenario's own expectations, after the invariants held; throws {@link Violation}. */
  readonly expect?: (world: World) => void
  readonly measureAfterMs?: number
  readonly stopAtRound?: number
}

/** Runs a plan to its end or to the first violation. Never throws a {@link Violation}. */
export function runPlan(plan: Plan, options: RunOptions): RunResult {
  const world = new World(plan, options)
  const finish = (verdict: VerdictName, violation?: Violation): RunResult => {
    const base = { verdict, trace: world.trace.digest(), events: world.trace.events, world }
    return violation === undefined ? base : { ...base, violation }
  }
  try {
    world.run()
    if (options.stopAtRound === undefined) checkLiveness(world)
    options.expect?.(world)
    return finish('pass')
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    return finish(error.invariant === 'I10' || error.invariant === 'I11' ? 'no-progress' : 'diverged', error)
  }
}

/** A run in one line. */
export function summaryOf({ world, trace }: RunResult): string {
  const { stats, highestCreated, highestEpoch, plan } = world
  const epochs = world.hasEpochs ? ` epochs=${highestEpoch + 1}` : ''
  return `n=${plan.stakes.length} rounds=${highestCreated} commits=${stats.commits}${epochs} steps=${stats.steps} trace=${trace}`
}
