import { Reader, Writer } from '#lib/codec'
import { BulkFiles, type BulkPlace, type BulkSegment, segmentName } from './bulk-files.ts'
import {
  BULK_PREFIXES,
  bulkDirectory,
  decodePointer,
  encodePointer,
  isBulk,
  isLarge,
  resolveBulk,
} from './bulk-values.ts'
import { afterPrefix, KEY_PREFIX, storeKey } from './keys.ts'
import { type DiskStore, type LevelStoreOptions, openLevelStore } from './level-store.ts'
import type { StoreOperation, StoreRange } from './store.ts'
import { storeFailure } from './store-failure.ts'

export interface ChainStoreOptions extends LevelStoreOptions {
  /** Size at which a new bulk file begins. Default 128 MiB. */
  readonly segmentBytes?: number
  /** Hears of damaged bulk files instead of CodedError `store damaged`; for tools that repair. */
  readonly onDamage?: (what: string) => void
}

/** What a bulk file holds. */
export interface BulkUsage {
  readonly file: string
  readonly bytes: number
  /** Values that are still pointed at; a file without any is removed. */
  readonly live: number
}

/** A store whose large values lie in append-only files beside the database. */
export interface ChainStore extends DiskStore {
  bulkUsage(): readonly BulkUsage[]
  /** Counts the values of every file again; what does not agree, in words. Damaged values show when they are read. */
  checkBulk(): Promise<readonly string[]>
}

const SEGMENT_BYTES = 128 * 1024 * 1024

/**
 * Opens (or makes) the store of a chain: a LevelDB at `directory` and bulk files in its folder `bulk`. A batch is one
 * atomic write as with every store: its bulk values are on the disk before the database points at them, and the pointers
 * are in the batch. CodedErrors as {@link openLevelStore}, and `store damaged` for bulk files that miss committed bytes.
 */
export async function openChainStore(directory: string, options: ChainStoreOptions = {}): Promise<ChainStore> {
  const database = await openLevelStore(directory, options)
  try {
    const segments = new Map<number, SegmentState>()
    const prefix = storeKey(KEY_PREFIX.bulkSegment)
    for await (const [key, value] of database.scan({ from: prefix, to: afterPrefix(prefix) })) {
      const reader = new Reader(value)
      segments.set(new Reader(key.subarray(1)).u32(), { bytes: reader.u32(), live: reader.u32() })
    }
    const files = BulkFiles.open({
      directory: bulkDirectory(directory),
      segments: [...segments].map(([number, { bytes }]): BulkSegment => ({ number, bytes })),
      segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
      readOnly: false,
      ...(options.onDamage === undefined ? {} : { onDamage: options.onDamage }),
    })
    const cut = [...files.cut].map(([number, bytes]): StoreOperation => {
      const state = { bytes, live: segments.get(number)?.live ?? 0 }
      segments.set(number, state)
      return segmentOperation(number, state)
    })
    await database.write(cut, { durable: cut.length > 0 })
    return new ChainDisk(database, files, segments)
  } catch (error) {
    await database.close()
    throw error
  }
}

function segmentOperation(number: number, { bytes, live }: SegmentState): StoreOperation {
  const key = storeKey(KEY_PREFIX.bulkSegment, new Writer(4).u32(number).finish())
  return { key, value: new Writer(8).u32(bytes).u32(live).finish() }
}

interface SegmentState {
  readonly bytes: number
  readonly live: number
}

class ChainDisk implements ChainStore {
  readonly #database: DiskStore
  readonly #files: BulkFiles
  readonly #segments: Map<number, SegmentState>
  #writing: Promise<void> = Promise.resolve()
  #failure: unknown

  constructor(database: DiskStore, files: BulkFiles, segments: Map<number, SegmentState>) {
    this.#database = database
    this.#files = files
    this.#segments = segments
  }

  get written(): Int32Array {
    return this.#database.written
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.#database.get(key)
    return value === undefined || !isBulk(key) ? value : this.#resolve(key, value)
  }

  async *scan(range: StoreRange): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    for await (const entry of this.#database.scan(range)) {
      const [key, stored] = entry
      const value = isBulk(key) ? this.#resolve(key, stored) : stored
      if (value !== undefined) yield value === stored ? entry : [key, value]
    }
  }

  write(operations: readonly StoreOperation[], options: { durable: boolean }): Promise<void> {
    if (!operations.some(({ key }) => isBulk(key))) return this.#database.write(operations, options)
    // Places in the files are given out one batch after another.
    const turn = this.#writing.then(() => this.#writeBulk(operations, options))
    this.#writing = turn.catch(() => {})
    return turn
  }

  async compact(): Promise<void> {
    await this.#database.compact()
  }

  bulkUsage(): readonly BulkUsage[] {
    return [...this.#segments].map(([number, { bytes, live }]) => ({ file: segmentName(number), bytes, live }))
  }

  async checkBulk(): Promise<readonly string[]> {
    const counted = new Map<number, number>()
    for (const prefix of BULK_PREFIXES) {
      const from = Uint8Array.of(prefix)
      for await (const [, value] of this.#database.scan({ from, to: afterPrefix(from) })) {
        const place = decodePointer(value)
        if (place !== undefined) counted.set(place.segment, (counted.get(place.segment) ?? 0) + 1)
      }
    }
    const findings: string[] = []
    for (const number of new Set([...counted.keys(), ...this.#segments.keys()])) {
      const wanted = this.#segments.get(number)?.live ?? 0
      const found = counted.get(number) ?? 0
      if (wanted !== found)
        findings.push(`${segmentName(number)}: ${found} values are pointed at, ${wanted} are counted`)
    }
    return findings
  }

  async close(): Promise<void> {
    await this.#writing
    this.#files.close()
    await this.#database.close()
  }

  async #writeBulk(operations: readonly StoreOperation[], options: { durable: boolean }): Promise<void> {
    // The files may hold bytes that the failed batch did not commit; only a new start cuts them off.
    if (this.#failure !== undefined) {
      throw storeFailure('go on after an earlier failure', this.#failure)
    }
    try {
      const places = await this.#files.append(operations.filter(isLarge))
      const changed = new Map<number, SegmentState>()
      const batch = this.#pointers(operations, places, changed)
      const dropped = this.#segmentOperations(changed, batch)
      await this.#database.write(batch, options)
      for (const [number, state] of changed) this.#segments.set(number, state)
      for (const number of dropped) {
        this.#segments.delete(number)
        this.#files.drop(number)
      }
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  // The operations with pointers instead of large values; counts what each file gains and loses.
  #pointers(
    operations: readonly StoreOperation[],
    places: readonly BulkPlace[],
    changed: Map<number, SegmentState>,
  ): StoreOperation[] {
    const within = new Map<string, BulkPlace | undefined>()
    const count = (segment: number, by: number) => {
      const { bytes, live } = changed.get(segment) ?? this.#segments.get(segment) ?? { bytes: 0, live: 0 }
      changed.set(segment, { bytes, live: live + by })
    }
    let next = 0
    return operations.map(operation => {
      const { key } = operation
      if (!isBulk(key)) return operation
      const name = Buffer.from(key).toString('latin1')
      const before = within.has(name) ? within.get(name) : decodePointer(this.#database.get(key))
      if (before !== undefined) count(before.segment, -1)
      const place = isLarge(operation) ? places[next++] : undefined
      within.set(name, place)
      if (place === undefined) return operation
      count(place.segment, 1)
      return { key, value: encodePointer(place) }
    })
  }

  // Appends the new states of changed files; the files that nothing points at any more.
  #segmentOperations(changed: Map<number, SegmentState>, batch: StoreOperation[]): readonly number[] {
    const tail = this.#files.tail()
    const dropped: number[] = []
    for (const [number, { bytes, live }] of new Map([...this.#segments, ...changed])) {
      const isTail = number === tail?.number
      const state = { bytes: isTail ? tail.bytes : bytes, live }
      const operation = segmentOperation(number, state)
      if (live === 0 && !isTail) {
        dropped.push(number)
        changed.delete(number)
        batch.push({ key: operation.key })
      } else if (changed.has(number)) {
        changed.set(number, state)
        batch.push(operation)
      }
    }
    return dropped
  }

  #resolve(key: Uint8Array, stored: Uint8Array): Uint8Array | undefined {
    return resolveBulk(this.#files, key, stored, () => this.#database.get(key))
  }
}
