import { Writer } from '#lib/codec'
import { taggedHash } from '#lib/hash'
import type { AuthorityIndex, CommitIndex } from '#types'
import type { Stakes } from './committee.ts'
import { drawByStake, HashStream } from './stream.ts'
import type { SwapTable } from './types.ts'

export const NO_SWAPS: SwapTable = { good: [], bad: [] }

/** An authority is bad only when its score is below this share of the best score, so healthy ones are never swapped. */
export const BAD_SCORE_PERCENT = 80

/**
 * The swap table after a window. Sorted by score, ties by a draw seeded with the index of the commit that ends the
 * window. Bad: the lowest scorers while their stake stays within `badStakePercent` and below V. Good: as many from the
 * top. Integers only; scores come from committed vertices only, so every node computes the same.
 */
export function createSwapTable(
  scores: readonly number[],
  committee: Stakes,
  badStakePercent: number,
  commitIndex: CommitIndex,
): SwapTable {
  const seed = taggedHash('dag/score-ties/1', new Writer(8).u64(commitIndex).finish())
  const tieOrder = drawByStake(new HashStream(seed), committee, committee.size)
  const place = new Array<number>(committee.size).fill(0)
  for (const [at, author] of tieOrder.entries()) place[author] = at
  const best = Math.max(...scores)
  const ranked = [...tieOrder].sort(
    (a, b) => (scores[b] as number) - (scores[a] as number) || (place[a] as number) - (place[b] as number),
  )
  const bad: AuthorityIndex[] = []
  let weight = 0
  for (const author of [...ranked].reverse()) {
    weight += committee.stakes[author] as number
    if (weight >= committee.validity || weight * 100 > committee.totalStake * badStakePercent) break
    if ((scores[author] as number) * 100 >= best * BAD_SCORE_PERCENT) break
    bad.push(author)
  }
  const good = ranked.filter(author => !bad.includes(author)).slice(0, bad.length)
  return bad.length === 0 ? NO_SWAPS : { good, bad }
}
