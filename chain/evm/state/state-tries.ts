import { equalBytes } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { encodeRlp } from '#lib/rlp'
import { KEY_PREFIX, type Store, type StoreOperation, storeKey } from '#storage'
import { type Digest, EMPTY_TRIE_ROOT } from '#types'
import { type NodeSink, type NodeSource, Trie } from '../trie/trie.ts'
import { encodeAccount, type StateAccount } from './account.ts'
import { type ByteKey, bytesOfKey } from './byte-keys.ts'
import type { AccountChange, StateChanges } from './journal-state.ts'

export interface TrieLimits {
  /** Nodes of the account trie that stay in memory between blocks (about 300 bytes each). */
  readonly accountNodes: number
  /** The same for all storage tries together. */
  readonly storageNodes: number
}

export const DEFAULT_TRIE_LIMITS: TrieLimits = { accountNodes: 400_000, storageNodes: 200_000 }

interface StorageTrie {
  readonly trie: Trie
  readonly root: Digest
}

/**
 * The Merkle-Patricia tries of the state (keys are hashed: "secure" tries), updated once per block from the list of what
 * changed. One caller at a time. Memory is only given up in `publish`, so every node is in memory or durable.
 */
export class StateTries {
  readonly #store: Store
  readonly #limits: TrieLimits
  readonly #accounts: Trie
  readonly #storage = new Map<ByteKey, StorageTrie>()
  readonly #hashes = new Map<ByteKey, Digest>()

  constructor(store: Store, root: Digest, limits: TrieLimits = DEFAULT_TRIE_LIMITS) {
    this.#store = store
    this.#limits = limits
    this.#accounts = new Trie(nodeSource(store, accountNodePrefix()), root)
  }

  /**
   * Applies `changes`, appends the changed nodes to `operations` and returns the changes with the storage roots of their
   * `after` accounts filled in, and the state root.
   */
  update(changes: StateChanges, operations: StoreOperation[]): { changes: StateChanges; root: Digest } {
    const accounts: AccountChange[] = []
    for (const change of changes.accounts) {
      const hash = this.#hashOf(change.key, change.address)
      const after = this.#withStorageRoot(change, hash, operations)
      if (after === undefined) this.#accounts.delete(hash)
      else this.#accounts.put(hash, encodeAccount(after))
      accounts.push(after === change.after ? change : { ...change, after })
    }
    const root = this.#accounts.commit(sinkTo(operations, accountNodePrefix()))
    return { changes: { ...changes, accounts }, root }
  }

  /** The nodes are durable: memory above the limits may go. */
  publish(): void {
    this.#accounts.prune(this.#limits.accountNodes)
    let total = 0
    for (const { trie } of this.#storage.values()) total += trie.loaded
    for (const [key, { trie }] of this.#storage) {
      if (total <= this.#limits.storageNodes && this.#storage.size <= STORAGE_TRIES_MAX) break
      total -= trie.loaded
      this.#storage.delete(key)
    }
    if (this.#hashes.size > HASHES_MAX) this.#hashes.clear()
  }

  #withStorageRoot(change: AccountChange, hash: Digest, operations: StoreOperation[]): StateAccount | undefined {
    const { after, before, key, slots } = change
    if (slots.length === 0 && !change.wiped) {
      // `after` came through the EVM, which does not keep storage roots.
      const storageRoot = before?.storageRoot ?? EMPTY_TRIE_ROOT
      return after === undefined || after.storageRoot === storageRoot ? after : { ...after, storageRoot }
    }
    const root = before?.storageRoot ?? EMPTY_TRIE_ROOT
    const cached = this.#storage.get(key)
    const prefix = storageNodePrefix(hash)
    const trie =
      cached !== undefined && equalBytes(cached.root, root)
        ? cached.trie
        : new Trie(nodeSource(this.#store, prefix), root)
    for (const slot of slots) {
      const slotHash = keccak256(bytesOfKey(slot.key))
      if (slot.after.length === 0) trie.delete(slotHash)
      else trie.put(slotHash, encodeRlp(slot.after))
    }
    const storageRoot = trie.commit(sinkTo(operations, prefix))
    // Re-inserted so that the Map's order is the order of last use.
    this.#storage.delete(key)
    this.#storage.set(key, { trie, root: storageRoot })
    return after === undefined ? undefined : { ...after, storageRoot }
  }

  #hashOf(key: ByteKey, address: Uint8Array): Digest {
    const known = this.#hashes.get(key)
    if (known !== undefined) return known
    const hash = keccak256(address)
    this.#hashes.set(key, hash)
    return hash
  }
}

const STORAGE_TRIES_MAX = 4_096
const HASHES_MAX = 500_000

function accountNodePrefix(): Uint8Array {
  return Uint8Array.of(KEY_PREFIX.accountNode)
}

function storageNodePrefix(addressHash: Digest): Uint8Array {
  return storeKey(KEY_PREFIX.storageNode, addressHash)
}

function nodeSource(store: Store, prefix: Uint8Array): NodeSource {
  return { read: path => store.get(join(prefix, path)) }
}

function sinkTo(operations: StoreOperation[], prefix: Uint8Array): NodeSink {
  return (path, encoding) => {
    const key = join(prefix, path)
    operations.push(encoding === undefined ? { key } : { key, value: encoding })
  }
}

function join(prefix: Uint8Array, path: Uint8Array): Uint8Array {
  const key = new Uint8Array(prefix.length + path.length)
  key.set(prefix)
  key.set(path, prefix.length)
  return key
}

/** The account trie with `root` as the store has it, for proofs; changes to it stay in memory. */
export function openAccountTrie(store: Store, root: Digest): Trie {
  return new Trie(nodeSource(store, accountNodePrefix()), root)
}

/** A storage trie as the store has it, for proofs; changes to it stay in memory. */
export function openStorageTrie(store: Store, addressHash: Digest, root: Digest): Trie {
  return new Trie(nodeSource(store, storageNodePrefix(addressHash)), root)
}
