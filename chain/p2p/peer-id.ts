import { ed25519 } from '@noble/curves/ed25519.js'
import { base58btc } from 'multiformats/bases/base58'
import { concat } from '#lib/bytes'
import type { PeerId } from './types.ts'

// Identity multihash (code 0, 36 bytes) of the protobuf PublicKey { Type = Ed25519, Data = 32 bytes } (libp2p peer-id spec).
const PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** libp2p peer id (`12D3Koo…`) of a validator's 32-byte Ed25519 network key. */
export function peerIdOfPublicKey(networkKey: Uint8Array): PeerId {
  if (networkKey.length !== 32) throw new RangeError('an Ed25519 public key has 32 bytes')
  return base58btc.baseEncode(concat(PREFIX, networkKey))
}

/** libp2p peer id of a 32-byte Ed25519 secret seed. */
export function peerIdOfSeed(seed: Uint8Array): PeerId {
  return peerIdOfPublicKey(ed25519.getPublicKey(seed))
}

/** The Ed25519 public key inside a peer id, or `undefined` when `text` is no Ed25519 peer id. */
export function publicKeyOfPeerId(text: string): Uint8Array | undefined {
  if (text.length > 64) return undefined
  let bytes: Uint8Array
  try {
    bytes = base58btc.baseDecode(text)
  } catch {
    return undefined
  }
  if (bytes.length !== PREFIX.length + 32 || PREFIX.some((byte, i) => bytes[i] !== byte)) return undefined
  return bytes.slice(PREFIX.length)
}
