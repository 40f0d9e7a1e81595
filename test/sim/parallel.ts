import { createHash } from 'node:crypto'
import { availableParallelism, totalmem } from 'node:os'
import { Worker } from 'node:worker_threads'

/** What is told of one seed. */
export interface SeedReport {
  readonly seed: string
  readonly verdict: 'pass' | 'no-progress' | 'diverged'
  /** The violation, absent when it passed. */
  readonly message?: string
  readonly summary: string
  readonly trace: string
}

/** Seeds that a worker takes at a time: few, so that the cores finish together. */
const CHUNK = 8

/** Half of the machine's memory for all workers: a plan of a hundred validators needs gigabytes, V8's own limit is four. */
const HEAP_MB = Math.floor(totalmem() / 2 ** 21)

export function defaultJobs(): number {
  return availableParallelism()
}

/**
 * Runs seeds on `jobs` threads. `report` is called for each as it ends, in any order; the result is in the order of the
 * seeds, whatever the number of threads. A worker that dies fails the whole run.
 */
export async function runSeeds(
  seeds: readonly string[],
  jobs: number,
  report: (one: SeedReport, done: number) => void,
): Promise<readonly SeedReport[]> {
  const reports = new Map<string, SeedReport>()
  let next = 0
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./swarm-worker.ts', import.meta.url), {
        resourceLimits: { maxYoungGenerationSizeMb: 128, maxOldGenerationSizeMb: Math.floor(HEAP_MB / jobs) },
      })
      const feed = () => {
        const chunk = seeds.slice(next, next + CHUNK)
        next += chunk.length
        worker.postMessage(chunk)
      }
      worker.on('message', (message: SeedReport | 'ready') => {
        if (message === 'ready') return feed()
        reports.set(message.seed, message)
        report(message, reports.size)
      })
      worker.on('error', reject)
      worker.on('exit', code => (code === 0 ? resolve() : reject(new Error(`a worker ended with code ${code}`))))
    })
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, Math.ceil(seeds.length / CHUNK))) }, work))
  return seeds.flatMap(seed => reports.get(seed) ?? [])
}

/** One hash over all traces in the order of the seeds: equal for equal code and seeds on every machine. */
export function hashOf(reports: readonly SeedReport[]): string {
  const hash = createHash('sha256')
  for (const { seed, verdict, trace } of reports) hash.update(`${seed} ${verdict} ${trace}\n`)
  return hash.digest('hex').slice(0, 32)
}
