import { keccak256 } from '#lib/hash'
import type { Log } from './block.ts'

/** Sets the three bits of `value` (an address or a topic) in a 256-byte bloom (Yellow Paper, M3:2048). */
export function addToBloom(bloom: Uint8Array, value: Uint8Array): void {
  const digest = keccak256(value)
  for (let i = 0; i < 6; i += 2) {
    const bit = (((digest[i] as number) << 8) | (digest[i + 1] as number)) & 2047
    const at = 255 - (bit >> 3)
    bloom[at] = (bloom[at] as number) | (1 << (bit & 7))
  }
}

/** Bloom of the addresses and topics of `logs`. */
export function bloomOf(logs: readonly Log[]): Uint8Array {
  const bloom = new Uint8Array(256)
  for (const log of logs) {
    addToBloom(bloom, log.address)
    for (const topic of log.topics) addToBloom(bloom, topic)
  }
  return bloom
}

/** Where a value's three bits lie in a bloom. */
export type BloomBits = readonly [number, number, number]

/** For asking many blooms about one value. */
export function bloomBitsOf(value: Uint8Array): BloomBits {
  const digest = keccak256(value)
  const bit = (at: number) => (((digest[at] as number) << 8) | (digest[at + 1] as number)) & 2047
  return [bit(0), bit(2), bit(4)]
}

/** False when the value with these bits is certainly not among what `bloom` was made of. */
export function bloomHolds(bloom: Uint8Array, bits: BloomBits): boolean {
  return bits.every(bit => ((bloom[255 - (bit >> 3)] as number) & (1 << (bit & 7))) !== 0)
}

/** {@link bloomHolds} for a single question. */
export function bloomMayHold(bloom: Uint8Array, value: Uint8Array): boolean {
  return bloomHolds(bloom, bloomBitsOf(value))
}
