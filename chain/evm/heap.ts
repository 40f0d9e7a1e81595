/** Binary heap: `peek` is an item that no other comes before. */
export class Heap<T> {
  readonly #before: (a: T, b: T) => boolean
  readonly #items: T[]

  constructor(before: (a: T, b: T) => boolean, items: readonly T[] = []) {
    this.#before = before
    this.#items = [...items]
    for (let i = (this.#items.length >> 1) - 1; i >= 0; i--) this.#sink(i)
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  push(item: T): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#before(item, items[parent] as T)) break
      items[at] = items[parent] as T
      at = parent
    }
    items[at] = item
  }

  pop(): T | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (items.length > 0 && last !== undefined) {
      items[0] = last
      this.#sink(0)
    }
    return top
  }

  /** `pop` and `push` in one step. */
  replaceTop(item: T): void {
    this.#items[0] = item
    this.#sink(0)
  }

  #sink(start: number): void {
    const items = this.#items
    const item = items[start] as T
    let at = start
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && this.#before(items[child + 1] as T, items[child] as T)) child += 1
      if (!this.#before(items[child] as T, item)) break
      items[at] = items[child] as T
      at = child
    }
    items[at] = item
  }
}
