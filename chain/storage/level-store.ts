import { Level } from 'level'
import { CodedError, messageOf } from '#lib/errors'
import { readLevel, scanLevel } from './level-reads.ts'
import type { Store, StoreOperation, StoreRange } from './store.ts'
import { storeFailure } from './store-failure.ts'

export interface LevelStoreOptions {
  /** LevelDB's own cache of blocks, in bytes. */
  readonly cacheBytes?: number
  /** Bytes that LevelDB collects in memory before it writes a sorted table. */
  readonly writeBufferBytes?: number
  /** False refuses a directory without a LevelDB instead of making one. Default true. */
  readonly createIfMissing?: boolean
  /** Lets other threads of this process read it with `openLevelReader`. Default false. */
  readonly isShared?: boolean
}

/** A store on disk, with what only a disk needs. */
export interface DiskStore extends Store {
  /** One number in memory that threads share: grows with each write once it can be read. */
  readonly written: Int32Array
  /** Rewrites every table without the records that were deleted or replaced. */
  compact(): Promise<void>
}

// On Node.js `level` is `classic-level`, which has more than the common type says.
type Database = Level<Uint8Array, Uint8Array> & { compactRange(start: Uint8Array, end: Uint8Array): Promise<void> }

/**
 * Opens (or makes) a LevelDB at `directory`. One process at a time: a second one gets CodedError `store unavailable`.
 * Every failure of the database is CodedError `store full` or `store failed`; nobody retries it, the node stops.
 */
export async function openLevelStore(directory: string, options: LevelStoreOptions = {}): Promise<DiskStore> {
  const settings = {
    createIfMissing: options.createIfMissing ?? true,
    // Known to `classic-level` only, so not to the common type.
    multithreading: options.isShared ?? false,
    keyEncoding: 'view',
    valueEncoding: 'view',
    cacheSize: options.cacheBytes ?? 64 * 1024 * 1024,
    writeBufferSize: options.writeBufferBytes ?? 32 * 1024 * 1024,
  }
  const database = new Level<Uint8Array, Uint8Array>(directory, settings) as Database
  try {
    await database.open()
    // LevelDB makes its background thread for the first work that it gets, with the priority of the thread that brings
    // it: that must not be a reader of low priority.
    if (options.isShared === true) await database.compactRange(Uint8Array.of(0), Uint8Array.of(0))
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    const failure = storeFailure('open', cause)
    if (failure.code === 'store full') throw failure
    throw new CodedError('store unavailable', `cannot open the store: ${messageOf(cause)}`, {
      data: { directory },
      cause: error,
    })
  }
  return new LevelStore(database)
}

/**
 * Lets LevelDB gather what it can still read into a database that opens again. Records may be lost, also in the middle:
 * whoever calls this checks the content afterwards. CodedError as {@link openLevelStore} on failure.
 */
export async function repairLevelStore(directory: string): Promise<void> {
  try {
    await (Level as unknown as { repair(location: string): Promise<void> }).repair(directory)
  } catch (error) {
    throw storeFailure('be repaired', error)
  }
}

class LevelStore implements DiskStore {
  readonly written = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return readLevel(this.#database, key)
  }

  scan(range: StoreRange): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    return scanLevel(this.#database, range)
  }

  async write(operations: readonly StoreOperation[], options: { durable: boolean }): Promise<void> {
    if (operations.length === 0 && !options.durable) return
    try {
      // Operation by operation, which costs half of what a list does, and nothing of it is garbage that lives on.
      const batch = this.#database.batch()
      for (const { key, value } of operations) {
        if (value === undefined) batch.del(key)
        else batch.put(key, value)
      }
      await batch.write({ sync: options.durable })
      Atomics.add(this.written, 0, 1)
    } catch (error) {
      throw storeFailure('write', error)
    }
  }

  async compact(): Promise<void> {
    try {
      await this.#database.compactRange(Uint8Array.of(0), Uint8Array.of(0xff, 0xff))
    } catch (error) {
      throw storeFailure('compact', error)
    }
  }

  async close(): Promise<void> {
    await this.#database.close()
  }
}
