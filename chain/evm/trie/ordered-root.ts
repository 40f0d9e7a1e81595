import { encodeRlp, uintToRlp } from '#lib/rlp'
import { type Digest, EMPTY_TRIE_ROOT } from '#types'
import { Trie } from './trie.ts'

const KEYS: Uint8Array[] = []

/** Root of the trie rlp(index) → value: the form of transactions, receipts and withdrawals in a header. */
export function orderedRoot(values: readonly Uint8Array[]): Digest {
  if (values.length === 0) return EMPTY_TRIE_ROOT
  const trie = new Trie()
  for (let i = 0; i < values.length; i++) trie.put(keyOf(i), values[i] as Uint8Array)
  return trie.commit()
}

function keyOf(index: number): Uint8Array {
  const known = KEYS[index]
  if (known !== undefined) return known
  const key = encodeRlp(uintToRlp(index))
  // Only a prefix without holes is kept, at most as long as the largest block.
  if (KEYS.length === index && index < 65_536) KEYS.push(key)
  return key
}
