/** Token buckets by client address: `perSecond` requests in the long run, `burst` at once. Remembers a bounded number. */
export class RateLimit {
  readonly #buckets = new Map<string, { tokens: number; at: number }>()
  readonly #perSecond: number
  readonly #burst: number
  readonly #clients: number

  constructor(perSecond: number, burst: number, clients = 10_000) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#clients = clients
  }

  /** Takes one token; false when there is none. */
  allows(client: string, nowMs: number): boolean {
    const known = this.#buckets.get(client)
    const tokens =
      known === undefined
        ? this.#burst
        : Math.min(this.#burst, known.tokens + ((nowMs - known.at) / 1000) * this.#perSecond)
    this.#buckets.delete(client)
    if (this.#buckets.size >= this.#clients) {
      const oldest = this.#buckets.keys().next()
      if (!oldest.done) this.#buckets.delete(oldest.value)
    }
    const allowed = tokens >= 1
    this.#buckets.set(client, { tokens: allowed ? tokens - 1 : tokens, at: nowMs })
    return allowed
  }
}
