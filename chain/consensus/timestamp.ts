import { assert, defined } from '#lib/assert'
import type { Dag, DagVertex } from './dag.ts'

/** First timestamp, in ascending order, whose cumulative stake exceeds half of the total (rounded down). */
export function medianTimestamp(samples: readonly { readonly timestampMs: number; readonly stake: number }[]): number {
  assert(samples.length > 0, 'a median needs a sample')
  const sorted = [...samples].sort((a, b) => a.timestampMs - b.timestampMs)
  let total = 0
  for (const sample of sorted) total += sample.stake
  const half = Math.floor(total / 2)
  let weight = 0
  for (const sample of sorted) {
    weight += sample.stake
    if (weight > half) return sample.timestampMs
  }
  return defined(sorted.at(-1), 'a median needs a sample').timestampMs
}

/**
 * Time of a commit: the stake-weighted median of the leader's parents of the round before it, never below `previousMs`.
 * Exactly the parents that the leader names count, so every node computes the same; they weigh a quorum, so the median
 * lies between two honest clocks.
 */
export function commitTimestamp<V extends DagVertex>(dag: Dag<V>, leader: V, previousMs: number): number {
  const samples: { timestampMs: number; stake: number }[] = []
  for (const parent of leader.parents) {
    if (parent.round !== leader.round - 1) continue
    // Genesis vertices carry time 0; they may be collected already.
    const timestampMs =
      parent.round === 0 ? 0 : defined(dag.get(parent), 'a parent of a committed leader is accepted').vertex.timestampMs
    samples.push({ timestampMs, stake: dag.committee.stakes[parent.author] as number })
  }
  return samples.length === 0 ? previousMs : Math.max(previousMs, medianTimestamp(samples))
}
