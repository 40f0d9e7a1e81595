import type { Address } from '#types'

/** 256-bit words as bigints, and their bytes. Nothing here keeps or shares what it returns unless it says so. */

const MASK_ADDRESS = (1n << 160n) - 1n
const scratch = new DataView(new ArrayBuffer(32))
const scratchBytes = new Uint8Array(scratch.buffer)

/** Small integers as bigints, so that the commonest pushes allocate nothing. */
export const SMALL: readonly bigint[] = Array.from({ length: 256 }, (_, i) => BigInt(i))

/** Reads 32 bytes. */
export function readWord(view: DataView, offset: number): bigint {
  const a = view.getBigUint64(offset)
  const b = view.getBigUint64(offset + 8)
  const c = view.getBigUint64(offset + 16)
  const d = view.getBigUint64(offset + 24)
  if (a === 0n && b === 0n) return c === 0n ? d : (c << 64n) | d
  return (a << 192n) | (b << 128n) | (c << 64n) | d
}

/** Writes 32 bytes. */
export function writeWord(view: DataView, offset: number, word: bigint): void {
  if (word <= 0xffff_ffff_ffff_ffffn) {
    view.setBigUint64(offset, 0n)
    view.setBigUint64(offset + 8, 0n)
    view.setBigUint64(offset + 16, 0n)
  } else {
    view.setBigUint64(offset, word >> 192n)
    view.setBigUint64(offset + 8, word >> 128n)
    view.setBigUint64(offset + 16, word >> 64n)
  }
  view.setBigUint64(offset + 24, word)
}

/** The word in 32 bytes of its own. */
export function wordToBytes(word: bigint): Uint8Array {
  writeWord(scratch, 0, word)
  return scratchBytes.slice()
}

/** The word in 32 bytes that the next call overwrites. */
export function wordToScratch(word: bigint): Uint8Array {
  writeWord(scratch, 0, word)
  return scratchBytes
}

/** The word without leading zero bytes, in bytes of its own. */
export function wordToMinimal(word: bigint): Uint8Array {
  if (word === 0n) return new Uint8Array(0)
  writeWord(scratch, 0, word)
  let first = 0
  while (scratchBytes[first] === 0) first++
  return scratchBytes.slice(first)
}

/** Big-endian bytes, at most 32, as a word. */
export function bytesToWord(bytes: Uint8Array): bigint {
  const { length } = bytes
  if (length <= 6) {
    let small = 0
    for (let i = 0; i < length; i++) small = small * 256 + (bytes[i] as number)
    return BigInt(small)
  }
  scratchBytes.fill(0, 0, 32 - length)
  scratchBytes.set(bytes, 32 - length)
  return readWord(scratch, 0)
}

/** The low 20 bytes of a word, in bytes of their own. */
export function wordToAddress(word: bigint): Address {
  writeWord(scratch, 0, word & MASK_ADDRESS)
  return scratchBytes.slice(12)
}
