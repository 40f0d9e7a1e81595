import { EMPTY, equalBytes, toHex } from '#lib/bytes'
import { Reader } from '#lib/codec'
import { CodedError } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { afterPrefix, KEY_PREFIX, readU48, type Store, type StoreOperation, storeKey, u48 } from '#storage'
import { type BlockHeader, type BlockNumber, decodeBlockOrigin, EMPTY_TRIE_ROOT } from '#types'
import { blockOperations, readBlock, readHeader, readReceipts } from './chain-store.ts'
import { decodeSlimAccount, type StateAccount } from './state/account.ts'
import { type ByteKey, bytesOfKey, keyOf } from './state/byte-keys.ts'
import { FlatState, flatOperations } from './state/flat-state.ts'
import { deleteHistory, readChangedKeys } from './state/history.ts'
import type { AccountChange, StateChanges } from './state/journal-state.ts'
import { StateTries } from './state/state-tries.ts'
import {
  type Executed,
  keptOperations,
  metaKey,
  positionOperations,
  readPosition,
  type StorePosition,
} from './store-meta.ts'
import { whole } from './whole.ts'

export interface RewindOptions {
  readonly store: Store
  /** The block that becomes the head. */
  readonly to: BlockNumber
  /** Goes below a finalized certificate, and drops it. */
  readonly force?: boolean
  /** Takes back blocks that cannot be read as well, with all that leads to them. Below them everything must be whole. */
  readonly damaged?: boolean
  readonly onProgress?: (head: BlockNumber) => void
}

export interface RewoundChain {
  readonly from: BlockNumber
  readonly to: BlockNumber
  /** Execution goes on with the commit after this one. */
  readonly executed: Executed
}

/** Changed keys that one atomic batch takes back, unless a single commit has more. */
const KEYS_PER_BATCH = 50_000

/**
 * Takes a chain store back to block `to`: state by the reverse diffs, blocks, receipts and indexes by deletion, the
 * position in the commits with them. Every batch ends at a commit and leaves a whole store, so a killed rewind is only
 * unfinished. Every state root on the way is checked. Throws CodedErrors `no such block`, `inside a commit`, `history
 * pruned`, `finalized`, `store damaged`; the first four before anything is changed.
 */
export async function rewindChain(options: RewindOptions): Promise<RewoundChain> {
  const { store, to } = options
  const position = readPosition(store)
  if (position === undefined) throw new CodedError('no such block', 'the store is empty: there is nothing to rewind')
  const { head, finalized } = position
  if (to > head) throw new CodedError('no such block', `the head is block ${head}, which is before block ${to}`)
  const commitFirst = firstBlockOfCommit(store, to + 1, head)
  if (commitFirst <= to) {
    throw new CodedError(
      'inside a commit',
      `blocks ${commitFirst} to ${lastBlockOfCommit(store, to + 1, head)} come from one commit and go together: ` +
        `rewind to block ${commitFirst - 1} or ${lastBlockOfCommit(store, to + 1, head)}`,
      { data: { first: commitFirst } },
    )
  }
  if (to < finalized && options.force !== true) {
    throw new CodedError(
      'finalized',
      `a certificate makes block ${finalized} final, so block ${to} is no place to go back to; --force goes there ` +
        'all the same and drops the certificates above it',
      { data: { finalized } },
    )
  }
  for (let number = to + 1; number <= head; number++) {
    if (store.get(storeKey(KEY_PREFIX.changes, u48(number))) !== undefined) continue
    throw new CodedError(
      'history pruned',
      `the state before block ${number} is not kept, so the chain cannot go back further than block ${number}`,
      { data: { number } },
    )
  }
  // Blocks of an imported chain come from no commit.
  const isOurs = position.executed.index > 0
  const flat = new FlatState(store)
  const root = store.get(storeKey(KEY_PREFIX.accountNode))
  const tries = new StateTries(store, root === undefined ? EMPTY_TRIE_ROOT : keccak256(root))
  let at = head
  let executed = position.executed
  const deletion = options.damaged === true ? deleteDamagedBlock : deleteBlock
  while (at > to) {
    const first = batchStart(store, at, to)
    const operations: StoreOperation[] = []
    await takeBack(store, flat, tries, { first, last: at, deletion }, operations)
    executed = isOurs ? positionAfter(header(store, first - 1)) : position.executed
    operations.push(...positionOperations(first - 1, executed))
    operations.push(...boundOperations(position, first - 1))
    await dropCertificates(store, first - 1, finalized, operations)
    if (first - 1 === to) await dropSkipped(store, executed, operations)
    if (first - 1 === to && options.damaged === true) await sweepIndexes(store, to, operations)
    await store.write(operations, { durable: true })
    flat.publish()
    tries.publish()
    at = first - 1
    options.onProgress?.(at)
  }
  return { from: head, to, executed }
}

function header(store: Store, number: BlockNumber): BlockHeader {
  const found = whole(`the header of block ${number}`, () => readHeader(store, number))
  if (found === undefined) throw new CodedError('store damaged', `block ${number} is missing`, { data: { number } })
  return found
}

// What a commit is to a chain: blocks with the same origin but for the sub-index.
function sameCommit(a: BlockHeader, b: BlockHeader): boolean {
  const left = decodeBlockOrigin(a.extraData)
  const right = decodeBlockOrigin(b.extraData)
  return (
    left !== undefined &&
    right !== undefined &&
    left.epoch === right.epoch &&
    left.commitIndex === right.commitIndex &&
    left.subIndex !== right.subIndex
  )
}

/** The first block of the commit that made block `number`; where a header cannot be told, the block counts to both sides. */
export function firstBlockOfCommit(store: Store, number: BlockNumber, head: BlockNumber): BlockNumber {
  if (number > head) return number
  let first = number
  while (first > 1 && belongsTogether(store, first - 1)) first--
  return first
}

function belongsTogether(store: Store, number: BlockNumber): boolean {
  const [left, right] = [readable(store, number), readable(store, number + 1)]
  return left === undefined || right === undefined || sameCommit(left, right)
}

function readable(store: Store, number: BlockNumber): BlockHeader | undefined {
  try {
    return header(store, number)
  } catch (error) {
    if (error instanceof CodedError && error.code === 'store damaged') return undefined
    throw error
  }
}

function lastBlockOfCommit(store: Store, number: BlockNumber, head: BlockNumber): BlockNumber {
  let last = number
  while (last < head && sameCommit(header(store, last + 1), header(store, number))) last++
  return last
}

/** The commit that made block `number`: execution goes on after it when that block is the head. CodedError `store damaged`. */
export function commitOfBlock(store: Store, number: BlockNumber): Executed {
  return positionAfter(header(store, number))
}

function positionAfter(head: BlockHeader): Executed {
  if (head.number === 0) return { epoch: 0, index: 0 }
  const origin = decodeBlockOrigin(head.extraData)
  if (origin === undefined) {
    throw new CodedError('store damaged', `block ${head.number} does not say which commit it comes from`)
  }
  return { epoch: origin.epoch, index: origin.commitIndex }
}

// First block of a batch that ends with `last`: whole commits, about KEYS_PER_BATCH changes.
function batchStart(store: Store, last: BlockNumber, to: BlockNumber): BlockNumber {
  let first = last
  let keys = 0
  for (;;) {
    first = firstBlockOfCommit(store, first, last)
    for (const { slots } of changedKeys(store, first)) keys += 1 + slots.length
    if (first - 1 <= to || keys >= KEYS_PER_BATCH) return first
    first -= 1
  }
}

async function takeBack(
  store: Store,
  flat: FlatState,
  tries: StateTries,
  { first, last, deletion }: { first: BlockNumber; last: BlockNumber; deletion: typeof deleteBlock },
  operations: StoreOperation[],
): Promise<void> {
  const accounts = new Map<ByteKey, StateAccount | undefined>()
  const slotsOf = new Map<ByteKey, Map<ByteKey, Uint8Array>>()
  // Backwards: the value before the first of the blocks is the one that stays.
  for (let number = last; number >= first; number--) {
    const suffix = u48(number)
    for (const { address, slots } of changedKeys(store, number)) {
      const key = keyOf(address)
      const before = kept(store, storeKey(KEY_PREFIX.accountHistory, address, suffix), number)
      accounts.set(
        key,
        before.length === 0 ? undefined : whole(`an account before block ${number}`, () => decodeSlimAccount(before)),
      )
      const known = slotsOf.get(key) ?? new Map<ByteKey, Uint8Array>()
      if (slots.length > 0) slotsOf.set(key, known)
      for (const slot of slots) {
        known.set(keyOf(slot), kept(store, storeKey(KEY_PREFIX.slotHistory, address, slot, suffix), number))
      }
    }
    deleteHistory(store, number, operations)
    deletion(store, number, operations)
  }
  const changes: AccountChange[] = []
  for (const [key, after] of accounts) {
    changes.push({
      key,
      address: bytesOfKey(key),
      before: whole(`account ${toHex(bytesOfKey(key))}`, () => flat.latest.account(key)),
      after,
      slots: [...(slotsOf.get(key) ?? [])].map(([slot, value]) => ({
        key: slot,
        before: flat.latest.slot(key, slot),
        after: value,
      })),
      wiped: false,
    })
  }
  const state: StateChanges = { accounts: changes, codes: [] }
  const { root, changes: complete } = whole('the state trie', () => tries.update(state, operations))
  const wanted = header(store, first - 1).stateRoot
  if (!equalBytes(root, wanted)) {
    throw new CodedError(
      'store damaged',
      `the reverse diffs of blocks ${first} to ${last} lead to state ${toHex(root)}, not to ${toHex(wanted)}`,
      { data: { first, last } },
    )
  }
  flat.apply(complete)
  flatOperations(complete, operations)
}

function deleteBlock(store: Store, number: BlockNumber, operations: StoreOperation[]): void {
  const read = whole(`block ${number}`, () => ({
    block: readBlock(store, number),
    receipts: readReceipts(store, number),
  }))
  if (read.block === undefined || read.receipts === undefined) {
    throw new CodedError('store damaged', `block ${number} or its receipts are missing`, { data: { number } })
  }
  const written: StoreOperation[] = []
  blockOperations({ block: read.block, receipts: read.receipts }, written)
  for (const { key } of written) operations.push({ key })
}

// What is offered ends with the head.
function boundOperations({ base, states, deleted }: StorePosition, head: BlockNumber): readonly StoreOperation[] {
  if (base <= head && states <= head) return []
  return keptOperations({ base: Math.min(base, head), states: Math.min(states, head), deleted })
}

/** Deletes what of a block can be deleted without reading it; {@link sweepIndexes} does the rest. */
function deleteDamagedBlock(store: Store, number: BlockNumber, operations: StoreOperation[]): void {
  try {
    deleteBlock(store, number, operations)
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'store damaged') throw error
    const suffix = u48(number)
    for (const prefix of [KEY_PREFIX.header, KEY_PREFIX.body, KEY_PREFIX.receipts]) {
      operations.push({ key: storeKey(prefix, suffix) })
    }
  }
}

// Entries that lead to blocks above `head`.
async function sweepIndexes(store: Store, head: BlockNumber, operations: StoreOperation[]): Promise<void> {
  for (const prefix of [KEY_PREFIX.blockNumber, KEY_PREFIX.transaction, KEY_PREFIX.logIndex]) {
    for await (const [key, value] of store.scan({ from: storeKey(prefix), to: afterPrefix(storeKey(prefix)) })) {
      const at =
        prefix === KEY_PREFIX.logIndex ? readU48(key, key.length - 6) : value.length < 6 ? head + 1 : readU48(value)
      if (at > head) operations.push({ key })
    }
  }
}

async function dropCertificates(
  store: Store,
  head: BlockNumber,
  finalized: BlockNumber,
  operations: StoreOperation[],
): Promise<void> {
  const certificates = Uint8Array.of(KEY_PREFIX.certificate)
  const above = { from: storeKey(KEY_PREFIX.certificate, u48(head + 1)), to: afterPrefix(certificates) }
  for await (const [key] of store.scan(above)) operations.push({ key })
  if (finalized > head) {
    const below = { from: certificates, to: above.from, reverse: true, limit: 1 }
    let highest = 0
    for await (const [key] of store.scan(below)) highest = readU48(key, 1)
    operations.push({ key: metaKey('finalized'), value: u48(highest) })
  }
}

// Notes on transactions that a later commit skipped, and will skip again.
async function dropSkipped(store: Store, executed: Executed, operations: StoreOperation[]): Promise<void> {
  const skipped = Uint8Array.of(KEY_PREFIX.skipped)
  for await (const [key, value] of store.scan({ from: skipped, to: afterPrefix(skipped) })) {
    const { epoch, index } = whole('a note on a skipped transaction', () => {
      const reader = new Reader(value)
      reader.u8()
      return { epoch: reader.u32(), index: reader.u64() }
    })
    if (epoch > executed.epoch || (epoch === executed.epoch && index > executed.index)) operations.push({ key })
  }
}

function kept(store: Store, key: Uint8Array, number: BlockNumber): Uint8Array {
  const value = store.get(key)
  if (value === undefined) {
    throw new CodedError('store damaged', `a reverse diff of block ${number} is missing`, { data: { number } })
  }
  return value.length === 0 ? EMPTY : value
}

function changedKeys(store: Store, number: BlockNumber) {
  return whole(`the list of changes of block ${number}`, () => readChangedKeys(store, number))
}
