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

/** Numbers of the errors that end a simulation (execution-apis, eth_simulateV1). */
export const SIMULATION_ERRORS = {
  nonceTooLow: -38010,
  nonceTooHigh: -38011,
  baseFee: -38012,
  intrinsicGas: -38013,
  funds: -38014,
  blockGasLimit: -38015,
  blockNumberOrder: -38020,
  timestampOrder: -38021,
  initCode: -38025,
  tooManyBlocks: -38026,
  invalidParams: -32602,
  other: -32000,
} as const

export type SimulationErrorName = keyof typeof SIMULATION_ERRORS

/** Makes up blocks on top of a real one (eth_simulateV1). Throws CodedError with a {@link SimulationErrorName}. */
export interface SimulationEngine {
  simulate(request: SimulationRequest): Promise<readonly SimulatedBlock[]>
}
