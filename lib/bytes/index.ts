/** Bytes and their hexadecimal text. All integers are big-endian. */

export type Hex = `0x${string}`

const NIBBLE = new Int8Array(128).fill(-1)
for (let i = 0; i < 10; i++) NIBBLE[48 + i] = i
for (let i = 0; i < 6; i++) NIBBLE[65 + i] = NIBBLE[97 + i] = 10 + i

export const EMPTY = new Uint8Array(0)

/** Lower-case hexadecimal text with `0x`. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${toRawHex(bytes)}`
}

/**
 * Lower-case hexadecimal text without a prefix: the form used as a map key. One flat string: V8 keeps what `+=` puts
 * together as a tree with an object of 32 bytes for each step, which a collection walks for as long as the key lives.
 */
export function toRawHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** True when `text` is `0x` and an even number of hexadecimal digits (of `length` bytes, when given). */
export function isHex(text: unknown, length?: number): text is Hex {
  if (typeof text !== 'string' || !text.startsWith('0x') || text.length % 2 !== 0) return false
  if (length !== undefined && text.length !== 2 + 2 * length) return false
  for (let i = 2; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127 || (NIBBLE[code] as number) < 0) return false
  }
  return true
}

/** Bytes of hexadecimal text, with or without `0x`. Throws RangeError on an odd length or a foreign character. */
export function fromHex(text: string): Uint8Array {
  const start = text.startsWith('0x') ? 2 : 0
  const length = text.length - start
  if (length % 2 !== 0) throw new RangeError('hex text has an odd number of digits')
  const bytes = new Uint8Array(length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const high = NIBBLE[text.charCodeAt(start + 2 * i)] ?? -1
    const low = NIBBLE[text.charCodeAt(start + 2 * i + 1)] ?? -1
    if (high < 0 || low < 0) throw new RangeError('hex text has a character that is not a digit')
    bytes[i] = high * 16 + low
  }
  return bytes
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order: negative, zero or positive. A prefix sorts before what it begins. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Unsigned big-endian integer of any length; zero for no bytes. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(toHex(bytes))
}

/** `value` in exactly `length` bytes, big-endian. Throws RangeError when negative or too large. */
export function bigintToBytes(value: bigint, length: number): Uint8Array {
  if (value < 0n) throw new RangeError('negative integer')
  const text = value.toString(16)
  if (text.length > 2 * length) throw new RangeError(`integer needs more than ${length} bytes`)
  return fromHex(text.padStart(2 * length, '0'))
}
