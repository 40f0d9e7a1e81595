/**
 * Where a node keeps bytes: one ordered key-value store with atomic batches, on LevelDB or in memory, under one
 * behaviour suite (test/storage). Every key prefix is in `keys.ts`. A crash leaves all of a batch or nothing of it.
 * Absent: transactions with reads, column families, compression of values (LevelDB compresses blocks with Snappy).
 */

export { type BulkUsage, type ChainStore, type ChainStoreOptions, openChainStore } from './chain-disk.ts'
export { openChainReader } from './chain-disk-reader.ts'
export { afterPrefix, KEY_PREFIX, type KeyPrefix, readU48, SCHEMA_VERSION, storeKey, u48 } from './keys.ts'
export { openLevelReader, type StoreReader } from './level-reader.ts'
export { type DiskStore, type LevelStoreOptions, openLevelStore, repairLevelStore } from './level-store.ts'
export { createMemoryStore } from './memory-store.ts'
export * from './store.ts'
export { isStoreFailure } from './store-failure.ts'
