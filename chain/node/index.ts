/**
 * The node: builds every part of the chain, connects them, starts and stops them in order.
 *
 * Reading order: `node.ts` and `node-parts.ts` (the wiring), `epochs.ts` and `epoch.ts` (docs/epochs.md),
 * `consensus-driver.ts` (effects of the pure core, performed), `validator-link.ts` (the protocol on the network),
 * `execution-driver.ts` (commits into blocks), `consensus-log.ts` (what a restart knows).
 *
 * Invariants: what leaves the node refers to what is on its disk; commits reach execution in order, each once; a storage
 * failure stops the node. Absent: protocol decisions (they are in `#consensus`), and any knowledge of GPUs.
 */
export { type CheckedLog, checkConsensusLog } from './check-consensus-log.ts'
export { configToFile, describeConfig, type NodeConfig, readConfig } from './config.ts'
export { SETTINGS, type Setting, settingOf } from './config-table.ts'
export { type DataDirectory, openDataDirectory, openExistingDataDirectory } from './data-dir.ts'
export * from './keys/index.ts'
export { createLogging, type Logging, parseLogLevels } from './logging.ts'
export { type NodeOptions, type RunningNode, startNode } from './node.ts'
export { type RpcThread, type RpcThreadOptions, startRpcThread } from './rpc-listener-host.ts'
export { createSigningGuard, openSigningGuard } from './signing-guard.ts'
