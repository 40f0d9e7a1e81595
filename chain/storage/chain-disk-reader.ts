import { BulkFiles } from './bulk-files.ts'
import { bulkDirectory, isBulk, resolveBulk } from './bulk-values.ts'
import { openLevelReader, type StoreReader } from './level-reader.ts'
import type { StoreRange } from './store.ts'

/**
 * Opens the chain store at `directory`, which this process has open as a shared one, for reading on another thread. Errors
 * as {@link openLevelReader}; values whose bulk file was removed since the moment of the view are absent.
 */
export async function openChainReader(directory: string, written?: Int32Array): Promise<StoreReader> {
  const files = BulkFiles.open({ directory: bulkDirectory(directory), segments: [], segmentBytes: 0, readOnly: true })
  return new ChainDiskReader(await openLevelReader(directory, written), files)
}

class ChainDiskReader implements StoreReader {
  readonly #database: StoreReader
  readonly #files: BulkFiles

  constructor(database: StoreReader, files: BulkFiles) {
    this.#database = database
    this.#files = files
  }

  renew(): boolean {
    return this.#database.renew()
  }

  release(): void {
    this.#database.release()
  }

  latest(key: Uint8Array): Uint8Array | undefined {
    return this.#resolved(key, this.#database.latest(key))
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#resolved(key, this.#database.get(key))
  }

  async *scan(range: StoreRange): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    for await (const [key, stored] of this.#database.scan(range)) {
      const value = this.#resolved(key, stored)
      if (value !== undefined) yield [key, value]
    }
  }

  write(): Promise<void> {
    return this.#database.write([], { durable: false })
  }

  async close(): Promise<void> {
    this.#files.close()
    await this.#database.close()
  }

  #resolved(key: Uint8Array, stored: Uint8Array | undefined): Uint8Array | undefined {
    if (stored === undefined || !isBulk(key)) return stored
    return resolveBulk(this.#files, key, stored, () => this.#database.latest(key))
  }
}
