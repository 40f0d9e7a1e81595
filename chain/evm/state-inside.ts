import { CodedError } from '#lib/errors'
import { type BlockNumber, ZERO_DIGEST } from '#types'
import { blobBaseFeeOf } from './blob-fee.ts'
import { BlockExecution } from './block-execution.ts'
import type { createChainReader } from './chain-reader.ts'
import type { ExecutionView } from './execution-view.ts'
import { knownHash } from './parent-hash.ts'
import { OverlaySource } from './state/overlay-source.ts'

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
  const { header } = block
  const machine = await executor.newMachine(executor.forkAt(number, header.timestamp))
  const source = new OverlaySource(chain.source(number - 1))
  const { excessBlobGas } = header
  const execution = new BlockExecution({
    machine,
    skeleton: header,
    parentHash: knownHash(header.parentHash),
    source,
    blobBaseFee: excessBlobGas === undefined ? undefined : blobBaseFeeOf(machine.rules, excessBlobGas),
    fastTransfers: true,
    ownInterpreter: true,
    log: executor.log,
    // Roots inside a block (before Byzantium) are nobody's business here.
    flush: async state => {
      source.apply(await executor.flat.complete(state.changes()))
      return ZERO_DIGEST
    },
  })
  await execution.start()
  for (const transaction of block.transactions.slice(0, index)) await execution.run(transaction)
  source.apply(await executor.flat.complete(execution.finish().changes()))
  return source
}
