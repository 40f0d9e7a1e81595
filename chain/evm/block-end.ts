import type { CodedError } from '#lib/errors'
import { type Address, type Block, type BlockHeader, decodeBlockOrigin } from '#types'
import type { BlockExecution } from './block-execution.ts'
import type { createChainReader } from './chain-reader.ts'
import type { Machine } from './machine.ts'
import { miningReward } from './mining-reward.ts'
import { replayDiffers } from './replay.ts'
import { blockRequests } from './system-calls.ts'

/** What of a block counts once its transactions have run. */
type Ending = Pick<Block, 'header' | 'ommers' | 'withdrawals'>

/** Does to the state what comes after the transactions of a block of the chain that is run again. */
export type BlockEnd = (block: Ending, machine: Machine, execution: BlockExecution) => Promise<unknown>

/**
 * The end of an Ethereum block: withdrawals (EIP-4895), rewards before the merge, requests (EIP-7685), which it returns;
 * undefined before Prague. Throws what `refuse` makes of the reason when a request contract fails: no valid block has that.
 */
export async function endEthereumBlock(
  {
    header,
    ommers,
    withdrawals,
  }: { readonly header: Pick<BlockHeader, 'number' | 'coinbase'> } & Omit<Ending, 'header'>,
  machine: Machine,
  execution: BlockExecution,
  depositContract: Address,
  refuse: (reason: string) => CodedError,
): Promise<readonly Uint8Array[] | undefined> {
  const { rules } = machine
  if (withdrawals !== undefined) await execution.withdraw(withdrawals)
  if (!rules.isParis) {
    const reward = miningReward(rules)
    let own = reward
    for (const ommer of ommers) {
      own += reward / 32n
      await execution.credit(ommer.coinbase, (reward * BigInt(8 + ommer.number - header.number)) / 8n)
    }
    await execution.credit(header.coinbase, own)
  }
  if (!rules.isPrague) return undefined
  const requests = await blockRequests(machine, execution.block, execution.receipts, depositContract)
  if (requests === undefined) throw refuse('a request contract failed')
  return requests
}

/** {@link endEthereumBlock} as the end of every block of an Ethereum chain. */
export function ethereumEnd(depositContract: Address): BlockEnd {
  return (block, machine, execution) => endEthereumBlock(block, machine, execution, depositContract, replayDiffers)
}

/** Blocks of our own chain end with nothing, but the last one of an epoch closes it in the staking contract. */
export function ownEnd(
  stakingContract: Address | undefined,
  chain: Pick<ReturnType<typeof createChainReader>, 'headerByNumber'>,
): BlockEnd {
  return async ({ header }, _machine, execution) => {
    const origin = decodeBlockOrigin(header.extraData)
    if (stakingContract === undefined || origin?.endsEpoch !== true) return
    // A commit's blocks become durable together, so the one after this is there, or there is none.
    const following = await chain.headerByNumber(header.number + 1)
    const next = following === undefined ? undefined : decodeBlockOrigin(following.extraData)
    if (next?.epoch !== origin.epoch || next.commitIndex !== origin.commitIndex) {
      await execution.closeEpoch(stakingContract)
    }
  }
}
