import { assert, defined } from '#lib/assert'
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
  blockSize,
  type Digest,
  EMPTY_BLOOM,
  EMPTY_OMMERS_HASH,
  EMPTY_TRIE_ROOT,
  encodeReceipt,
  type Receipt,
  type RecoveredTransaction,
  type Withdrawal,
  withdrawalItem,
  ZERO_DIGEST,
} from '#types'
import { BlockExecution, type BlockSkeleton } from './block-execution.ts'
import { blockOperations, readBlock, readBlockHash } from './chain-store.ts'
import type { OwnMachine } from './execution-view.ts'
import type { Fork, ForkSchedule } from './forks.ts'
import type { Genesis } from './genesis.ts'
import { type BlockHashes, createMachine, type Machine, type Rules, rulesOf } from './machine.ts'
import { knownHash, ParentHashPending, type PendingHash, pendingHash } from './parent-hash.ts'
import { Pruner, type Retention, type StoredBounds } from './pruning.ts'
import type { ByteKey } from './state/byte-keys.ts'
import { DEFAULT_FLAT_STATE_LIMITS, FlatState, type FlatStateLimits, flatOperations } from './state/flat-state.ts'
import { writeHistory } from './state/history.ts'
import type { AccountChange, JournalState, StateChanges } from './state/journal-state.ts'
import { mergeChanges } from './state/merge-changes.ts'
import { unpackOperations } from './state/packed-operations.ts'
import { DEFAULT_TRIE_LIMITS, StateTries, type TrieLimits, withStorageRoots } from './state/state-tries.ts'
import { createInlineTries, createTrieWorker, type TrieKeeper } from './state/trie-keeper.ts'
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
  /**
   * Directory of `store`, a LevelDB that this process has open as a shared one: the tries are then kept by a thread of
   * their own.
   */
  readonly trieWorker?: { readonly directory: string }
}

/** Blocks that become durable together. */
export interface Batch {
  readonly operations: StoreOperation[]
  /** Complete ones, in order. */
  readonly blocks: ExecutedBlock[]
  /** Updates that the tries were given for it. */
  updates: number
}

/** The last block, as far as it is known before its state root is. */
export interface Tip {
  readonly header: Omit<BlockHeader, 'parentHash' | 'stateRoot'>
  readonly hash: PendingHash
}

/** Changes on their way through the tries. */
interface Step {
  readonly root: Digest
  /** With true storage roots. */
  readonly changes: StateChanges
  readonly nodes: Uint8Array
}

/** A block whose transactions have all run and whose root is being worked out. */
export interface SealedBlock {
  readonly executed: Promise<ExecutedBlock>
  readonly steps: readonly Promise<Step>[]
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
  readonly #tries: TrieKeeper
  readonly #machines = new Map<Fork, Machine>()
  readonly #recentHashes = new Map<BlockNumber, Digest>()
  readonly #listeners = new Set<(executed: ExecutedBlock) => void>()
  #head: Block
  #tip: Tip
  // Storage roots that the latest update brought, by account.
  #storageRoots = new Map<ByteKey, Digest>()
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
    const limits = { ...DEFAULT_TRIE_LIMITS, ...options.limits }
    const root = head.header.stateRoot
    this.#tries =
      options.trieWorker === undefined
        ? createInlineTries(options.store, root, limits)
        : createTrieWorker({ ...options.trieWorker, root, limits })
    this.#head = head
    this.#tip = { header: head.header, hash: knownHash(head.hash) }
    this.#executed = position.executed
    this.#finalized = position.finalized
    this.#pruner = new Pruner(options.store, options, position)
  }

  /** Writes the genesis into an empty store, or resumes; CodedErrors `wrong genesis`, `wrong schema`, `store damaged`. */
  static async open(options: ExecutorOptions): Promise<Executor> {
    const { store, genesis } = options
    const position = readPosition(store)
    if (position === undefined) return Executor.#create(options).then(() => Executor.open(options))
    requireGenesis(position, genesis.hash)
    const { head: number } = position
    const head = readBlock(store, number)
    if (head === undefined) throw new CodedError('store damaged', `block ${number} is missing`, { data: { number } })
    return new Executor(options, head, position)
  }

  static async #create({ store, genesis }: ExecutorOptions): Promise<void> {
    const operations: StoreOperation[] = [
      { key: metaKey('schema'), value: new Writer(4).u32(SCHEMA_VERSION).finish() },
      { key: metaKey('genesis'), value: genesis.hash },
    ]
    const { root, changes } = new StateTries(store, EMPTY_TRIE_ROOT).update(genesis.state, operations)
    assert(equalBytes(root, genesis.block.header.stateRoot), 'the genesis state has the root of the genesis block')
    flatOperations(changes, operations)
    blockOperations({ block: genesis.block, receipts: [] }, operations)
    operations.push(...positionOperations(genesis.block.header.number, { epoch: 0, index: 0 }))
    await store.write(operations, { durable: true })
  }

  /** Last block that readers see. */
  head(): Block {
    return this.#head
  }

  headHeader(): BlockHeader {
    return this.#head.header
  }

  /** Last block that was sealed, or the head. */
  tip(): Tip {
    return this.#tip
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

  /** Waits for a write that is under way and ends the thread of the tries. */
  async close(): Promise<void> {
    await this.settled()
    await this.#tries.close()
  }

  forkAt(number: BlockNumber, timestamp: bigint): Fork {
    return this.#schedule.at(number, timestamp)
  }

  rulesAt(number: BlockNumber, timestamp: bigint): Rules {
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

  newMachine(fork: Fork, own: OwnMachine = {}): Promise<Machine> {
    const rules = rulesOf(fork, BigInt(this.chainId), this.#schedule)
    return createMachine(rules, own.blockHashes ?? this.blockHash, own.customOpcodes)
  }

  /** Hash of a block up to the tip; zero for none. Throws {@link ParentHashPending} for a tip without one. */
  readonly blockHash: BlockHashes = number => {
    const recent = this.#recentHashes.get(number)
    if (recent !== undefined) return recent
    if (number === this.#tip.header.number && this.#tip.hash.now() === undefined) throw new ParentHashPending()
    const hash = readBlockHash(this.store, number) ?? ZERO_DIGEST
    this.#recentHashes.set(number, hash)
    for (const oldest of this.#recentHashes.keys()) {
      if (this.#recentHashes.size <= RECENT_HASHES_MAX) break
      this.#recentHashes.delete(oldest)
    }
    return hash
  }

  newBatch(): Batch {
    this.requireSound()
    this.flat.beginBatch()
    return { operations: [], blocks: [], updates: 0 }
  }

  /** CodedError `execution stopped` after a failure: nothing may be executed any more. */
  requireSound(): void {
    if (this.#failure === undefined) return
    throw new CodedError('execution stopped', 'an earlier failure left the state in memory undefined', {
      cause: this.#failure,
    })
  }

  /** Starts a block on top of the tip, whose root may still be on its way. Nothing of it stays unless it is sealed. */
  async begin(
    batch: Batch,
    skeleton: Omit<BlockSkeleton, 'parentHash'>,
    options: {
      readonly blobBaseFee: bigint | undefined
      readonly fastTransfers: boolean
      readonly ownInterpreter: boolean
    },
  ): Promise<OpenBlock> {
    const machine = await this.machine(this.forkAt(skeleton.number, skeleton.timestamp))
    const steps: Promise<Step>[] = []
    const execution = new BlockExecution({
      machine,
      skeleton,
      parentHash: this.#tip.hash,
      source: this.flat.latest,
      log: this.log,
      flush: async state => {
        const { step } = await this.#apply(batch, state)
        steps.push(step)
        return (await step).root
      },
      ...options,
    })
    await execution.start()
    return { execution, skeleton, steps }
  }

  // Hands changes to the tries. Everything before them must be settled.
  async #apply(batch: Batch, state: JournalState): Promise<{ readonly step: Promise<Step> }> {
    const complete = withKnownRoots(await this.flat.complete(state.changes()), this.#storageRoots)
    const applied = withoutNewRoots(complete)
    this.flat.apply(applied)
    batch.updates += 1
    const step = this.#tries.update(complete).then(({ root, storageRoots, nodes }) => {
      const changes = withStorageRoots(complete, storageRoots)
      this.flat.settle(applied, changes)
      this.#storageRoots = new Map()
      for (const i of storageRoots.keys()) {
        const { key, after } = changes.accounts[i] as AccountChange
        if (after !== undefined) this.#storageRoots.set(key, after.storageRoot)
      }
      return { root, changes, nodes }
    })
    // Whoever completes the block meets the failure; until then it is nobody's fault that nobody looks.
    step.catch(() => {})
    return { step }
  }

  /**
   * Ends a block's execution and makes it the tip. Its state root, header and hash are worked out while others go on; the
   * next block may begin, but is sealed only after them.
   */
  async seal(batch: Batch, open: OpenBlock, extras: BlockExtras): Promise<SealedBlock> {
    const { execution, skeleton } = open
    // While the parent's root is still worked out there is time for what does not need it; else the tries come first.
    const early = this.#tip.hash.now() === undefined ? listRootsOf(execution) : undefined
    const parentHash = await execution.awaitParent()
    const { step: last } = await this.#apply(batch, execution.finish())
    open.steps.push(last)
    const { receipts, transactions, gasUsed } = execution
    const { withdrawals } = extras
    const { baseFeePerGas, excessBlobGas, parentBeaconBlockRoot, ...rest } = skeleton
    const known = {
      ...rest,
      ommersHash: extras.ommersHash ?? EMPTY_OMMERS_HASH,
      ...(early ?? listRootsOf(execution)),
      gasUsed,
      ...(baseFeePerGas === undefined ? {} : { baseFeePerGas }),
      ...(withdrawals === undefined ? {} : { withdrawalsRoot: withdrawalsRootOf(withdrawals) }),
      ...(excessBlobGas === undefined ? {} : { blobGasUsed: execution.blobGasUsed, excessBlobGas }),
      ...(parentBeaconBlockRoot === undefined ? {} : { parentBeaconBlockRoot }),
      ...(extras.requestsHash === undefined ? {} : { requestsHash: extras.requestsHash }),
    }
    const executed = last.then(({ root }): ExecutedBlock => {
      const header: BlockHeader = { ...known, parentHash, stateRoot: root }
      const content = {
        header,
        transactions,
        ommers: extras.ommers ?? [],
        ...(withdrawals === undefined ? {} : { withdrawals }),
      }
      const block: Block = { ...content, hash: blockHeaderHash(header), size: blockSize(content) }
      this.#recentHashes.set(header.number, block.hash)
      return { block, receipts }
    })
    executed.catch(() => {})
    this.#tip = { header: known, hash: pendingHash(executed.then(({ block }) => block.hash)) }
    return { executed, steps: open.steps }
  }

  /** Waits for a sealed block's root and appends the block to the batch. */
  async complete(batch: Batch, sealed: SealedBlock): Promise<ExecutedBlock> {
    const executed = await sealed.executed
    const steps = await Promise.all(sealed.steps)
    for (const { changes, nodes } of steps) {
      flatOperations(changes, batch.operations)
      unpackOperations(nodes, batch.operations)
    }
    blockOperations(executed, batch.operations)
    writeHistory(executed.block.header.number, mergeChanges(steps.map(({ changes }) => changes)), batch.operations)
    batch.blocks.push(executed)
    return executed
  }

  /** {@link seal} and {@link complete}. */
  async finish(batch: Batch, open: OpenBlock, extras: BlockExtras): Promise<ExecutedBlock> {
    return this.complete(batch, await this.seal(batch, open, extras))
  }

  /**
   * Makes the batch and the position durable in one write, then visible. Batches are committed in the order in which they
   * were made. After a failure the executor refuses to go on: what it holds in memory may not be what is stored.
   */
  async commit(batch: Batch, executed: Executed): Promise<void> {
    this.requireSound()
    const head = batch.blocks.at(-1)?.block ?? this.#head
    // A commit that left nothing need not be remembered: handed over again after a start, it leaves nothing again. That an
    // epoch began is remembered, as a node that lost its log of the epoch before cannot end that one again.
    const leavesNothing = batch.blocks.length === 0 && batch.operations.length === 0
    if (!leavesNothing || executed.epoch !== this.#executed.epoch) await this.#write(batch, head, executed)
    this.flat.publish()
    this.#tries.publish(batch.updates)
    this.#executed = executed
    this.#head = head
    for (const block of batch.blocks) {
      for (const listener of this.#listeners) listener(block)
    }
  }

  async #write(batch: Batch, head: Block, executed: Executed): Promise<void> {
    batch.operations.push(...positionOperations(head.header.number, executed))
    this.#pruner.prune(head.header.number, this.#head.header.number, batch.operations)
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

/** A block between `begin` and `seal`. */
export interface OpenBlock {
  readonly execution: BlockExecution
  readonly skeleton: Omit<BlockSkeleton, 'parentHash'>
  readonly steps: Promise<Step>[]
}

/** Stands for a storage root that is being worked out: nobody may take it for "no storage". */
const UNSETTLED_ROOT: Digest = new Uint8Array(32).fill(0xff)

// What execution sees of the changes until their storage roots are known.
function withoutNewRoots(changes: StateChanges): StateChanges {
  const accounts = changes.accounts.map(change => {
    const { after, slots, wiped } = change
    if (after === undefined || (slots.length === 0 && !wiped)) return change
    return { ...change, after: { ...after, storageRoot: UNSETTLED_ROOT } }
  })
  return { ...changes, accounts }
}

// Execution may have read an account while its storage root was unsettled.
function withKnownRoots(changes: StateChanges, roots: ReadonlyMap<ByteKey, Digest>): StateChanges {
  const accounts = changes.accounts.map(change => {
    const { before, after, key } = change
    if (before?.storageRoot !== UNSETTLED_ROOT) return change
    const storageRoot = defined(roots.get(key), 'only the last update can have been unsettled')
    return {
      ...change,
      before: { ...before, storageRoot },
      after: after?.storageRoot === UNSETTLED_ROOT ? { ...after, storageRoot } : after,
    }
  })
  return { ...changes, accounts }
}

/** BLOCKHASH reaches 256 blocks back; some more for calls on older blocks. */
const RECENT_HASHES_MAX = 1_024

// Of what a block lists: everything that its transactions decide, apart from the state.
export function listRootsOf({
  receipts,
  transactions,
}: {
  readonly receipts: readonly Receipt[]
  readonly transactions: readonly RecoveredTransaction[]
}) {
  return {
    transactionsRoot: orderedRoot(transactions.map(transaction => transaction.raw)),
    receiptsRoot: orderedRoot(receipts.map(encodeReceipt)),
    logsBloom: joinBlooms(receipts),
  }
}

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
