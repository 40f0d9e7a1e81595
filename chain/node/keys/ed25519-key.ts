import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import { assert, defined } from '#lib/assert'

/** An Ed25519 key pair in memory. */
export interface Ed25519Key {
  /** 32-byte secret seed (RFC 8032). */
  readonly seed: Uint8Array
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64-byte deterministic signature. */
  sign(message: Uint8Array): Uint8Array
}

// PKCS #8 of an Ed25519 private key (RFC 8410) up to the 32 bytes of the seed.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The key pair of a 32-byte seed. */
export function ed25519KeyOfSeed(seed: Uint8Array): Ed25519Key {
  assert(seed.length === 32, 'an Ed25519 seed has 32 bytes')
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  return {
    seed: new Uint8Array(seed),
    publicKey: rawPublicKey(createPublicKey(privateKey)),
    sign: message => new Uint8Array(sign(null, message, privateKey)),
  }
}

export function generateEd25519Key(): Ed25519Key {
  return ed25519KeyOfSeed(randomBytes(32))
}

function rawPublicKey(key: KeyObject): Uint8Array {
  const { x } = key.export({ format: 'jwk' })
  return new Uint8Array(Buffer.from(defined(x, 'an Ed25519 key in JWK form has x'), 'base64url'))
}
