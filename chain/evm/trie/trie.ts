import { assert, defined } from '#lib/assert'
import { equalBytes } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { type Digest, EMPTY_TRIE_ROOT } from '#types'
import { NodeEncoder, refOf } from './node-encoding.ts'
import { Branch, decodeNode, Extension, Leaf, type LoadedNode, nibbleAt, pathOf, Stub, type TrieNode } from './nodes.ts'

/** Where a trie's nodes lie: one version of each, by the nibbles that lead to it (one per byte). */
export interface NodeSource {
  read(path: Uint8Array): Uint8Array | undefined
}

/** Takes a changed node; `encoding` undefined means that no node is at `path` any more. */
export type NodeSink = (path: Uint8Array, encoding: Uint8Array | undefined) => void

/** The same without a copy: the node's path is the first `depth` bytes of `path`; nothing may be kept after the call. */
export interface NodeWriter {
  write(path: Uint8Array, depth: number, encoding: Uint8Array | undefined): void
}

const encoder = new NodeEncoder()
/** Keys have 32 bytes, or are as short as an index. */
const PATH_MAX = 64
const NO_PATH = new Uint8Array(0)
const NOWHERE: NodeSource = { read: () => undefined }

/**
 * A Merkle-Patricia trie that is changed in memory and hashed once per batch: `put` and `delete` only move nodes,
 * `commit` encodes and hashes every changed node exactly once. Synchronous throughout. Keys must not be prefixes of one
 * another; values must not be empty.
 */
export class Trie {
  readonly #source: NodeSource
  #root: TrieNode | undefined
  // Paths where a node may have been before it was removed or moved, since the last commit.
  #removed: Uint8Array[] = []
  #loaded = 0
  #commit = 0

  /** Opens the trie with `root` whose nodes `source` holds; an empty trie by default. */
  constructor(source: NodeSource = NOWHERE, root: Digest = EMPTY_TRIE_ROOT) {
    this.#source = source
    this.#root = equalBytes(root, EMPTY_TRIE_ROOT) ? undefined : new Stub(root)
  }

  /** About how many nodes are in memory. */
  get loaded(): number {
    return this.#loaded
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const last = this.#walk(key, () => {})
    return last?.value
  }

  /** Encoding of the node at `path`, which another trie names by hash: a committed trie can be the source of others. */
  read(path: Uint8Array): Uint8Array | undefined {
    let depth = 0
    let current = this.#root
    while (current !== undefined) {
      const node = this.#loadAt(current, path.subarray(0, depth))
      if (depth === path.length) return encoder.encode(node, depth).slice()
      if (node instanceof Leaf) return undefined
      if (node instanceof Extension) {
        for (const nibble of node.nibbles) if (path[depth++] !== nibble) return undefined
        current = node.child
      } else current = node.children[path[depth++] as number]
    }
    return undefined
  }

  put(key: Uint8Array, value: Uint8Array): void {
    assert(value.length > 0, 'a trie holds no empty values')
    this.#root = this.#insert(this.#root, key, 0, value)
  }

  /** Nothing happens when the key is absent. */
  delete(key: Uint8Array): void {
    this.#root = this.#remove(this.#root, key, 0)
  }

  /** Hashes what changed and hands changed and vanished nodes to `sink`; returns the root. */
  commit(sink?: NodeSink): Digest {
    if (sink === undefined) return this.commitTo(undefined)
    return this.commitTo({ write: (path, depth, encoding) => sink(path.slice(0, depth), encoding?.slice()) })
  }

  /**
   * {@link commit} for a writer that copies what it needs. `number` tells {@link prune} what is durable; it must grow from
   * one commit of changes to the next.
   */
  commitTo(writer: NodeWriter | undefined, number = this.#commit + 1): Digest {
    this.#commit = number
    const removed = this.#removed
    if (removed.length > 0) {
      this.#removed = []
      if (writer !== undefined) for (const path of removed) writer.write(path, path.length, undefined)
    }
    const root = this.#root
    if (root === undefined) {
      writer?.write(NO_PATH, 0, undefined)
      return EMPTY_TRIE_ROOT
    }
    if (root instanceof Stub) return root.ref
    if (root.ref === undefined || root.ref.length < 32) {
      const encoding = this.#encode(root, new Uint8Array(PATH_MAX), 0, writer)
      // The root is always stored and always named by its hash.
      root.ref = keccak256(encoding)
      root.changed = number
      writer?.write(NO_PATH, 0, encoding)
    }
    return root.ref
  }

  /**
   * Encodings of the hashed nodes on the way to `key`, root first (EIP-1186): they prove its value, or its absence. The
   * trie must be committed.
   */
  prove(key: Uint8Array): Uint8Array[] {
    const proof: Uint8Array[] = []
    this.#walk(key, (node, depth) => {
      const ref = defined(node.ref, 'only a committed trie proves')
      if (depth === 0 || ref.length === 32) proof.push(encoder.encode(node, depth).slice())
    })
    return proof
  }

  /**
   * Forgets nodes when more than `limit` are in memory, down to about half of it: the upper levels, which every key needs,
   * stay longest, and below them what changed last. What a commit after number `durable` changed stays in any case.
   */
  prune(limit: number, durable = this.#commit): void {
    if (this.#loaded <= limit || this.#root === undefined) return
    const perDepth: Map<number, number>[] = []
    countNodes(this.#root, 0, perDepth)
    const room = limit >> 1
    let kept = 0
    let depth = 0
    for (; depth < perDepth.length; depth++) {
      const level = sum(perDepth[depth])
      if (kept + level > room) break
      kept += level
    }
    // Of the levels below: everything that a commit from number `since` on changed.
    const below = new Map<number, number>()
    for (const level of perDepth.slice(depth)) {
      for (const [changed, count] of level) below.set(changed, (below.get(changed) ?? 0) + count)
    }
    let since = Number.POSITIVE_INFINITY
    for (const [changed, count] of [...below].sort(([a], [b]) => b - a)) {
      if (changed <= durable && kept + count > room) break
      kept += count
      since = changed
    }
    this.#root = forget(this.#root, 0, Math.max(depth, 1), Math.min(since, durable + 1))
    this.#loaded = kept
  }

  #load(node: TrieNode, key: Uint8Array, depth: number): LoadedNode {
    if (!(node instanceof Stub)) return node
    const path = pathOf(key, depth)
    const bytes = defined(this.#source.read(path), 'every node that a trie names is stored')
    this.#loaded += 1
    return decodeNode(bytes, path, node.ref)
  }

  // Visits the nodes on the way to `key`; returns its leaf. Keeps what it loads.
  #walk(key: Uint8Array, visit: (node: LoadedNode, depth: number) => void): Leaf | undefined {
    let depth = 0
    let current = this.#root
    let attach = (node: LoadedNode) => {
      this.#root = node
    }
    while (current !== undefined) {
      const node = this.#load(current, key, depth)
      if (node !== current) attach(node)
      visit(node, depth)
      if (node instanceof Leaf) return equalBytes(node.key, key) ? node : undefined
      if (node instanceof Extension) {
        for (const nibble of node.nibbles) if (nibbleAt(key, depth++) !== nibble) return undefined
        current = node.child
        attach = child => {
          node.child = child
        }
      } else {
        const index = nibbleAt(key, depth++)
        current = node.children[index]
        attach = child => {
          node.children[index] = child
        }
      }
    }
    return undefined
  }

  #insert(at: TrieNode | undefined, key: Uint8Array, depth: number, value: Uint8Array): LoadedNode {
    if (at === undefined) {
      this.#loaded += 1
      return new Leaf(key, value)
    }
    const node = this.#load(at, key, depth)
    if (node instanceof Branch) {
      const index = nibbleAt(key, depth)
      node.children[index] = this.#insert(node.children[index], key, depth + 1, value)
      node.ref = undefined
      return node
    }
    if (node instanceof Leaf) return this.#insertAtLeaf(node, key, depth, value)
    const { nibbles } = node
    let same = 0
    while (same < nibbles.length && nibbleAt(key, depth + same) === nibbles[same]) same++
    if (same === nibbles.length) {
      node.child = this.#insert(node.child, key, depth + same, value)
      node.ref = undefined
      return node
    }
    const branch = newBranch()
    const rest = nibbles.subarray(same + 1)
    branch.children[nibbles[same] as number] = rest.length === 0 ? node.child : new Extension(rest.slice(), node.child)
    branch.children[nibbleAt(key, depth + same)] = new Leaf(key, value)
    this.#loaded += 2
    return same === 0 ? branch : new Extension(nibbles.slice(0, same), branch)
  }

  #insertAtLeaf(leaf: Leaf, key: Uint8Array, depth: number, value: Uint8Array): LoadedNode {
    const end = key.length * 2
    let at = depth
    while (at < end && nibbleAt(key, at) === nibbleAt(leaf.key, at)) at++
    if (at === end) {
      if (!equalBytes(leaf.value, value)) {
        leaf.value = value
        leaf.ref = undefined
      }
      return leaf
    }
    const branch = newBranch()
    // The leaf moves down, so its encoding changes although its value does not.
    leaf.ref = undefined
    branch.children[nibbleAt(leaf.key, at)] = leaf
    branch.children[nibbleAt(key, at)] = new Leaf(key, value)
    this.#loaded += 2
    if (at === depth) return branch
    this.#loaded += 1
    return new Extension(pathOf(key, at).subarray(depth), branch)
  }

  #remove(at: TrieNode | undefined, key: Uint8Array, depth: number): TrieNode | undefined {
    if (at === undefined) return undefined
    const node = this.#load(at, key, depth)
    if (node instanceof Leaf) {
      if (!equalBytes(node.key, key)) return node
      this.#gone(key, depth)
      return undefined
    }
    if (node instanceof Extension) {
      const { nibbles } = node
      for (let i = 0; i < nibbles.length; i++) if (nibbleAt(key, depth + i) !== nibbles[i]) return node
      const before = refKept(node.child)
      const child = this.#remove(node.child, key, depth + nibbles.length)
      const same = child === node.child && refKept(child) === before
      if (child !== undefined && same) return node
      return this.#joined(nibbles, defined(child, 'a branch under an extension keeps a child'), key, depth)
    }
    const index = nibbleAt(key, depth)
    const child = node.children[index]
    if (child === undefined) return node
    const before = refKept(child)
    const left = this.#remove(child, key, depth + 1)
    node.children[index] = left
    if (left !== undefined) {
      if (refKept(left) !== before) node.ref = undefined
      return node
    }
    node.ref = undefined
    return this.#collapsed(node, key, depth)
  }

  // A branch that lost a child: with one child left it becomes part of that child.
  #collapsed(node: Branch, key: Uint8Array, depth: number): LoadedNode {
    let only = -1
    for (let i = 0; i < 16; i++) {
      if (node.children[i] === undefined) continue
      if (only >= 0) return node
      only = i
    }
    assert(only >= 0, 'a branch has at least two children')
    const path = new Uint8Array(depth + 1)
    path.set(pathOf(key, depth))
    path[depth] = only
    return this.#join(Uint8Array.of(only), this.#loadAt(node.children[only] as TrieNode, path), path)
  }

  #joined(nibbles: Uint8Array, child: TrieNode, key: Uint8Array, depth: number): LoadedNode {
    const path = pathOf(key, depth + nibbles.length)
    // Only a loaded node can have changed, and only a changed one is joined.
    return this.#join(nibbles, this.#loadAt(child, path), path)
  }

  // Puts `nibbles` in front of `child`, which hangs at `path`.
  #join(nibbles: Uint8Array, child: LoadedNode, path: Uint8Array): LoadedNode {
    if (child instanceof Branch) return new Extension(nibbles, child)
    this.#removed.push(path)
    if (child instanceof Leaf) {
      child.ref = undefined
      return child
    }
    const longer = new Uint8Array(nibbles.length + child.nibbles.length)
    longer.set(nibbles)
    longer.set(child.nibbles, nibbles.length)
    return new Extension(longer, child.child)
  }

  #loadAt(node: TrieNode, path: Uint8Array): LoadedNode {
    if (!(node instanceof Stub)) return node
    const bytes = defined(this.#source.read(path), 'every node that a trie names is stored')
    this.#loaded += 1
    return decodeNode(bytes, path, node.ref)
  }

  #gone(key: Uint8Array, depth: number): void {
    this.#removed.push(pathOf(key, depth))
    this.#loaded -= 1
  }

  // Encodes `node` after everything below it, which goes to the sink. The view is valid until the next encoding.
  #encode(node: LoadedNode, path: Uint8Array, depth: number, writer: NodeWriter | undefined): Uint8Array {
    if (node instanceof Branch) {
      const { children } = node
      for (let i = 0; i < 16; i++) {
        const child = children[i]
        if (child === undefined || child.ref !== undefined) continue
        path[depth] = i
        this.#hash(child as LoadedNode, path, depth + 1, writer)
      }
    } else if (node instanceof Extension && node.child.ref === undefined) {
      path.set(node.nibbles, depth)
      this.#hash(node.child as LoadedNode, path, depth + node.nibbles.length, writer)
    }
    return encoder.encode(node, depth)
  }

  #hash(node: LoadedNode, path: Uint8Array, depth: number, writer: NodeWriter | undefined): void {
    const encoding = this.#encode(node, path, depth, writer)
    node.ref = refOf(encoding)
    node.changed = this.#commit
    // An embedded node lives in its parent; another node may have been stored at its path before.
    writer?.write(path, depth, encoding.length < 32 ? undefined : encoding)
  }
}

function newBranch(): Branch {
  return new Branch([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
}

function refKept(node: TrieNode | undefined): Uint8Array | undefined {
  return node?.ref
}

// Counts nodes by depth and by the commit that changed them last.
function countNodes(node: TrieNode, depth: number, perDepth: Map<number, number>[]): void {
  if (node instanceof Stub) return
  const level = perDepth[depth] ?? new Map<number, number>()
  perDepth[depth] = level
  level.set(node.changed, (level.get(node.changed) ?? 0) + 1)
  if (node instanceof Extension) countNodes(node.child, depth + 1, perDepth)
  if (node instanceof Branch) {
    for (const child of node.children) if (child !== undefined) countNodes(child, depth + 1, perDepth)
  }
}

function sum(level: ReadonlyMap<number, number> | undefined): number {
  let total = 0
  for (const count of level?.values() ?? []) total += count
  return total
}

// Replaces nodes from `depth` levels below the root by stubs, unless they changed since; embedded nodes stay, as only
// their parent has them. A node never changed later than its parent.
function forget(node: TrieNode, level: number, depth: number, since: number): TrieNode {
  if (node instanceof Stub) return node
  if (level >= depth && node.changed < since) {
    const ref = defined(node.ref, 'only a committed trie is pruned')
    if (ref.length === 32) return new Stub(ref)
  }
  if (node instanceof Extension) node.child = forget(node.child, level + 1, depth, since)
  if (node instanceof Branch) {
    for (let i = 0; i < 16; i++) {
      const child = node.children[i]
      if (child !== undefined) node.children[i] = forget(child, level + 1, depth, since)
    }
  }
  return node
}
