import { compareBytes } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import type { Store, StoreOperation, StoreRange } from './store.ts'

type Entry = readonly [key: Uint8Array, value: Uint8Array]

/** A {@link Store} in memory for tests and throw-away imports. Keeps copies; a scan sees the store as it was at its start. */
export function createMemoryStore(): Store {
  return new MemoryStore()
}

class MemoryStore implements Store {
  readonly #values = new Map<string, Uint8Array>()
  // Keys in order, rebuilt by the first scan after new or deleted keys.
  #sorted: string[] | undefined
  #closed = false

  get(key: Uint8Array): Uint8Array | undefined {
    this.#check()
    return this.#values.get(textOf(key))?.slice()
  }

  async *scan(range: StoreRange): AsyncIterable<Entry> {
    this.#check()
    this.#sorted ??= [...this.#values.keys()].sort()
    const sorted = this.#sorted
    const first = lowerBound(sorted, textOf(range.from))
    const end = compareBytes(range.from, range.to) < 0 ? lowerBound(sorted, textOf(range.to)) : first
    const count = Math.min(end - first, range.limit ?? Number.POSITIVE_INFINITY)
    const entries: Entry[] = []
    for (let i = 0; i < count; i++) {
      const key = sorted[range.reverse ? end - 1 - i : first + i] as string
      entries.push([bytesOf(key), (this.#values.get(key) as Uint8Array).slice()])
    }
    yield* entries
  }

  async write(operations: readonly StoreOperation[], _options: { durable: boolean }): Promise<void> {
    this.#check()
    for (const { key, value } of operations) {
      const text = textOf(key)
      if (value !== undefined) {
        if (!this.#values.has(text)) this.#sorted = undefined
        this.#values.set(text, value.slice())
      } else if (this.#values.delete(text)) this.#sorted = undefined
    }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #check(): void {
    if (this.#closed) throw new CodedError('store failed', 'the store is closed')
  }
}

function lowerBound(sorted: readonly string[], wanted: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as string) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

// Latin-1 text has one character per byte and compares like the bytes.
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}
