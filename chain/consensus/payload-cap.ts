import type { ConsensusParams } from '#types'
import { PAYLOAD_CAP_FLOOR_BYTES } from './limits.ts'

/** Own rounds that take longer than this many minimal round delays are too slow. */
const TARGET_ROUND_DELAYS = 3
/** Weight of the newest round in the running mean: 1/5. */
const MEAN_DIVISOR = 5
/** Share of the cap that one fast round adds. */
const INCREASE_DIVISOR = 32
/** A decrease leaves at least 7/10. */
const DECREASE_MIN_TENTHS = 7

/**
 * How many bytes of payload an own vertex may carry: full vertices cost everybody time, so the cap falls while our own
 * rounds are slow and grows back slowly while they are fast (AIMD, consensus note 2.23). Local policy: what others accept
 * does not depend on it. Without a minimal round delay there is nothing to compare with, and the cap stays at its maximum.
 */
export class PayloadCap {
  readonly #maxBytes: number
  readonly #floorBytes: number
  readonly #targetUs: number
  #capBytes: number
  /** Microseconds, so that the mean stays an integer. */
  #meanUs: number | undefined
  #lastMs: number | undefined

  constructor(params: Pick<ConsensusParams, 'minRoundDelayMs' | 'payloadBytesPerVertexMax'>) {
    this.#maxBytes = params.payloadBytesPerVertexMax
    this.#floorBytes = Math.min(PAYLOAD_CAP_FLOOR_BYTES, this.#maxBytes)
    this.#targetUs = TARGET_ROUND_DELAYS * params.minRoundDelayMs * 1_000
    this.#capBytes = this.#maxBytes
  }

  get bytes(): number {
    return this.#capBytes
  }

  /** An own vertex was made now; `rounds` since the one before (more than one after a jump, which says nothing). */
  noteVertex(nowMs: number, rounds: number): void {
    const lastMs = this.#lastMs
    this.#lastMs = nowMs
    if (lastMs === undefined || rounds !== 1 || this.#targetUs === 0) return
    const tookUs = (nowMs - lastMs) * 1_000
    this.#meanUs =
      this.#meanUs === undefined ? tookUs : this.#meanUs + Math.trunc((tookUs - this.#meanUs) / MEAN_DIVISOR)
    if (this.#meanUs > this.#targetUs) {
      const scaled = Math.floor((this.#capBytes * this.#targetUs) / this.#meanUs)
      const lowest = Math.floor((this.#capBytes * DECREASE_MIN_TENTHS) / 10)
      this.#capBytes = Math.max(scaled, lowest, this.#floorBytes)
    } else if (this.#meanUs * 10 < this.#targetUs * 8)
      this.#capBytes = Math.min(this.#maxBytes, this.#capBytes + Math.ceil(this.#capBytes / INCREASE_DIVISOR))
  }
}
