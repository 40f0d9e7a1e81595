import type { Spread } from './measure.ts'
import type { Step } from './plan.ts'

export interface ChaosOptions {
  /** Names the draws outside the plan (jitter of wires, junk). */
  readonly seed: string
  readonly plan: readonly Step[]
  readonly validators: number
  /** Absent: the committee is fixed. Else a spare validator is there to join and leave. */
  readonly epochDurationMs?: number
  readonly clients?: number
  /** `cli/main.ts` of an older release: it takes the place of the other build in mixed versions. */
  readonly oldRelease?: URL
  /** Keeps the data folder also when nothing was violated. */
  readonly keep?: boolean
  readonly print?: (line: string) => void
}

export interface ChaosSummary {
  readonly violations: readonly string[]
  /** Processes that SIGKILL was seen to end, and how many of them at a fail point. */
  readonly kills: number
  readonly failPoints: Readonly<Record<string, number>>
  readonly steps: Readonly<Record<string, number>>
  /** How often a validator ran an older release, and this one after it. */
  readonly oldRuns: number
  /** Disturbances that this machine does not allow. */
  readonly skipped: readonly string[]
  readonly blocks: number
  readonly vertices: number
  readonly epochs: number
  readonly acknowledged: number
  /** From the end of a disturbance to the first new receipt. */
  readonly recoveryMs: Spread
  /** Time without a receipt while no more than the tolerated number were faulty, and steps in which it was measured. */
  readonly silenceMs: Spread & { readonly steps: number }
  /** From the fork of a process until it serves. */
  readonly startMs: Spread
  readonly seconds: number
  /** Still there when it was asked for or something was violated. */
  readonly dataDir: string
}
