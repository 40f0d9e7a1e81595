import { fromHex } from '#lib/bytes'
import { type Log as Logger, silentLog } from '#lib/env'
import type { Store } from '#storage'
import type { BlockNumber, GenesisFile } from '#types'
import { ownEnd } from './block-end.ts'
import { createCallEngine } from './call-engine.ts'
import { createChainReader } from './chain-reader.ts'
import { createCommitExecution } from './commit-execution.ts'
import { Executor } from './executor.ts'
import { executionParamsOf, forkScheduleOfGenesis, genesisBlock, stakingContractOf } from './genesis.ts'
import { createInspectionEngine, type InspectionEngine } from './inspection.ts'
import type { Retention } from './pruning.ts'
import { createRecoveryPool, type RecoveryPool } from './recovery.ts'
import { createSenderAhead } from './sender-ahead.ts'
import { createSimulationEngine } from './simulate.ts'
import type { SimulationEngine } from './simulate-types.ts'
import type { FlatStateLimits } from './state/flat-state.ts'
import type { TrieLimits } from './state/state-tries.ts'
import { createTraceEngine } from './trace-engine.ts'
import type { TraceEngine } from './trace-types.ts'
import type { ExecutionEngine } from './types.ts'

export interface ExecutionEngineOptions extends Retention {
  readonly genesis: GenesisFile
  /** The engine does not close it. */
  readonly store: Store
  /** Decodes transactions and recovers senders; share the transaction pool's, which has seen most of them already. */
  readonly recovery?: Pick<RecoveryPool, 'recover' | 'forget'>
  readonly log?: Logger
  /** Sizes of the caches, in entries. */
  readonly limits?: Partial<FlatStateLimits & TrieLimits>
  /** Directory of `store`, a shared LevelDB: tries are kept by a thread of their own, beside the next block's execution. */
  readonly trieWorker?: { readonly directory: string }
  /** False sends plain transfers through the interpreter too; same results, for comparison. Default true. */
  readonly fastTransfers?: boolean
  /** False runs contracts on EthereumJS' interpreter only; same results, several times slower. Default true. */
  readonly ownInterpreter?: boolean
}

export interface CommitExecutionEngine extends ExecutionEngine {
  readonly traces: TraceEngine
  readonly simulations: SimulationEngine
  readonly inspections: InspectionEngine
  /** Stores a checkpoint certificate for an executed block; `chain.finalized()` moves up to it. */
  markFinalized(height: BlockNumber, certificate: Uint8Array): Promise<void>
  /** The certificate stored for exactly this height. */
  certificate(height: BlockNumber): Uint8Array | undefined
}

/**
 * Opens the execution of a network on a store: writes the genesis into an empty one, resumes otherwise. Throws CodedError
 * `wrong genesis` on another network's store, `wrong schema` on another layout, `bad genesis` on a bad file.
 */
export async function createExecutionEngine(options: ExecutionEngineOptions): Promise<CommitExecutionEngine> {
  const { genesis, store } = options
  const log = options.log ?? silentLog
  const executor = await Executor.open({
    store,
    genesis: genesisBlock(genesis),
    chainId: genesis.config.chainId,
    schedule: forkScheduleOfGenesis(genesis),
    log,
    ...(options.trieWorker === undefined ? {} : { trieWorker: options.trieWorker }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.historyBlocks === undefined ? {} : { historyBlocks: options.historyBlocks }),
    ...(options.bodyBlocks === undefined ? {} : { bodyBlocks: options.bodyBlocks }),
    ...(options.lagBlocks === undefined ? {} : { lagBlocks: options.lagBlocks }),
  })
  const recovery = options.recovery ?? createRecoveryPool({ workers: 0 })
  const staking = stakingContractOf(genesis)
  const commits = createCommitExecution({
    executor,
    params: executionParamsOf(genesis),
    feeCollector: fromHex(genesis.config.ogpu?.feeCollector ?? genesis.coinbase),
    ...(staking === undefined ? {} : { stakingContract: staking }),
    recovery,
    fastTransfers: options.fastTransfers ?? true,
    ownInterpreter: options.ownInterpreter ?? true,
  })
  const chain = createChainReader(executor)
  const calls = createCallEngine({ executor, chain, ownInterpreter: options.ownInterpreter ?? true })
  const traces = createTraceEngine({ executor, chain, calls })
  const simulations = createSimulationEngine({ executor, chain })
  return {
    lastExecuted: () => executor.executed(),
    prepare: createSenderAhead(recovery),
    execute: ordered => commits.execute(ordered),
    chain,
    calls,
    traces,
    simulations,
    inspections: createInspectionEngine({ executor, chain, end: ownEnd(staking, chain) }),
    markFinalized: (height, certificate) => executor.markFinalized(height, certificate),
    certificate: height => executor.certificate(height),
    close: () => executor.close(),
  }
}
