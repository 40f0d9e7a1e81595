import type { CoreModule } from './core.ts'
import { basePlan, CALM_NETWORK, type Fault, type Latency, type Plan } from './plan.ts'
import { runPlan } from './run.ts'
import { mean, quantile } from './stats.ts'

/** δ of the delay table. Timers work in whole milliseconds, so it is large against one. */
const DELTA_MS = 100

/** One cell of the table of section 5.2, in units of δ. */
export interface DelayRow {
  readonly setting: string
  readonly n: number
  readonly measure: 'leader p50' | 'all mean' | 'all p99' | 'round'
  readonly expected: number
  /** Allowed distance from `expected`. */
  readonly within: number
}

interface Setting {
  readonly name: string
  readonly latency: Latency
  /** Crashed nodes of n. */
  readonly crashed: (n: number) => number
  readonly leaders: Plan['leaders']
  readonly leadersPerRound?: (n: number) => number
  readonly rows: readonly (readonly [n: number, measure: DelayRow['measure'], expected: number])[]
}

const CONSTANT: Latency = { kind: 'constant', us: DELTA_MS * 1000 }
const UNIFORM: Latency = { kind: 'uniform', lowUs: DELTA_MS * 500, highUs: DELTA_MS * 1500 }
const EXPONENTIAL: Latency = { kind: 'exponential', baseUs: DELTA_MS * 700, meanUs: DELTA_MS * 300 }
const none = () => 0
const faulty = (n: number) => Math.floor((n - 1) / 3)

/** Section 5.2 row by row; constant rows hold within 0.3 δ, random ones within 10 %. */
const SETTINGS: readonly Setting[] = [
  {
    name: 'constant δ',
    latency: CONSTANT,
    crashed: none,
    leaders: 'roundRobin',
    rows: [4, 10, 25, 50, 100].flatMap(n => [
      [n, 'leader p50', 3] as const,
      [n, 'all mean', 4 - 1 / n] as const,
      [n, 'all p99', 4] as const,
      [n, 'round', 1] as const,
    ]),
  },
  {
    name: 'constant δ, N/2 slots per round',
    latency: CONSTANT,
    crashed: none,
    leaders: 'roundRobin',
    leadersPerRound: n => n >> 1,
    rows: [
      [4, 'all mean', 3.5],
      [10, 'all mean', 3.5],
    ],
  },
  {
    name: 'uniform 0.5–1.5 δ',
    latency: UNIFORM,
    crashed: none,
    leaders: 'roundRobin',
    rows: [
      [4, 'leader p50', 3.17],
      [10, 'leader p50', 3.45],
      [25, 'leader p50', 3.56],
      [50, 'leader p50', 3.61],
      [4, 'all mean', 4.21],
      [10, 'all mean', 4.8],
      [25, 'all mean', 5.0],
      [50, 'all mean', 5.1],
      [4, 'all p99', 5.86],
      [10, 'all p99', 6.1],
      [25, 'all p99', 6.2],
      [50, 'all p99', 6.2],
      [4, 'round', 1.09],
      [10, 'round', 1.17],
      [25, 'round', 1.19],
      [50, 'round', 1.21],
    ],
  },
  {
    name: '0.7 + exponential(0.3) δ',
    latency: EXPONENTIAL,
    crashed: none,
    leaders: 'roundRobin',
    rows: [
      [10, 'all mean', 4.7],
      [25, 'all mean', 5.0],
      [10, 'all p99', 6.4],
      [25, 'all p99', 6.5],
    ],
  },
  {
    name: '1 crashed, round robin, timeout 4δ',
    latency: CONSTANT,
    crashed: () => 1,
    leaders: 'roundRobin',
    rows: [
      [4, 'all mean', 6.58],
      [10, 'all mean', 5.42],
      [25, 'all mean', 4.69],
    ],
  },
  {
    name: 'f crashed, round robin, timeout 4δ',
    latency: CONSTANT,
    crashed: faulty,
    leaders: 'roundRobin',
    rows: [
      [4, 'all mean', 6.58],
      [10, 'all mean', 7.58],
      [25, 'all mean', 8.03],
      [100, 'all mean', 8.31],
    ],
  },
  {
    name: 'f crashed and swapped out',
    latency: CONSTANT,
    crashed: faulty,
    leaders: 'schedule',
    rows: [
      [4, 'all mean', 3.67],
      [10, 'all mean', 3.86],
      [25, 'all mean', 3.94],
      [100, 'all mean', 3.99],
    ],
  },
]

export interface DelayResult extends DelayRow {
  readonly measured: number
  readonly holds: boolean
}

/** Measures every cell of the table for committees up to `nMax`; reports each as soon as it is known. */
export function measureDelays(core: CoreModule, nMax: number, report: (result: DelayResult) => void): DelayResult[] {
  const results: DelayResult[] = []
  for (const setting of SETTINGS) {
    for (const n of new Set(setting.rows.map(([size]) => size))) {
      if (n > nMax) continue
      const measured = measureSetting(core, setting, n)
      for (const [size, measure, expected] of setting.rows) {
        if (size !== n) continue
        const within = setting.latency.kind === 'constant' ? 0.3 : expected * 0.1
        const value = measured[measure]
        const result = {
          setting: setting.name,
          n,
          measure,
          expected,
          within,
          measured: value,
          holds: Math.abs(value - expected) <= within,
        }
        results.push(result)
        report(result)
      }
    }
  }
  return results
}

/**
 * Crashed leaders come once in N rounds, and stragglers of an exponential tail once in many: both are measured over
 * enough rounds that neither the ends nor one event count.
 */
function roundsOf(setting: Setting, n: number, crashed: number): number {
  if (setting.leaders === 'schedule') return 110
  if (setting.latency.kind === 'exponential') return 300
  return crashed > 0 && n <= 10 ? 40 * n : 60
}

function measureSetting(core: CoreModule, setting: Setting, n: number): Record<DelayRow['measure'], number> {
  const crashed = setting.crashed(n)
  // Crashed ones are spread over the committee, as they are in a round robin of a real one.
  const faults: Fault[] = Array.from({ length: crashed }, (_, k) => ({
    kind: 'crash',
    node: crashed === 1 ? 1 : 3 * k + 1,
    atMs: 0,
    disk: 'keep',
  }))
  const window = 10
  const rounds = roundsOf(setting, n, crashed)
  const plan = basePlan(`delays/${setting.name}/${n}`, n, {
    params: {
      minRoundDelayMs: 0,
      leaderTimeoutMs: 4 * DELTA_MS,
      leaderTimeoutMaxMs: 4 * DELTA_MS,
      scheduleWindowCommits: window,
      scheduleBadStakePercent: 34,
      leadersPerRound: setting.leadersPerRound?.(n) ?? 1,
    },
    durationMs: rounds * 10 * DELTA_MS,
    network: { ...CALM_NETWORK, latency: setting.latency, ordered: false },
    workload: { everyMs: 0, bytes: 40, doublePpm: 0 },
    faults,
    leaders: setting.leaders,
  })
  // Without swaps a few rounds of warm-up are enough; with them the windows that make everybody known must be over.
  const measureAfterMs = setting.leaders === 'schedule' ? 60 * DELTA_MS : 5 * DELTA_MS
  const { world, violation } = runPlan(plan, { core, measureAfterMs, stopAtRound: rounds })
  if (violation !== undefined) throw violation
  const { leaderDelaysUs, allDelaysUs } = world.stats
  const deltaUs = DELTA_MS * 1000
  const created = (world.nodes[0]?.isAlive ? world.nodes[0] : world.nodes.find(node => node.isAlive))?.ownVertices ?? []
  const times = created.map(v => world.registry.infoOf(v).createdUs)
  const first = times[5] ?? 0
  const last = times.at(-1) ?? 0
  return {
    'leader p50': quantile(leaderDelaysUs, 0.5) / deltaUs,
    'all mean': mean(allDelaysUs) / deltaUs,
    'all p99': quantile(allDelaysUs, 0.99) / deltaUs,
    round: (last - first) / Math.max(1, times.length - 6) / deltaUs,
  }
}
