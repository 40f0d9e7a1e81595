/** Numbers of one run; the delays are in microseconds of virtual time. */
export class Stats {
  steps = 0
  messages = 0
  bytes = 0
  created = 0
  commits = 0
  skips = 0
  timeouts = 0
  readonly leaderDelaysUs: number[] = []
  readonly allDelaysUs: number[] = []
  /** Instants of first delivery of each commit at any node. */
  readonly commitTimesUs: number[] = []
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, v) => sum + v, 0) / values.length
}

/** The q-quantile (0 to 1) of the values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted.length === 0
    ? Number.NaN
    : (sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN)
}
