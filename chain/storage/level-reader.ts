import { Level } from 'level'
import { CodedError, messageOf } from '#lib/errors'
import { type LevelSnapshot, readLevel, scanLevel } from './level-reads.ts'
import type { Store, StoreRange } from './store.ts'

/**
 * A store that another thread of this process writes, as it was at one moment: everything that is read between two
 * calls of `renew` belongs together, whatever is written meanwhile.
 */
export interface StoreReader extends Store {
  /** Moves to the present; false when nothing was written since the last time. */
  renew(): boolean
  /** The value of the present, which may be newer than what `get` sees. */
  latest(key: Uint8Array): Uint8Array | undefined
  /** Lets go of the moment, as a kept one holds disk space; the next read moves to the present. */
  release(): void
}

/**
 * Opens the LevelDB at `directory`, which this process has open as a shared one, for reading on another thread. `written` is
 * the writer's count, which saves a look at the database where nothing was written. CodedError `store unavailable` when it
 * cannot be opened, `store failed` on failures later and on every write.
 */
export async function openLevelReader(directory: string, written?: Int32Array): Promise<StoreReader> {
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
  return new LevelReader(database, written)
}

class LevelReader implements StoreReader {
  readonly #database: Level<Uint8Array, Uint8Array>
  readonly #written: Int32Array | undefined
  #snapshot: LevelSnapshot | undefined
  /** The writer's count at the last renewal. */
  #seen: number | undefined

  constructor(database: Level<Uint8Array, Uint8Array>, written: Int32Array | undefined) {
    this.#database = database
    this.#written = written
  }

  renew(): boolean {
    // Before the snapshot: a write in between is seen twice rather than never.
    const now = this.#written === undefined ? undefined : Atomics.load(this.#written, 0)
    if (now !== undefined && now === this.#seen) return false
    this.release()
    this.#snapshot = this.#database.snapshot()
    this.#seen = now
    return true
  }

  release(): void {
    void this.#snapshot?.close()
    this.#snapshot = undefined
    this.#seen = undefined
  }

  latest(key: Uint8Array): Uint8Array | undefined {
    return readLevel(this.#database, key)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return readLevel(this.#database, key, this.#current())
  }

  // A generator, so that the moment is the one of the first entry and not of this call.
  async *scan(range: StoreRange): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    yield* scanLevel(this.#database, range, this.#current())
  }

  async write(): Promise<void> {
    throw new CodedError('store failed', 'this store is open for reading only')
  }

  async close(): Promise<void> {
    this.release()
    await this.#database.close()
  }

  #current(): LevelSnapshot {
    this.#snapshot ??= this.#database.snapshot()
    return this.#snapshot
  }
}
