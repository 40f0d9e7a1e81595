import { randomBytes } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak256 } from '#lib/hash'
import type { Address } from '#types'

/** A secp256k1 account: the operator's, which registers the validator and receives its rewards. */
export interface AccountKey {
  /** 32 bytes. */
  readonly privateKey: Uint8Array
  /** 20 bytes. */
  readonly address: Address
}

/** The account of a private key. Throws RangeError when the bytes are no private key. */
export function accountOfPrivateKey(privateKey: Uint8Array): AccountKey {
  if (!secp256k1.utils.isValidSecretKey(privateKey)) throw new RangeError('not a secp256k1 private key')
  const publicKey = secp256k1.getPublicKey(privateKey, false)
  return { privateKey: new Uint8Array(privateKey), address: keccak256(publicKey.subarray(1)).slice(12) }
}

export function generateAccountKey(): AccountKey {
  for (;;) {
    const bytes = new Uint8Array(randomBytes(32))
    if (secp256k1.utils.isValidSecretKey(bytes)) return accountOfPrivateKey(bytes)
  }
}
