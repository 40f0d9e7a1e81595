import type { Level } from 'level'
import type { StoreRange } from './store.ts'
import { storeFailure } from './store-failure.ts'

type Database = Level<Uint8Array, Uint8Array>

/** A moment of the database that reads may be bound to; without one they see the present. */
export type LevelSnapshot = ReturnType<Database['snapshot']>

/** Entries that one step of a scan takes. */
const SCAN_STEP = 256

/** The value of a key, or undefined; CodedError `store failed` when the database fails. */
export function readLevel(database: Database, key: Uint8Array, snapshot?: LevelSnapshot): Uint8Array | undefined {
  try {
    const value = snapshot === undefined ? database.getSync(key) : database.getSync(key, { snapshot })
    return value === undefined ? undefined : plain(value)
  } catch (error) {
    throw storeFailure('read', error)
  }
}

/** The entries of a range in order; CodedError `store failed` when the database fails. */
export async function* scanLevel(
  database: Database,
  range: StoreRange,
  snapshot?: LevelSnapshot,
): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
  const iterator = database.iterator({
    gte: range.from,
    lt: range.to,
    reverse: range.reverse ?? false,
    limit: range.limit ?? -1,
    ...(snapshot === undefined ? {} : { snapshot }),
  })
  try {
    for (;;) {
      // A single wanted entry must not cost a read-ahead of hundreds.
      const entries = await iterator.nextv(Math.min(range.limit ?? SCAN_STEP, SCAN_STEP))
      if (entries.length === 0) return
      for (const [key, value] of entries) yield [plain(key), plain(value)]
    }
  } catch (error) {
    throw storeFailure('scan', error)
  } finally {
    await iterator.close()
  }
}

// The addon hands out Buffers, whose `slice` shares memory and which compare unequal to plain arrays.
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
