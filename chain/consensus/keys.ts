import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { utf8 } from '#lib/bytes'
import { Writer } from '#lib/codec'
import type { BlockNumber, Digest, Epoch } from '#types'

const FIELD = 2n ** 255n - 19n
/** y of the points of order 8, the other one is its negative. */
const ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n
const SMALL_ORDER_Y = new Set([0n, 1n, FIELD - 1n, ORDER_8, FIELD - ORDER_8])

/**
 * True for an Ed25519 public key that must not be registered: a point of small order (anybody can sign for it) or an
 * encoding that is not canonical.
 */
export function isWeakKey(key: Uint8Array): boolean {
  let y = 0n
  for (let i = 31; i >= 0; i--) y = y * 256n + BigInt(key[i] ?? 0)
  y &= 2n ** 255n - 1n
  return y >= FIELD || SMALL_ORDER_Y.has(y)
}

/** A raw Ed25519 public key as a KeyObject. Costs microseconds: made once per epoch, not per signature. */
export function importPublicKey(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw).toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

/** Ed25519, one library and one mode (cofactorless, canonical S) for the whole network. */
export function verifySignature(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && verify(null, message, key, signature)
}

/** What a validator's checkpoint key signs for an execution vote. */
export function execVoteSigningBytes(
  chainId: number,
  epoch: Epoch,
  height: BlockNumber,
  blockHash: Digest,
): Uint8Array {
  return new Writer(64).bytes(utf8('chk/1')).u64(chainId).u64(epoch).u64(height).bytes(blockHash).finish()
}
