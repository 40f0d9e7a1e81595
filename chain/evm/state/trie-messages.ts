/**
 * How the changes of a block travel to the thread that keeps the tries, and what comes back: one transferable buffer
 * each way, no structured clone.
 */
import { assert } from '#lib/assert'
import { Reader } from '#lib/codec'
import type { Digest } from '#types'
import { bytesOfKey, keyOf } from './byte-keys.ts'
import type { StateChanges } from './journal-state.ts'
import { type LeafChange, leafChangeOf, type TrieLimits, type TrieUpdate } from './state-tries.ts'

export interface TrieWorkerData {
  /** A LevelDB that this process has open as a shared one. */
  readonly directory: string
  /** Of the state that is durable. */
  readonly root: Digest
  readonly limits: TrieLimits
}

export type TrieRequest =
  | { readonly kind: 'update'; readonly id: number; readonly changes: Uint8Array<ArrayBuffer> }
  /** So many updates are durable. */
  | { readonly kind: 'publish'; readonly durable: number }

export type TrieReply =
  | {
      readonly id: number
      readonly root: Digest
      readonly storageRoots: Uint8Array<ArrayBuffer>
      /** Packed store operations. */
      readonly nodes: Uint8Array<ArrayBuffer>
    }
  | { readonly id: number; readonly error: string }

const HAS_LEAF = 1
const HAS_STORAGE = 2
/** Flags, address, length of the leaf, root and number of slots. */
const ACCOUNT_BYTES_MAX = 1 + 20 + 1 + 32 + 4
const SLOT_BYTES = 32 + 1 + 32

export function packChanges({ accounts }: StateChanges): Uint8Array<ArrayBuffer> {
  const leaves = accounts.map(leafChangeOf)
  let size = 4
  for (const { leaf, storage } of leaves) {
    size += ACCOUNT_BYTES_MAX + (leaf?.length ?? 0) + SLOT_BYTES * (storage?.slots.length ?? 0)
  }
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, leaves.length)
  let at = 4
  for (const { address, leaf, storage } of leaves) {
    bytes[at++] = (leaf === undefined ? 0 : HAS_LEAF) | (storage === undefined ? 0 : HAS_STORAGE)
    bytes.set(address, at)
    at += 20
    if (leaf !== undefined) {
      assert(leaf.length < 256, 'an account has four short fields')
      bytes[at++] = leaf.length
      bytes.set(leaf, at)
      at += leaf.length
    }
    if (storage === undefined) continue
    bytes.set(storage.rootBefore, at)
    view.setUint32(at + 32, storage.slots.length)
    at += 36
    for (const { key, after } of storage.slots) {
      bytes.set(bytesOfKey(key), at)
      bytes[at + 32] = after.length
      bytes.set(after, at + 33)
      at += 33 + after.length
    }
  }
  return bytes.subarray(0, at)
}

export function unpackChanges(bytes: Uint8Array): LeafChange[] {
  const reader = new Reader(bytes)
  const leaves: LeafChange[] = []
  for (let left = reader.u32(); left > 0; left--) {
    const flags = reader.u8()
    const address = reader.bytes(20)
    // A copy: the tries keep it, and it is changed in place.
    const leaf = (flags & HAS_LEAF) === 0 ? undefined : reader.bytes(reader.u8()).slice()
    if ((flags & HAS_STORAGE) === 0) {
      leaves.push({ address, leaf, storage: undefined })
      continue
    }
    const rootBefore = reader.bytes(32).slice()
    const slots: { key: string; after: Uint8Array }[] = []
    for (let slot = reader.u32(); slot > 0; slot--) {
      const key = keyOf(reader.bytes(32))
      slots.push({ key, after: reader.bytes(reader.u8()) })
    }
    leaves.push({ address, leaf, storage: { rootBefore, slots } })
  }
  reader.end()
  return leaves
}

export function packStorageRoots(roots: TrieUpdate['storageRoots']): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(36 * roots.size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [i, root] of roots) {
    view.setUint32(at, i)
    bytes.set(root, at + 4)
    at += 36
  }
  return bytes
}

export function unpackStorageRoots(bytes: Uint8Array): Map<number, Digest> {
  const reader = new Reader(bytes)
  const roots = new Map<number, Digest>()
  for (let left = bytes.length / 36; left > 0; left--) {
    const i = reader.u32()
    roots.set(i, reader.bytes(32).slice())
  }
  return roots
}
