/** The two hash functions of the protocol, each by its fastest dependable implementation (docs/performance.md). */
import { hash } from 'node:crypto'
import { createKeccak } from 'hash-wasm'
import { utf8 } from '#lib/bytes'

// One instance per thread: the WebAssembly hasher keeps its state inside. Synchronous use never interleaves.
const keccak = await createKeccak(256)

/** Keccak-256, the hash of Ethereum (not NIST SHA3-256). 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak.init().update(bytes).digest('binary')
}

/** SHA-256 of the concatenation of `parts`. 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return bytesOf(hash('sha256', parts[0] as Uint8Array, 'buffer'))
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return bytesOf(hash('sha256', joined, 'buffer'))
}

// A plain Uint8Array of its own: Buffers from the pool compare unequal in tests and pin 8 KiB slabs.
function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer)
}

/** SHA-256 with a domain tag in front, so that bytes hashed for one purpose never mean anything for another. */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(utf8(tag), ...parts)
}
