import { toRawHex } from '#lib/bytes'
import { GenerationCache } from '#lib/cache'
import type { Digest } from '#types'

/** Transactions whose life is remembered; about 200 bytes each. */
const CAPACITY = 50_000

/** Stages of a transaction's life as this node saw them, in order. */
export type TimelineStage = 'receivedMs' | 'proposedMs' | 'acceptedMs' | 'committedMs' | 'executedMs' | 'certifiedMs'

type Life = Partial<Record<TimelineStage, number>>

/** Remembers when each recent transaction reached each stage; the first time counts. For people and benchmarks, never for decisions. */
export class Timeline {
  readonly #lives = new GenerationCache<string, Life>(CAPACITY)

  mark(hash: Digest, stage: TimelineStage, atMs: number): void {
    const key = toRawHex(hash)
    let life = this.#lives.get(key)
    if (life === undefined) {
      life = {}
      this.#lives.set(key, life)
    }
    life[stage] ??= atMs
  }

  get(hash: Digest): Readonly<Record<string, number>> | undefined {
    return this.#lives.get(toRawHex(hash)) as Readonly<Record<string, number>> | undefined
  }
}
