import { concat, equalBytes } from '#lib/bytes'
import { GenerationCache } from '#lib/cache'
import { keccak256 } from '#lib/hash'
import { encodeRlp } from '#lib/rlp'
import { KEY_PREFIX, type Store, type StoreOperation, storeKey } from '#storage'
import { type Digest, EMPTY_TRIE_ROOT } from '#types'
import { type NodeSource, Trie } from '../trie/trie.ts'
import { encodeAccount, setStorageRoot } from './account.ts'
import { type ByteKey, bytesOfKey, keyOf } from './byte-keys.ts'
import { heapBound } from './heap-bound.ts'
import type { AccountChange, StateChanges } from './journal-state.ts'
import { PackedOperations, unpackOperations } from './packed-operations.ts'

export interface TrieLimits {
  /** Nodes of the account trie that stay in memory between blocks (about 300 bytes each). */
  readonly accountNodes: number
  /** The same for all storage tries together. */
  readonly storageNodes: number
}

/** A million accounts have about 1.4 million nodes. */
const ACCOUNT_NODES_MAX = 2_000_000
const HEAP_BYTES_PER_NODE = 2_200

export const DEFAULT_TRIE_LIMITS: TrieLimits = {
  accountNodes: heapBound(ACCOUNT_NODES_MAX, HEAP_BYTES_PER_NODE),
  storageNodes: 400_000,
}

interface StorageTrie {
  readonly trie: Trie
  readonly root: Digest
  /** Number of the update that used it last. */
  readonly used: number
}

/** A change of an account as the tries need it. */
export interface LeafChange {
  readonly address: Uint8Array
  /** RLP of the account; undefined when it is gone. Its storage root is filled in where storage changed. */
  readonly leaf: Uint8Array | undefined
  /** Present where storage changed. */
  readonly storage: StorageChange | undefined
}

export interface StorageChange {
  readonly rootBefore: Digest
  readonly slots: readonly { readonly key: ByteKey; readonly after: Uint8Array }[]
}

/** What the tries say about a block's changes. */
export interface TrieUpdate {
  readonly root: Digest
  /** Storage roots by position in the list of changes, where storage changed. */
  readonly storageRoots: ReadonlyMap<number, Digest>
}

/**
 * The Merkle-Patricia tries of the state (keys are hashed: "secure" tries), updated once per block from the list of what
 * changed. One caller at a time. Memory is only given up in `publish`, and then only what is durable.
 */
export class StateTries {
  readonly #source: ValueSource
  readonly #limits: TrieLimits
  readonly #accounts: Trie
  readonly #storage = new Map<ByteKey, StorageTrie>()
  #updates = 0
  readonly #hashes = new GenerationCache<ByteKey, Digest>(HASHES_MAX)

  constructor(source: ValueSource, root: Digest, limits: TrieLimits = DEFAULT_TRIE_LIMITS) {
    this.#source = source
    this.#limits = limits
    this.#accounts = new Trie(nodeSource(source, ACCOUNT_NODES), root)
  }

  /**
   * Applies `changes`, appends the changed nodes to `operations` and returns the changes with the storage roots of their
   * `after` accounts filled in, and the state root.
   */
  update(changes: StateChanges, operations: StoreOperation[]): { changes: StateChanges; root: Digest } {
    const nodes = new PackedOperations()
    const update = this.apply(changes.accounts.map(leafChangeOf), nodes)
    unpackOperations(nodes.take(), operations)
    return { changes: withStorageRoots(changes, update.storageRoots), root: update.root }
  }

  /** {@link update} in the form that also travels between threads. */
  apply(changes: readonly LeafChange[], nodes: PackedOperations): TrieUpdate {
    this.#updates += 1
    const storageRoots = new Map<number, Digest>()
    for (let i = 0; i < changes.length; i++) {
      const { address, leaf, storage } = changes[i] as LeafChange
      const key = keyOf(address)
      const hash = this.#hashOf(key, address)
      if (storage !== undefined) {
        const root = this.#storageRoot(key, hash, storage, nodes)
        storageRoots.set(i, root)
        if (leaf !== undefined) setStorageRoot(leaf, root)
      }
      if (leaf === undefined) this.#accounts.delete(hash)
      else this.#accounts.put(hash, leaf)
    }
    return { root: this.#accounts.commitTo(nodes.under(ACCOUNT_NODES), this.#updates), storageRoots }
  }

  /** The nodes of the first `durable` updates are durable: memory above the limits may go. */
  publish(durable = this.#updates): void {
    this.#accounts.prune(this.#limits.accountNodes, durable)
    let total = 0
    for (const { trie } of this.#storage.values()) total += trie.loaded
    for (const [key, { trie, used }] of this.#storage) {
      if (used > durable) break
      if (total <= this.#limits.storageNodes && this.#storage.size <= STORAGE_TRIES_MAX) break
      total -= trie.loaded
      this.#storage.delete(key)
    }
  }

  #storageRoot(key: ByteKey, hash: Digest, { rootBefore, slots }: StorageChange, nodes: PackedOperations): Digest {
    const cached = this.#storage.get(key)
    const prefix = storageNodePrefix(hash)
    const trie =
      cached !== undefined && equalBytes(cached.root, rootBefore)
        ? cached.trie
        : new Trie(nodeSource(this.#source, prefix), rootBefore)
    for (const slot of slots) {
      const slotHash = keccak256(bytesOfKey(slot.key))
      if (slot.after.length === 0) trie.delete(slotHash)
      else trie.put(slotHash, encodeRlp(slot.after))
    }
    const root = trie.commitTo(nodes.under(prefix), this.#updates)
    // Re-inserted so that the Map's order is the order of last use.
    this.#storage.delete(key)
    this.#storage.set(key, { trie, root, used: this.#updates })
    return root
  }

  #hashOf(key: ByteKey, address: Uint8Array): Digest {
    const known = this.#hashes.get(key)
    if (known !== undefined) return known
    const hash = keccak256(address)
    this.#hashes.set(key, hash)
    return hash
  }
}

/** A change as the tries need it. */
export function leafChangeOf({ address, before, after, slots, wiped }: AccountChange): LeafChange {
  const rootBefore = before?.storageRoot ?? EMPTY_TRIE_ROOT
  return {
    address,
    // `after` came through the EVM, which does not keep storage roots.
    leaf: after === undefined ? undefined : encodeAccount(after, rootBefore),
    storage: slots.length === 0 && !wiped ? undefined : { rootBefore, slots },
  }
}

/** The changes with the true storage roots in their `after` accounts. */
export function withStorageRoots(changes: StateChanges, roots: ReadonlyMap<number, Digest>): StateChanges {
  const accounts = changes.accounts.map((change, i): AccountChange => {
    const { after, before } = change
    if (after === undefined) return change
    const storageRoot = roots.get(i) ?? before?.storageRoot ?? EMPTY_TRIE_ROOT
    return after.storageRoot === storageRoot ? change : { ...change, after: { ...after, storageRoot } }
  })
  return { ...changes, accounts }
}

const STORAGE_TRIES_MAX = 4_096
const HASHES_MAX = 65_536

const ACCOUNT_NODES = Uint8Array.of(KEY_PREFIX.accountNode)

/** All that a trie wants of a store. */
export type ValueSource = Pick<Store, 'get'>

function storageNodePrefix(addressHash: Digest): Uint8Array {
  return storeKey(KEY_PREFIX.storageNode, addressHash)
}

function nodeSource(source: ValueSource, prefix: Uint8Array): NodeSource {
  return { read: path => source.get(concat(prefix, path)) }
}

/** The account trie with `root` as the store has it, for proofs; changes to it stay in memory. */
export function openAccountTrie(store: Store, root: Digest): Trie {
  return new Trie(nodeSource(store, ACCOUNT_NODES), root)
}

/** A storage trie as the store has it, for proofs; changes to it stay in memory. */
export function openStorageTrie(store: Store, addressHash: Digest, root: Digest): Trie {
  return new Trie(nodeSource(store, storageNodePrefix(addressHash)), root)
}
