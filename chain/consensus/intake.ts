import { Writer } from '#lib/codec'
import { taggedHash } from '#lib/hash'
import type { Address, AuthorityIndex, Epoch } from '#types'
import type { Stakes } from './committee.ts'
import { drawByStake, HashStream } from './stream.ts'

/**
 * Who should include a sender's transactions, best first: a stake-weighted order by sender and epoch, so that one
 * sender's nonces stay in one validator's vertices. Rank 0 includes at once, rank j after {@link inclusionDelayMs}.
 */
export function rankValidators(
  sender: Address,
  epoch: Epoch,
  committee: Stakes,
  count: number = committee.size,
): readonly AuthorityIndex[] {
  const seed = taggedHash('dag/intake/1', sender, new Writer(8).u64(epoch).finish())
  return drawByStake(new HashStream(seed), committee, count)
}

/**
 * How long the validator of rank `rank` holds a transaction back that it did not see in an accepted vertex yet:
 * j·(2·round time + commit delay).
 */
export function inclusionDelayMs(rank: number, roundMs: number, commitDelayMs: number): number {
  return rank * (2 * roundMs + commitDelayMs)
}
