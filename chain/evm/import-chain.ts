import { equalBytes, fromHex, toHex } from '#lib/bytes'
import { type Log as Logger, silentLog } from '#lib/env'
import { CodedError } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { encodeRlp, RlpReader } from '#lib/rlp'
import { createMemoryStore, type Store } from '#storage'
import {
  type Address,
  type BlockHeader,
  blockHeaderHash,
  decodeBlocks,
  EMPTY_OMMERS_HASH,
  encodeBlockHeader,
  type GenesisFile,
  type RawBlock,
  type RecoveredTransaction,
} from '#types'
import { blobBaseFeeOf } from './blob-fee.ts'
import { endEthereumBlock, ethereumEnd } from './block-end.ts'
import type { BlockExecution, BlockSkeleton } from './block-execution.ts'
import { createCallEngine } from './call-engine.ts'
import { createChainReader } from './chain-reader.ts'
import { readBlock, readHeader } from './chain-store.ts'
import { type Ancestry, expectedDifficulty, ommersFault } from './ethereum-ancestry.ts'
import { headerFault } from './ethereum-header.ts'
import { type BlockExtras, Executor } from './executor.ts'
import { type ForkSchedule, isAtLeast } from './forks.ts'
import {
  depositContractOf,
  forkScheduleOfGenesis,
  type Genesis,
  genesisBlock,
  MAINNET_DEPOSIT_CONTRACT,
} from './genesis.ts'
import { createInspectionEngine, type InspectionEngine } from './inspection.ts'
import type { Machine } from './machine.ts'
import { createRecoveryPool } from './recovery.ts'
import { createSimulationEngine } from './simulate.ts'
import type { SimulationEngine } from './simulate-types.ts'
import { requestsHashOf } from './system-calls.ts'
import { createTraceEngine } from './trace-engine.ts'
import type { TraceEngine } from './trace-types.ts'
import { checkTransaction } from './transaction.ts'
import type { CallEngine, ChainReader } from './types.ts'

export interface ImportOptions {
  /** go-ethereum's genesis form with any forks. */
  readonly genesisJson: GenesisFile
  /** Blocks one after another as RLP, as `geth export` writes them. */
  readonly rlp: Uint8Array
  /** In memory by default. Import continues after the store's head. */
  readonly store?: Store
  readonly log?: Logger
  /** Called after each block, with how many of the file's blocks are done. */
  readonly onBlock?: (done: number, total: number) => void
}

export interface ImportedChain {
  readonly chain: ChainReader
  readonly calls: CallEngine
  readonly traces: TraceEngine
  readonly simulations: SimulationEngine
  readonly inspections: InspectionEngine
  close(): Promise<void>
}

/**
 * Executes an Ethereum test chain with our state and our transaction rules, and checks every root and hash on the way.
 * Throws CodedError `invalid block` (data: number, reason) at the first block that differs; blocks before it stay.
 */
export async function importChain(options: ImportOptions): Promise<ImportedChain> {
  const store = options.store ?? createMemoryStore()
  const { genesisJson } = options
  const importer = await createImporter({
    genesis: genesisBlock(genesisJson),
    schedule: forkScheduleOfGenesis(genesisJson),
    chainId: genesisJson.config.chainId,
    depositContract: depositContractOf(genesisJson) ?? fromHex(MAINNET_DEPOSIT_CONTRACT),
    store,
    log: options.log ?? silentLog,
  })
  const decoded = decodeBlocks(options.rlp)
  if (decoded.kind !== 'accept') {
    throw new CodedError('malformed chain', 'the file is not a sequence of RLP blocks', { data: { reason: decoded } })
  }
  for (const [i, block] of decoded.value.entries()) {
    await importer.importBlock(block)
    options.onBlock?.(i + 1, decoded.value.length)
  }
  return {
    chain: importer.chain,
    calls: importer.calls,
    traces: importer.traces,
    simulations: importer.simulations,
    inspections: importer.inspections,
    close: () => importer.executor.settled(),
  }
}

export interface ImporterOptions {
  readonly genesis: Genesis
  readonly schedule: ForkSchedule
  readonly chainId: number
  /** Where deposits come from (EIP-6110). */
  readonly depositContract: Address
  readonly store: Store
  readonly log: Logger
}

/** Imports block after block; after an `invalid block` a new importer on the same store goes on from the last good one. */
export async function createImporter(options: ImporterOptions) {
  const { depositContract } = options
  const executor = await Executor.open(options)
  const recovery = createRecoveryPool({ workers: 0 })
  const chain = createChainReader(executor)
  const calls = createCallEngine({ executor, chain })
  const traces = createTraceEngine({ executor, chain, calls })
  const simulations = createSimulationEngine({ executor, chain, depositContract })
  const inspections = createInspectionEngine({ executor, chain, end: ethereumEnd(depositContract) })

  /** What a header breaks of the rules that follow from its parent, all but the proof of work itself. */
  function faultOf(header: BlockHeader, parent: BlockHeader, size: number): string | undefined {
    const rules = executor.rulesAt(header.number, header.timestamp)
    const parentFork = executor.forkAt(parent.number, parent.timestamp)
    const fault = headerFault(rules, header, parent, isAtLeast(parentFork, 'london'), size)
    if (fault !== undefined || rules.isParis) return fault
    const { number, timestamp } = header
    const bombDelay = options.schedule.bombDelay(number)
    const expected = expectedDifficulty({ fork: rules.fork, number, timestamp, parent, bombDelay })
    return header.difficulty === expected ? undefined : `difficulty is not ${expected}`
  }

  const ancestry: Ancestry = {
    header: number => readHeader(options.store, number),
    hash: number => executor.blockHash(number),
    ommers: number => readBlock(options.store, number)?.ommers ?? [],
    faultOf: (ommer, parent) => faultOf(ommer, parent, 0),
  }

  async function importBlock(raw: RawBlock): Promise<void> {
    const { header } = raw
    const parent = executor.head()
    if (header.number <= parent.header.number && equalBytes(executor.blockHash(header.number), raw.hash)) return
    const refuse = (reason: string) => invalid(header, reason)
    if (!equalBytes(header.parentHash, parent.hash)) throw refuse('parent is not the head')
    const machine = await executor.machine(executor.forkAt(header.number, header.timestamp))
    const { rules } = machine
    const fault = faultOf(header, parent.header, raw.size)
    if (fault !== undefined) throw refuse(fault)
    if (!equalBytes(ommersHashOf(raw.ommers), header.ommersHash)) throw refuse('ommers hash differs')
    const ommerFault = raw.ommers.length === 0 ? undefined : ommersFault(header.number, raw.ommers, ancestry)
    if (ommerFault !== undefined) throw refuse(ommerFault)
    if ((raw.withdrawals !== undefined) !== rules.isShanghai) throw refuse('withdrawals and fork disagree')

    const transactions = await recover(raw, machine, refuse)
    const batch = executor.newBatch()
    try {
      const blobBaseFee = header.excessBlobGas === undefined ? undefined : blobBaseFeeOf(rules, header.excessBlobGas)
      const open = await executor.begin(batch, skeletonOf(header), {
        blobBaseFee,
        fastTransfers: true,
        ownInterpreter: true,
      })
      const { execution } = open
      for (const transaction of transactions) {
        const outcome = await execution.run(transaction)
        if (outcome.kind === 'skipped') throw refuse(outcome.reason)
        if (outcome.kind === 'no room') throw refuse('transactions ask for more gas than the block has')
      }
      const extras = await closeBlock(raw, machine, execution, refuse)
      const { block } = await executor.finish(batch, open, extras)
      if (!equalBytes(block.hash, raw.hash)) throw refuse(`differs in ${differences(header, block.header).join(', ')}`)
      await executor.commit(batch, { epoch: 0, index: 0 })
    } catch (error) {
      executor.fail(error)
      throw error
    }
  }

  async function recover(
    raw: RawBlock,
    machine: Machine,
    refuse: (reason: string) => CodedError,
  ): Promise<readonly RecoveredTransaction[]> {
    const verdicts = await recovery.recover(raw.transactions)
    return verdicts.map(verdict => {
      if (verdict.kind !== 'accept') throw refuse(`transaction: ${verdict.reason}`)
      const reason = checkTransaction(machine.rules, verdict.value, raw.header.gasLimit)
      if (reason !== undefined) throw refuse(`transaction: ${reason}`)
      return verdict.value
    })
  }

  // Withdrawals, requests, rewards: what happens after the transactions.
  async function closeBlock(
    raw: RawBlock,
    machine: Machine,
    execution: BlockExecution,
    refuse: (reason: string) => CodedError,
  ): Promise<BlockExtras> {
    const requests = await endEthereumBlock(raw, machine, execution, depositContract, refuse)
    return {
      ommers: raw.ommers,
      ommersHash: raw.header.ommersHash,
      ...(raw.withdrawals === undefined ? {} : { withdrawals: raw.withdrawals }),
      ...(requests === undefined ? {} : { requestsHash: requestsHashOf(requests) }),
    }
  }

  return { executor, chain, calls, traces, simulations, inspections, importBlock }
}

function skeletonOf(header: BlockHeader): Omit<BlockSkeleton, 'parentHash'> {
  const { coinbase, difficulty, number, gasLimit, timestamp, extraData, mixHash, nonce } = header
  const { baseFeePerGas, parentBeaconBlockRoot, excessBlobGas } = header
  return {
    coinbase,
    difficulty,
    number,
    gasLimit,
    timestamp,
    extraData,
    mixHash,
    nonce,
    ...(baseFeePerGas === undefined ? {} : { baseFeePerGas }),
    ...(parentBeaconBlockRoot === undefined ? {} : { parentBeaconBlockRoot }),
    ...(excessBlobGas === undefined ? {} : { excessBlobGas }),
  }
}

function ommersHashOf(ommers: readonly BlockHeader[]): Uint8Array {
  if (ommers.length === 0) return EMPTY_OMMERS_HASH
  return keccak256(encodeRlp(ommers.map(ommer => new RlpReader(encodeBlockHeader(ommer)).item())))
}

function differences(expected: BlockHeader, actual: BlockHeader): string[] {
  const text = (value: unknown) => (value instanceof Uint8Array ? toHex(value) : String(value))
  return (Object.keys(expected) as (keyof BlockHeader)[])
    .filter(name => text(expected[name]) !== text(actual[name]))
    .map(name => `${name} (header ${text(expected[name])}, execution ${text(actual[name])})`)
}

function invalid(header: BlockHeader, reason: string): CodedError {
  return new CodedError('invalid block', `block ${header.number} is not valid: ${reason}`, {
    data: { number: header.number, hash: toHex(blockHeaderHash(header)), reason },
  })
}
