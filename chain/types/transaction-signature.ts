import { compareBytes, concat } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { encodeRlp, listHead, uintToRlp } from '#lib/rlp'
import { CURVE_ORDER, LOW_S_MAX, publicKeyOf, recoverPublicKey } from '#lib/secp256k1'
import type { Address, Digest } from './ids.ts'
import type { Authorization, Transaction, TransactionType } from './transaction.ts'
import { type SignedParts, signedParts, typeOf } from './transaction-codec.ts'

/** Last 20 bytes of the hash of an uncompressed public key (65 bytes). */
export function publicKeyToAddress(publicKey: Uint8Array): Address {
  return keccak256(publicKey.subarray(1)).slice(12)
}

/** Account of a private key (32 bytes). Throws on an invalid key. */
export function privateKeyToAddress(privateKey: Uint8Array): Address {
  return publicKeyToAddress(publicKeyOf(privateKey))
}

/** The hash that the sender signed (EIP-155 for protected legacy transactions, EIP-2718 for typed ones). */
export function signingHash(transaction: Transaction): Digest {
  return hashOfParts(typeOf(transaction.raw), signedParts(transaction.raw))
}

function hashOfParts(type: TransactionType, { unsigned, v }: SignedParts): Digest {
  if (type !== 0) return keccak256(concat(Uint8Array.of(type), listHead(unsigned.length), unsigned))
  if (v < 35n) return keccak256(concat(listHead(unsigned.length), unsigned))
  const suffix = concat(encodeRlp(uintToRlp((v - 35n) >> 1n)), Uint8Array.of(0x80, 0x80))
  return keccak256(concat(listHead(unsigned.length + suffix.length), unsigned, suffix))
}

/** Parity of the signature, or undefined when a legacy `v` means nothing (neither 27, 28 nor EIP-155). */
export function signatureParity({ type, v }: Pick<Transaction, 'type' | 'v'>): 0 | 1 | undefined {
  if (type !== 0) return v === 0n ? 0 : 1
  if (v === 27n || v === 28n) return v === 27n ? 0 : 1
  if (v < 35n) return undefined
  return (v - 35n) % 2n === 0n ? 0 : 1
}

/**
 * The account that signed `raw`, a transaction that is known to decode, or undefined when the signature is not valid:
 * r or s out of range, high s (EIP-2), meaningless `v`, or no key at all. Costs about 70 µs; use a recovery pool for many.
 */
export function recoverSender(raw: Uint8Array): Address | undefined {
  const type = typeOf(raw)
  const parts = signedParts(raw)
  const { r, s, v } = parts
  if (r.length === 0 || s.length === 0 || !isBelow(r, ORDER_BYTES) || isBelow(LOW_S_MAX_BYTES, s)) return undefined
  const parity = signatureParity({ type, v })
  if (parity === undefined) return undefined
  const key = recoverPublicKey(hashOfParts(type, parts), joinSignature(r, s), parity)
  return key === undefined ? undefined : publicKeyToAddress(key)
}

const ORDER_BYTES = uintToRlp(CURVE_ORDER)
const LOW_S_MAX_BYTES = uintToRlp(LOW_S_MAX)

// Of integers without leading zeros.
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length ? compareBytes(a, b) < 0 : a.length < b.length
}

function joinSignature(r: Uint8Array, s: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64)
  signature.set(r, 32 - r.length)
  signature.set(s, 64 - s.length)
  return signature
}

/** The hash that an EIP-7702 authority signs: keccak256(0x05 ‖ rlp([chainId, address, nonce])). */
export function authorizationHash(authorization: Pick<Authorization, 'chainId' | 'address' | 'nonce'>): Digest {
  const fields = [uintToRlp(authorization.chainId), authorization.address, uintToRlp(authorization.nonce)]
  return keccak256(concat(Uint8Array.of(5), encodeRlp(fields)))
}

/** The account that gave an EIP-7702 authorisation, or undefined when its signature is not valid. */
export function recoverAuthority(authorization: Authorization): Address | undefined {
  const { r, s, yParity } = authorization
  if (yParity > 1 || r === 0n || r >= CURVE_ORDER || s === 0n || s > LOW_S_MAX) return undefined
  const signature = joinSignature(uintToRlp(r), uintToRlp(s))
  const key = recoverPublicKey(authorizationHash(authorization), signature, yParity === 0 ? 0 : 1)
  return key === undefined ? undefined : publicKeyToAddress(key)
}
