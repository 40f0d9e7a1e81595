import type { Address, Digest } from '#types'
import type { StateAccount } from './account.ts'
import { type ByteKey, keyOf } from './byte-keys.ts'
import type { Maybe, StateSource } from './journal-state.ts'

/** A state source that remembers what was asked of it, in the order of the first question. */
export class TouchedSource implements StateSource {
  readonly accounts = new Map<ByteKey, Address>()
  readonly codes = new Map<ByteKey, Uint8Array>()
  readonly #slots = new Map<ByteKey, Set<ByteKey>>()
  readonly #base: StateSource

  constructor(base: StateSource) {
    this.#base = base
  }

  /** Slots of an account that were asked for. */
  slotsOf(accountKey: ByteKey): Iterable<ByteKey> {
    return this.#slots.get(accountKey) ?? []
  }

  account(key: ByteKey, address: Address): Maybe<StateAccount | undefined> {
    if (!this.accounts.has(key)) this.accounts.set(key, address.slice())
    return this.#base.account(key, address)
  }

  slot(accountKey: ByteKey, slotKey: ByteKey): Maybe<Uint8Array> {
    const slots = this.#slots.get(accountKey)
    if (slots === undefined) this.#slots.set(accountKey, new Set([slotKey]))
    else slots.add(slotKey)
    return this.#base.slot(accountKey, slotKey)
  }

  code(hash: Digest): Maybe<Uint8Array> {
    const code = this.#base.code(hash)
    const note = (bytes: Uint8Array) => {
      this.codes.set(keyOf(hash), bytes)
      return bytes
    }
    return code instanceof Promise ? code.then(note) : note(code)
  }
}
