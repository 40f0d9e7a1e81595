import { DecodeError } from '#lib/codec'
import { RlpReader } from '#lib/rlp'

/** Fields of a typed transaction before its gas limit: chain id, nonce, and the price or the two fees. */
const FIELDS_BEFORE_GAS = { 1: 3, 2: 4, 3: 4, 4: 4 } as const

/**
 * The gas limit that a raw EIP-2718 transaction names, without decoding the rest; 0 for bytes that never run. For
 * estimates of load: two validators need not agree on it.
 */
export function peekGasLimit(raw: Uint8Array): number {
  const type = raw[0]
  if (type === undefined) return 0
  try {
    const isLegacy = type >= 0xc0
    const before = isLegacy ? 2 : FIELDS_BEFORE_GAS[type as keyof typeof FIELDS_BEFORE_GAS]
    if (before === undefined) return 0
    const fields = new RlpReader(isLegacy ? raw : raw.subarray(1)).list()
    for (let left = before; left > 0; left--) fields.bytes()
    return Number(fields.uint(8))
  } catch (error) {
    if (error instanceof DecodeError) return 0
    throw error
  }
}
