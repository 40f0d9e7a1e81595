import type { Block, BlockHeader, BlockNumber, Log, Receipt, Withdrawal } from '#types'
import type { AccountOverride, BlockOverride, CallRequest } from './types.ts'

/** One block to make up: what to change first, then what to run. */
export interface SimulatedBlockRequest {
  readonly header: BlockOverride
  readonly state: ReadonlyMap<string, AccountOverride>
  readonly calls: readonly CallRequest[]
  readonly withdrawals: readonly Withdrawal[]
}

export interface SimulationRequest {
  readonly base: BlockNumber
  readonly blocks: readonly SimulatedBlockRequest[]
  /** Keeps the rules of real transactions: nonces, base fee, funds for fees. */
  readonly validation: boolean
  /** Reports transfers of coins as ERC-20 logs of 0xeeee…. */
  readonly traceTransfers: boolean
  readonly nextBaseFee: (header: BlockHeader) => bigint
  readonly signal?: AbortSignal
}

export interface SimulatedLog {
  readonly log: Log
  /** Position in the block. Logs that were undone keep theirs, so there may be gaps. */
  readonly index: number
}

export interface SimulatedCall {
  readonly output: Uint8Array
  readonly gasUsed: bigint
  /** Before refunds. */
  readonly peakGas: bigint
  readonly logs: readonly SimulatedLog[]
  /** `revert`, a halt in go-ethereum's words, or undefined. */
  readonly exception: string | undefined
}

export interface SimulatedBlock {
  readonly block: Block
  readonly receipts: readonly Receipt[]
  readonly calls: readonly SimulatedCall[]
}

/** What can end a simulation; `chain/rpc` gives each its number. */
export type SimulationErrorName =
  | 'nonceTooLow'
  | 'nonceTooHigh'
  | 'baseFee'
  | 'intrinsicGas'
  | 'funds'
  | 'blockGasLimit'
  | 'blockNumberOrder'
  | 'timestampOrder'
  | 'initCode'
  | 'tooManyBlocks'
  | 'invalidParams'
  | 'internal'
  | 'other'

/** Makes up blocks on top of a real one (eth_simulateV1). Throws CodedError with a {@link SimulationErrorName}. */
export interface SimulationEngine {
  simulate(request: SimulationRequest): Promise<readonly SimulatedBlock[]>
}
