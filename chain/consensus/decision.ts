import type { AuthorityIndex, Round } from '#types'
import type { DagVertex, Entry } from './dag.ts'

/** A place in the order of leaders: the rank-th leader of a round. */
export interface Cursor {
  readonly round: Round
  readonly rank: number
}

/** A leader slot with the authority that the schedule puts there. */
export interface Slot extends Cursor {
  readonly author: AuthorityIndex
}

/** What became of a slot. `via` is informative: a node that sees more may decide the same slot directly. */
export type Decision<V extends DagVertex = DagVertex> =
  | { readonly kind: 'commit'; readonly slot: Slot; readonly leader: Entry<V>; readonly via: 'direct' | 'indirect' }
  | { readonly kind: 'skip'; readonly slot: Slot; readonly via: 'direct' | 'indirect' }

export interface DecideResult<V extends DagVertex = DagVertex> {
  /** The longest decided prefix after the cursor, skips included. */
  readonly decided: readonly Decision<V>[]
  /** The slot that stops the prefix, when there is one. */
  readonly firstUndecided?: Slot
  /**
   * Two vertices of one slot are both certified: more than f stake is Byzantine. Nothing may be decided any more.
   */
  readonly conflict?: Slot
}

/** Authorities that lead a round, in rank order; none for a round without a slot. */
export type Leaders = (round: Round) => readonly AuthorityIndex[]

/** Rounds of a wave: a leader, its votes, its certificates. */
export const WAVE_LENGTH = 3

export function slotsOfRound(leaders: Leaders, round: Round): readonly Slot[] {
  return leaders(round).map((author, rank) => ({ round, rank, author }))
}

/** Slots after `cursor` of rounds up to `last`, in order. */
export function slotsAfter(leaders: Leaders, cursor: Cursor | undefined, last: Round): Slot[] {
  const slots: Slot[] = []
  for (let round = Math.max(1, cursor?.round ?? 1); round <= last; round++)
    for (const slot of slotsOfRound(leaders, round))
      if (cursor === undefined || round > cursor.round || slot.rank > cursor.rank) slots.push(slot)
  return slots
}
