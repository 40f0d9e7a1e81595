import type { Address, BlockNumber, Log, RecoveredTransaction } from '#types'
import type { CallContext, CallOutcome, CallRequest, StateReader } from './types.ts'

/** State in the middle of an execution. */
export type LiveState = Pick<StateReader, 'account' | 'code' | 'storage'>

export type FrameType = 'CALL' | 'CALLCODE' | 'DELEGATECALL' | 'STATICCALL' | 'CREATE' | 'CREATE2' | 'SELFDESTRUCT'

/** An instruction that is about to run. */
export interface TraceStep {
  readonly pc: number
  readonly opcode: number
  readonly name: string
  readonly gas: bigint
  /** With the gas that a call hands on, as go-ethereum counts it. */
  readonly cost: bigint
  readonly refund: bigint
  /** 1 for the outermost frame. */
  readonly depth: number
  /** Top last. */
  readonly stack: readonly bigint[]
  readonly memory: Uint8Array
  /** Account whose storage the code works on. */
  readonly address: Address
}

/** A frame that begins: a call, a creation or a self-destruction. */
export interface TraceFrame {
  readonly type: FrameType
  readonly from: Address
  /** Code that runs; for a creation the address comes with the end. */
  readonly to: Address | undefined
  readonly value: bigint
  readonly gas: bigint
  readonly input: Uint8Array
  /** 0 for the outermost frame. */
  readonly depth: number
}

export interface TraceFrameEnd {
  readonly gasUsed: bigint
  readonly output: Uint8Array
  /** `execution reverted` or another halt in go-ethereum's words. */
  readonly error: string | undefined
  readonly created: Address | undefined
}

/** What is observed. */
export interface TraceSubject {
  readonly from: Address
  readonly to: Address | undefined
  readonly gasLimit: bigint
  readonly coinbase: Address
  readonly authorities: readonly Address[]
  /** Logs that its block has from transactions before it; absent for calls. */
  readonly logIndex?: number
}

export interface TraceResult {
  readonly gasUsed: bigint
  readonly isFailed: boolean
  readonly output: Uint8Array
  readonly logs: readonly Log[]
}

/** Sees an execution step by step. A handler that returns a promise is waited for. */
export interface Observer {
  start?(subject: TraceSubject, state: LiveState): void | Promise<void>
  step?(step: TraceStep, state: LiveState): void | Promise<void>
  enter?(frame: TraceFrame, state: LiveState): void | Promise<void>
  exit?(end: TraceFrameEnd): void
  end?(result: TraceResult, state: LiveState): void | Promise<void>
}

/** Re-executes what happened, or executes calls, while somebody watches. Nothing of it stays. */
export interface TraceEngine {
  /**
   * Runs block `number` again and watches its transactions, or only the one at `index`. CodedErrors: `unknown block`,
   * `genesis`, `state unavailable`, `execution aborted`.
   */
  traceBlock(
    number: BlockNumber,
    observe: (transaction: RecoveredTransaction, index: number) => Observer | undefined,
    options?: { readonly last?: number; readonly signal?: AbortSignal },
  ): Promise<void>
  traceCall(request: CallRequest, context: CallContext, observer: Observer): Promise<CallOutcome>
}
