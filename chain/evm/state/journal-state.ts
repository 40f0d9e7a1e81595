import { assert, defined } from '#lib/assert'
import { EMPTY, equalBytes } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { type Address, type Digest, EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from '#types'
import { ParentHashPending } from '../parent-hash.ts'
import { hasCode, hasStorage, NEW_ACCOUNT, type StateAccount, sameAccount } from './account.ts'
import { type ByteKey, keyOf } from './byte-keys.ts'

/** A value that is at hand, or one that has to be fetched. Block execution only ever sees the former. */
export type Maybe<T> = T | Promise<T>

/** State to build on. Values come back without leading zeros; no bytes mean zero. */
export interface StateSource {
  account(key: ByteKey, address: Address): Maybe<StateAccount | undefined>
  slot(accountKey: ByteKey, slotKey: ByteKey): Maybe<Uint8Array>
  code(hash: Digest): Maybe<Uint8Array>
}

/** What a block (or a call) did to one account. `slots` hold only what changed. */
export interface AccountChange {
  readonly key: ByteKey
  readonly address: Address
  readonly before: StateAccount | undefined
  readonly after: StateAccount | undefined
  readonly slots: readonly SlotChange[]
  /** All storage from before is gone, including slots that are not listed. */
  readonly wiped: boolean
}

export interface SlotChange {
  readonly key: ByteKey
  readonly before: Uint8Array
  readonly after: Uint8Array
}

export interface StateChanges {
  readonly accounts: readonly AccountChange[]
  /** Code that contracts were made of, by hash. */
  readonly codes: readonly (readonly [hash: Digest, code: Uint8Array])[]
}

class Slot {
  readonly base: Uint8Array
  value: Uint8Array
  /** Value at the start of transaction `stamp`. */
  original: Uint8Array
  stamp = -1
  /** `value` as an integer, once somebody worked it out. */
  word: bigint | undefined
  constructor(base: Uint8Array) {
    this.base = base
    this.value = base
    this.original = base
  }
}

class Entry {
  readonly key: ByteKey
  readonly address: Address
  readonly base: StateAccount | undefined
  account: StateAccount | undefined
  slots: Map<ByteKey, Slot> | undefined
  wiped = false
  constructor(key: ByteKey, address: Address, base: StateAccount | undefined) {
    this.key = key
    this.address = address
    this.base = base
    this.account = base
  }
}

/** An account in the making. */
export type StateEntry = Pick<Readonly<Entry>, 'key' | 'account'>
/** A slot in the making; `word` may be filled in by whoever reads `value`. */
export type StateSlot = Pick<Readonly<Slot>, 'value'> & Pick<Slot, 'word'>

class Wipe {
  readonly entry: Entry
  readonly slots: Map<ByteKey, Slot> | undefined
  readonly wiped: boolean
  constructor(entry: Entry) {
    this.entry = entry
    this.slots = entry.slots
    this.wiped = entry.wiped
  }
}

/**
 * State in the making: changes over a {@link StateSource} with an undo log, so that a checkpoint costs nothing and a
 * revert costs what it takes back. Lives for one block (or one call).
 */
export class JournalState {
  readonly #source: StateSource
  readonly #entries = new Map<ByteKey, Entry>()
  readonly #codes = new Map<ByteKey, Uint8Array>()
  // Pairs (what, old value): an Entry with its account, a Slot with its value, or a Wipe (old value unused).
  readonly #undo: (Entry | Slot | Wipe | StateAccount | Uint8Array | undefined)[] = []
  readonly #marks: number[] = []
  #transaction = 0
  #guarded: ByteKey | undefined

  constructor(source: StateSource) {
    this.#source = source
  }

  /** Marks the start of a transaction: what slots hold now is what EIP-2200 calls their original value. */
  beginTransaction(): void {
    this.#transaction += 1
  }

  /**
   * Until it is given undefined, every use of the account throws {@link ParentHashPending}: what has to be written there
   * before anything else runs is not known yet.
   */
  guard(address: Address | undefined): void {
    this.#guarded = address === undefined ? undefined : keyOf(address)
  }

  account(address: Address): Maybe<StateAccount | undefined> {
    const entry = this.#entry(address)
    return entry instanceof Promise ? entry.then(loaded => loaded.account) : entry.account
  }

  /** The account, where it is certain to be at hand. */
  accountNow(address: Address): StateAccount | undefined {
    const account = this.account(address)
    assert(!(account instanceof Promise), 'block execution has its state at hand')
    return account
  }

  setAccount(address: Address, account: StateAccount): Maybe<void> {
    const entry = this.#entry(address)
    if (entry instanceof Promise) return entry.then(loaded => this.#setAccount(loaded, account))
    this.#setAccount(entry, account)
  }

  /** Removes the account with everything that it stored. */
  deleteAccount(address: Address): Maybe<void> {
    const entry = this.#entry(address)
    if (entry instanceof Promise) return entry.then(loaded => this.#delete(loaded))
    this.#delete(entry)
  }

  /** The record of an account, loaded when it has to be. Valid for the life of this state; for reading only. */
  entry(key: ByteKey, address: Address): Maybe<StateEntry> {
    if (key === this.#guarded) throw new ParentHashPending()
    return this.#entries.get(key) ?? this.#load(key, address)
  }

  /** A slot of an account; `slotKey` is the key of its 32 bytes. Valid until the account's storage is cleared. */
  slot(entry: StateEntry, slotKey: ByteKey): Maybe<StateSlot> {
    return this.#slotOf(entry as Entry, slotKey)
  }

  /** {@link setStorage} for a slot at hand. */
  setSlot(slot: StateSlot, value: Uint8Array): void {
    this.#setSlot(slot as Slot, value)
  }

  /** {@link originalStorage} for a slot at hand. */
  originalOf(slot: StateSlot): Uint8Array {
    return this.#originalOf(slot as Slot)
  }

  codeByHash(hash: Digest): Maybe<Uint8Array> {
    return this.#codes.get(keyOf(hash)) ?? this.#source.code(hash)
  }

  code(address: Address): Maybe<Uint8Array> {
    const account = this.account(address)
    return account instanceof Promise ? account.then(loaded => this.#codeOf(loaded)) : this.#codeOf(account)
  }

  setCode(address: Address, code: Uint8Array): Maybe<void> {
    const entry = this.#entry(address)
    if (entry instanceof Promise) return entry.then(loaded => this.#setCode(loaded, code))
    this.#setCode(entry, code)
  }

  /** Value of a slot without leading zeros. `slot` has 32 bytes. */
  storage(address: Address, slot: Uint8Array): Maybe<Uint8Array> {
    const found = this.#slot(address, keyOf(slot))
    return found instanceof Promise ? found.then(loaded => loaded.value) : found.value
  }

  /** Value of a slot when the current transaction began (EIP-2200). */
  originalStorage(address: Address, slot: Uint8Array): Maybe<Uint8Array> {
    const found = this.#slot(address, keyOf(slot))
    return found instanceof Promise ? found.then(loaded => this.#originalOf(loaded)) : this.#originalOf(found)
  }

  /** `value` must not begin with a zero byte; no bytes clear the slot. */
  setStorage(address: Address, slot: Uint8Array, value: Uint8Array): Maybe<void> {
    const found = this.#slot(address, keyOf(slot))
    if (found instanceof Promise) return found.then(loaded => this.#setSlot(loaded, value))
    this.#setSlot(found, value)
  }

  clearStorage(address: Address): Maybe<void> {
    const entry = this.#entry(address)
    if (entry instanceof Promise) return entry.then(loaded => this.#wipe(loaded))
    this.#wipe(entry)
  }

  checkpoint(): void {
    this.#marks.push(this.#undo.length)
  }

  commit(): void {
    assert(this.#marks.pop() !== undefined, 'a commit follows a checkpoint')
    if (this.#marks.length === 0) this.#undo.length = 0
  }

  revert(): void {
    const mark = defined(this.#marks.pop(), 'a revert follows a checkpoint')
    const undo = this.#undo
    for (let i = undo.length - 2; i >= mark; i -= 2) {
      const what = undo[i]
      if (what instanceof Entry) what.account = undo[i + 1] as StateAccount | undefined
      else if (what instanceof Slot) {
        what.value = undo[i + 1] as Uint8Array
        what.word = undefined
      } else if (what instanceof Wipe) {
        what.entry.slots = what.slots
        what.entry.wiped = what.wiped
      }
    }
    undo.length = mark
  }

  /** Takes back everything since the outermost open checkpoint and closes it. */
  revertAll(): void {
    while (this.#marks.length > 0) this.revert()
  }

  /** Everything that differs from the source. All checkpoints must be closed. */
  changes(): StateChanges {
    assert(this.#marks.length === 0, 'changes are read between transactions')
    const accounts: AccountChange[] = []
    const codes: (readonly [Digest, Uint8Array])[] = []
    const seen = new Set<ByteKey>()
    for (const entry of this.#entries.values()) {
      const { account, base } = entry
      const wiped = entry.wiped && base !== undefined && hasStorage(base)
      const slots = account === undefined ? [] : changedSlots(entry)
      if (!wiped && slots.length === 0 && sameAccount(account, base)) continue
      accounts.push({ key: entry.key, address: entry.address, before: base, after: account, slots, wiped })
      if (account === undefined || !hasCode(account)) continue
      const key = keyOf(account.codeHash)
      const code = this.#codes.get(key)
      if (code === undefined || seen.has(key)) continue
      seen.add(key)
      codes.push([account.codeHash, code])
    }
    return { accounts, codes }
  }

  #entry(address: Address): Maybe<Entry> {
    return this.entry(keyOf(address), address) as Maybe<Entry>
  }

  #load(key: ByteKey, address: Address): Maybe<Entry> {
    const account = this.#source.account(key, address)
    if (account instanceof Promise) return account.then(loaded => this.#remember(key, address, loaded))
    return this.#remember(key, address, account)
  }

  #remember(key: ByteKey, address: Address, account: StateAccount | undefined): Entry {
    // Two reads may have waited for the same account.
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const entry = new Entry(key, address.slice(), account)
    this.#entries.set(key, entry)
    return entry
  }

  #slot(address: Address, slotKey: ByteKey): Maybe<Slot> {
    const entry = this.#entry(address)
    return entry instanceof Promise ? entry.then(loaded => this.#slotOf(loaded, slotKey)) : this.#slotOf(entry, slotKey)
  }

  #slotOf(entry: Entry, slotKey: ByteKey): Maybe<Slot> {
    const known = entry.slots?.get(slotKey)
    if (known !== undefined) return known
    const stored = entry.wiped || entry.base === undefined || !hasStorage(entry.base)
    const value = stored ? EMPTY : this.#source.slot(entry.key, slotKey)
    if (value instanceof Promise) return value.then(loaded => rememberSlot(entry, slotKey, loaded))
    return rememberSlot(entry, slotKey, value)
  }

  #originalOf(slot: Slot): Uint8Array {
    return slot.stamp === this.#transaction ? slot.original : slot.value
  }

  #setAccount(entry: Entry, account: StateAccount | undefined): void {
    if (this.#marks.length > 0) this.#undo.push(entry, entry.account)
    entry.account = account
  }

  #setSlot(slot: Slot, value: Uint8Array): void {
    if (slot.stamp !== this.#transaction) {
      slot.stamp = this.#transaction
      slot.original = slot.value
    }
    if (this.#marks.length > 0) this.#undo.push(slot, slot.value)
    slot.value = value
    slot.word = undefined
  }

  #delete(entry: Entry): void {
    this.#wipe(entry)
    if (entry.account !== undefined) this.#setAccount(entry, undefined)
  }

  #wipe(entry: Entry): void {
    const stored = !entry.wiped && entry.base !== undefined && hasStorage(entry.base)
    if (!stored && entry.slots === undefined) return
    if (this.#marks.length > 0) this.#undo.push(new Wipe(entry), undefined)
    entry.slots = undefined
    entry.wiped = true
    const { account } = entry
    if (account !== undefined && hasStorage(account)) {
      this.#setAccount(entry, { ...account, storageRoot: EMPTY_TRIE_ROOT })
    }
  }

  #setCode(entry: Entry, code: Uint8Array): void {
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code)
    // Named by its hash, so code never has to be taken back.
    if (code.length > 0) this.#codes.set(keyOf(codeHash), code)
    this.#setAccount(entry, { ...(entry.account ?? NEW_ACCOUNT), codeHash })
  }

  #codeOf(account: StateAccount | undefined): Maybe<Uint8Array> {
    if (account === undefined || !hasCode(account)) return EMPTY
    return this.codeByHash(account.codeHash)
  }
}

function rememberSlot(entry: Entry, slotKey: ByteKey, value: Uint8Array): Slot {
  const slots = entry.slots ?? new Map<ByteKey, Slot>()
  entry.slots = slots
  const known = slots.get(slotKey)
  if (known !== undefined) return known
  const slot = new Slot(value)
  slots.set(slotKey, slot)
  return slot
}

function changedSlots(entry: Entry): SlotChange[] {
  const changed: SlotChange[] = []
  if (entry.slots === undefined) return changed
  for (const [key, slot] of entry.slots) {
    if (slot.value !== slot.base && !equalBytes(slot.value, slot.base)) {
      changed.push({ key, before: slot.base, after: slot.value })
    }
  }
  return changed
}
