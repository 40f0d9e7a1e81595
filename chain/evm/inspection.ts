import { EMPTY } from '#lib/bytes'
import type { Address, BlockNumber, Digest } from '#types'
import type { BlockEnd } from './block-end.ts'
import type { createChainReader } from './chain-reader.ts'
import type { ExecutionView } from './execution-view.ts'
import { blockToReplay, openReplay, runAgain } from './replay.ts'
import { SimulatedTries } from './simulate-root.ts'
import { hasCode, hasStorage, type StateAccount } from './state/account.ts'
import { type ByteKey, bytesOfKey, keyOf } from './state/byte-keys.ts'
import { rewindTries } from './state/history.ts'
import type { StateSource } from './state/journal-state.ts'
import { type Hashed, inTrieOrder, knownAccounts, knownSlots, pageOf } from './state/trie-order.ts'
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
      await runAgain(execution, block.transactions, signal)
      return roots
    },

    async storageInside({ block, index, address, from, limit }) {
      const source = await stateInside(executor, chain, block, index)
      await executor.settled()
      const key = keyOf(address)
      const known = await knownSlots(executor.store, address)
      for (const slot of source.changedSlots(key)) known.add(slot)
      const { found, next } = await pageOf(inTrieOrder(known, from), limit, entry => slotAt(source, key, entry))
      return { slots: found, next }
    },

    async accountsAfter({ block, from, limit, withCode, withStorage }) {
      const source = chain.source(block)
      await executor.settled()
      const known = await knownAccounts(executor.store)
      // Only what is in the page is read as a whole: the account after it just has to be there.
      const { found, next } = await pageOf(inTrieOrder(known, from), limit, async ({ hash, key }) => {
        const address = bytesOfKey(key)
        const account = await source.account(key, address)
        return account === undefined ? undefined : { hash, key, address, account }
      })
      const accounts: AccountEntry[] = []
      for (const { hash, key, address, account } of found) {
        const code = withCode && hasCode(account) ? await source.code(account.codeHash) : EMPTY
        const slots =
          withStorage && hasStorage(account) ? inTrieOrder(await knownSlots(executor.store, address), EMPTY) : []
        const storage = await pageOf(slots, slots.length, slot => slotAt(source, key, slot))
        accounts.push({ hash, address, account, code, storage: storage.found })
      }
      return { accounts, next }
    },

    witness: (number, signal) => witnessOf(executor, chain, end, number, signal),
  }
}
