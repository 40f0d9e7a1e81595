/**
 * A token bucket that lets one taker fall into debt: what arrived cannot be un-received, but the next must wait. Time is
 * handed in (milliseconds of a monotonic clock).
 */
export class TokenBucket {
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #atMs: number

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perMs = perSecond / 1000
    this.#burst = burst
    this.#tokens = burst
    this.#atMs = nowMs
  }

  #refill(nowMs: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, nowMs - this.#atMs) * this.#perMs)
    this.#atMs = nowMs
  }

  /** Takes `amount` in any case; the milliseconds to wait before taking more (0: none). */
  takeAndWait(amount: number, nowMs: number): number {
    this.#refill(nowMs)
    this.#tokens -= amount
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perMs)
  }

  /** Takes `amount` when there is so much; false (and nothing taken) otherwise. */
  tryTake(amount: number, nowMs: number): boolean {
    this.#refill(nowMs)
    if (this.#tokens < amount) return false
    this.#tokens -= amount
    return true
  }
}
