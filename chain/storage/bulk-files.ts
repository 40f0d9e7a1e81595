import {
  closeSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  write,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { assert } from '#lib/assert'
import { equalBytes, toHex, utf8 } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { reachFailPoint } from '#lib/fail-point'
import { syncDirectory } from '#lib/files'
import { storeFailure } from './store-failure.ts'

/** One append-only file: what the database says of it. */
export interface BulkSegment {
  readonly number: number
  /** Bytes that are committed; what lies behind them was never acknowledged. */
  readonly bytes: number
}

/** Where a value lies. */
export interface BulkPlace {
  readonly segment: number
  /** Of its record. */
  readonly offset: number
  /** Of the value, in bytes. */
  readonly length: number
}

export interface BulkRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface BulkFilesOptions {
  readonly directory: string
  /** In order of their numbers; the last one is written on. */
  readonly segments: readonly BulkSegment[]
  /** Size at which a new file begins. */
  readonly segmentBytes: number
  /** Another thread owns the files: nothing is made, cut or removed. */
  readonly readOnly: boolean
  /**
   * Hears of damage instead of a throw. A damaged file is then written on no more, counts only what is there
   * ({@link BulkFiles.cut}), and gets its header back.
   */
  readonly onDamage?: (what: string) => void
}

const MAGIC = utf8('OGPUBLK1')
/** Magic 8, number u32, CRC-32 of both. */
const HEADER_BYTES = 16
/** CRC-32 of all that follows, value length u32, key length u8. Then the key and the value. */
const RECORD_BYTES = 9
const OPEN_FILES_MAX = 64

const writeAt = promisify(write) as (
  fd: number,
  bytes: Uint8Array,
  from: number,
  length: number,
  at: number,
) => Promise<{ bytesWritten: number }>
const syncData = promisify(fdatasync)

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.bulk`
}

/**
 * Append-only files of checksummed records. Which bytes count is not decided here but by the database that points at
 * them: an append is durable before its places are returned, and bytes without a pointer are cut off at the next start.
 * One writer; any number of readers, also in other threads.
 */
export class BulkFiles {
  readonly #directory: string
  readonly #segmentBytes: number
  readonly #readers = new Map<number, number>()
  // Undefined before the first append and after damage.
  #tail: { readonly number: number; readonly fd: number; bytes: number } | undefined
  #last: number
  #failure: unknown
  /** Files that turned out shorter than they were, with their length. */
  readonly cut = new Map<number, number>()

  private constructor(options: BulkFilesOptions) {
    this.#directory = options.directory
    this.#segmentBytes = options.segmentBytes
    this.#last = options.segments.at(-1)?.number ?? 0
  }

  /**
   * Cuts off what was never committed and removes files that nothing names. CodedError `store damaged` when a file is
   * missing, too short or not one of ours; `store failed` when the disk refuses.
   */
  static open(options: BulkFilesOptions): BulkFiles {
    const files = new BulkFiles(options)
    if (options.readOnly) return files
    const { directory, segments } = options
    const damaged = (what: string) => {
      if (options.onDamage === undefined) throw new CodedError('store damaged', what, { data: { directory } })
      options.onDamage(what)
    }
    try {
      mkdirSync(directory, { recursive: true })
      const known = new Set(segments.map(({ number }) => segmentName(number)))
      for (const name of readdirSync(directory)) {
        if (/^\d{8}\.bulk$/.test(name) && !known.has(name)) rmSync(join(directory, name), { force: true })
      }
      for (const segment of segments) {
        const fault = faultOf(directory, segment)
        const isLast = segment.number === files.#last
        if (fault !== undefined) {
          damaged(fault)
          files.#mend(segment)
        } else if (isLast && segment.bytes < options.segmentBytes) {
          const fd = openSync(join(directory, segmentName(segment.number)), 'r+')
          files.#tail = { number: segment.number, fd, bytes: segment.bytes }
          ftruncateSync(fd, segment.bytes)
        }
      }
      return files
    } catch (error) {
      files.close()
      throw error instanceof CodedError ? error : storeFailure('open its bulk files', error)
    }
  }

  /** The file that is written on, and its length with everything that was appended. */
  tail(): BulkSegment | undefined {
    return this.#tail === undefined ? undefined : { number: this.#tail.number, bytes: this.#tail.bytes }
  }

  /** Appends records; their bytes are on the disk when this resolves. After a failure nothing is ever appended again. */
  async append(records: readonly BulkRecord[]): Promise<readonly BulkPlace[]> {
    if (this.#failure !== undefined) throw storeFailure('go on after an earlier failure', this.#failure)
    if (records.length === 0) return []
    try {
      const tail = this.#tailFor(records)
      const places: BulkPlace[] = []
      const bytes = encodeRecords(records, tail, places)
      for (let done = 0; done < bytes.length; ) {
        done += (await writeAt(tail.fd, bytes, done, bytes.length - done, tail.bytes + done)).bytesWritten
      }
      reachFailPoint('bulk-written')
      await syncData(tail.fd)
      reachFailPoint('bulk-synced')
      tail.bytes += bytes.length
      return places
    } catch (error) {
      this.#failure = error
      throw storeFailure('append to its bulk files', error)
    }
  }

  /** The value at `place`; undefined when its file is gone. CodedError `store damaged` when it is not what was written. */
  read(place: BulkPlace, key: Uint8Array): Uint8Array | undefined {
    const record = new Uint8Array(RECORD_BYTES + key.length + place.length)
    const name = segmentName(place.segment)
    let read = 0
    try {
      const fd = this.#reader(place.segment)
      if (fd === undefined) return undefined
      read = readSync(fd, record, 0, record.length, place.offset)
    } catch (error) {
      throw storeFailure('read its bulk files', error)
    }
    const fault = read < record.length ? 'ends too early' : recordFault(record, key, place.length)
    if (fault !== undefined) {
      throw new CodedError('store damaged', `${name}: the record at byte ${place.offset} ${fault}`, {
        data: { file: join(this.#directory, name), offset: place.offset, key: toHex(key) },
      })
    }
    return record.subarray(RECORD_BYTES + key.length)
  }

  /** Removes a file that nothing points at any more. */
  drop(segment: number): void {
    this.#forget(segment)
    rmSync(join(this.#directory, segmentName(segment)), { force: true })
  }

  close(): void {
    for (const number of [...this.#readers.keys()]) this.#forget(number)
    if (this.#tail !== undefined) closeSync(this.#tail.fd)
    this.#tail = undefined
  }

  // A batch lies in one file as a whole.
  #tailFor(records: readonly BulkRecord[]) {
    const wanted = records.reduce((sum, { key, value }) => sum + RECORD_BYTES + key.length + value.length, 0)
    assert(wanted < 2 ** 31, 'a batch of bulk data is smaller than 2 GiB')
    const current = this.#tail
    if (current !== undefined && (current.bytes + wanted <= this.#segmentBytes || current.bytes === HEADER_BYTES)) {
      return current
    }
    const number = this.#last + 1
    const fd = openSync(join(this.#directory, segmentName(number)), 'wx')
    if (current !== undefined) closeSync(current.fd)
    this.#tail = { number, fd, bytes: 0 }
    this.#last = number
    syncDirectory(this.#directory)
    return this.#tail
  }

  #reader(segment: number): number | undefined {
    const known = this.#readers.get(segment)
    if (known !== undefined) return known
    let fd: number
    try {
      fd = openSync(join(this.#directory, segmentName(segment)), 'r')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    for (const oldest of this.#readers.keys()) if (this.#readers.size >= OPEN_FILES_MAX) this.#forget(oldest)
    this.#readers.set(segment, fd)
    return fd
  }

  #mend({ number, bytes }: BulkSegment): void {
    const path = join(this.#directory, segmentName(number))
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    this.cut.set(number, size < HEADER_BYTES ? 0 : Math.min(size, bytes))
    if (size < HEADER_BYTES) return
    const fd = openSync(path, 'r+')
    try {
      writeSync(fd, encodeHeader(number), 0, HEADER_BYTES, 0)
    } finally {
      closeSync(fd)
    }
  }

  #forget(segment: number): void {
    const fd = this.#readers.get(segment)
    if (fd !== undefined) closeSync(fd)
    this.#readers.delete(segment)
  }
}

/** Encodes records one after another (after the header in a new file) and tells their places. */
function encodeRecords(
  records: readonly BulkRecord[],
  tail: { readonly number: number; readonly bytes: number },
  places: BulkPlace[],
): Uint8Array {
  const header = tail.bytes === 0 ? HEADER_BYTES : 0
  const bytes = new Uint8Array(
    records.reduce((sum, { key, value }) => sum + RECORD_BYTES + key.length + value.length, header),
  )
  const view = new DataView(bytes.buffer)
  if (header > 0) bytes.set(encodeHeader(tail.number))
  let at = header
  for (const { key, value } of records) {
    const end = at + RECORD_BYTES + key.length + value.length
    view.setUint32(at + 4, value.length)
    bytes[at + 8] = key.length
    bytes.set(key, at + RECORD_BYTES)
    bytes.set(value, at + RECORD_BYTES + key.length)
    view.setUint32(at, crc32(bytes.subarray(at + 4, end)))
    places.push({ segment: tail.number, offset: tail.bytes + at, length: value.length })
    at = end
  }
  return bytes
}

function encodeHeader(number: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  const view = new DataView(header.buffer)
  header.set(MAGIC)
  view.setUint32(8, number)
  view.setUint32(12, crc32(header.subarray(0, 12)))
  return header
}

function recordFault(record: Uint8Array, key: Uint8Array, length: number): string | undefined {
  const view = new DataView(record.buffer, record.byteOffset, record.length)
  if (view.getUint32(0) !== crc32(record.subarray(4))) return 'has a wrong checksum'
  const isOurs =
    view.getUint32(4) === length &&
    record[8] === key.length &&
    equalBytes(record.subarray(RECORD_BYTES, RECORD_BYTES + key.length), key)
  return isOurs ? undefined : 'belongs to another key'
}

/** What is wrong with a file as a whole, in words. */
function faultOf(directory: string, { number, bytes }: BulkSegment): string | undefined {
  const path = join(directory, segmentName(number))
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) return `${path} is missing`
  if (bytes < HEADER_BYTES) return undefined
  if (size < bytes) return `${path} has ${size} bytes where ${bytes} were written`
  const header = new Uint8Array(HEADER_BYTES)
  const fd = openSync(path, 'r')
  try {
    readSync(fd, header, 0, HEADER_BYTES, 0)
  } finally {
    closeSync(fd)
  }
  return equalBytes(header, encodeHeader(number)) ? undefined : `${path} does not begin as a bulk file does`
}
