import { readFileSync } from 'node:fs'

/** Clock ticks of /proc in a second: fixed at 100 for programs on Linux. */
const TICKS_PER_SECOND = 100

/** Processor time of all threads of a process so far, in microseconds. Linux only. */
export function cpuTimeUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field, the name, stands in parentheses and may hold blanks; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1_000_000
}

export type Samples = ReadonlyMap<string, number>

/** Scrapes a validator's metrics: name with labels → value. */
export async function scrape(healthUrl: string): Promise<Samples> {
  const answer = await fetch(`${healthUrl}/metrics`)
  const samples = new Map<string, number>()
  for (const line of (await answer.text()).split('\n')) {
    if (line.startsWith('#')) continue
    const space = line.lastIndexOf(' ')
    if (space > 0) samples.set(line.slice(0, space), Number(line.slice(space + 1)))
  }
  return samples
}

/** Value of a metric, or the sum over the label sets that contain `label`. */
export function metricOf(samples: Samples, name: string, label = ''): number {
  let sum = 0
  for (const [key, value] of samples) {
    if ((key === name || key.startsWith(`${name}{`)) && key.includes(label)) sum += value
  }
  return sum
}

/** The smallest value that at least `share` of the sorted ones do not exceed; NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
