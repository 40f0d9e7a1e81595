import { Level } from 'level'
import { CodedError, messageOf } from '#lib/errors'
import { plain } from './level-store.ts'
import type { Store } from './store.ts'
import { storeFailure } from './store-failure.ts'

type Snapshot = ReturnType<Level['snapshot']>

/**
 * A store that another thread of this process writes, as it was at one moment: everything that is read between two
 * calls of `renew` belongs together, whatever is written meanwhile.
 */
export interface StoreReader extends Store {
  /** Moves to the present. */
  renew(): void
  /** The value of the present, which may be newer than what `get` sees. */
  latest(key: Uint8Array): Uint8Array | undefined
  /** Lets go of the moment, as a kept one holds disk space; the next read moves to the present. */
  release(): void
}

/**
 * Opens the LevelDB at `directory`, which this process has open as a shared one, for reading on another thread.
 * CodedError `store unavailable` when it cannot be opened, `store failed` on failures later and on every write.
 */
export async function openLevelReader(directory: string): Promise<StoreReader> {
  const shared = { createIfMissing: false, multithreading: true, keyEncoding: 'view', valueEncoding: 'view' }
  const database = new Level<Uint8Array, Uint8Array>(directory, shared)
  try {
    await database.open()
  } catch (error) {
    throw new CodedError('store unavailable', `cannot open the store for reading: ${messageOf(error)}`, {
      data: { directory },
      cause: error,
    })
  }
  return new LevelReader(database)
}

class LevelReader implements StoreReader {
  readonly #database: Level<Uint8Array, Uint8Array>
  #snapshot: Snapshot | undefined

  constructor(database: Level<Uint8Array, Uint8Array>) {
    this.#database = database
  }

  renew(): void {
    this.release()
    this.#snapshot = this.#database.snapshot()
  }

  release(): void {
    void this.#snapshot?.close()
    this.#snapshot = undefined
  }

  latest(key: Uint8Array): Uint8Array | undefined {
    try {
      const value = this.#database.getSync(key)
      return value === undefined ? undefined : plain(value)
    } catch (error) {
      throw storeFailure('read', error)
    }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    try {
      const value = this.#database.getSync(key, { snapshot: this.#current() })
      return value === undefined ? undefined : plain(value)
    } catch (error) {
      throw storeFailure('read', error)
    }
  }

  async *scan(range: Parameters<Store['scan']>[0]): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    const iterator = this.#database.iterator({
      gte: range.from,
      lt: range.to,
      reverse: range.reverse ?? false,
      limit: range.limit ?? -1,
      snapshot: this.#current(),
    })
    try {
      for (;;) {
        const entries = await iterator.nextv(Math.min(range.limit ?? 256, 256))
        if (entries.length === 0) return
        for (const [key, value] of entries) yield [plain(key), plain(value)]
      }
    } catch (error) {
      throw storeFailure('scan', error)
    } finally {
      await iterator.close()
    }
  }

  async write(): Promise<void> {
    throw new CodedError('store failed', 'this store is open for reading only')
  }

  async close(): Promise<void> {
    this.release()
    await this.#database.close()
  }

  #current(): Snapshot {
    this.#snapshot ??= this.#database.snapshot()
    return this.#snapshot
  }
}
