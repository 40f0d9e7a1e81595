import type { AuthorityIndex } from '#types'
import type { Stakes } from './committee.ts'

/**
 * A time that an honest validator's clock has reached, judged by signed timestamps: the highest value that authors of
 * validity weight have reached each. When it is ahead of our clock, our clock is wrong, and vertices must not be refused
 * for it: a slow clock would cut its validator off.
 */
export class NetworkTime {
  readonly #committee: Stakes
  readonly #latest: Float64Array

  constructor(committee: Stakes) {
    this.#committee = committee
    this.#latest = new Float64Array(committee.size)
  }

  observe(author: AuthorityIndex, timestampMs: number): void {
    if (timestampMs > (this.#latest[author] as number)) this.#latest[author] = timestampMs
  }

  /** Milliseconds since the Unix epoch. */
  read(): number {
    const { stakes, size, validity } = this.#committee
    const order = Array.from({ length: size }, (_, author) => author)
    order.sort((a, b) => (this.#latest[b] as number) - (this.#latest[a] as number))
    let weight = 0
    for (const author of order) {
      weight += stakes[author] as number
      if (weight >= validity) return this.#latest[author] as number
    }
    return 0
  }
}
