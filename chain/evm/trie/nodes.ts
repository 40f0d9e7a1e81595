import { DecodeError } from '#lib/codec'
import { RlpReader } from '#lib/rlp'

/**
 * Nodes of a Merkle-Patricia trie (Yellow Paper, appendix D). `changed` is the number of the commit that encoded the node
 * last, zero for one as it was read. `ref` is how the parent names the node: the hash of its
 * encoding, or the encoding itself when that is shorter than 32 bytes; undefined while the node has unhashed changes.
 */
export class Leaf {
  /** The whole key; the node's own part begins at the depth where it hangs. */
  readonly key: Uint8Array
  value: Uint8Array
  ref: Uint8Array | undefined
  changed = 0
  constructor(key: Uint8Array, value: Uint8Array, ref?: Uint8Array) {
    this.key = key
    this.value = value
    this.ref = ref
  }
}

export class Extension {
  /** One nibble per byte. */
  readonly nibbles: Uint8Array
  child: TrieNode
  ref: Uint8Array | undefined
  changed = 0
  constructor(nibbles: Uint8Array, child: TrieNode, ref?: Uint8Array) {
    this.nibbles = nibbles
    this.child = child
    this.ref = ref
  }
}

/** No key is a prefix of another in our tries, so a branch never has a value of its own. */
export class Branch {
  readonly children: (TrieNode | undefined)[]
  ref: Uint8Array | undefined
  changed = 0
  constructor(children: (TrieNode | undefined)[], ref?: Uint8Array) {
    this.children = children
    this.ref = ref
  }
}

/** A node that is stored but not in memory. */
export class Stub {
  readonly ref: Uint8Array
  constructor(ref: Uint8Array) {
    this.ref = ref
  }
}

export type LoadedNode = Leaf | Extension | Branch
export type TrieNode = LoadedNode | Stub

/** Nibble `index` of `key`, high half first. */
export function nibbleAt(key: Uint8Array, index: number): number {
  const byte = key[index >> 1] as number
  return (index & 1) === 0 ? byte >> 4 : byte & 15
}

/** The first `depth` nibbles of `key`, one per byte. */
export function pathOf(key: Uint8Array, depth: number): Uint8Array {
  const path = new Uint8Array(depth)
  for (let i = 0; i < depth; i++) path[i] = nibbleAt(key, i)
  return path
}

/**
 * Decodes a stored node. `path` holds the nibbles that lead to it. Throws DecodeError on bytes that no trie wrote.
 */
export function decodeNode(bytes: Uint8Array, path: Uint8Array, ref: Uint8Array): LoadedNode {
  return readNode(new RlpReader(bytes).list(), path, ref)
}

function readNode(fields: RlpReader, path: Uint8Array, ref: Uint8Array): LoadedNode {
  const first = fields.isList ? undefined : fields.bytes()
  // A branch has 17 items; the others have two, of which the first is a path of at least one byte with a flag nibble.
  if (first !== undefined && !fields.isDone) {
    const second = fields.isList ? fields.skip() : fields.bytes()
    if (fields.isDone) return readShort(first, second, path, ref)
    return readBranch(fields, [first, second], path, ref)
  }
  return readBranch(fields, first === undefined ? [] : [first], path, ref)
}

function readShort(compact: Uint8Array, content: Uint8Array, path: Uint8Array, ref: Uint8Array): LoadedNode {
  const flag = (compact[0] ?? 0xff) >> 4
  if (flag > 3) throw new DecodeError('trie node with an unknown flag')
  const odd = flag & 1
  const nibbles = new Uint8Array((compact.length - 1) * 2 + odd)
  if (odd === 1) nibbles[0] = (compact[0] as number) & 15
  for (let i = 1, at = odd; i < compact.length; i++) {
    nibbles[at++] = (compact[i] as number) >> 4
    nibbles[at++] = (compact[i] as number) & 15
  }
  if (flag >= 2) return new Leaf(packNibbles(path, nibbles), content.slice(), ref)
  const childPath = new Uint8Array(path.length + nibbles.length)
  childPath.set(path)
  childPath.set(nibbles, path.length)
  return new Extension(nibbles, readChild(content, childPath), ref)
}

function readBranch(fields: RlpReader, read: readonly Uint8Array[], path: Uint8Array, ref: Uint8Array): LoadedNode {
  const children: (TrieNode | undefined)[] = new Array(16).fill(undefined)
  for (let i = 0; i < 16; i++) {
    const content = i < read.length ? (read[i] as Uint8Array) : fields.isList ? fields.skip() : fields.bytes()
    if (content.length === 0) continue
    const childPath = new Uint8Array(path.length + 1)
    childPath.set(path)
    childPath[path.length] = i
    children[i] = readChild(content, childPath)
  }
  if (fields.bytes().length !== 0) throw new DecodeError('trie branch with a value')
  fields.end()
  return new Branch(children, ref)
}

// `content` is a hash, or the bytes of an embedded node (which is a list, so it begins with 0xc0 or more).
function readChild(content: Uint8Array, path: Uint8Array): TrieNode {
  if (content.length === 32) return new Stub(content.slice())
  return readNode(new RlpReader(content).list(), path, content.slice())
}

function packNibbles(path: Uint8Array, rest: Uint8Array): Uint8Array {
  const total = path.length + rest.length
  if (total % 2 !== 0) throw new DecodeError('trie key of half a byte')
  const key = new Uint8Array(total / 2)
  for (let i = 0; i < key.length; i++) {
    const high = 2 * i < path.length ? path[2 * i] : rest[2 * i - path.length]
    const low = 2 * i + 1 < path.length ? path[2 * i + 1] : rest[2 * i + 1 - path.length]
    key[i] = ((high as number) << 4) | (low as number)
  }
  return key
}
