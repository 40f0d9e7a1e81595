import { defined } from '#lib/assert'
import { type Log as Logger, silentLog } from '#lib/env'
import { CodedError } from '#lib/errors'
import type { StoreReader } from '#storage'
import { type Block, type BlockHeader, type BlockNumber, type GenesisFile, ZERO_DIGEST } from '#types'
import { ethereumEnd, ownEnd } from './block-end.ts'
import { type BlockBuilder, createBlockBuilder } from './build-block.ts'
import { createCallEngine } from './call-engine.ts'
import { createChainReader } from './chain-reader.ts'
import { readBlock, readBlockHash, readHeader, readReceipts } from './chain-store.ts'
import type { ExecutionView } from './execution-view.ts'
import { depositContractOf, forkScheduleOfGenesis, stakingContractOf } from './genesis.ts'
import { createInspectionEngine, type InspectionEngine } from './inspection.ts'
import { createMachine, rulesOf } from './machine.ts'
import { createSimulationEngine } from './simulate.ts'
import type { SimulationEngine } from './simulate-types.ts'
import { FlatState } from './state/flat-state.ts'
import { readPosition } from './store-meta.ts'
import { createTraceEngine } from './trace-engine.ts'
import type { TraceEngine } from './trace-types.ts'
import type { CallEngine, ChainReader, ExecutedBlock } from './types.ts'

export interface ReadEngineOptions {
  readonly genesis: GenesisFile
  /** The engine does not close it. */
  readonly store: StoreReader
  readonly historyBlocks?: number
  readonly log?: Logger
}

/** Everything that can be asked of a chain without changing it. */
export interface ReadEngine {
  readonly chain: ChainReader
  readonly calls: CallEngine
  readonly traces: TraceEngine
  readonly simulations: SimulationEngine
  readonly inspections: InspectionEngine
  /** Of chains that were imported; ours gets its blocks from consensus. */
  readonly builder: BlockBuilder | undefined
  /** Moves to the present head; between two calls of it every answer is about one and the same moment. */
  renew(): void
  /** A kept block of our own chain, which knows no withdrawals; what is large of it is read when it is looked at. */
  executed(number: BlockNumber): ExecutedBlock | undefined
}

/** Caches of one moment's state; a moment lasts for as long as a block. */
const CACHE = { accounts: 20_000, slots: 20_000, codes: 2_000 }

/**
 * The read side of `createExecutionEngine` for another thread: no writer, no trie in memory, no memory of what is not
 * stored yet. CodedError `store damaged` when the store holds no chain.
 */
export function createReadEngine(options: ReadEngineOptions): ReadEngine {
  const { genesis, store, historyBlocks, log = silentLog } = options
  const { chainId } = genesis.config
  const deposits = depositContractOf(genesis)
  const schedule = forkScheduleOfGenesis(genesis)
  let flat = new FlatState(store, CACHE)
  let position = positionOf(store)
  let header = headerOf(store, position.head)
  let block: Block | undefined

  function renew(): void {
    if (!store.renew()) return
    const now = positionOf(store)
    const isNew = now.head !== position.head
    position = now
    if (!isNew) return
    flat = new FlatState(store, CACHE)
    header = headerOf(store, now.head)
    block = undefined
  }

  const view: ExecutionView = {
    chainId,
    store,
    flat: {
      get published() {
        return flat.published
      },
      complete: changes => flat.complete(changes),
    },
    log,
    head() {
      block ??= defined(readBlock(store, position.head), 'the head is stored')
      return block
    },
    headHeader: () => header,
    finalized: () => position.finalized,
    earliestState: () =>
      historyBlocks === undefined ? position.states : Math.max(position.states, position.head - historyBlocks),
    earliestBlock: () => position.base,
    settled: async () => {},
    // The present comes with `renew` and in no other way.
    onBlock: () => () => {},
    forkAt: (number, timestamp) => schedule.at(number, timestamp),
    rulesAt: (number, timestamp) => rulesOf(schedule.at(number, timestamp), BigInt(chainId), schedule),
    newMachine: (fork, own = {}) => {
      const rules = rulesOf(fork, BigInt(chainId), schedule)
      return createMachine(rules, own.blockHashes ?? view.blockHash, own.customOpcodes)
    },
    blockHash: number => readBlockHash(store, number) ?? ZERO_DIGEST,
  }
  const chain = createChainReader(view)
  const calls = createCallEngine({ executor: view, chain })
  return {
    chain,
    calls,
    traces: createTraceEngine({ executor: view, chain, calls }),
    simulations: createSimulationEngine({
      executor: view,
      chain,
      ...(deposits === undefined ? {} : { depositContract: deposits }),
    }),
    inspections: createInspectionEngine({
      executor: view,
      chain,
      end: deposits === undefined ? ownEnd(stakingContractOf(genesis), chain) : ethereumEnd(deposits),
    }),
    builder:
      deposits === undefined ? undefined : createBlockBuilder({ executor: view, chain, depositContract: deposits }),
    renew,
    executed(number) {
      if (number < position.base || number > position.head) return undefined
      const own = number === position.head ? header : headerOf(store, number)
      let whole: Block | undefined
      const load = () => {
        whole ??= number === position.head ? view.head() : readBlock(store, number)
        return defined(whole, 'a block whose body is kept is stored')
      }
      const block: Block = {
        header: own,
        hash: readBlockHash(store, number) ?? ZERO_DIGEST,
        get transactions() {
          return load().transactions
        },
        get ommers() {
          return load().ommers
        },
        get size() {
          return load().size
        },
      }
      return {
        block,
        get receipts() {
          return defined(readReceipts(store, number), 'a block whose body is kept has receipts')
        },
      }
    },
  }
}

function positionOf(store: StoreReader) {
  const position = readPosition(store)
  if (position === undefined) throw new CodedError('store damaged', 'the store holds no chain')
  return position
}

function headerOf(store: StoreReader, number: BlockNumber): BlockHeader {
  const header = readHeader(store, number)
  if (header === undefined) throw new CodedError('store damaged', `block ${number} is missing`, { data: { number } })
  return header
}
