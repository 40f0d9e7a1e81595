import type { Transaction } from '#types'

/** What a transaction costs before its first instruction, and the least that it pays in the end. */
export interface IntrinsicGas {
  readonly gas: bigint
  /** EIP-7623: data-heavy transactions pay at least this. */
  readonly floor: bigint
}

const BASE = 21_000
const CREATION = 32_000
const ZERO_BYTE = 4
const NONZERO_BYTE = 16
const INIT_CODE_WORD = 2
const ACCESS_ADDRESS = 2_400
const ACCESS_KEY = 1_900
const AUTHORIZATION = 25_000
const FLOOR_PER_TOKEN = 10

/** Intrinsic gas by the rules of Prague (Yellow Paper, EIP-2028, 2930, 3860, 7623, 7702). */
export function intrinsicGas(
  transaction: Pick<Transaction, 'to' | 'data' | 'accessList' | 'authorizationList'>,
): IntrinsicGas {
  const { to, data, accessList = [], authorizationList = [] } = transaction
  let zeros = 0
  for (let i = 0; i < data.length; i++) if (data[i] === 0) zeros += 1
  const nonzeros = data.length - zeros
  let gas = BASE + zeros * ZERO_BYTE + nonzeros * NONZERO_BYTE
  if (to === undefined) gas += CREATION + INIT_CODE_WORD * Math.ceil(data.length / 32)
  for (const entry of accessList) gas += ACCESS_ADDRESS + ACCESS_KEY * entry.storageKeys.length
  gas += AUTHORIZATION * authorizationList.length
  return { gas: BigInt(gas), floor: BigInt(BASE + FLOOR_PER_TOKEN * (zeros + 4 * nonzeros)) }
}
