import { metricOf, scrape } from '../load/observe.ts'
import type { NodeProcess } from './cluster.ts'

export interface Spread {
  readonly median: number
  readonly longest: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0), longest: Math.round(sorted.at(-1) ?? 0) }
}

/** One metric of a node that serves. */
export async function metric({ healthUrl }: NodeProcess, name: string): Promise<number> {
  return metricOf(await scrape(healthUrl), name)
}

/** Zero until a validator takes part. */
export function ownVertices(node: NodeProcess): Promise<number> {
  return metric(node, 'ogpu_consensus_own_vertices_total')
}

export function sleep(ms: number): Promise<undefined> {
  return new Promise(resolve => setTimeout(() => resolve(undefined), ms))
}
