/** CIDv1 of raw blocks with SHA-256: the IPFS name of exactly the bytes whose hash names our blobs. */
import { SDK_ERRORS, SdkError } from '../errors.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
/** CID version 1, codec raw, multihash sha2-256 of 32 bytes. */
const PREFIX = [0x01, 0x55, 0x12, 0x20]

const HASH = /^(0x)?[0-9a-f]{64}$/i

/** 64 lower-case hexadecimal digits out of a hash with or without `0x`; throws {@link SdkError} INVALID_ARGUMENT. */
export function normaliseHash(hash: string): string {
  if (!HASH.test(hash)) throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'not a sha256 hash', { data: { hash } })
  return hash.replace(/^0x/i, '').toLowerCase()
}

/** @example cidOfHash('e3b0c442…b855') // 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' */
export function cidOfHash(hash: string): string {
  const hex = normaliseHash(hash)
  const bytes = [...PREFIX]
  for (let i = 0; i < 64; i += 2) bytes.push(Number.parseInt(hex.slice(i, i + 2), 16))
  let text = 'b'
  let bits = 0
  let buffer = 0
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(buffer >> bits) & 31]
    }
    buffer &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + ALPHABET[(buffer << (5 - bits)) & 31]
}

/** The hash inside a CID of the form that {@link cidOfHash} makes; undefined for every other CID. */
export function hashOfCid(cid: string): string | undefined {
  if (cid.length !== 59 || cid[0] !== 'b') return undefined
  const bytes: number[] = []
  let bits = 0
  let buffer = 0
  for (const letter of cid.slice(1)) {
    const value = ALPHABET.indexOf(letter)
    if (value < 0) return undefined
    buffer = (buffer << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((buffer >> bits) & 255)
      buffer &= (1 << bits) - 1
    }
  }
  if (buffer !== 0 || PREFIX.some((byte, i) => bytes[i] !== byte)) return undefined
  return bytes
    .slice(PREFIX.length)
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')
}
