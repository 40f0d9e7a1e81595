import { type Address, DEFAULT_CONSENSUS_PARAMS, DEFAULT_EXECUTION_PARAMS, type TransactionType } from '#types'

/** Bounds and prices of a node's own pool: policy, not consensus, so every operator may differ. */
export interface PoolParams {
  readonly transactionsMax: number
  readonly bytesMax: number
  /** Part of `transactionsMax` that may wait for an earlier nonce. */
  readonly queuedMax: number
  readonly executablePerSenderMax: number
  readonly queuedPerSenderMax: number
  readonly transactionBytesMax: number
  /** EIP-7825. */
  readonly transactionGasMax: bigint
  /** EIP-3860. */
  readonly initCodeBytesMax: number
  /** Every tuple costs a signature recovery before it is known to be paid for. */
  readonly authorizationsMax: number
  /** How much more, in percent, a transaction has to pay to take the place of one with the same nonce. */
  readonly replacementBumpPercent: bigint
  /** Wei per gas beyond the base fee. */
  readonly minTipPerGas: bigint
  readonly minBaseFeePerGas: bigint
  /** After this a transaction that was handed out and neither committed nor put back is handed out again. */
  readonly takeTimeoutMs: number
  /**
   * How long a transaction that a peer gossiped is left to the validator that heard it first, so that usually only one
   * vertex carries it. By sender where that is a function; 0 hands it out at once.
   */
  readonly gossipHoldMs: number | ((sender: Address) => number)
  readonly queuedLifetimeMs: number
  /** Transactions in the middle of admission; more are told to come back. */
  readonly admissionsMax: number
  readonly types: readonly TransactionType[]
  /** Legacy transactions without EIP-155 can be replayed on every chain. */
  readonly allowUnprotected: boolean
}

export const DEFAULT_POOL_PARAMS: PoolParams = {
  transactionsMax: 65_536,
  bytesMax: 128 * 1024 * 1024,
  queuedMax: 8_192,
  executablePerSenderMax: 4_096,
  queuedPerSenderMax: 256,
  transactionBytesMax: DEFAULT_CONSENSUS_PARAMS.transactionBytesMax,
  transactionGasMax: 16_777_216n,
  initCodeBytesMax: 49_152,
  authorizationsMax: 64,
  replacementBumpPercent: 10n,
  minTipPerGas: 0n,
  minBaseFeePerGas: DEFAULT_EXECUTION_PARAMS.minBaseFeePerGas,
  takeTimeoutMs: 10_000,
  gossipHoldMs: 0,
  queuedLifetimeMs: 30 * 60 * 1000,
  admissionsMax: 20_000,
  types: [0, 1, 2, 4],
  allowUnprotected: false,
}
