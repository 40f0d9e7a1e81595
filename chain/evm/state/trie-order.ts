import { compareBytes, EMPTY } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { afterPrefix, KEY_PREFIX, type KeyPrefix, type Store, storeKey } from '#storage'
import type { Address, Digest } from '#types'
import { type ByteKey, bytesOfKey, keyOf } from './byte-keys.ts'

/** Keys, those of old states included, that are hashed and put in order for one answer: some seconds of work. */
const KEYS_MAX = 500_000

/**
 * All keys of `length` bytes after `prefix` that the store knows in a kind of rows or its history, which are those that hold
 * something, and those that once did.
 */
async function knownKeys(
  store: Store,
  kinds: readonly KeyPrefix[],
  prefix: Uint8Array,
  length: number,
): Promise<Set<ByteKey>> {
  const known = new Set<ByteKey>()
  for (const kind of kinds) {
    const from = storeKey(kind, prefix)
    for await (const [key] of store.scan({ from, to: afterPrefix(from) })) {
      known.add(keyOf(key.subarray(from.length, from.length + length)))
      if (known.size > KEYS_MAX) throw new CodedError('too much state', `more than ${KEYS_MAX} keys to put in order`)
    }
  }
  return known
}

/** Accounts that the store knows; CodedError `too much state` above 500,000. */
export function knownAccounts(store: Store): Promise<Set<ByteKey>> {
  return knownKeys(store, [KEY_PREFIX.account, KEY_PREFIX.accountHistory], EMPTY, 20)
}

/** Slots that the store knows of a contract; CodedError `too much state` above 500,000. */
export function knownSlots(store: Store, address: Address): Promise<Set<ByteKey>> {
  return knownKeys(store, [KEY_PREFIX.slot, KEY_PREFIX.slotHistory], address, 32)
}

export interface Hashed {
  readonly hash: Digest
  readonly key: ByteKey
}

/** In the order of a trie, which is that of the hashes, from `from` on. */
export function inTrieOrder(keys: Iterable<ByteKey>, from: Uint8Array): Hashed[] {
  return Array.from(keys, key => ({ hash: keccak256(bytesOfKey(key)), key }))
    .filter(({ hash }) => compareBytes(hash, from) >= 0)
    .sort((a, b) => compareBytes(a.hash, b.hash))
}

/** The first `limit` of `keys` that `read` finds something for, and the hash of the one after them. */
export async function pageOf<T>(
  keys: readonly Hashed[],
  limit: number,
  read: (entry: Hashed) => Promise<T | undefined>,
): Promise<{ readonly found: readonly T[]; readonly next: Digest | undefined }> {
  const found: T[] = []
  for (const entry of keys) {
    const value = await read(entry)
    if (value === undefined) continue
    if (found.length === limit) return { found, next: entry.hash }
    found.push(value)
  }
  return { found, next: undefined }
}
