import { type Hex, toRawHex, utf8 } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import type { Address } from './ids.ts'

/** EIP-55: the address with its checksum in the case of its letters. */
export function checksumAddress(address: Address): Hex {
  const digits = toRawHex(address)
  const hash = toRawHex(keccak256(utf8(digits)))
  let text = ''
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charAt(i)
    text += Number.parseInt(hash.charAt(i), 16) >= 8 ? digit.toUpperCase() : digit
  }
  return `0x${text}`
}
