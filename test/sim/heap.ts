/** A binary heap of events in the order (time, phase, sequence): a total order, so a run has exactly one course. */
export class EventHeap<T> {
  readonly #times: number[] = []
  readonly #ranks: number[] = []
  readonly #items: T[] = []
  #sequence = 0

  get size(): number {
    return this.#items.length
  }

  /**
   * Adds an event. Events of one instant leave in the order of their phase (0 or 1), then of their arrival here: phase 1
   * is for "after everything else that happens now".
   */
  push(timeUs: number, phase: 0 | 1, item: T): void {
    const rank = phase * 2 ** 50 + this.#sequence++
    let at = this.#items.length
    this.#times.push(timeUs)
    this.#ranks.push(rank)
    this.#items.push(item)
    while (at > 0) {
      const up = (at - 1) >> 1
      const upTime = this.#times[up] as number
      if (upTime < timeUs || (upTime === timeUs && (this.#ranks[up] as number) < rank)) break
      this.#times[at] = upTime
      this.#ranks[at] = this.#ranks[up] as number
      this.#items[at] = this.#items[up] as T
      at = up
    }
    this.#times[at] = timeUs
    this.#ranks[at] = rank
    this.#items[at] = item
  }

  /** Time of the next event; undefined when there is none. */
  nextTimeUs(): number | undefined {
    return this.#times[0]
  }

  pop(): { timeUs: number; item: T } | undefined {
    if (this.#items.length === 0) return undefined
    const top = { timeUs: this.#times[0] as number, item: this.#items[0] as T }
    const time = this.#times.pop() as number
    const rank = this.#ranks.pop() as number
    const item = this.#items.pop() as T
    const size = this.#items.length
    if (size === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && this.#before(child + 1, child)) child += 1
      const childTime = this.#times[child] as number
      if (childTime > time || (childTime === time && (this.#ranks[child] as number) > rank)) break
      this.#times[at] = childTime
      this.#ranks[at] = this.#ranks[child] as number
      this.#items[at] = this.#items[child] as T
      at = child
    }
    this.#times[at] = time
    this.#ranks[at] = rank
    this.#items[at] = item
    return top
  }

  #before(i: number, j: number): boolean {
    const a = this.#times[i] as number
    const b = this.#times[j] as number
    return a < b || (a === b && (this.#ranks[i] as number) < (this.#ranks[j] as number))
  }
}
