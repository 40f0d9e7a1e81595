/**
 * The Merkle tree of the proof layer: 32-byte leaves, inner node = keccak256(left ‖ right), and the leaf row padded with
 * zeros to a power of two, so that a path's length depends on the count alone and a contract needs only the index.
 * A zero leaf is not the hash of any known word, so padding cannot be opened as content.
 */
import { keccak256 as ethersKeccak256, getBytes } from 'ethers'

/** Keccak-256 of bytes, as bytes. Servers pass a faster one than the portable default. */
export type Keccak = (bytes: Uint8Array) => Uint8Array

export const portableKeccak: Keccak = bytes => getBytes(ethersKeccak256(bytes))

const ZERO = new Uint8Array(32)

/** Every row of the tree over `leaves`, leaves first, root last. No leaves at all give the zero root. */
function rows(leaves: readonly Uint8Array[], keccak: Keccak): Uint8Array[][] {
  let row: Uint8Array[] = leaves.length === 0 ? [ZERO] : [...leaves]
  while ((row.length & (row.length - 1)) !== 0) row.push(ZERO)
  const all = [row]
  const pair = new Uint8Array(64)
  while (row.length > 1) {
    const above: Uint8Array[] = []
    for (let i = 0; i < row.length; i += 2) {
      pair.set(row[i] as Uint8Array, 0)
      pair.set(row[i + 1] as Uint8Array, 32)
      above.push(keccak(pair))
    }
    all.push(above)
    row = above
  }
  return all
}

/** Root of the tree over 32-byte leaves. */
export function merkleRoot(leaves: readonly Uint8Array[], keccak: Keccak = portableKeccak): Uint8Array {
  const all = rows(leaves, keccak)
  return (all[all.length - 1] as Uint8Array[])[0] as Uint8Array
}

/** Siblings of leaf `index` from the bottom up. Throws RangeError when there is no such leaf. */
export function merklePath(
  leaves: readonly Uint8Array[],
  index: number,
  keccak: Keccak = portableKeccak,
): Uint8Array[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= leaves.length) throw new RangeError('no such leaf')
  const path: Uint8Array[] = []
  let at = index
  for (const row of rows(leaves, keccak)) {
    if (row.length === 1) break
    path.push(row[at ^ 1] as Uint8Array)
    at >>= 1
  }
  return path
}

/** The root that `leaf` at `index` has under `path`; compare it with the committed one. */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  path: readonly Uint8Array[],
  keccak: Keccak = portableKeccak,
): Uint8Array {
  let node = leaf
  let at = index
  const pair = new Uint8Array(64)
  for (const sibling of path) {
    pair.set(at % 2 === 0 ? node : sibling, 0)
    pair.set(at % 2 === 0 ? sibling : node, 32)
    node = keccak(pair)
    at = Math.floor(at / 2)
  }
  return node
}

/** `bytes` cut into 32-byte words, the last one filled up with zeros. */
export function wordsOf(bytes: Uint8Array): Uint8Array[] {
  const words: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += 32) {
    const word = new Uint8Array(32)
    word.set(bytes.subarray(at, at + 32))
    words.push(word)
  }
  return words
}

/**
 * `outRoot` of a result: Merkle root over the keccak256 of its 32-byte words (proof-of-computation §3.3). The length is
 * bound by the blob id beside it in the commitment, not by this root.
 */
export function outputRoot(output: Uint8Array, keccak: Keccak = portableKeccak): Uint8Array {
  return merkleRoot(
    wordsOf(output).map(word => keccak(word)),
    keccak,
  )
}
