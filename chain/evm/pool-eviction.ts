import { effectiveTip, feeCapOf } from '#types'
import { Heap } from './heap.ts'
import type { PooledTransaction } from './pool-sender.ts'

interface Priced {
  readonly entry: PooledTransaction
  readonly tip: bigint
}

/**
 * Finds the cheapest transactions when the pool is full. Built only when it is first needed, and again when the base
 * fee moved so far that the order may be wrong.
 */
export class EvictionIndex {
  #heap: Heap<Priced> | undefined
  #baseFee = 0n

  /** Tells the index of a new entry; `pooled` is how many there are. */
  add(entry: PooledTransaction, pooled: number): void {
    // Mostly entries that are gone: building it again costs less than carrying them.
    if (this.#heap !== undefined && this.#heap.size > 2 * pooled + 1_024) this.#heap = undefined
    this.#heap?.push({ entry, tip: effectiveTip(entry.transaction, this.#baseFee) })
  }

  /** The entry that offers least; undefined when there is none. `entries` is read when the index has to be built. */
  cheapest(entries: ReadonlyMap<string, PooledTransaction>, baseFee: bigint): PooledTransaction | undefined {
    let heap = this.#heap
    const drift = baseFee > this.#baseFee ? baseFee - this.#baseFee : this.#baseFee - baseFee
    if (heap === undefined || drift * 8n > this.#baseFee) {
      this.#baseFee = baseFee
      const priced = Array.from(entries.values(), entry => ({ entry, tip: effectiveTip(entry.transaction, baseFee) }))
      heap = new Heap(isCheaper, priced)
      this.#heap = heap
    }
    for (let top = heap.peek(); top !== undefined; top = heap.peek()) {
      if (top.entry.pooled) return top.entry
      heap.pop()
    }
    return undefined
  }

  /** Steps over the cheapest entry, which cannot be evicted now; `add` brings it back. */
  skip(): void {
    this.#heap?.pop()
  }
}

function isCheaper(a: Priced, b: Priced): boolean {
  if (a.tip !== b.tip) return a.tip < b.tip
  const capA = feeCapOf(a.entry.transaction)
  const capB = feeCapOf(b.entry.transaction)
  return capA === capB ? a.entry.sequence > b.entry.sequence : capA < capB
}
