import { KEY_PREFIX, type Store, type StoreOperation } from '#storage'
import type { BlockNumber } from '#types'
import { blockOperations, readBlock, readReceipts } from './chain-store.ts'
import { deleteHistory } from './state/history.ts'
import { keptOperations, type StorePosition } from './store-meta.ts'

/** What stays in a store. An archive keeps everything. */
export interface Retention {
  /** Blocks whose state stays readable; absent: all. */
  readonly historyBlocks?: number
  /** Blocks whose bodies, receipts and indexes stay; absent: all. At least as many as `historyBlocks`. */
  readonly bodyBlocks?: number
  /**
   * What is no longer offered stays for so many blocks more: a call or a scan that has begun on it reads to its end, which
   * takes seconds, and never meets a state with holes. Default 256.
   */
  readonly lagBlocks?: number
}

const LAG_BLOCKS = 256
/** Deletions of one commit beyond twice its own writes, so that a new, smaller window is reached without a stall. */
const EXTRA_DELETIONS = 2_000

/**
 * Deletes what falls out of the windows, a little with each commit and in its batch. Headers stay for ever, and so do the
 * index of blocks by hash, certificates and the genesis block. Windows may change from start to start: what is gone
 * stays gone, and what is still there is offered again.
 */
export class Pruner {
  readonly #store: Store
  readonly #retention: Retention
  /** Reverse diffs of blocks up to this one are deleted. */
  #statesDeleted: BlockNumber
  /** Bodies of blocks before this one are deleted, but for the genesis. */
  #bodiesDeleted: BlockNumber
  #written: StoredBounds

  constructor(store: Store, retention: Retention, stored: StoredBounds) {
    this.#store = store
    this.#retention = retention
    this.#written = stored
    this.#statesDeleted = stored.deleted.statesDeleted
    this.#bodiesDeleted = stored.deleted.bodiesDeleted
  }

  /** First block whose state is offered under this head. */
  earliestState(head: BlockNumber): BlockNumber {
    return Math.max(this.#statesDeleted, head - (this.#retention.historyBlocks ?? head))
  }

  /** First block whose body is offered, apart from the genesis. */
  earliestBlock(head: BlockNumber): BlockNumber {
    return Math.max(this.#bodiesDeleted, head + 1 - (this.#retention.bodyBlocks ?? head + 1))
  }

  /**
   * Appends deletions, and what is offered once the batch is durable and `head` is the head. Only reads what was durable
   * before. `stored` is the durable head.
   */
  prune(head: BlockNumber, stored: BlockNumber, operations: StoreOperation[]): void {
    const { historyBlocks = stored, bodyBlocks = stored, lagBlocks = LAG_BLOCKS } = this.#retention
    const room = 3 * operations.length + EXTRA_DELETIONS
    const lastState = stored - historyBlocks - lagBlocks
    while (this.#statesDeleted < lastState && operations.length < room) {
      this.#statesDeleted += 1
      deleteHistory(this.#store, this.#statesDeleted, operations)
    }
    // Going back to a block takes its body.
    const lastBody = Math.min(stored - bodyBlocks - lagBlocks, this.#statesDeleted - 1)
    while (this.#bodiesDeleted <= lastBody && operations.length < room) {
      deleteBody(this.#store, this.#bodiesDeleted, operations)
      this.#bodiesDeleted += 1
    }
    const bounds: StoredBounds = {
      base: this.earliestBlock(head),
      states: this.earliestState(head),
      deleted: { statesDeleted: this.#statesDeleted, bodiesDeleted: this.#bodiesDeleted },
    }
    if (isSame(bounds, this.#written)) return
    this.#written = bounds
    operations.push(...keptOperations(bounds))
  }
}

export type StoredBounds = Pick<StorePosition, 'base' | 'states' | 'deleted'>

function isSame(a: StoredBounds, b: StoredBounds): boolean {
  return (
    a.base === b.base &&
    a.states === b.states &&
    a.deleted.statesDeleted === b.deleted.statesDeleted &&
    a.deleted.bodiesDeleted === b.deleted.bodiesDeleted
  )
}

/** Kinds of records that stay when a block's body goes. */
const STAYING: ReadonlySet<number> = new Set([KEY_PREFIX.header, KEY_PREFIX.blockNumber])

function deleteBody(store: Store, number: BlockNumber, operations: StoreOperation[]): void {
  const block = number === 0 ? undefined : readBlock(store, number)
  if (block === undefined) return
  const written: StoreOperation[] = []
  blockOperations({ block, receipts: readReceipts(store, number) ?? [] }, written)
  for (const { key } of written) if (!STAYING.has(key[0] as number)) operations.push({ key })
}
