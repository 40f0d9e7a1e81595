import { join } from 'node:path'
import { Reader, Writer } from '#lib/codec'
import { CodedError } from '#lib/errors'
import { type BulkFiles, type BulkPlace, type BulkRecord, segmentName } from './bulk-files.ts'
import { KEY_PREFIX } from './keys.ts'
import type { StoreOperation } from './store.ts'

/** Values of these kinds are written once, read seldom and never changed: compacting them again and again is waste. */
export const BULK_PREFIXES: ReadonlySet<number> = new Set([KEY_PREFIX.body, KEY_PREFIX.receipts])
/** Smaller values stay in the database: a pointer and a second sync would cost more. */
const INLINE_BYTES_MAX = 256
/** First byte of a pointer. Encoded bodies and receipts are RLP lists, which begin above 0xbf. */
const POINTER_TAG = 0x01
const POINTER_BYTES = 13

/** Where the bulk files of the database at `directory` lie. */
export function bulkDirectory(directory: string): string {
  return join(directory, 'bulk')
}

/** Whether the values of this key's kind may lie in a bulk file. */
export function isBulk(key: Uint8Array): boolean {
  return BULK_PREFIXES.has(key[0] as number)
}

/** Whether this write goes to a bulk file. */
export function isLarge(operation: StoreOperation): operation is BulkRecord {
  const { key, value } = operation
  return value !== undefined && isBulk(key) && (value.length > INLINE_BYTES_MAX || value[0] === POINTER_TAG)
}

export function encodePointer({ segment, offset, length }: BulkPlace): Uint8Array {
  return new Writer(POINTER_BYTES).u8(POINTER_TAG).u32(segment).u32(offset).u32(length).finish()
}

/** Where a stored value points; undefined when it is the value itself. */
export function decodePointer(stored: Uint8Array | undefined): BulkPlace | undefined {
  if (stored === undefined || stored.length !== POINTER_BYTES || stored[0] !== POINTER_TAG) return undefined
  const reader = new Reader(stored)
  reader.u8()
  return { segment: reader.u32(), offset: reader.u32(), length: reader.u32() }
}

/**
 * The value that the database's `stored` stands for; undefined when it was deleted with its file since `stored` was read,
 * which `latest` tells. CodedError `store damaged`.
 */
export function resolveBulk(
  files: BulkFiles,
  key: Uint8Array,
  stored: Uint8Array,
  latest: () => Uint8Array | undefined,
): Uint8Array | undefined {
  const place = decodePointer(stored)
  if (place === undefined) return stored
  const value = files.read(place, key)
  if (value !== undefined) return value
  if (latest() === undefined) return undefined
  throw new CodedError('store damaged', `the bulk file ${segmentName(place.segment)} is missing`)
}
