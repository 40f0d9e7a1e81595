import type { Address, Digest } from './ids.ts'

/** EIP-2930 entry: an address and the storage keys (32 bytes each) that the transaction announces to touch. */
export interface AccessListEntry {
  readonly address: Address
  readonly storageKeys: readonly Uint8Array[]
}

/** EIP-7702 authorisation tuple as signed. `chainId` 0 means any chain. */
export interface Authorization {
  readonly chainId: bigint
  readonly address: Address
  readonly nonce: bigint
  readonly yParity: number
  readonly r: bigint
  readonly s: bigint
}

/** Legacy, EIP-2930, EIP-1559, EIP-4844 (decoded for imported chains, never admitted on ours) and EIP-7702. */
export type TransactionType = 0 | 1 | 2 | 3 | 4

/**
 * A signed transaction as plain data. Fields that a type does not have are absent. The sender is not part of it:
 * recovery is costly and is done once, apart (see `RecoveredTransaction`).
 */
export interface Transaction {
  readonly type: TransactionType
  /** Absent on legacy transactions without replay protection (EIP-155). */
  readonly chainId?: bigint
  readonly nonce: bigint
  readonly gasLimit: bigint
  /** Types 0 and 1; wei per gas. */
  readonly gasPrice?: bigint
  /** Types 2, 3 and 4; wei per gas. */
  readonly maxFeePerGas?: bigint
  readonly maxPriorityFeePerGas?: bigint
  /** Absent when the transaction creates a contract. */
  readonly to?: Address
  readonly value: bigint
  readonly data: Uint8Array
  readonly accessList?: readonly AccessListEntry[]
  readonly maxFeePerBlobGas?: bigint
  readonly blobVersionedHashes?: readonly Digest[]
  readonly authorizationList?: readonly Authorization[]
  /** Legacy: the `v` as signed (27, 28 or EIP-155). Typed: the parity bit. */
  readonly v: bigint
  readonly r: bigint
  readonly s: bigint
  /** Keccak-256 of `raw`. */
  readonly hash: Digest
  /** The EIP-2718 bytes as they were received. */
  readonly raw: Uint8Array
}

export interface RecoveredTransaction extends Transaction {
  readonly sender: Address
}
