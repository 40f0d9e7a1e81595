import { equalBytes } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import type { Address } from '#types'
import type { SenderAccount } from './pool-rules.ts'
import type { StateReader } from './types.ts'

const EMPTY_CODE_HASH = keccak256(new Uint8Array(0))
/** EIP-7702 delegation designator: these bytes and an address. */
const DELEGATION = Uint8Array.of(0xef, 0x01, 0x00)

/** What the pool has to know of a sender. An absent account has nonce and balance 0. */
export async function readSenderAccount(state: StateReader, address: Address): Promise<SenderAccount> {
  const account = await state.account(address)
  if (account === undefined) return { nonce: 0n, balance: 0n, kind: 'plain' }
  const { nonce, balance, codeHash } = account
  if (equalBytes(codeHash, EMPTY_CODE_HASH)) return { nonce, balance, kind: 'plain' }
  const code = await state.code(address)
  return { nonce, balance, kind: isDelegation(code) ? 'delegated' : 'contract' }
}

/** True for the code of an account that delegates to a contract (EIP-7702). */
export function isDelegation(code: Uint8Array): boolean {
  return code.length === 23 && equalBytes(code.subarray(0, 3), DELEGATION)
}
