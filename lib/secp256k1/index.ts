/**
 * ECDSA on secp256k1 with recoverable signatures, as Ethereum uses it. The native library does the work; on a platform
 * without a prebuilt addon @noble/curves takes over, about twenty times slower, with one process warning and a counter
 * so that nobody runs it unawares.
 */
import { createRequire } from 'node:module'
import { secp256k1 as noble } from '@noble/curves/secp256k1.js'
import type nativeBindings from 'secp256k1/bindings.js'
import { messageOf } from '#lib/errors'

/** Order of the group. Valid r and s lie in 1..n-1. */
export const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
/** Largest s of a signature that is not malleable (EIP-2). */
export const LOW_S_MAX = CURVE_ORDER / 2n

type Native = typeof nativeBindings

const native = loadNative()
let portableOperations = 0

/** Which implementation this process uses. */
export const secp256k1Implementation: 'native' | 'portable' = native === undefined ? 'portable' : 'native'

/** How many operations the portable implementation did in this thread: zero wherever the addon loads. */
export function portableSecp256k1Operations(): number {
  return portableOperations
}

export interface RecoverableSignature {
  /** r and s, 32 bytes each. */
  readonly signature: Uint8Array
  readonly recovery: 0 | 1
}

/**
 * Uncompressed public key (65 bytes, first 0x04) that signed `hash`, or undefined when no key did.
 * @param signature r and s, 64 bytes; high s is accepted here (EIP-2 is the caller's rule)
 */
export function recoverPublicKey(hash: Uint8Array, signature: Uint8Array, recovery: 0 | 1): Uint8Array | undefined {
  try {
    return native === undefined
      ? recoverPortably(hash, signature, recovery)
      : native.ecdsaRecover(signature, recovery, hash, false)
  } catch {
    return undefined
  }
}

/** Portable implementation of {@link recoverPublicKey}; throws where that returns undefined. Reference in tests. */
export function recoverPortably(hash: Uint8Array, signature: Uint8Array, recovery: 0 | 1): Uint8Array {
  portableOperations += 1
  const parsed = noble.Signature.fromBytes(signature, 'compact').addRecoveryBit(recovery)
  return parsed.recoverPublicKey(hash).toBytes(false)
}

/** Deterministic (RFC 6979) low-s signature of a 32-byte hash. Throws on an invalid private key. */
export function signRecoverably(hash: Uint8Array, privateKey: Uint8Array): RecoverableSignature {
  if (native !== undefined) {
    const { signature, recid } = native.ecdsaSign(hash, privateKey)
    return { signature, recovery: recid === 0 ? 0 : 1 }
  }
  portableOperations += 1
  const bytes = noble.sign(hash, privateKey, { prehash: false, lowS: true, format: 'recovered' })
  return { signature: bytes.slice(1), recovery: bytes[0] === 0 ? 0 : 1 }
}

/** Uncompressed public key (65 bytes) of a private key. Throws on an invalid one. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  if (native !== undefined) return native.publicKeyCreate(privateKey, false)
  portableOperations += 1
  return noble.getPublicKey(privateKey, false)
}

function loadNative(): Native | undefined {
  try {
    return createRequire(import.meta.url)('secp256k1/bindings.js') as Native
  } catch (error) {
    process.emitWarning(`native secp256k1 is missing, signatures are about 20 times slower: ${messageOf(error)}`, {
      code: 'OGPU_SLOW_SECP256K1',
    })
    return undefined
  }
}
