import type { Address, BlockNumber, Digest } from './ids.ts'
import type { RecoveredTransaction, TransactionType } from './transaction.ts'

/**
 * An Ethereum block header. Fields that came with a fork are absent before it (imported chains); blocks of our own
 * chain carry all of them.
 */
export interface BlockHeader {
  readonly parentHash: Digest
  readonly ommersHash: Digest
  readonly coinbase: Address
  readonly stateRoot: Digest
  readonly transactionsRoot: Digest
  readonly receiptsRoot: Digest
  /** 256 bytes. */
  readonly logsBloom: Uint8Array
  readonly difficulty: bigint
  readonly number: BlockNumber
  readonly gasLimit: bigint
  readonly gasUsed: bigint
  /** Unix seconds, 64 bit. Our own blocks have times of which {@link blockTimeMs} makes numbers. */
  readonly timestamp: bigint
  /** At most 32 bytes. On our chain: `BlockOrigin` (docs/commit-to-block.md). */
  readonly extraData: Uint8Array
  /** PREVRANDAO since the merge. */
  readonly mixHash: Digest
  /** 8 bytes. */
  readonly nonce: Uint8Array
  readonly baseFeePerGas?: bigint
  readonly withdrawalsRoot?: Digest
  readonly blobGasUsed?: bigint
  readonly excessBlobGas?: bigint
  /** On our chain the digest of the commit that the block was made from (EIP-4788 makes it readable by contracts). */
  readonly parentBeaconBlockRoot?: Digest
  readonly requestsHash?: Digest
}

/** EIP-4895; only imported chains have any. */
export interface Withdrawal {
  readonly index: bigint
  readonly validatorIndex: bigint
  readonly address: Address
  /** Gwei. */
  readonly amount: bigint
}

export interface Block {
  readonly header: BlockHeader
  readonly hash: Digest
  readonly transactions: readonly RecoveredTransaction[]
  /** Only imported chains have any. */
  readonly ommers: readonly BlockHeader[]
  readonly withdrawals?: readonly Withdrawal[]
  /** Length of the block's RLP in bytes. */
  readonly size: number
}

export interface Log {
  readonly address: Address
  /** 0 to 4 topics of 32 bytes. */
  readonly topics: readonly Digest[]
  readonly data: Uint8Array
}

export interface Receipt {
  readonly type: TransactionType
  /** 1 success, 0 failure; absent before Byzantium, where `root` stands instead. */
  readonly status?: 0 | 1
  readonly root?: Digest
  readonly gasUsed: bigint
  readonly cumulativeGasUsed: bigint
  readonly logsBloom: Uint8Array
  readonly logs: readonly Log[]
  /** Wei per gas that the sender paid. */
  readonly effectiveGasPrice: bigint
  /** Address of the created contract, when the transaction created one. */
  readonly contractAddress?: Address
  readonly blobGasUsed?: bigint
  readonly blobGasPrice?: bigint
}

/** A state account; an absent account is `undefined`, never a record of zeros. */
export interface Account {
  readonly nonce: bigint
  readonly balance: bigint
  readonly codeHash: Digest
}
