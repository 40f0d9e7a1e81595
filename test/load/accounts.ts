import { type Hex, toHex } from '#lib/bytes'
import { keccak256, sha256 } from '#lib/hash'
import { signRecoverably } from '#lib/secp256k1'
import { encodeTransaction, privateKeyToAddress, signingPayload, type UnsignedTransaction } from '#types'

/** An account that sends load, with a key that is the same in every run: genesis funds it, another process signs. */
export interface LoadAccount {
  readonly key: Uint8Array
  readonly address: Uint8Array
}

const OGPU = 10n ** 18n
const FEE_PER_GAS_MAX = 1_000n * 10n ** 9n

export function loadAccount(index: number): LoadAccount {
  const key = sha256(new TextEncoder().encode(`load ${index}`))
  return { key, address: privateKeyToAddress(key) }
}

/** What a devnet's genesis has to fund for `count` accounts. */
export function fundedLoadAccounts(count: number): { readonly address: Hex; readonly balanceWei: bigint }[] {
  return Array.from({ length: count }, (_, i) => ({
    address: toHex(loadAccount(i).address),
    balanceWei: 1_000_000n * OGPU,
  }))
}

export interface Transfer {
  readonly raw: Hex
  readonly hash: Hex
}

/** A signed transfer of 1 wei. */
export function signTransfer(from: LoadAccount, nonce: bigint, to: Uint8Array, chainId: number): Transfer {
  const unsigned: UnsignedTransaction = {
    type: 2,
    chainId: BigInt(chainId),
    nonce,
    maxPriorityFeePerGas: 1n,
    maxFeePerGas: FEE_PER_GAS_MAX,
    gasLimit: 21_000n,
    to,
    value: 1n,
    data: new Uint8Array(0),
  }
  const { signature, recovery } = signRecoverably(keccak256(signingPayload(unsigned)), from.key)
  const number = (bytes: Uint8Array) => BigInt(toHex(bytes))
  const raw = encodeTransaction({
    ...unsigned,
    v: BigInt(recovery),
    r: number(signature.subarray(0, 32)),
    s: number(signature.subarray(32)),
  })
  return { raw: toHex(raw), hash: toHex(keccak256(raw)) }
}
