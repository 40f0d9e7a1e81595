import type { ConsensusParams } from '#types'

/**
 * A plan is everything that a run depends on, as plain JSON: the same plan gives the same run, byte for byte. The swarm
 * draws plans from seeds, scenarios write them by hand, the shrinker makes them smaller.
 */
export interface Plan {
  readonly seed: string
  /** One machine per entry, with its stake in epoch 0. */
  readonly stakes: readonly number[]
  readonly params: Partial<ConsensusParams>
  readonly durationMs: number
  readonly network: NetworkPlan
  /** Time that a persist takes; drawn uniformly. */
  readonly disk: { readonly lowUs: number; readonly highUs: number }
  /** Time that executing one commit takes. */
  readonly executionUs: number
  readonly workload: Workload
  readonly faults: readonly Fault[]
  /**
   * Changes of stake that a transaction brings to the staking contract; a machine of `stakes` with 0 follows until one
   * gives it a seat in a later epoch. `params.epochDurationMs` says how long an epoch is.
   */
  readonly staking?: readonly StakeChange[]
  /** Nobody trusts its log at the start: the whole network starts for the first time, without guard files. */
  readonly coldStart?: boolean
  /** Who leads: round robin (round mod N) or the stake-weighted schedule of the protocol. */
  readonly leaders: 'roundRobin' | 'schedule'
}

export interface StakeChange {
  readonly machine: number
  readonly stake: number
  readonly atMs: number
}

export interface NetworkPlan {
  readonly latency: Latency
  readonly lossPpm: number
  readonly duplicatePpm: number
  /** Messages of one link arrive in the order in which they were sent. */
  readonly ordered: boolean
  /** Bytes per second of a node's uplink; 0 for no limit. */
  readonly bandwidth: number
  /** Before this instant an adversary delays any message, at most until `gstMs` plus the normal latency. */
  readonly gstMs: number
}

export type Latency =
  | { readonly kind: 'constant'; readonly us: number }
  | { readonly kind: 'uniform'; readonly lowUs: number; readonly highUs: number }
  | { readonly kind: 'exponential'; readonly baseUs: number; readonly meanUs: number }
  /** Mostly the first range, once in a hundred messages the second one. */
  | {
      readonly kind: 'bimodal'
      readonly lowUs: number
      readonly highUs: number
      readonly slowLowUs: number
      readonly slowHighUs: number
    }
  /** Node i stands in region i mod regions; `matrixUs[a][b]` is the way from a to b, plus a jitter in percent. */
  | { readonly kind: 'regions'; readonly matrixUs: readonly (readonly number[])[]; readonly jitterPercent: number }

export interface Workload {
  /** Each honest node gets a transaction this often; 0 for none. */
  readonly everyMs: number
  readonly bytes: number
  /** Share of transactions that is given to two nodes. */
  readonly doublePpm: number
}

/** What happens to the disk when a node goes down. */
export type DiskFate =
  /** What was durable stays. */
  | 'keep'
  /** As `keep`, and a random prefix of the write in flight survives. */
  | 'torn'
  /** Everything is lost (amnesia). */
  | 'lose'
  /** Restored from a backup: a random older prefix of the log. Counts as amnesia, and the node knows it. */
  | 'snapshot'

/** Names of the places at which a node can be made to crash. */
export type CrashPoint =
  | 'before-own-persist'
  | 'after-own-persist'
  | 'after-first-send'
  | 'after-publish'
  | 'before-commit-persist'
  | 'after-commit-persist'
  | 'after-commit'
  /** The epoch's last commit was executed, its record does not exist yet. */
  | 'epoch-executed'
  /** The record is durable, the next epoch did not begin. */
  | 'epoch-recorded'
  /** The next epoch runs, the old one too. */
  | 'epoch-begun'

export type Fault =
  | {
      readonly kind: 'crash'
      readonly node: number
      readonly atMs: number
      /** Absent: for good. */
      readonly upAtMs?: number
      readonly disk: DiskFate
    }
  /** Crash at the k-th passage of a place, back after `downMs`. */
  | {
      readonly kind: 'crashAt'
      readonly node: number
      readonly point: CrashPoint
      readonly occurrence: number
      readonly downMs: number
      readonly disk: DiskFate
    }
  /** Only nodes of one group hear each other; nodes in no group hear nobody. */
  | {
      readonly kind: 'partition'
      readonly groups: readonly (readonly number[])[]
      readonly fromMs: number
      readonly toMs: number
    }
  /** One-way cut. */
  | {
      readonly kind: 'cut'
      readonly from: readonly number[]
      readonly to: readonly number[]
      readonly fromMs: number
      readonly toMs: number
    }
  | { readonly kind: 'loss'; readonly ppm: number; readonly fromMs: number; readonly toMs: number }
  /** Everything from and to these nodes takes longer. */
  | {
      readonly kind: 'slow'
      readonly nodes: readonly number[]
      readonly addUs: number
      readonly fromMs: number
      readonly toMs: number
    }
  | { readonly kind: 'clock'; readonly node: number; readonly offsetMs: number; readonly driftPpm: number }
  | { readonly kind: 'clockStopped'; readonly node: number; readonly atMs: number }
  /** Execution takes this long per commit in the window. */
  | {
      readonly kind: 'slowExecution'
      readonly node: number
      readonly us: number
      readonly fromMs: number
      readonly toMs: number
    }
  /** Execution throws at this commit the first `times` times. */
  | { readonly kind: 'executionThrows'; readonly node: number; readonly commit: number; readonly times: number }
  /** From this commit on the node computes another state. */
  | { readonly kind: 'wrongState'; readonly node: number; readonly fromCommit: number }
  | { readonly kind: 'diskError'; readonly node: number; readonly atMs: number }
  /** A Byzantine node that follows a named strategy (test/sim/adversaries). */
  | { readonly kind: 'byzantine'; readonly node: number; readonly strategy: string }
  /** A network adversary by name (test/sim/schedulers.ts); it may only delay. */
  | { readonly kind: 'scheduler'; readonly name: string; readonly fromMs: number; readonly toMs: number }

export const CALM_NETWORK: NetworkPlan = {
  latency: { kind: 'constant', us: 50_000 },
  lossPpm: 0,
  duplicatePpm: 0,
  ordered: true,
  bandwidth: 0,
  gstMs: 0,
}

/** A fault-free plan of `n` equal validators; scenarios change what they are about. */
export function basePlan(seed: string, n: number, changes: Partial<Plan> = {}): Plan {
  return {
    seed,
    stakes: Array.from({ length: n }, () => 1),
    // Alone, a validator is limited by the round delay only.
    params: { minRoundDelayMs: n === 1 ? 20 : 0, leaderTimeoutMs: 250, scheduleWindowCommits: 20 },
    durationMs: 5_000,
    network: CALM_NETWORK,
    disk: { lowUs: 0, highUs: 0 },
    executionUs: 0,
    workload: { everyMs: 200, bytes: 40, doublePpm: 0 },
    faults: [],
    leaders: 'schedule',
    ...changes,
  }
}
