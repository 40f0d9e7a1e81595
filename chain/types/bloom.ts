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

/** False when `value` is certainly not among what `bloom` was made of. */
export function bloomMayHold(bloom: Uint8Array, value: Uint8Array): boolean {
  const digest = keccak256(value)
  for (let i = 0; i < 6; i += 2) {
    const bit = (((digest[i] as number) << 8) | (digest[i + 1] as number)) & 2047
    if (((bloom[255 - (bit >> 3)] as number) & (1 << (bit & 7))) === 0) return false
  }
  return true
}
