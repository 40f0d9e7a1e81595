import { Reader, Writer } from '#lib/codec'
import { CodedError } from '#lib/errors'
import { KEY_PREFIX, readU48, SCHEMA_VERSION, type Store, type StoreOperation, storeKey, u48 } from '#storage'
import type { BlockNumber } from '#types'
import { metaKey } from './store-meta.ts'
import { whole } from './whole.ts'

export interface MigratedStore {
  readonly from: number
  readonly to: number
  /** Blocks that were moved by this call. */
  readonly blocks: number
}

export interface MigrateOptions {
  /** Bytes of one atomic step: what a kill loses, and what is in memory at a time. Default 4 MiB. */
  readonly stepBytes?: number
  readonly onProgress?: (done: BlockNumber, total: BlockNumber) => void
}

const STEP_BYTES = 4 * 1024 * 1024

/**
 * Brings a chain store of an earlier layout up to this program's, step by step; a killed migration goes on where it was.
 * Undefined when there is nothing to do. CodedErrors `wrong schema` for a layout that is newer or unknown, `store damaged`.
 *
 * From 1 to 2: bodies and receipts move out of the database, which they are written to again for that.
 */
export async function migrateStore(store: Store, options: MigrateOptions = {}): Promise<MigratedStore | undefined> {
  const { stepBytes = STEP_BYTES, onProgress } = options
  const stored = store.get(metaKey('schema'))
  if (stored === undefined) return undefined
  const from = whole('the record of the layout', () => new Reader(stored).u32())
  if (from === SCHEMA_VERSION) return undefined
  if (from !== 1) throw unknownSchema(from)
  const head = whole('the record of the head', () => readU48(store.get(metaKey('head')) ?? new Uint8Array(0)))
  const moved = store.get(metaKey('migrated'))
  const first = moved === undefined ? 0 : whole('the record of the migration', () => readU48(moved))
  let number = first
  while (number <= head) {
    const operations: StoreOperation[] = []
    for (let bytes = 0; number <= head && bytes < stepBytes; number++) {
      for (const prefix of [KEY_PREFIX.body, KEY_PREFIX.receipts]) {
        const key = storeKey(prefix, u48(number))
        const value = store.get(key)
        // A store that began with a snapshot has no early blocks.
        if (value === undefined) continue
        operations.push({ key, value })
        bytes += value.length
      }
    }
    await store.write([...operations, { key: metaKey('migrated'), value: u48(number) }], { durable: true })
    onProgress?.(number, head + 1)
  }
  await store.write(
    [{ key: metaKey('schema'), value: new Writer(4).u32(SCHEMA_VERSION).finish() }, { key: metaKey('migrated') }],
    { durable: true },
  )
  return { from, to: SCHEMA_VERSION, blocks: number - first }
}

function unknownSchema(found: number): CodedError {
  return new CodedError(
    'wrong schema',
    `the store has layout ${found}, this program knows up to ${SCHEMA_VERSION}: a newer version wrote it, so use that one`,
    { data: { found, wanted: SCHEMA_VERSION } },
  )
}
