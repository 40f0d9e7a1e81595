import { toRawHex } from '#lib/bytes'
import type { Digest } from '#types'

/** Transactions whose life is remembered; the oldest are forgotten first. About 200 bytes each. */
const CAPACITY = 50_000

/** Stages of a transaction's life as this node saw them, in order. */
export type TimelineStage = 'receivedMs' | 'proposedMs' | 'acceptedMs' | 'committedMs' | 'executedMs' | 'certifiedMs'

/** Remembers when each recent transaction reached each stage; the first time counts. For people and benchmarks, never for decisions. */
export class Timeline {
  readonly #lives = new Map<string, Partial<Record<TimelineStage, number>>>()

  mark(hash: Digest, stage: TimelineStage, atMs: number): void {
    const key = toRawHex(hash)
    let life = this.#lives.get(key)
    if (life === undefined) {
      if (this.#lives.size >= CAPACITY) this.#lives.delete(this.#lives.keys().next().value as string)
      life = {}
      this.#lives.set(key, life)
    }
    life[stage] ??= atMs
  }

  get(hash: Digest): Readonly<Record<string, number>> | undefined {
    return this.#lives.get(toRawHex(hash)) as Readonly<Record<string, number>> | undefined
  }
}
