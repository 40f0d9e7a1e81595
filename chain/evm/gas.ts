import { EMPTY } from '#lib/bytes'
import type { AccessListEntry, Authorization } from '#types'
import type { Rules } from './machine.ts'

/** EIP-7825: no transaction may ask for more gas (Osaka). Calls are not transactions. */
export const TRANSACTION_GAS_MAX = 1n << 24n
/** EIP-3860: init code above this makes a creation invalid (Shanghai). */
export const INIT_CODE_BYTES_MAX = 49_152
/** EIP-4844. */
export const GAS_PER_BLOB = 131_072n
export const TRANSFER_GAS = 21_000n

const CREATE_GAS = 32_000n
const ZERO_BYTE_GAS = 4n
const INIT_CODE_WORD_GAS = 2n
const ACCESS_LIST_ADDRESS_GAS = 2_400n
const ACCESS_LIST_KEY_GAS = 1_900n
const FLOOR_GAS_PER_TOKEN = 10n
/** EIP-7702: what an authorisation costs up front, and what it costs when the authority exists already. */
export const AUTHORIZATION_GAS = 25_000n
export const AUTHORIZATION_BASE_GAS = 12_500n

/** What intrinsic gas depends on: a transaction, or a call that may become one. */
export interface IntrinsicInput {
  /** Absent in creations; who it is does not matter. */
  readonly to?: unknown
  readonly data?: Uint8Array
  readonly accessList?: readonly AccessListEntry[] | undefined
  readonly authorizationList?: readonly Authorization[] | undefined
}

/**
 * Gas that a transaction costs before anything runs, and the least that it pays in the end (EIP-7623; 0 before Prague).
 */
export function intrinsicGas(
  rules: Pick<Rules, 'isHomestead' | 'isIstanbul' | 'isShanghai' | 'isPrague'>,
  input: IntrinsicInput,
): { readonly gas: bigint; readonly floor: bigint } {
  const { to, data = EMPTY, accessList, authorizationList } = input
  let zeros = 0
  for (let i = 0; i < data.length; i++) if (data[i] === 0) zeros++
  const others = data.length - zeros
  let gas = TRANSFER_GAS + BigInt(zeros) * ZERO_BYTE_GAS + BigInt(others) * (rules.isIstanbul ? 16n : 68n)
  if (to === undefined && rules.isHomestead) {
    gas += CREATE_GAS
    if (rules.isShanghai) gas += INIT_CODE_WORD_GAS * BigInt((data.length + 31) >> 5)
  }
  if (accessList !== undefined) {
    gas += ACCESS_LIST_ADDRESS_GAS * BigInt(accessList.length)
    for (const entry of accessList) gas += ACCESS_LIST_KEY_GAS * BigInt(entry.storageKeys.length)
  }
  if (authorizationList !== undefined) gas += AUTHORIZATION_GAS * BigInt(authorizationList.length)
  const floor = rules.isPrague ? TRANSFER_GAS + FLOOR_GAS_PER_TOKEN * BigInt(zeros + 4 * others) : 0n
  return { gas, floor }
}
