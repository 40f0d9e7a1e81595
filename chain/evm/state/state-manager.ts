import type { AccountFields, StateManagerInterface } from '@ethereumjs/common'
import { Account, type Address } from '@ethereumjs/util'
import { assert } from '#lib/assert'
import { EMPTY_TRIE_ROOT } from '#types'
import { NEW_ACCOUNT, type StateAccount } from './account.ts'
import type { JournalState } from './journal-state.ts'

/**
 * Lets `@ethereumjs/evm` work on a {@link JournalState}. One adapter serves an EVM for its whole life; `attach` gives it
 * the state of the next block or call. Roots are the block builder's business: the EVM never asks for one.
 */
export class StateManager implements StateManagerInterface {
  #state: JournalState | undefined

  readonly originalStorageCache = {
    get: async (address: Address, key: Uint8Array): Promise<Uint8Array> =>
      this.state.originalStorage(address.bytes, key),
    // The journal marks the start of each transaction itself.
    clear: (): void => {},
  }

  get state(): JournalState {
    assert(this.#state !== undefined, 'an EVM runs on an attached state')
    return this.#state
  }

  attach(state: JournalState | undefined): void {
    this.#state = state
  }

  async getAccount(address: Address): Promise<Account | undefined> {
    const found = this.state.account(address.bytes)
    const account = found instanceof Promise ? await found : found
    return account === undefined
      ? undefined
      : new Account(account.nonce, account.balance, account.storageRoot, account.codeHash)
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    if (account === undefined) return this.state.deleteAccount(address.bytes)
    return this.state.setAccount(address.bytes, {
      nonce: account.nonce,
      balance: account.balance,
      storageRoot: account.storageRoot,
      codeHash: account.codeHash,
    })
  }

  async deleteAccount(address: Address): Promise<void> {
    return this.state.deleteAccount(address.bytes)
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const account: StateAccount = (await this.state.account(address.bytes)) ?? NEW_ACCOUNT
    return this.state.setAccount(address.bytes, {
      nonce: fields.nonce ?? account.nonce,
      balance: fields.balance ?? account.balance,
      storageRoot: fields.storageRoot ?? account.storageRoot,
      codeHash: fields.codeHash ?? account.codeHash,
    })
  }

  async putCode(address: Address, code: Uint8Array): Promise<void> {
    return this.state.setCode(address.bytes, code)
  }

  async getCode(address: Address): Promise<Uint8Array> {
    return this.state.code(address.bytes)
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.state.code(address.bytes)).length
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return this.state.storage(address.bytes, key)
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    return this.state.setStorage(address.bytes, key, withoutLeadingZeros(value))
  }

  async clearStorage(address: Address): Promise<void> {
    return this.state.clearStorage(address.bytes)
  }

  async checkpoint(): Promise<void> {
    this.state.checkpoint()
  }

  async commit(): Promise<void> {
    this.state.commit()
  }

  async revert(): Promise<void> {
    this.state.revert()
  }

  async getStateRoot(): Promise<Uint8Array> {
    return EMPTY_TRIE_ROOT
  }

  async setStateRoot(): Promise<void> {
    assert(false, 'the EVM does not choose the state')
  }

  async hasStateRoot(): Promise<boolean> {
    return false
  }

  clearCaches(): void {}

  shallowCopy(): StateManagerInterface {
    return new StateManager()
  }
}

/** The value as storage holds it. */
export function withoutLeadingZeros(value: Uint8Array): Uint8Array {
  let first = 0
  while (first < value.length && value[first] === 0) first++
  return first === 0 ? value : value.slice(first)
}
