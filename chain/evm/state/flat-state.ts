import { defined } from '#lib/assert'
import { EMPTY } from '#lib/bytes'
import { GenerationCache } from '#lib/cache'
import { afterPrefix, KEY_PREFIX, type Store, type StoreOperation, storeKey } from '#storage'
import type { Digest } from '#types'
import { decodeSlimAccount, encodeSlimAccount, type StateAccount } from './account.ts'
import { type ByteKey, keyOf } from './byte-keys.ts'
import { heapBound } from './heap-bound.ts'
import type { AccountChange, SlotChange, StateChanges, StateSource } from './journal-state.ts'

export interface FlatStateLimits {
  readonly accounts: number
  readonly slots: number
  readonly codes: number
}

/** Enough for a million accounts that all move, where the heap has room: an account takes about 200 bytes. */
const ACCOUNTS_MAX = 2_400_000
const HEAP_BYTES_PER_ACCOUNT = 1_800

export const DEFAULT_FLAT_STATE_LIMITS: FlatStateLimits = {
  accounts: heapBound(ACCOUNTS_MAX, HEAP_BYTES_PER_ACCOUNT),
  slots: 400_000,
  codes: 2_000,
}

interface Pending<T> {
  readonly before: T
  after: T
}

class Layer {
  readonly accounts = new Map<ByteKey, Pending<StateAccount | undefined>>()
  readonly slots = new Map<ByteKey, Pending<Uint8Array>>()
  readonly codes = new Map<ByteKey, Uint8Array>()
}

// Caches must tell "known to be absent" from "not known".
const ABSENT = Symbol('absent')

/**
 * The current state as flat records, account by address and slot by (address, slot): one read instead of a walk down a
 * trie. Between `apply` and `publish` there are two views: `latest`, on which the next block builds, and `published`,
 * which readers see until the batch is durable.
 */
export class FlatState {
  readonly #store: Store
  readonly #accounts: GenerationCache<ByteKey, StateAccount | typeof ABSENT>
  readonly #slots: GenerationCache<ByteKey, Uint8Array>
  readonly #codes: GenerationCache<ByteKey, Uint8Array>
  // Applied and not yet durable, oldest first: at most the batch that is written and the one in the making.
  readonly #layers: Layer[] = []

  /** With everything that was applied. Synchronous. */
  readonly latest = {
    account: (key: ByteKey): StateAccount | undefined => {
      for (let i = this.#layers.length - 1; i >= 0; i--) {
        const pending = (this.#layers[i] as Layer).accounts.get(key)
        if (pending !== undefined) return pending.after
      }
      return this.#account(key)
    },
    slot: (accountKey: ByteKey, slotKey: ByteKey): Uint8Array => {
      const key = accountKey + slotKey
      for (let i = this.#layers.length - 1; i >= 0; i--) {
        const pending = (this.#layers[i] as Layer).slots.get(key)
        if (pending !== undefined) return pending.after
      }
      return this.#slot(key)
    },
    code: (hash: Digest): Uint8Array => this.#code(hash),
  } satisfies StateSource

  /** As of the last `publish`. Synchronous. */
  readonly published = {
    account: (key: ByteKey): StateAccount | undefined => {
      for (const { accounts } of this.#layers) {
        const pending = accounts.get(key)
        if (pending !== undefined) return pending.before
      }
      return this.#account(key)
    },
    slot: (accountKey: ByteKey, slotKey: ByteKey): Uint8Array => {
      const key = accountKey + slotKey
      for (const { slots } of this.#layers) {
        const pending = slots.get(key)
        if (pending !== undefined) return pending.before
      }
      return this.#slot(key)
    },
    code: (hash: Digest): Uint8Array => this.#code(hash),
  } satisfies StateSource

  constructor(store: Store, limits: FlatStateLimits = DEFAULT_FLAT_STATE_LIMITS) {
    this.#store = store
    this.#accounts = new GenerationCache(limits.accounts)
    this.#slots = new GenerationCache(limits.slots)
    this.#codes = new GenerationCache(limits.codes)
  }

  /**
   * Completes changes with the slots of wiped accounts, which only the store can list. Must run before `apply`.
   */
  async complete(changes: StateChanges): Promise<StateChanges> {
    if (!changes.accounts.some(change => change.wiped)) return changes
    const accounts: AccountChange[] = []
    for (const change of changes.accounts) accounts.push(change.wiped ? await this.#withWipedSlots(change) : change)
    return { ...changes, accounts }
  }

  /** From here on changes belong to a new batch, which is published on its own. */
  beginBatch(): void {
    this.#layers.push(new Layer())
  }

  /** Makes changes visible to `latest` as part of the newest batch. */
  apply(changes: StateChanges): void {
    if (this.#layers.length === 0) this.beginBatch()
    const layer = this.#layers.at(-1) as Layer
    for (const { key, before, after, slots } of changes.accounts) {
      const pending = layer.accounts.get(key)
      if (pending === undefined) layer.accounts.set(key, { before, after })
      else pending.after = after
      for (const slot of slots) {
        const slotKey = key + slot.key
        const known = layer.slots.get(slotKey)
        if (known === undefined) layer.slots.set(slotKey, { before: slot.before, after: slot.after })
        else known.after = slot.after
      }
    }
    for (const [hash, code] of changes.codes) layer.codes.set(keyOf(hash), code)
  }

  /**
   * Replaces accounts of the newest batch by records that say more, where nothing changed them since: `applied` is what
   * {@link apply} was given, `settled` the same with true storage roots.
   */
  settle(applied: StateChanges, settled: StateChanges): void {
    const { accounts: before } = applied
    for (let i = 0; i < before.length; i++) {
      const { key, after } = before[i] as AccountChange
      const better = settled.accounts[i]?.after
      if (after === better) continue
      for (const { accounts } of this.#layers) {
        const pending = accounts.get(key)
        if (pending !== undefined && pending.after === after) pending.after = better
      }
    }
  }

  /** The oldest batch is durable: readers may see it. */
  publish(): void {
    const layer = this.#layers.shift()
    if (layer === undefined) return
    for (const [key, { after }] of layer.accounts) this.#accounts.set(key, after ?? ABSENT)
    for (const [key, { after }] of layer.slots) this.#slots.set(key, after)
    for (const [key, code] of layer.codes) this.#codes.set(key, code)
  }

  #account(key: ByteKey): StateAccount | undefined {
    const cached = this.#accounts.get(key)
    if (cached !== undefined) return cached === ABSENT ? undefined : cached
    const bytes = this.#store.get(accountKey(key))
    const account = bytes === undefined ? undefined : decodeSlimAccount(bytes)
    this.#accounts.set(key, account ?? ABSENT)
    return account
  }

  #slot(key: ByteKey): Uint8Array {
    const cached = this.#slots.get(key)
    if (cached !== undefined) return cached
    const value = this.#store.get(slotStoreKey(key)) ?? EMPTY
    this.#slots.set(key, value)
    return value
  }

  #code(hash: Digest): Uint8Array {
    const key = keyOf(hash)
    for (const { codes } of this.#layers) {
      const pending = codes.get(key)
      if (pending !== undefined) return pending
    }
    const cached = this.#codes.get(key)
    if (cached !== undefined) return cached
    const code = defined(this.#store.get(storeKey(KEY_PREFIX.code, hash)), 'code that an account names is stored')
    this.#codes.set(key, code)
    return code
  }

  async #withWipedSlots(change: AccountChange): Promise<AccountChange> {
    const before = new Map<ByteKey, Uint8Array>()
    const prefix = storeKey(KEY_PREFIX.slot, change.address)
    for await (const [key, value] of this.#store.scan({ from: prefix, to: afterPrefix(prefix) })) {
      before.set(keyOf(key.subarray(prefix.length)), value)
    }
    for (const { slots } of this.#layers) {
      for (const [key, { after }] of slots) {
        if (key.startsWith(change.key)) before.set(key.slice(change.key.length), after)
      }
    }
    const slots = new Map<ByteKey, SlotChange>()
    for (const [key, value] of before) {
      if (value.length > 0) slots.set(key, { key, before: value, after: EMPTY })
    }
    for (const { key, after } of change.slots) slots.set(key, { key, before: before.get(key) ?? EMPTY, after })
    return { ...change, slots: [...slots.values()] }
  }
}

/** The writes that make changes durable. */
export function flatOperations(changes: StateChanges, operations: StoreOperation[]): void {
  for (const { key, after, slots } of changes.accounts) {
    operations.push(
      after === undefined ? { key: accountKey(key) } : { key: accountKey(key), value: encodeSlimAccount(after) },
    )
    for (const slot of slots) {
      const slotKey = slotStoreKey(key + slot.key)
      operations.push(slot.after.length === 0 ? { key: slotKey } : { key: slotKey, value: slot.after })
    }
  }
  for (const [hash, code] of changes.codes) operations.push({ key: storeKey(KEY_PREFIX.code, hash), value: code })
}

function accountKey(key: ByteKey): Uint8Array {
  return prefixedKey(KEY_PREFIX.account, key)
}

function slotStoreKey(key: ByteKey): Uint8Array {
  return prefixedKey(KEY_PREFIX.slot, key)
}

function prefixedKey(prefix: number, key: ByteKey): Uint8Array {
  const bytes = new Uint8Array(1 + key.length)
  bytes[0] = prefix
  for (let i = 0; i < key.length; i++) bytes[i + 1] = key.charCodeAt(i)
  return bytes
}
