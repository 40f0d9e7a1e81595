import { equalBytes, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { encodeRlp } from '#lib/rlp'
import { afterPrefix, KEY_PREFIX, type Store, storeKey } from '#storage'
import type { BlockNumber, Digest } from '#types'
import { decodeSlimAccount, encodeAccount, hasCode, hasStorage, type StateAccount } from './state/account.ts'
import { HashedKeys, sortedRoot } from './trie/sorted-root.ts'
import { whole } from './whole.ts'

type Fault = (what: string, kind?: FindingKind) => void

/** Something that is not as it must be. */
export interface Finding {
  readonly what: string
  readonly kind: FindingKind
  /** The block that it is about. */
  readonly block?: BlockNumber
}

/** What is damaged; decides what can be done about it (`repairChain`). */
export type FindingKind =
  /** The head, or what is marked final, does not fit what is stored. */
  | 'marker'
  | 'block'
  /** An entry that can be made again from its block. */
  | 'index'
  /** A reverse diff. */
  | 'history'
  /** A node of a trie, which can be made again from the flat records. */
  | 'trie'
  /** A flat record or code: what the state is. */
  | 'state'

/**
 * Recomputes the state root from the flat accounts and slots, and compares every node on the way with the stored trie.
 * Memory: 52 bytes for each account, 64 for each slot of the largest contract.
 */
export async function checkState(
  store: Store,
  root: Digest,
  report: (finding: Finding) => void,
  onProgress: (accounts: number) => void,
): Promise<{ readonly accounts: number; readonly slots: number }> {
  const fault = (what: string, kind: FindingKind = 'state') => report({ what, kind })
  const accounts = new HashedKeys(20)
  const codes = new Set<string>()
  let slots = 0
  let storageNodes = 0
  const prefix = storeKey(KEY_PREFIX.account)
  for await (const [key, value] of store.scan({ from: prefix, to: afterPrefix(prefix) })) {
    const address = key.subarray(1)
    const account = whole(`account ${toHex(address)}`, () => decodeSlimAccount(value))
    const hash = keccak256(address)
    accounts.add(hash, address)
    checkCode(store, address, account, codes, fault)
    if (hasStorage(account)) {
      const storage = await checkStorage(store, address, hash, account, fault)
      slots += storage.slots
      storageNodes += storage.nodes
    }
    if (accounts.count % 2_000 === 0) onProgress(accounts.count)
  }
  const accountNodes = checkAccounts(store, accounts, root, fault)
  await checkCount(store, KEY_PREFIX.accountNode, accountNodes, 'account trie', fault)
  await checkCount(store, KEY_PREFIX.storageNode, storageNodes, 'storage tries', fault)
  await checkCount(store, KEY_PREFIX.slot, slots, 'flat storage', fault)
  return { accounts: accounts.count, slots }
}

function checkAccounts(store: Store, accounts: HashedKeys, root: Digest, fault: Fault): number {
  function* leaves(): Generator<readonly [Uint8Array, Uint8Array]> {
    for (const [hash, address] of accounts.sorted()) {
      const value = store.get(storeKey(KEY_PREFIX.account, address))
      if (value !== undefined) yield [hash, encodeAccount(decodeSlimAccount(value))]
    }
  }
  const nodes = comparing(store, storeKey(KEY_PREFIX.accountNode), 'the account trie', fault)
  const computed = sortedRoot(leaves(), nodes.visit)
  if (!equalBytes(computed, root)) {
    fault(`the flat state has root ${toHex(computed)}, the head's header names ${toHex(root)}`)
  }
  return nodes.count()
}

async function checkStorage(
  store: Store,
  address: Uint8Array,
  hash: Digest,
  account: StateAccount,
  fault: Fault,
): Promise<{ readonly slots: number; readonly nodes: number }> {
  const prefix = storeKey(KEY_PREFIX.slot, address)
  const keys = new HashedKeys(32)
  for await (const [key] of store.scan({ from: prefix, to: afterPrefix(prefix) })) {
    const slot = key.subarray(prefix.length)
    keys.add(keccak256(slot), slot)
  }
  function* leaves(): Generator<readonly [Uint8Array, Uint8Array]> {
    for (const [slotHash, slot] of keys.sorted()) {
      const value = store.get(storeKey(KEY_PREFIX.slot, address, slot))
      if (value !== undefined && value.length > 0) yield [slotHash, encodeRlp(value)]
    }
  }
  const nodes = comparing(store, storeKey(KEY_PREFIX.storageNode, hash), `the storage of ${toHex(address)}`, fault)
  const computed = sortedRoot(leaves(), nodes.visit)
  if (!equalBytes(computed, account.storageRoot)) {
    fault(
      `the flat storage of ${toHex(address)} has root ${toHex(computed)}, its account names ${toHex(account.storageRoot)}`,
    )
  }
  return { slots: keys.count, nodes: nodes.count() }
}

// Compares recomputed nodes with stored ones; one line for each trie, since one wrong leaf changes all above it.
function comparing(store: Store, prefix: Uint8Array, name: string, fault: Fault) {
  let count = 0
  let told = false
  return {
    visit(path: Uint8Array, encoding: Uint8Array) {
      count += 1
      if (told) return
      const key = new Uint8Array(prefix.length + path.length)
      key.set(prefix)
      key.set(path, prefix.length)
      const stored = store.get(key)
      if (stored !== undefined && equalBytes(stored, encoding)) return
      told = true
      const at = path.length === 0 ? 'its root' : `path ${[...path].map(nibble => nibble.toString(16)).join('')}`
      fault(`a node of ${name} (${at}) ${stored === undefined ? 'is missing' : 'differs from the flat state'}`, 'trie')
    },
    count: () => count,
  }
}

function checkCode(store: Store, address: Uint8Array, account: StateAccount, known: Set<string>, fault: Fault): void {
  if (!hasCode(account)) return
  const name = toHex(account.codeHash)
  if (known.has(name)) return
  if (known.size < CODES_REMEMBERED) known.add(name)
  const code = store.get(storeKey(KEY_PREFIX.code, account.codeHash))
  if (code === undefined) fault(`the code of ${toHex(address)} is missing`)
  else if (!equalBytes(keccak256(code), account.codeHash)) fault(`the code of ${toHex(address)} is damaged`)
}

const CODES_REMEMBERED = 100_000

async function checkCount(
  store: Store,
  prefix: typeof KEY_PREFIX.slot | typeof KEY_PREFIX.accountNode | typeof KEY_PREFIX.storageNode,
  wanted: number,
  name: string,
  fault: Fault,
): Promise<void> {
  let count = 0
  const from = storeKey(prefix)
  for await (const _ of store.scan({ from, to: afterPrefix(from) })) count += 1
  const kind = prefix === KEY_PREFIX.slot ? 'state' : 'trie'
  if (count !== wanted) fault(`the ${name} has ${count} records where the accounts call for ${wanted}`, kind)
}
