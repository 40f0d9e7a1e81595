import type { Store, StoreOperation } from '#storage'

/** Writes that need not be durable wait so long for one that must; a quiet network's are not kept for ever. */
const DELAY_MS = 200
/** More bytes than this do not wait. */
const BYTES_MAX = 4 * 1024 * 1024

interface Batch {
  readonly operations: StoreOperation[]
  /** The last word on each key. */
  readonly values: Map<string, Uint8Array | undefined>
  bytes: number
}

/**
 * A store that gathers writes: those that need not be durable travel with the next one that must, in one batch. In a round
 * of consensus every vertex of others is a write of its own otherwise, each a call of a thread and a wake-up. Reads see
 * all of it at once. The order of writes is kept, so a crash takes away a tail of them, as it may with any store, and
 * never anything that a durable write came after. A batch that fails fails every later one too.
 */
export function createWriteBehind(store: Store): Store {
  let waiting = newBatch()
  /** On their way to the disk, oldest first. */
  const underWay: Batch[] = []
  // Resolves when everything that was handed over is written; never rejects.
  let written: Promise<void> = Promise.resolve()
  let failure: { readonly error: unknown } | undefined
  let timer: NodeJS.Timeout | undefined

  function add(operation: StoreOperation): void {
    const { key, value } = operation
    waiting.operations.push(operation)
    waiting.values.set(nameOf(key), value)
    waiting.bytes += key.length + (value?.length ?? 0)
  }

  async function handOver(batch: Batch, before: Promise<void>, durable: boolean): Promise<void> {
    await before
    try {
      if (failure !== undefined) throw failure.error
      await store.write(batch.operations, { durable })
    } catch (error) {
      failure ??= { error }
      throw error
    } finally {
      underWay.shift()
    }
  }

  function flush(durable: boolean): Promise<void> {
    const batch = waiting
    waiting = newBatch()
    underWay.push(batch)
    const done = handOver(batch, written, durable)
    written = done.catch(() => {})
    return done
  }

  /** Brings what waits to the store. A failure is told to the next write. */
  async function settle(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (waiting.operations.length > 0) flush(false).catch(() => {})
    await written
  }

  return {
    get(key) {
      if (waiting.operations.length === 0 && underWay.length === 0) return store.get(key)
      const name = nameOf(key)
      if (waiting.values.has(name)) return waiting.values.get(name)
      const batch = underWay.findLast(({ values }) => values.has(name))
      return batch === undefined ? store.get(key) : batch.values.get(name)
    },

    async *scan(range) {
      await settle()
      yield* store.scan(range)
    },

    async write(operations, { durable }) {
      if (failure !== undefined) throw failure.error
      for (const operation of operations) add(operation)
      if (durable || waiting.bytes > BYTES_MAX) return flush(durable)
      timer ??= setTimeout(() => void settle(), DELAY_MS)
    },

    async close() {
      await settle()
      await store.close()
    },
  }
}

const newBatch = (): Batch => ({ operations: [], values: new Map(), bytes: 0 })

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}
