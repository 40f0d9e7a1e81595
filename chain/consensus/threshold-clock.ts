import type { Round, VertexRef } from '#types'
import { type Stakes, Tally } from './committee.ts'

/**
 * The highest round with a quorum below it, as other Mysticeti nodes keep it: jumps to any higher accepted round and
 * re-tests the quorum at once (a heavy validator can be a quorum alone). It measures how far the network is; it never
 * decides when we propose (see pacemaker.ts for the reason).
 */
export class ThresholdClock {
  readonly #committee: Stakes
  readonly #tally: Tally
  #round: Round

  constructor(committee: Stakes, round: Round = 0) {
    this.#committee = committee
    this.#tally = new Tally(committee)
    this.#round = round
  }

  get round(): Round {
    return this.#round
  }

  /** Counts an accepted vertex; returns the round after it. */
  accept(vertex: Pick<VertexRef, 'round' | 'author'>): Round {
    if (vertex.round < this.#round) return this.#round
    if (vertex.round > this.#round) {
      this.#round = vertex.round
      this.#tally.clear()
    }
    this.#tally.add(vertex.author)
    if (this.#tally.weight >= this.#committee.quorum) {
      this.#round++
      this.#tally.clear()
    }
    return this.#round
  }
}
