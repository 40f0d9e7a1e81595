/** A queue in which owners take turns: one with a thousand entries delays another's only one by one entry. */
export class FairQueue<T> {
  // Owners in the order of their turns; no list is empty.
  readonly #lists = new Map<string, T[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(owner: string, item: T): void {
    const list = this.#lists.get(owner)
    if (list === undefined) this.#lists.set(owner, [item])
    else list.push(item)
    this.#size += 1
  }

  /** The oldest entry of the owner whose turn it is. */
  take(): T | undefined {
    for (const [owner, list] of this.#lists) {
      const item = list.shift()
      this.#lists.delete(owner)
      if (list.length > 0) this.#lists.set(owner, list)
      this.#size -= 1
      return item
    }
    return undefined
  }

  /** False when it was not waiting any more. */
  remove(owner: string, item: T): boolean {
    const list = this.#lists.get(owner)
    const at = list?.indexOf(item) ?? -1
    if (list === undefined || at < 0) return false
    list.splice(at, 1)
    if (list.length === 0) this.#lists.delete(owner)
    this.#size -= 1
    return true
  }

  /** Empties it. */
  drain(): T[] {
    const items = [...this.#lists.values()].flat()
    this.#lists.clear()
    this.#size = 0
    return items
  }
}
