import type { AccountFields, StateManagerInterface } from '@ethereumjs/common'
import { Account, type Address } from '@ethereumjs/util'
import { assert } from '#lib/assert'
import { EMPTY, toRawHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'

/**
 * World state of an EVM in memory with an undo log: a checkpoint costs nothing and a revert costs what was written
 * since. Has no root. Keys are raw lower-case hex without prefix.
 */
export class MemoryState implements StateManagerInterface {
  readonly #accounts = new Map<string, Account | undefined>()
  readonly #codes = new Map<string, Uint8Array>()
  readonly #storage = new Map<string, Map<string, Uint8Array>>()
  readonly #undo: (() => void)[] = []
  readonly #checkpoints: number[] = []
  // Values at the start of the transaction, which SSTORE's gas rule needs (EIP-2200).
  readonly #original = new Map<string, Uint8Array>()

  readonly originalStorageCache = {
    get: async (address: Address, key: Uint8Array): Promise<Uint8Array> =>
      this.#original.get(`${rawAddress(address)}${toRawHex(key)}`) ?? this.#read(address, key),
    clear: (): void => this.#original.clear(),
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    const account = this.#accounts.get(rawAddress(address))
    // The EVM changes the object that it gets.
    return account === undefined ? undefined : copyOf(account)
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    this.#set(this.#accounts, rawAddress(address), account === undefined ? undefined : copyOf(account))
  }

  async deleteAccount(address: Address): Promise<void> {
    this.#set(this.#accounts, rawAddress(address), undefined)
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const account = (await this.getAccount(address)) ?? new Account()
    if (fields.nonce !== undefined) account.nonce = fields.nonce
    if (fields.balance !== undefined) account.balance = fields.balance
    if (fields.codeHash !== undefined) account.codeHash = fields.codeHash
    await this.putAccount(address, account)
  }

  async putCode(address: Address, value: Uint8Array): Promise<void> {
    this.#set(this.#codes, rawAddress(address), value)
    await this.modifyAccountFields(address, { codeHash: keccak256(value) })
  }

  async getCode(address: Address): Promise<Uint8Array> {
    return this.#codes.get(rawAddress(address)) ?? EMPTY
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return this.#read(address, key)
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    const account = rawAddress(address)
    const slot = toRawHex(key)
    const original = `${account}${slot}`
    if (!this.#original.has(original)) this.#original.set(original, this.#read(address, key))
    let slots = this.#storage.get(account)
    if (slots === undefined) {
      slots = new Map()
      this.#storage.set(account, slots)
    }
    this.#set(slots, slot, trimmed(value))
  }

  async clearStorage(address: Address): Promise<void> {
    const slots = this.#storage.get(rawAddress(address))
    for (const slot of slots?.keys() ?? []) this.#set(slots as Map<string, Uint8Array>, slot, EMPTY)
  }

  async checkpoint(): Promise<void> {
    this.#checkpoints.push(this.#undo.length)
  }

  async commit(): Promise<void> {
    this.#checkpoints.pop()
    if (this.#checkpoints.length === 0) this.#undo.length = 0
  }

  async revert(): Promise<void> {
    const length = this.#checkpoints.pop()
    assert(length !== undefined, 'revert without a checkpoint')
    while (this.#undo.length > length) this.#undo.pop()?.()
  }

  /** Starts a transaction: from here on the present values are the original ones. */
  clearCaches(): void {
    this.#original.clear()
  }

  async getStateRoot(): Promise<Uint8Array> {
    throw new Error('a memory state has no root')
  }

  async setStateRoot(): Promise<void> {
    throw new Error('a memory state has no root')
  }

  async hasStateRoot(): Promise<boolean> {
    return false
  }

  shallowCopy(): StateManagerInterface {
    const copy = new MemoryState()
    for (const [key, account] of this.#accounts) copy.#accounts.set(key, account)
    for (const [key, code] of this.#codes) copy.#codes.set(key, code)
    for (const [key, slots] of this.#storage) copy.#storage.set(key, new Map(slots))
    return copy
  }

  /** Every live account, in ascending order of the address; slots in ascending order, none of them zero. */
  dump(): { address: string; account: Account; code: Uint8Array; storage: [slot: string, value: Uint8Array][] }[] {
    return [...this.#accounts]
      .flatMap(([address, account]) => (account === undefined ? [] : [{ address, account }]))
      .sort((a, b) => (a.address < b.address ? -1 : 1))
      .map(({ address, account }) => ({
        address,
        account,
        code: this.#codes.get(address) ?? EMPTY,
        storage: [...(this.#storage.get(address) ?? [])]
          .filter(([, value]) => value.length > 0)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      }))
  }

  #read(address: Address, key: Uint8Array): Uint8Array {
    return this.#storage.get(rawAddress(address))?.get(toRawHex(key)) ?? EMPTY
  }

  #set<V>(map: Map<string, V>, key: string, value: V): void {
    if (this.#checkpoints.length > 0) {
      const had = map.has(key)
      const before = map.get(key)
      this.#undo.push(() => (had ? map.set(key, before as V) : map.delete(key)))
    }
    map.set(key, value)
  }
}

function rawAddress(address: Address): string {
  return toRawHex(address.bytes)
}

function copyOf(account: Account): Account {
  return new Account(account.nonce, account.balance, account.storageRoot, account.codeHash)
}

// The EVM's own form of a stored value: no leading zeros, zero is empty.
function trimmed(value: Uint8Array): Uint8Array {
  let start = 0
  while (start < value.length && value[start] === 0) start++
  return start === 0 ? value : value.slice(start)
}
