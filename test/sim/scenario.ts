import { Violation } from './checker.ts'
import type { Plan } from './plan.ts'
import type { World } from './world.ts'

/** One row of the fault matrix (section 4.3), or a part of it, as plans and what must be true at their end. */
export interface Scenario {
  readonly name: string
  /** Row of the matrix, `F1` … `F26`. */
  readonly row: string
  readonly about: string
  readonly plans: () => readonly Plan[]
  /** On top of the invariants, which always hold. */
  readonly expect?: (world: World) => void
}

/** A scenario's expectation failed. */
export function expectThat(condition: boolean, message: string): void {
  if (!condition) throw new Violation('expected', 0, message)
}

/** Commits that came at any node in this window of virtual time. */
export function commitsBetween(world: World, fromMs: number, toMs: number): number {
  return world.stats.commitTimesUs.filter(t => t >= fromMs * 1000 && t < toMs * 1000).length
}
