import { toRawHex } from '#lib/bytes'
import type { Digest } from '#types'

/** Transactions whose life is remembered for certain; up to twice as many are. About 200 bytes each. */
const CAPACITY = 25_000

/** Stages of a transaction's life as this node saw them, in order. */
export type TimelineStage = 'receivedMs' | 'proposedMs' | 'acceptedMs' | 'committedMs' | 'executedMs' | 'certifiedMs'

type Life = Partial<Record<TimelineStage, number>>

/**
 * Remembers when each recent transaction reached each stage; the first time counts. For people and benchmarks, never for
 * decisions. Two generations: the old one is forgotten as a whole when the young one is full. (Deleting a map's oldest
 * entry instead costs a walk over all the places of those deleted before it: 50 µs a transaction at this size.)
 */
export class Timeline {
  #young = new Map<string, Life>()
  #old: ReadonlyMap<string, Life> = new Map()

  mark(hash: Digest, stage: TimelineStage, atMs: number): void {
    const key = toRawHex(hash)
    let life = this.#young.get(key) ?? this.#old.get(key)
    if (life === undefined) {
      if (this.#young.size >= CAPACITY) {
        this.#old = this.#young
        this.#young = new Map()
      }
      life = {}
      this.#young.set(key, life)
    }
    life[stage] ??= atMs
  }

  get(hash: Digest): Readonly<Record<string, number>> | undefined {
    const key = toRawHex(hash)
    return (this.#young.get(key) ?? this.#old.get(key)) as Readonly<Record<string, number>> | undefined
  }
}
