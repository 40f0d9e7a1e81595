/**
 * Execution: commits in, durable EVM blocks out; the pool in front of it, and everybody who reads the chain behind it.
 * docs/execution.md tells how.
 *
 * Invariants: what decides a block is commit data and the chain before it, never a clock, a locale or an arrival order;
 * one writer; readers see a block only when it is durable; a commit executes once however often it is handed over.
 * Absent: consensus, sockets, keys of accounts, blob transactions on our own chain, reorganisations.
 */
export { type BaseFeeInput, nextBaseFee } from './base-fee.ts'
export type { BlockBuilder, BlockContents, BuildRequest, BuiltBlock } from './build-block.ts'
export { CALL_LIMITS } from './call-engine.ts'
export type { Finding, FindingKind } from './check-state.ts'
export { type CheckedChain, type CheckOptions, checkChain } from './check-store.ts'
export { ETHEREUM_FEES, eip1559BaseFee } from './eip1559.ts'
export { type CommitExecutionEngine, createExecutionEngine, type ExecutionEngineOptions } from './engine.ts'
export { createForkConfigs, type ForkConfig, type ForkConfigs } from './fork-config.ts'
export { executionParamsOf, type Genesis, genesisBlock } from './genesis.ts'
export { type ImportedChain, type ImportOptions, importChain } from './import-chain.ts'
export type {
  AccountEntry,
  AccountRange,
  AccountsPlace,
  InspectionEngine,
  StoragePlace,
  StorageRange,
  StorageSlot,
} from './inspection.ts'
export { type MigratedStore, type MigrateOptions, migrateStore } from './migrate-store.ts'
export { orderTransactions } from './ordering.ts'
export { createPool, type PoolOptions } from './pool.ts'
export { isDelegation } from './pool-account.ts'
export { DEFAULT_POOL_PARAMS, type PoolParams } from './pool-params.ts'
export { loadPrecompiles } from './precompiles/index.ts'
export type { Retention } from './pruning.ts'
export { createReadEngine, type ReadEngine, type ReadEngineOptions } from './read-engine.ts'
export { createRecoveryPool, type RecoveryPool, type RecoveryPoolOptions, type RecoveryVerdict } from './recovery.ts'
export { type RepairedChain, type RepairOptions, repairChain } from './repair-store.ts'
export { commitOfBlock, type RewindOptions, type RewoundChain, rewindChain } from './rewind.ts'
export * from './simulate-types.ts'
export * from './snapshot-format.ts'
export { openSnapshotSource, type SnapshotSource } from './snapshot-source.ts'
export { createSnapshotTarget, type SnapshotTarget } from './snapshot-target.ts'
export { createTransactionCheck, type TransactionCheckOptions } from './static-check.ts'
export { type Executed, readPosition, type StorePosition } from './store-meta.ts'
export { type PrefixUsage, storeUsage } from './store-usage.ts'
export * from './trace-types.ts'
export * from './types.ts'
export type { ExecutionWitness } from './witness.ts'
