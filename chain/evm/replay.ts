import { CodedError } from '#lib/errors'
import { type Block, type BlockNumber, type Digest, type RecoveredTransaction, ZERO_DIGEST } from '#types'
import { blobBaseFeeOf } from './blob-fee.ts'
import { BlockExecution } from './block-execution.ts'
import type { createChainReader } from './chain-reader.ts'
import type { ExecutionView } from './execution-view.ts'
import type { Machine } from './machine.ts'
import { knownHash } from './parent-hash.ts'
import type { StateChanges } from './state/journal-state.ts'
import { OverlaySource } from './state/overlay-source.ts'

export interface Replay {
  readonly execution: BlockExecution
  /** The state that the block builds on; takes what the execution leaves behind. */
  readonly source: OverlaySource
}

/** A block that can run again; CodedErrors `genesis`, `unknown block`. */
export async function blockToReplay(
  chain: Pick<ReturnType<typeof createChainReader>, 'blockByNumber'>,
  number: BlockNumber,
): Promise<Block> {
  if (number === 0) throw new CodedError('genesis', 'genesis is not traceable')
  const block = await chain.blockByNumber(number)
  if (block === undefined) throw new CodedError('unknown block', `block #${number} not found`)
  return block
}

/** A block that does not do again what it did. */
export function replayDiffers(reason: string): CodedError {
  return new CodedError('replay differs', `a block did not run again as it did: ${reason}`)
}

/** Runs transactions that were executed before in the same place. */
export async function runAgain(
  execution: BlockExecution,
  transactions: readonly RecoveredTransaction[],
  signal?: AbortSignal,
): Promise<void> {
  for (const transaction of transactions) {
    signal?.throwIfAborted()
    const outcome = await execution.run(transaction)
    if (outcome.kind !== 'executed') throw replayDiffers('a transaction was left out')
  }
}

export interface ReplayOptions {
  /** Keeps everything on the interpreter that tells what it does. */
  readonly isWatched: boolean
  /** Gets what each transaction changed where blocks are executed in such steps, before Byzantium. */
  readonly onFlush?: (changes: StateChanges) => void
  /** Gets what each transaction changed, what begins the block with the first, and returns the state root after it. */
  readonly onTransaction?: (changes: StateChanges) => Promise<Digest>
}

/** Begins to run a block of the chain again, on top of the state before it, as far as its first transaction. */
export async function openReplay(
  executor: Pick<ExecutionView, 'log'>,
  chain: Pick<ReturnType<typeof createChainReader>, 'source'>,
  { header }: Block,
  machine: Machine,
  { isWatched, onFlush, onTransaction }: ReplayOptions,
): Promise<Replay> {
  const source = new OverlaySource(chain.source(header.number - 1))
  const { excessBlobGas } = header
  const execution = new BlockExecution({
    machine,
    skeleton: header,
    parentHash: knownHash(header.parentHash),
    source,
    blobBaseFee: excessBlobGas === undefined ? undefined : blobBaseFeeOf(machine.rules, excessBlobGas),
    fastTransfers: !isWatched,
    ownInterpreter: !isWatched,
    rootInReceipts: onTransaction !== undefined,
    log: executor.log,
    // Roots inside a block are nobody's business here unless somebody asks. The overlay hides the storage of wiped accounts
    // by itself: which slots that was, only the state of that time could tell.
    flush: async state => {
      const changes = state.changes()
      source.apply(changes)
      onFlush?.(changes)
      return onTransaction === undefined ? ZERO_DIGEST : onTransaction(changes)
    },
  })
  await execution.start()
  return { execution, source }
}
