import { CodedError } from '#lib/errors'
import type { BlockNumber } from '#types'
import type { createChainReader } from './chain-reader.ts'
import type { ExecutionView } from './execution-view.ts'
import { openReplay, runAgain } from './replay.ts'
import type { OverlaySource } from './state/overlay-source.ts'

/** The state in block `number` before its transaction `index`; made by running the ones before again. */
export async function stateInside(
  executor: ExecutionView,
  chain: ReturnType<typeof createChainReader>,
  number: BlockNumber,
  index: number,
): Promise<OverlaySource> {
  const block = await chain.blockByNumber(number)
  if (block === undefined || number === 0) throw new CodedError('unknown block', `block #${number} not found`)
  if (index > block.transactions.length) {
    throw new CodedError('unknown transaction', `transaction index ${index} out of range for block ${number}`)
  }
  const machine = await executor.newMachine(executor.forkAt(number, block.header.timestamp))
  const { execution, source } = await openReplay(executor, chain, block, machine, { isWatched: false })
  await runAgain(execution, block.transactions.slice(0, index))
  source.apply(execution.finish().changes())
  return source
}
