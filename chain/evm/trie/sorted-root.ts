import { compareBytes, equalBytes } from '#lib/bytes'
import type { Digest } from '#types'
import { pathOf } from './nodes.ts'
import { Trie } from './trie.ts'

/** Told each stored node of the trie once, when nothing can change it any more. */
export type NodeVisitor = (path: Uint8Array, encoding: Uint8Array) => void

/** Leaves between two clean-ups: bounds the nodes in memory. */
const LEAVES_PER_ROUND = 20_000

/**
 * Keys by their hashes, packed, so that a million accounts need 52 MB before they are put into a trie in order.
 */
export class HashedKeys {
  readonly #keyLength: number
  readonly #width: number
  #bytes = new Uint8Array(1_024)
  #count = 0

  constructor(keyLength: number) {
    this.#keyLength = keyLength
    this.#width = 32 + keyLength
  }

  get count(): number {
    return this.#count
  }

  add(hash: Digest, key: Uint8Array): void {
    const at = this.#count++ * this.#width
    if (at + this.#width > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2 + this.#width)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes.set(hash, at)
    this.#bytes.set(key, at + 32)
  }

  /** In the order of the hashes. Views, valid until the next `add`. */
  *sorted(): Generator<readonly [hash: Digest, key: Uint8Array]> {
    const order = new Uint32Array(this.#count)
    for (let i = 0; i < order.length; i++) order[i] = i
    const hashAt = (i: number) => this.#bytes.subarray(i * this.#width, i * this.#width + 32)
    order.sort((a, b) => compareBytes(hashAt(a), hashAt(b)))
    for (const i of order) {
      const at = i * this.#width
      yield [this.#bytes.slice(at, at + 32), this.#bytes.subarray(at + 32, at + 32 + this.#keyLength)]
    }
  }
}

/**
 * Root of the trie of leaves that come in the order of their keys. Memory is bounded: a node that no later key can reach
 * is handed to `visit` and forgotten; only the right edge stays.
 */
export function sortedRoot(
  leaves: Iterable<readonly [key: Uint8Array, value: Uint8Array]>,
  visit: NodeVisitor,
): Digest {
  const builder = new SortedTrie(visit)
  for (const [key, value] of leaves) builder.put(key, value)
  return builder.finish()
}

/** The same for who hands in the leaves one by one. */
export class SortedTrie {
  readonly #visit: NodeVisitor
  // By path; after each clean-up only nodes on the way to the last key.
  #edge = new Map<string, readonly [path: Uint8Array, encoding: Uint8Array]>()
  readonly #trie = new Trie({ read: path => this.#edge.get(textOf(path))?.[1] })
  #count = 0

  constructor(visit: NodeVisitor) {
    this.#visit = visit
  }

  /** `key` is above all before it. */
  put(key: Uint8Array, value: Uint8Array): void {
    this.#trie.put(key, value)
    this.#count += 1
    if (this.#count % LEAVES_PER_ROUND !== 0) return
    this.#commit()
    this.#trie.prune(1)
    const kept = new Map<string, readonly [path: Uint8Array, encoding: Uint8Array]>()
    for (const [text, entry] of this.#edge) {
      const [path, encoding] = entry
      if (path.length <= 2 * key.length && equalBytes(path, pathOf(key, path.length))) kept.set(text, entry)
      else this.#visit(path, encoding)
    }
    this.#edge = kept
  }

  finish(): Digest {
    const root = this.#commit()
    for (const [path, encoding] of this.#edge.values()) this.#visit(path, encoding)
    this.#edge.clear()
    return root
  }

  #commit(): Digest {
    return this.#trie.commit((path, encoding) => {
      if (encoding === undefined) this.#edge.delete(textOf(path))
      else this.#edge.set(textOf(path), [path, encoding])
    })
  }
}

function textOf(path: Uint8Array): string {
  return String.fromCharCode(...path)
}
