/** One write of a batch. `value` absent deletes the key. */
export interface StoreOperation {
  readonly key: Uint8Array
  readonly value?: Uint8Array
}

/** Keys are ordered by bytes. Bounds: `from` inclusive, `to` exclusive. */
export interface StoreRange {
  readonly from: Uint8Array
  readonly to: Uint8Array
  readonly reverse?: boolean
  readonly limit?: number
}

/**
 * An ordered key-value store with atomic batches. Storage errors are `CodedError`s that nobody retries: the node stops.
 */
export interface Store {
  /** Reads without waiting for other work of the event loop; `undefined` for a missing key. */
  get(key: Uint8Array): Uint8Array | undefined
  scan(range: StoreRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>
  /** All operations or none. With `durable`, resolves only after the bytes reached the disk (fsync). */
  write(operations: readonly StoreOperation[], options: { durable: boolean }): Promise<void>
  close(): Promise<void>
}
