import { compareBytes } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { afterPrefix, KEY_PREFIX, type Store, storeKey } from '#storage'
import type { Address, BlockNumber, Digest } from '#types'
import type { createChainReader } from './chain-reader.ts'
import type { ExecutionView } from './execution-view.ts'
import { blockToReplay, openReplay } from './replay.ts'
import { SimulatedTries } from './simulate-root.ts'
import { type ByteKey, bytesOfKey, keyOf } from './state/byte-keys.ts'
import { rewindTries } from './state/history.ts'
import { stateInside } from './state-inside.ts'

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

/** Looks inside of blocks, for debuggers. CodedErrors `genesis`, `unknown block`, `unknown transaction`, `state unavailable`. */
export interface InspectionEngine {
  /** State roots of a block after each of its transactions; withdrawals and what ends an epoch come after them. */
  rootsInside(number: BlockNumber, signal?: AbortSignal): Promise<readonly Digest[]>
  /** Also CodedError `storage too large`. */
  storageInside(place: StoragePlace): Promise<StorageRange>
}

/** Slots of a contract, those of old states included, that are hashed to answer one question: some seconds of work. */
const SLOTS_MAX = 500_000

export function createInspectionEngine(options: {
  readonly executor: ExecutionView
  readonly chain: ReturnType<typeof createChainReader>
}): InspectionEngine {
  const { executor, chain } = options
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
          throw new CodedError('replay differs', 'a transaction of a block did not run again as it did')
        }
      }
      return roots
    },

    async storageInside({ block, index, address, from, limit }) {
      const source = await stateInside(executor, chain, block, index)
      await executor.settled()
      const key = keyOf(address)
      const known = await knownSlots(executor.store, address)
      for (const slot of source.changedSlots(key)) known.add(slot)
      const hashed = Array.from(known, slot => ({ hash: keccak256(bytesOfKey(slot)), key: slot }))
        .filter(({ hash }) => compareBytes(hash, from) >= 0)
        .sort((a, b) => compareBytes(a.hash, b.hash))
      const slots: StorageSlot[] = []
      for (const { hash, key: slot } of hashed) {
        const value = await source.slot(key, slot)
        if (value.length === 0) continue
        if (slots.length === limit) return { slots, next: hash }
        slots.push({ hash, slot: bytesOfKey(slot), value })
      }
      return { slots, next: undefined }
    },
  }
}

/** Every slot that the store knows of a contract: those that hold something, and those that once did. */
async function knownSlots(store: Store, address: Address): Promise<Set<ByteKey>> {
  const known = new Set<ByteKey>()
  for (const kind of [KEY_PREFIX.slot, KEY_PREFIX.slotHistory]) {
    const prefix = storeKey(kind, address)
    for await (const [key] of store.scan({ from: prefix, to: afterPrefix(prefix) })) {
      known.add(keyOf(key.subarray(prefix.length, prefix.length + 32)))
      if (known.size > SLOTS_MAX) {
        throw new CodedError('storage too large', `the contract has more than ${SLOTS_MAX} slots`)
      }
    }
  }
  return known
}
