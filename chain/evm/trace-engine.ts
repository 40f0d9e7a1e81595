import { CodedError } from '#lib/errors'
import { type Block, type RecoveredTransaction, recoverAuthority } from '#types'
import type { BlockExecution } from './block-execution.ts'
import type { createChainReader } from './chain-reader.ts'
import type { ExecutionView } from './execution-view.ts'
import type { Machine } from './machine.ts'
import { blockToReplay, openReplay } from './replay.ts'
import type { Observer, TraceEngine } from './trace-types.ts'
import { liveState, watchMachine } from './trace-watch.ts'
import type { CallEngine } from './types.ts'

/** Longest re-execution of a block. */
const TIMEOUT_MS = 30_000

export interface TraceEngineOptions {
  readonly executor: ExecutionView
  readonly chain: ReturnType<typeof createChainReader>
  readonly calls: CallEngine & Pick<TraceEngine, 'traceCall'>
}

/** Replays with machines of its own, so that blocks and calls go on meanwhile. */
export function createTraceEngine(options: TraceEngineOptions): TraceEngine {
  const { executor, chain, calls } = options

  async function replay(
    block: Block,
    machine: Machine,
    observe: (transaction: RecoveredTransaction, index: number) => Observer | undefined,
    last: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const limits = { deadline: performance.now() + TIMEOUT_MS, timeoutMs: TIMEOUT_MS, signal }
    const { execution } = await openReplay(executor, chain, block, machine, { isWatched: true })
    for (const [index, transaction] of block.transactions.entries()) {
      if (index > last) return
      const observer = observe(transaction, index)
      if (observer === undefined) await execution.run(transaction)
      else await watchTransaction(execution, machine, transaction, observer, limits)
    }
  }

  return {
    async traceBlock(number, observe, { last = Number.POSITIVE_INFINITY, signal } = {}) {
      const block = await blockToReplay(chain, number)
      const machine = await executor.newMachine(executor.forkAt(number, block.header.timestamp))
      await replay(block, machine, observe, last, signal)
    },
    traceCall: (request, context, observer) => calls.traceCall(request, context, observer),
  }
}

/** Runs a transaction of a block under watch. */
export async function watchTransaction(
  execution: BlockExecution,
  machine: Machine,
  transaction: RecoveredTransaction,
  observer: Observer,
  limits: Parameters<typeof watchMachine>[2],
): Promise<void> {
  const live = liveState(() => execution.state)
  const { sender, to, gasLimit, authorizationList = [] } = transaction
  const authorities = authorizationList.map(recoverAuthority).filter(authority => authority !== undefined)
  const coinbase = execution.block.header.coinbase.bytes
  const logIndex = execution.receipts.reduce((sum, receipt) => sum + receipt.logs.length, 0)
  await observer.start?.({ from: sender, to, gasLimit, coinbase, authorities, logIndex }, live)
  let output = new Uint8Array(0) as Uint8Array
  let depth = 0
  const outermost: Observer = {
    ...(observer.step === undefined ? {} : { step: (step, state) => observer.step?.(step, state) }),
    enter(frame, state) {
      depth += 1
      return observer.enter?.(frame, state)
    },
    exit(end) {
      depth -= 1
      if (depth === 0) output = end.output
      observer.exit?.(end)
    },
  }
  const watch = watchMachine(machine, outermost, limits)
  const outcome = await execution.run(transaction).finally(() => watch.stop())
  watch.check()
  if (outcome.kind !== 'executed') {
    throw new CodedError('replay differs', 'a transaction of a block did not run again as it did')
  }
  const { gasUsed, status, logs } = outcome.receipt
  await observer.end?.({ gasUsed, isFailed: status === 0, output, logs }, live)
}
