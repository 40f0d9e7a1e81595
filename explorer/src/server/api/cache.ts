/** Remembers answers that cost the node something, for a moment; concurrent askers share one question. */
export class MomentCache {
  readonly #entries = new Map<string, { readonly until: number; readonly value: Promise<unknown> }>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get<T>(key: string, ttlMs: number, read: () => Promise<T>): Promise<T> {
    const now = Date.now()
    const known = this.#entries.get(key)
    if (known !== undefined && known.until > now) return known.value as Promise<T>
    const value = read()
    this.#entries.delete(key)
    if (this.#entries.size >= this.#capacity) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
    const entry = { until: now + ttlMs, value }
    this.#entries.set(key, entry)
    value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    })
    return value
  }
}
