import { assert } from '#lib/assert'
import { equalBytes } from '#lib/bytes'
import { Writer } from '#lib/codec'
import type { Log as Logger } from '#lib/env'
import { CodedError } from '#lib/errors'
import { reachFailPoint } from '#lib/fail-point'
import { encodeRlp } from '#lib/rlp'
import { KEY_PREFIX, SCHEMA_VERSION, type Store, type StoreOperation, storeKey, u48 } from '#storage'
import {
  type Block,
  type BlockHeader,
  type BlockNumber,
  blockHeaderHash,
  type Digest,
  EMPTY_BLOOM,
  EMPTY_OMMERS_HASH,
  EMPTY_TRIE_ROOT,
  encodeBlock,
  encodeReceipt,
  type Receipt,
  type Withdrawal,
  withdrawalItem,
  ZERO_DIGEST,
} from '#types'
import { BlockExecution, type BlockSkeleton } from './block-execution.ts'
import { blockOperations, readBlock, readBlockHash } from './chain-store.ts'
import type { Fork, ForkSchedule } from './forks.ts'
import type { Genesis } from './genesis.ts'
import { type BlockHashes, createMachine, type Machine, type Rules, rulesOf } from './machine.ts'
import { Pruner, type Retention, type StoredBounds } from './pruning.ts'
import { DEFAULT_FLAT_STATE_LIMITS, FlatState, type FlatStateLimits } from './state/flat-state.ts'
import { writeHistory } from './state/history.ts'
import type { JournalState, StateChanges } from './state/journal-state.ts'
import { mergeChanges } from './state/merge-changes.ts'
import { DEFAULT_TRIE_LIMITS, StateTries, type TrieLimits } from './state/state-tries.ts'
import {
  type Executed,
  metaKey,
  positionOperations,
  readPosition,
  requireGenesis,
  type StorePosition,
} from './store-meta.ts'
import { orderedRoot } from './trie/ordered-root.ts'
import type { ExecutedBlock } from './types.ts'

export interface ExecutorOptions extends Retention {
  readonly store: Store
  readonly genesis: Genesis
  readonly chainId: number
  readonly schedule: ForkSchedule
  readonly log: Logger
  readonly limits?: Partial<FlatStateLimits & TrieLimits>
}

/** Blocks that become durable together. */
export interface Batch {
  readonly operations: StoreOperation[]
  readonly blocks: ExecutedBlock[]
}

/** Header fields that follow from running a block of an imported chain; absent on ours, where they are fixed. */
export interface BlockExtras {
  readonly ommers?: readonly BlockHeader[]
  readonly ommersHash?: Digest
  readonly withdrawals?: readonly Withdrawal[]
  readonly requestsHash?: Digest
}

/**
 * The chain's state and its only writer: runs blocks, keeps flat state, tries and history in step, and makes a batch of
 * blocks durable in one write. Knows neither commits nor imports; one caller at a time.
 */
export class Executor {
  readonly store: Store
  readonly flat: FlatState
  readonly chainId: number
  readonly log: Logger
  readonly #schedule: ForkSchedule
  readonly #tries: StateTries
  readonly #machines = new Map<Fork, Machine>()
  readonly #recentHashes = new Map<BlockNumber, Digest>()
  readonly #listeners = new Set<(executed: ExecutedBlock) => void>()
  #head: Block
  #next: Block
  #executed: Executed
  #finalized: BlockNumber
  readonly #pruner: Pruner
  #writing: Promise<void> | undefined
  #failure: unknown

  private constructor(
    options: ExecutorOptions,
    head: Block,
    position: Pick<StorePosition, 'executed' | 'finalized'> & StoredBounds,
  ) {
    this.store = options.store
    this.chainId = options.chainId
    this.log = options.log
    this.#schedule = options.schedule
    this.flat = new FlatState(options.store, { ...DEFAULT_FLAT_STATE_LIMITS, ...options.limits })
    this.#tries = new StateTries(options.store, head.header.stateRoot, { ...DEFAULT_TRIE_LIMITS, ...options.limits })
    this.#head = head
    this.#next = head
    this.#executed = position.executed
    this.#finalized = position.finalized
    this.#pruner = new Pruner(options.store, options, position)
  }

  /** Writes the genesis into an empty store, or resumes; CodedErrors `wrong genesis`, `wrong schema`, `store damaged`. */
  static async open(options: ExecutorOptions): Promise<Executor> {
    const { store, genesis } = options
    const position = readPosition(store)
    if (position === undefined) return Executor.#create(options)
    requireGenesis(position, genesis.hash)
    const { head: number } = position
    const head = readBlock(store, number)
    if (head === undefined) throw new CodedError('store damaged', `block ${number} is missing`, { data: { number } })
    return new Executor(options, head, position)
  }

  static async #create(options: ExecutorOptions): Promise<Executor> {
    const { store, genesis } = options
    const empty: Block = { ...genesis.block, header: { ...genesis.block.header, stateRoot: EMPTY_TRIE_ROOT } }
    const executor = new Executor(options, empty, {
      executed: { epoch: 0, index: 0 },
      finalized: 0,
      base: 0,
      states: 0,
      deleted: { statesDeleted: 0, bodiesDeleted: 0 },
    })
    const operations: StoreOperation[] = [
      { key: metaKey('schema'), value: new Writer(4).u32(SCHEMA_VERSION).finish() },
      { key: metaKey('genesis'), value: genesis.hash },
    ]
    const { root, changes } = executor.#tries.update(genesis.state, operations)
    assert(equalBytes(root, genesis.block.header.stateRoot), 'the genesis state has the root of the genesis block')
    executor.flat.apply(changes, operations)
    const executed: ExecutedBlock = { block: genesis.block, receipts: [] }
    blockOperations(executed, operations)
    operations.push(...positionOperations(genesis.block.header.number, { epoch: 0, index: 0 }))
    await store.write(operations, { durable: true })
    executor.flat.publish()
    executor.#head = genesis.block
    executor.#next = genesis.block
    return executor
  }

  /** Last block that readers see. */
  head(): Block {
    return this.#head
  }

  headHeader(): BlockHeader {
    return this.#head.header
  }

  /** Last block of the batch in the making, or the head. */
  tip(): Block {
    return this.#next
  }

  executed(): Executed {
    return this.#executed
  }

  finalized(): BlockNumber {
    return this.#finalized
  }

  earliestState(): BlockNumber {
    return this.#pruner.earliestState(this.#head.header.number)
  }

  /** Oldest block whose body is kept, apart from the genesis. */
  earliestBlock(): BlockNumber {
    return this.#pruner.earliestBlock(this.#head.header.number)
  }

  onBlock(listener: (executed: ExecutedBlock) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing.catch(() => {})
  }

  forkAt(number: BlockNumber, timestamp: number): Fork {
    return this.#schedule.at(number, timestamp)
  }

  rulesAt(number: BlockNumber, timestamp: number): Rules {
    return rulesOf(this.forkAt(number, timestamp), BigInt(this.chainId), this.#schedule)
  }

  /** The machine that runs blocks of `fork`. Calls have their own. */
  async machine(fork: Fork): Promise<Machine> {
    const known = this.#machines.get(fork)
    if (known !== undefined) return known
    const machine = await this.newMachine(fork)
    this.#machines.set(fork, machine)
    return machine
  }

  newMachine(fork: Fork, customOpcodes?: Parameters<typeof createMachine>[2]): Promise<Machine> {
    return createMachine(rulesOf(fork, BigInt(this.chainId), this.#schedule), this.blockHash, customOpcodes)
  }

  /** Hash of a block up to the tip; zero for none. */
  readonly blockHash: BlockHashes = number => {
    const recent = this.#recentHashes.get(number)
    if (recent !== undefined) return recent
    const hash = readBlockHash(this.store, number) ?? ZERO_DIGEST
    this.#recentHashes.set(number, hash)
    for (const oldest of this.#recentHashes.keys()) {
      if (this.#recentHashes.size <= RECENT_HASHES_MAX) break
      this.#recentHashes.delete(oldest)
    }
    return hash
  }

  newBatch(): Batch {
    if (this.#failure !== undefined) {
      throw new CodedError('execution stopped', 'an earlier failure left the state in memory undefined', {
        cause: this.#failure,
      })
    }
    return { operations: [], blocks: [] }
  }

  /** Starts a block on top of the tip. Nothing of it stays unless it is finished. */
  async begin(
    batch: Batch,
    skeleton: BlockSkeleton,
    options: {
      readonly blobBaseFee: bigint | undefined
      readonly fastTransfers: boolean
      readonly ownInterpreter: boolean
    },
  ): Promise<OpenBlock> {
    const machine = await this.machine(this.forkAt(skeleton.number, skeleton.timestamp))
    const flushed: StateChanges[] = []
    const flush = async (state: JournalState): Promise<Digest> => {
      const complete = await this.flat.complete(state.changes())
      const { changes, root } = this.#tries.update(complete, batch.operations)
      this.flat.apply(changes, batch.operations)
      flushed.push(changes)
      return root
    }
    const execution = new BlockExecution({
      machine,
      skeleton,
      source: this.flat.latest,
      log: this.log,
      flush,
      ...options,
    })
    await execution.start()
    return { execution, skeleton, flush, flushed }
  }

  /** Completes the header, appends the block to the batch and makes it the tip. */
  async finish(batch: Batch, open: OpenBlock, extras: BlockExtras): Promise<ExecutedBlock> {
    const { execution, skeleton } = open
    const root = await open.flush(execution.finish())
    const { receipts, transactions, gasUsed } = execution
    const { withdrawals } = extras
    const { baseFeePerGas, excessBlobGas, parentBeaconBlockRoot, ...rest } = skeleton
    const header: BlockHeader = {
      ...rest,
      ommersHash: extras.ommersHash ?? EMPTY_OMMERS_HASH,
      stateRoot: root,
      transactionsRoot: orderedRoot(transactions.map(transaction => transaction.raw)),
      receiptsRoot: orderedRoot(receipts.map(encodeReceipt)),
      logsBloom: joinBlooms(receipts),
      gasUsed,
      ...(baseFeePerGas === undefined ? {} : { baseFeePerGas }),
      ...(withdrawals === undefined ? {} : { withdrawalsRoot: withdrawalsRootOf(withdrawals) }),
      ...(excessBlobGas === undefined ? {} : { blobGasUsed: execution.blobGasUsed, excessBlobGas }),
      ...(parentBeaconBlockRoot === undefined ? {} : { parentBeaconBlockRoot }),
      ...(extras.requestsHash === undefined ? {} : { requestsHash: extras.requestsHash }),
    }
    const content = {
      header,
      transactions,
      ommers: extras.ommers ?? [],
      ...(withdrawals === undefined ? {} : { withdrawals }),
    }
    const block: Block = { ...content, hash: blockHeaderHash(header), size: encodeBlock(content).length }
    const executed = { block, receipts }
    blockOperations(executed, batch.operations)
    writeHistory(header.number, mergeChanges(open.flushed), batch.operations)
    batch.blocks.push(executed)
    this.#recentHashes.set(header.number, block.hash)
    this.#next = block
    return executed
  }

  /**
   * Makes the batch and the position durable in one write, then visible. After a failure the executor refuses to go on:
   * what it holds in memory may not be what is stored.
   */
  async commit(batch: Batch, executed: Executed): Promise<void> {
    batch.operations.push(...positionOperations(this.#next.header.number, executed))
    this.#pruner.prune(this.#next.header.number, this.#head.header.number, batch.operations)
    reachFailPoint('block-before-write')
    this.#writing = this.store.write(batch.operations, { durable: true })
    try {
      await this.#writing
    } catch (error) {
      this.fail(error)
      throw error
    } finally {
      this.#writing = undefined
    }
    reachFailPoint('block-written')
    this.flat.publish()
    this.#tries.publish()
    this.#executed = executed
    this.#head = this.#next
    for (const block of batch.blocks) {
      for (const listener of this.#listeners) listener(block)
    }
  }

  /** Records that memory and store may differ; every later batch is refused. */
  fail(error: unknown): void {
    this.#failure = error
  }

  /** Stores a checkpoint certificate and moves `finalized` up to its height. */
  async markFinalized(height: BlockNumber, certificate: Uint8Array): Promise<void> {
    assert(height <= this.#head.header.number, 'only executed blocks are finalised')
    const operations: StoreOperation[] = [{ key: storeKey(KEY_PREFIX.certificate, u48(height)), value: certificate }]
    if (height > this.#finalized) operations.push({ key: metaKey('finalized'), value: u48(height) })
    await this.store.write(operations, { durable: false })
    this.#finalized = Math.max(this.#finalized, height)
  }

  certificate(height: BlockNumber): Uint8Array | undefined {
    return this.store.get(storeKey(KEY_PREFIX.certificate, u48(height)))
  }
}

/** A block between `begin` and `finish`. */
export interface OpenBlock {
  readonly execution: BlockExecution
  readonly skeleton: BlockSkeleton
  readonly flush: (state: JournalState) => Promise<Digest>
  readonly flushed: StateChanges[]
}

/** BLOCKHASH reaches 256 blocks back; some more for calls on older blocks. */
const RECENT_HASHES_MAX = 1_024

function joinBlooms(receipts: readonly Receipt[]): Uint8Array {
  let joined: Uint8Array | undefined
  for (const { logsBloom } of receipts) {
    if (logsBloom === EMPTY_BLOOM) continue
    joined ??= new Uint8Array(256)
    for (let i = 0; i < 256; i++) joined[i] = (joined[i] as number) | (logsBloom[i] as number)
  }
  return joined ?? EMPTY_BLOOM
}

/** Root of a block's withdrawals (EIP-4895). */
export function withdrawalsRootOf(withdrawals: readonly Withdrawal[]): Digest {
  return orderedRoot(withdrawals.map(withdrawal => encodeRlp(withdrawalItem(withdrawal))))
}
