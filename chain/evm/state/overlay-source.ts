import type { Digest } from '#types'
import type { StateAccount } from './account.ts'
import { type ByteKey, keyOf } from './byte-keys.ts'
import type { Maybe, StateChanges, StateSource } from './journal-state.ts'

/** Stands for "has storage" where nobody works out the true root. */
const UNKNOWN_ROOT: Digest = new Uint8Array(32)

/** A state source with changes on top, for executions that leave nothing behind. */
export class OverlaySource implements StateSource {
  readonly #base: StateSource
  readonly #accounts = new Map<ByteKey, StateAccount | undefined>()
  readonly #slots = new Map<ByteKey, Uint8Array>()
  readonly #wiped = new Set<ByteKey>()
  readonly #codes = new Map<ByteKey, Uint8Array>()

  constructor(base: StateSource) {
    this.#base = base
  }

  account(key: ByteKey, address: Uint8Array): Maybe<StateAccount | undefined> {
    return this.#accounts.has(key) ? this.#accounts.get(key) : this.#base.account(key, address)
  }

  slot(accountKey: ByteKey, slotKey: ByteKey): Maybe<Uint8Array> {
    const changed = this.#slots.get(accountKey + slotKey)
    if (changed !== undefined) return changed
    return this.#wiped.has(accountKey) ? new Uint8Array(0) : this.#base.slot(accountKey, slotKey)
  }

  code(hash: Digest): Maybe<Uint8Array> {
    return this.#codes.get(keyOf(hash)) ?? this.#base.code(hash)
  }

  /** Slots of an account that were written on top of the base, also those that are empty now. */
  changedSlots(accountKey: ByteKey): ByteKey[] {
    const own = [...this.#slots.keys()].filter(key => key.startsWith(accountKey))
    return own.map(key => key.slice(accountKey.length))
  }

  apply(changes: StateChanges): void {
    for (const { key, after, slots, wiped } of changes.accounts) {
      if (wiped) {
        this.#wiped.add(key)
        for (const slot of this.#slots.keys()) if (slot.startsWith(key)) this.#slots.delete(slot)
      }
      for (const slot of slots) this.#slots.set(key + slot.key, slot.after)
      const isWritten = slots.some(slot => slot.after.length > 0)
      this.#accounts.set(key, after !== undefined && isWritten ? { ...after, storageRoot: UNKNOWN_ROOT } : after)
    }
    for (const [hash, code] of changes.codes) this.#codes.set(keyOf(hash), code)
  }
}
