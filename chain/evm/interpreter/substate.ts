import type { Address, Log } from '#types'
import type { ByteKey } from '../state/byte-keys.ts'

interface Snapshot {
  readonly undo: number
  readonly logs: number
  readonly touched: number
  readonly refund: number
}

/**
 * What a transaction collects beside the state (Yellow Paper 6.1): warm places (EIP-2929), transient storage (EIP-1153),
 * logs, refund, contracts made and destroyed, accounts touched. All of it can be taken back to a snapshot.
 */
export class Substate {
  readonly logs: Log[] = []
  readonly touched: Address[] = []
  readonly created = new Set<ByteKey>()
  readonly destroyed = new Map<ByteKey, Address>()
  refund = 0
  readonly #addresses = new Set<ByteKey>()
  readonly #slots = new Map<ByteKey, Set<ByteKey>>()
  readonly #alwaysWarm: ReadonlySet<ByteKey>
  readonly #transient = new Map<ByteKey, bigint>()
  // Triples (collection, key, old value).
  readonly #undo: unknown[] = []

  /** @param alwaysWarm addresses of the precompiles */
  constructor(alwaysWarm: ReadonlySet<ByteKey>) {
    this.#alwaysWarm = alwaysWarm
  }

  snapshot(): Snapshot {
    return { undo: this.#undo.length, logs: this.logs.length, touched: this.touched.length, refund: this.refund }
  }

  revert(snapshot: Snapshot): void {
    const undo = this.#undo
    for (let i = undo.length - 3; i >= snapshot.undo; i -= 3) {
      const collection = undo[i]
      const key = undo[i + 1] as ByteKey
      if (collection instanceof Set) collection.delete(key)
      else if (collection instanceof Map) {
        if (undo[i + 2] === undefined) collection.delete(key)
        else collection.set(key, undo[i + 2])
      }
    }
    undo.length = snapshot.undo
    this.logs.length = snapshot.logs
    this.touched.length = snapshot.touched
    this.refund = snapshot.refund
  }

  /** True when the address was warm already; warms it otherwise. */
  warmAddress(key: ByteKey): boolean {
    return this.#alwaysWarm.has(key) || this.#add(this.#addresses, key)
  }

  /** The warm slots of an account, for {@link warmSlot}. */
  slotsOf(accountKey: ByteKey): Set<ByteKey> {
    const known = this.#slots.get(accountKey)
    if (known !== undefined) return known
    const slots = new Set<ByteKey>()
    this.#slots.set(accountKey, slots)
    return slots
  }

  /** True when the slot was warm already; warms it otherwise. */
  warmSlot(slots: Set<ByteKey>, slotKey: ByteKey): boolean {
    return this.#add(slots, slotKey)
  }

  markCreated(key: ByteKey): void {
    this.#add(this.created, key)
  }

  markDestroyed(key: ByteKey, address: Address): void {
    if (this.destroyed.has(key)) return
    this.destroyed.set(key, address)
    this.#undo.push(this.destroyed, key, undefined)
  }

  transient(accountKey: ByteKey, slotKey: ByteKey): bigint {
    return this.#transient.get(accountKey + slotKey) ?? 0n
  }

  setTransient(accountKey: ByteKey, slotKey: ByteKey, value: bigint): void {
    const key = accountKey + slotKey
    this.#undo.push(this.#transient, key, this.#transient.get(key))
    this.#transient.set(key, value)
  }

  #add(set: Set<ByteKey>, key: ByteKey): boolean {
    if (set.has(key)) return true
    set.add(key)
    this.#undo.push(set, key, undefined)
    return false
  }
}
