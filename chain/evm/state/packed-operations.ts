import type { StoreOperation } from '#storage'
import type { NodeWriter } from '../trie/trie.ts'

/** Bytes in front of each operation: length of the key (u16), length of the value plus one (u32), zero for a deletion. */
const HEAD_BYTES = 6

/**
 * Store operations in one buffer: no object and no copy of its own for each of the thousands of trie nodes of a block,
 * and one transfer between threads.
 */
export class PackedOperations implements NodeWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #length = 0
  #prefix: Uint8Array = new Uint8Array(0)

  constructor(bytes = 64 * 1_024) {
    this.#bytes = new Uint8Array(bytes)
  }

  get length(): number {
    return this.#length
  }

  /** What the keys of the following nodes begin with. */
  under(prefix: Uint8Array): this {
    this.#prefix = prefix
    return this
  }

  /** Appends the node at the first `depth` bytes of `path`, or its deletion. Copies what it is given. */
  write(path: Uint8Array, depth: number, value: Uint8Array | undefined): void {
    const prefix = this.#prefix
    const keyLength = prefix.length + depth
    const valueLength = value === undefined ? 0 : value.length
    const end = this.#length + HEAD_BYTES + keyLength + valueLength
    if (end > this.#bytes.length) this.#grow(end)
    const bytes = this.#bytes
    let at = this.#length
    const mark = value === undefined ? 0 : valueLength + 1
    bytes[at] = keyLength >>> 8
    bytes[at + 1] = keyLength
    bytes[at + 2] = mark >>> 24
    bytes[at + 3] = mark >>> 16
    bytes[at + 4] = mark >>> 8
    bytes[at + 5] = mark
    at += HEAD_BYTES
    bytes.set(prefix, at)
    at += prefix.length
    for (let i = 0; i < depth; i++) bytes[at + i] = path[i] as number
    if (value !== undefined) bytes.set(value, at + depth)
    this.#length = end
  }

  /** The operations so far, in a buffer that this object gives up. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes
    const length = this.#length
    this.#bytes = new Uint8Array(Math.max(1_024, length))
    this.#length = 0
    return bytes.subarray(0, length)
  }

  #grow(least: number): void {
    const larger = new Uint8Array(Math.max(least, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

/** Appends packed operations to a list, as views of `packed`. */
export function unpackOperations(packed: Uint8Array, operations: StoreOperation[]): void {
  const { buffer, byteOffset } = packed
  const view = new DataView(buffer, byteOffset, packed.length)
  let at = 0
  while (at < packed.length) {
    const keyLength = view.getUint16(at)
    const mark = view.getUint32(at + 2)
    at += HEAD_BYTES
    const key = new Uint8Array(buffer, byteOffset + at, keyLength)
    at += keyLength
    if (mark === 0) operations.push({ key })
    else {
      operations.push({ key, value: new Uint8Array(buffer, byteOffset + at, mark - 1) })
      at += mark - 1
    }
  }
}
