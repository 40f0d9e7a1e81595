import { keccak256 } from '#lib/hash'
import { Branch, Extension, type LoadedNode, nibbleAt } from './nodes.ts'

/**
 * Encodes trie nodes into one buffer that is reused, because most encodings live only until they are hashed.
 * The result of `encode` is a view that the next call overwrites.
 */
export class NodeEncoder {
  #buffer = new Uint8Array(1024)

  /** RLP of `node`, whose children all have their `ref`. `depth` is the number of nibbles that lead to it. */
  encode(node: LoadedNode, depth: number): Uint8Array {
    if (node instanceof Branch) return this.#branch(node)
    if (node instanceof Extension) {
      const { nibbles } = node
      const at = this.#path(nibbles.length, false, index => nibbles[index] as number, 64)
      const ref = node.child.ref as Uint8Array
      return this.#finish(ref.length === 32 ? this.#string(ref, at) : this.#raw(ref, at))
    }
    const { key, value } = node
    const at = this.#path(key.length * 2 - depth, true, index => nibbleAt(key, depth + index), value.length + 64)
    return this.#finish(this.#string(value, at))
  }

  #branch(node: Branch): Uint8Array {
    const buffer = this.#buffer
    let at = HEAD
    for (let i = 0; i < 16; i++) {
      const ref = node.children[i]?.ref
      if (ref === undefined) buffer[at++] = 0x80
      else if (ref.length === 32) {
        buffer[at++] = 0xa0
        buffer.set(ref, at)
        at += 32
      } else {
        buffer.set(ref, at)
        at += ref.length
      }
    }
    buffer[at++] = 0x80
    return this.#finish(at)
  }

  // Writes the compact (hex-prefix) path as an RLP string after the room for the list's head.
  #path(count: number, leaf: boolean, nibble: (index: number) => number, room: number): number {
    if (this.#buffer.length < room + 128) this.#buffer = new Uint8Array(2 * (room + 128))
    const buffer = this.#buffer
    const odd = count & 1
    const length = (count >> 1) + 1
    const flags = ((leaf ? 2 : 0) + odd) << 4
    let at = HEAD
    if (length > 1) buffer[at++] = 0x80 + length
    let index = 0
    buffer[at++] = odd === 1 ? flags | nibble(index++) : flags
    for (; index < count; index += 2) buffer[at++] = (nibble(index) << 4) | nibble(index + 1)
    return at
  }

  #raw(bytes: Uint8Array, at: number): number {
    this.#buffer.set(bytes, at)
    return at + bytes.length
  }

  #string(bytes: Uint8Array, start: number): number {
    const buffer = this.#buffer
    const { length } = bytes
    let at = start
    if (length === 1 && (bytes[0] as number) < 0x80) {
      buffer[at] = bytes[0] as number
      return at + 1
    }
    if (length < 56) buffer[at++] = 0x80 + length
    else at = writeLength(buffer, at, 0xb7, length)
    buffer.set(bytes, at)
    return at + length
  }

  // Puts the list's head right in front of the payload that begins at HEAD.
  #finish(end: number): Uint8Array {
    const buffer = this.#buffer
    const length = end - HEAD
    if (length < 56) {
      buffer[HEAD - 1] = 0xc0 + length
      return buffer.subarray(HEAD - 1, end)
    }
    const size = length < 0x100 ? 1 : length < 0x1_0000 ? 2 : length < 0x100_0000 ? 3 : 4
    const start = HEAD - 1 - size
    writeLength(buffer, start, 0xf7, length)
    return buffer.subarray(start, end)
  }
}

/** Room in front of a payload for the largest list head. */
const HEAD = 8

function writeLength(buffer: Uint8Array, start: number, base: number, length: number): number {
  const size = length < 0x100 ? 1 : length < 0x1_0000 ? 2 : length < 0x100_0000 ? 3 : 4
  buffer[start] = base + size
  for (let i = size, rest = length; i > 0; i--) {
    buffer[start + i] = rest & 0xff
    rest = Math.floor(rest / 256)
  }
  return start + 1 + size
}

/** How a parent names the node with this encoding: itself when shorter than 32 bytes, else its hash. */
export function refOf(encoding: Uint8Array): Uint8Array {
  return encoding.length < 32 ? encoding.slice() : keccak256(encoding)
}
