import { createHash } from 'node:crypto'
import { concat, equalBytes, toRawHex } from '#lib/bytes'
import type { Authority } from '#types'

function digestOf(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

/**
 * Simulated signatures: a keyed hash under a secret that only this object knows. A node can sign with its own keys and
 * nobody can forge, at the price of one SHA-256 (consensus note 6.1).
 */
export class SimKeys {
  readonly #secrets = new Map<string, Uint8Array>()

  /** Makes a key pair known and returns its public half. */
  create(name: string): Uint8Array {
    const secret = digestOf(Buffer.from(`sim/secret/${name}`))
    const publicKey = digestOf(Buffer.from('sim/public/'), secret)
    this.#secrets.set(toRawHex(publicKey), secret)
    return publicKey
  }

  sign(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
    const secret = this.#secrets.get(toRawHex(publicKey))
    if (!secret) throw new Error('nobody has this key')
    const half = digestOf(secret, message)
    return concat(half, digestOf(half, secret))
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    const secret = this.#secrets.get(toRawHex(publicKey))
    if (!secret || signature.length !== 64) return false
    const half = digestOf(secret, message)
    return equalBytes(signature.subarray(0, 32), half) && equalBytes(signature.subarray(32), digestOf(half, secret))
  }
}

/** A committee in canonical order with simulated keys; `label` keeps the keys of different sets apart. */
export function simAuthorities(keys: SimKeys, stakes: readonly number[], label = ''): Authority[] {
  return stakes.map((stake, index) => {
    const operator = new Uint8Array(20)
    new DataView(operator.buffer).setUint32(16, index + 1)
    return {
      index,
      operator,
      consensusKey: keys.create(`${label}consensus/${index}`),
      networkKey: keys.create(`${label}network/${index}`),
      checkpointKey: keys.create(`${label}checkpoint/${index}`),
      stake,
    }
  })
}
