import { compareBytes, EMPTY } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { afterPrefix, KEY_PREFIX, type KeyPrefix, type Store, storeKey } from '#storage'
import type { Address, BlockNumber, Digest } from '#types'
import type { BlockEnd } from './block-end.ts'
import type { createChainReader } from './chain-reader.ts'
import type { ExecutionView } from './execution-view.ts'
import { blockToReplay, openReplay, replayDiffers } from './replay.ts'
import { SimulatedTries } from './simulate-root.ts'
import { hasCode, hasStorage, type StateAccount } from './state/account.ts'
import { type ByteKey, bytesOfKey, keyOf } from './state/byte-keys.ts'
import { rewindTries } from './state/history.ts'
import type { StateSource } from './state/journal-state.ts'
import { stateInside } from './state-inside.ts'
import { type ExecutionWitness, witnessOf } from './witness.ts'

/** Part of a contract's storage, in the order of its trie: by hash of the slot. */
export interface StorageRange {
  readonly slots: readonly StorageSlot[]
  /** Hash with which the next part begins; undefined at the end. */
  readonly next: Digest | undefined
}

export interface StorageSlot {
  readonly hash: Digest
  readonly slot: Uint8Array
  /** Without leading zeros. */
  readonly value: Uint8Array
}

export interface StoragePlace {
  readonly block: BlockNumber
  /** Position of the transaction before which the storage is meant; the number of transactions means after all. */
  readonly index: number
  readonly address: Address
  /** Where the part begins: the first bytes of a hash. */
  readonly from: Uint8Array
  readonly limit: number
}

/** Part of a state, in the order of its trie: by hash of the address. */
export interface AccountRange {
  readonly accounts: readonly AccountEntry[]
  /** Hash with which the next part begins; undefined at the end. */
  readonly next: Digest | undefined
}

export interface AccountEntry {
  readonly hash: Digest
  readonly address: Address
  readonly account: StateAccount
  /** Empty unless it was asked for. */
  readonly code: Uint8Array
  /** By hash of the slot; empty unless it was asked for. */
  readonly storage: readonly StorageSlot[]
}

export interface AccountsPlace {
  /** The state after this block. */
  readonly block: BlockNumber
  /** Where the part begins: the first bytes of a hash. */
  readonly from: Uint8Array
  readonly limit: number
  readonly withCode: boolean
  readonly withStorage: boolean
}

/** Looks inside of blocks, for debuggers. CodedErrors `genesis`, `unknown block`, `unknown transaction`, `state unavailable`. */
export interface InspectionEngine {
  /** State roots of a block after each of its transactions; withdrawals and what ends an epoch come after them. */
  rootsInside(number: BlockNumber, signal?: AbortSignal): Promise<readonly Digest[]>
  /** Also CodedError `too much state`. */
  storageInside(place: StoragePlace): Promise<StorageRange>
  /** Also CodedError `too much state`. */
  accountsAfter(place: AccountsPlace): Promise<AccountRange>
  /** What it takes to run a block again without the state. */
  witness(number: BlockNumber, signal?: AbortSignal): Promise<ExecutionWitness>
}

/** Keys, those of old states included, that are hashed and put in order for one answer: some seconds of work. */
const KEYS_MAX = 500_000

async function slotAt(source: StateSource, account: ByteKey, { hash, key }: Hashed): Promise<StorageSlot | undefined> {
  const value = await source.slot(account, key)
  return value.length === 0 ? undefined : { hash, slot: bytesOfKey(key), value }
}

export function createInspectionEngine(options: {
  readonly executor: ExecutionView
  readonly chain: ReturnType<typeof createChainReader>
  readonly end: BlockEnd
}): InspectionEngine {
  const { executor, chain, end } = options
  return {
    async rootsInside(number, signal) {
      const block = await blockToReplay(chain, number)
      const machine = await executor.newMachine(executor.forkAt(number, block.header.timestamp))
      await executor.settled()
      const head = executor.headHeader()
      const tries = new SimulatedTries(rewindTries(executor.store, number - 1, head.number, head.stateRoot))
      const roots: Digest[] = []
      const { execution } = await openReplay(executor, chain, block, machine, {
        isWatched: false,
        onTransaction: async changes => {
          const root = tries.update(changes)
          roots.push(root)
          return root
        },
      })
      for (const transaction of block.transactions) {
        signal?.throwIfAborted()
        const outcome = await execution.run(transaction)
        if (outcome.kind !== 'executed') {
          throw replayDiffers('a transaction was left out')
        }
      }
      return roots
    },

    async storageInside({ block, index, address, from, limit }) {
      const source = await stateInside(executor, chain, block, index)
      await executor.settled()
      const key = keyOf(address)
      const known = await slotsIn(executor.store, address)
      for (const slot of source.changedSlots(key)) known.add(slot)
      const { found, next } = await pageOf(inTrieOrder(known, from), limit, entry => slotAt(source, key, entry))
      return { slots: found, next }
    },

    async accountsAfter({ block, from, limit, withCode, withStorage }) {
      const source = chain.source(block)
      await executor.settled()
      const known = await knownKeys(executor.store, [KEY_PREFIX.account, KEY_PREFIX.accountHistory], EMPTY, 20)
      const { found, next } = await pageOf(inTrieOrder(known, from), limit, async ({ hash, key }) => {
        const address = bytesOfKey(key)
        const account = await source.account(key, address)
        if (account === undefined) return undefined
        const code = withCode && hasCode(account) ? await source.code(account.codeHash) : EMPTY
        const slots =
          withStorage && hasStorage(account) ? inTrieOrder(await slotsIn(executor.store, address), EMPTY) : []
        const storage = await pageOf(slots, slots.length, slot => slotAt(source, key, slot))
        return { hash, address, account, code, storage: storage.found }
      })
      return { accounts: found, next }
    },

    witness: (number, signal) => witnessOf(executor, chain, end, number, signal),
  }
}

/**
 * All keys of `length` bytes after `prefix` that the store knows in a kind of rows or its history, which are those that hold
 * something, and those that once did.
 */
async function knownKeys(
  store: Store,
  kinds: readonly KeyPrefix[],
  prefix: Uint8Array,
  length: number,
): Promise<Set<ByteKey>> {
  const known = new Set<ByteKey>()
  for (const kind of kinds) {
    const from = storeKey(kind, prefix)
    for await (const [key] of store.scan({ from, to: afterPrefix(from) })) {
      known.add(keyOf(key.subarray(from.length, from.length + length)))
      if (known.size > KEYS_MAX) throw new CodedError('too much state', `more than ${KEYS_MAX} keys to put in order`)
    }
  }
  return known
}

const slotsIn = (store: Store, address: Address) =>
  knownKeys(store, [KEY_PREFIX.slot, KEY_PREFIX.slotHistory], address, 32)

interface Hashed {
  readonly hash: Digest
  readonly key: ByteKey
}

/** In the order of a trie, which is that of the hashes, from `from` on. */
function inTrieOrder(keys: Iterable<ByteKey>, from: Uint8Array): Hashed[] {
  return Array.from(keys, key => ({ hash: keccak256(bytesOfKey(key)), key }))
    .filter(({ hash }) => compareBytes(hash, from) >= 0)
    .sort((a, b) => compareBytes(a.hash, b.hash))
}

/** The first `limit` of `keys` that `read` finds something for, and the hash of the one after them. */
async function pageOf<T>(
  keys: readonly Hashed[],
  limit: number,
  read: (entry: Hashed) => Promise<T | undefined>,
): Promise<{ readonly found: readonly T[]; readonly next: Digest | undefined }> {
  const found: T[] = []
  for (const entry of keys) {
    const value = await read(entry)
    if (value === undefined) continue
    if (found.length === limit) return { found, next: entry.hash }
    found.push(value)
  }
  return { found, next: undefined }
}
