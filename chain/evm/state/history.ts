import { concat, EMPTY } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { encodeRlp, type RlpItem, RlpReader } from '#lib/rlp'
import { afterPrefix, KEY_PREFIX, type Store, type StoreOperation, storeKey, u48 } from '#storage'
import { type Address, type BlockNumber, type Digest, EMPTY_TRIE_ROOT } from '#types'
import type { Trie } from '../trie/trie.ts'
import { decodeSlimAccount, encodeAccount, encodeSlimAccount } from './account.ts'
import { type ByteKey, bytesOfKey, keyOf } from './byte-keys.ts'
import type { FlatState } from './flat-state.ts'
import type { StateChanges, StateSource } from './journal-state.ts'
import { openAccountTrie, openStorageTrie } from './state-tries.ts'

/**
 * Old states through reverse diffs: for each block, every account and slot that it changed keeps its value from before
 * under (what, block). The value after block N is then the first one kept for a later block, or the current one.
 */

/** Appends the reverse diff of block `number`. */
export function writeHistory(number: BlockNumber, changes: StateChanges, operations: StoreOperation[]): void {
  const suffix = u48(number)
  const list: RlpItem[] = []
  for (const { address, before, slots } of changes.accounts) {
    operations.push({
      key: storeKey(KEY_PREFIX.accountHistory, address, suffix),
      value: before === undefined ? EMPTY : encodeSlimAccount(before),
    })
    const changed: Uint8Array[] = []
    for (const slot of slots) {
      const key = bytesOfKey(slot.key)
      operations.push({ key: storeKey(KEY_PREFIX.slotHistory, address, key, suffix), value: slot.before })
      changed.push(key)
    }
    list.push(changed.length === 0 ? address : [address, ...changed])
  }
  operations.push({ key: storeKey(KEY_PREFIX.changes, suffix), value: encodeRlp(list) })
}

export interface ChangedKeys {
  readonly address: Address
  readonly slots: readonly Uint8Array[]
}

/** What block `number` changed; CodedError `state unavailable` when its reverse diff is not kept. */
export function readChangedKeys(store: Store, number: BlockNumber): readonly ChangedKeys[] {
  const bytes = store.get(storeKey(KEY_PREFIX.changes, u48(number)))
  if (bytes === undefined) throw unavailable(number)
  const list = new RlpReader(bytes).list()
  const changed: ChangedKeys[] = []
  while (!list.isDone) {
    if (!list.isList) {
      changed.push({ address: list.fixed(20), slots: [] })
      continue
    }
    const fields = list.list()
    const address = fields.fixed(20)
    const slots: Uint8Array[] = []
    while (!fields.isDone) slots.push(fields.fixed(32))
    changed.push({ address, slots })
  }
  return changed
}

/** Appends the deletion of the reverse diff of block `number`, when it is kept. */
export function deleteHistory(store: Store, number: BlockNumber, operations: StoreOperation[]): void {
  const suffix = u48(number)
  const key = storeKey(KEY_PREFIX.changes, suffix)
  if (store.get(key) === undefined) return
  for (const { address, slots } of readChangedKeys(store, number)) {
    operations.push({ key: storeKey(KEY_PREFIX.accountHistory, address, suffix) })
    for (const slot of slots) operations.push({ key: storeKey(KEY_PREFIX.slotHistory, address, slot, suffix) })
  }
  operations.push({ key })
}

/**
 * The state after block `number`. Reads of the head are synchronous; older ones look for the next kept value first.
 * Stays right while the head moves on: the current value is read *before* the search, so that a change in between is
 * found by the search.
 */
export function stateAfter(
  store: Store,
  flat: Pick<FlatState, 'published'>,
  number: BlockNumber,
  head: () => BlockNumber,
): StateSource {
  async function firstAfter(prefix: Uint8Array): Promise<Uint8Array | undefined> {
    const range = { from: concat(prefix, u48(number + 1)), to: afterPrefix(prefix), limit: 1 }
    for await (const [, value] of store.scan(range)) return value
    return undefined
  }
  return {
    account(key, address) {
      const current = flat.published.account(key)
      if (head() === number) return current
      return firstAfter(storeKey(KEY_PREFIX.accountHistory, address)).then(value => {
        if (value === undefined) return current
        return value.length === 0 ? undefined : decodeSlimAccount(value)
      })
    },
    slot(accountKey, slotKey) {
      const current = flat.published.slot(accountKey, slotKey)
      if (head() === number) return current
      const prefix = storeKey(KEY_PREFIX.slotHistory, bytesOfKey(accountKey), bytesOfKey(slotKey))
      return firstAfter(prefix).then(value => value ?? current)
    },
    code: hash => flat.published.code(hash),
  }
}

export interface ProofTries {
  readonly accounts: Trie
  storage(address: Address, root: Digest): Trie
}

/** Changed keys that a proof of an old state may have to take back; beyond it the proof is refused. */
const REWOUND_KEYS_MAX = 200_000

/**
 * The tries as they were after block `number`, made from the stored ones by taking back every later change in memory.
 * The store must be in step with `head`. Throws CodedError `state unavailable` when that is too much work.
 */
export function rewindTries(store: Store, number: BlockNumber, head: BlockNumber, headRoot: Digest): ProofTries {
  const accounts = openAccountTrie(store, headRoot)
  const taken = new Set<ByteKey>()
  const slotsOf = new Map<ByteKey, Map<ByteKey, Uint8Array>>()
  let work = 0
  // Forwards: the value before the first later change is the one after `number`.
  for (let block = number + 1; block <= head; block++) {
    for (const { address, slots } of readChangedKeys(store, block)) {
      work += 1 + slots.length
      if (work > REWOUND_KEYS_MAX) {
        throw new CodedError('state unavailable', `a proof for block ${number} is too far behind the head`, {
          data: { block: number, head },
        })
      }
      const key = keyOf(address)
      if (!taken.has(key)) {
        taken.add(key)
        rewindAccount(store, accounts, address, block)
      }
      for (const slot of slots) {
        const known = slotsOf.get(key) ?? new Map<ByteKey, Uint8Array>()
        slotsOf.set(key, known)
        const slotKey = keyOf(slot)
        if (known.has(slotKey)) continue
        known.set(slotKey, store.get(storeKey(KEY_PREFIX.slotHistory, address, slot, u48(block))) ?? EMPTY)
      }
    }
  }
  accounts.commit()
  return {
    accounts,
    storage(address, root) {
      const rewound = slotsOf.get(keyOf(address))
      const stored = store.get(storeKey(KEY_PREFIX.account, address))
      const storedRoot = stored === undefined ? EMPTY_TRIE_ROOT : decodeSlimAccount(stored).storageRoot
      const trie = openStorageTrie(store, keccak256(address), rewound === undefined ? root : storedRoot)
      for (const [slot, value] of rewound ?? []) {
        const hash = keccak256(bytesOfKey(slot))
        if (value.length === 0) trie.delete(hash)
        else trie.put(hash, encodeRlp(value))
      }
      trie.commit()
      return trie
    },
  }
}

function rewindAccount(store: Store, accounts: Trie, address: Address, block: BlockNumber): void {
  const bytes = store.get(storeKey(KEY_PREFIX.accountHistory, address, u48(block)))
  if (bytes === undefined) throw unavailable(block)
  const hash = keccak256(address)
  if (bytes.length === 0) accounts.delete(hash)
  else accounts.put(hash, encodeAccount(decodeSlimAccount(bytes)))
}

function unavailable(number: BlockNumber): CodedError {
  return new CodedError('state unavailable', `the state before block ${number} is not kept`, {
    data: { block: number },
  })
}
