import type { ModelBlock, ModelSlot } from '../sim/reference.ts'

/** What the scenario groups need of an implementation; blocks go by their names in the file. */
export interface DecidedSlot {
  readonly slot: ModelSlot
  readonly status: 'commit' | 'skip'
  readonly block?: string
}

export interface CommitterUnderTest {
  /** Blocks come in topological order; they need not be valid. */
  accept(block: ModelBlock): void
  decide(lastDecided: ModelSlot | null): {
    readonly sequence: readonly DecidedSlot[]
    readonly firstUndecided: ModelSlot | null
  }
}

export interface OrderedSubDag {
  readonly leader: string
  readonly gcRoundUsed: number
  readonly blocks: readonly string[]
  /** Blocks of this sub-DAG whose payload counts for nothing. */
  readonly excluded: readonly string[]
}

export interface ConsensusUnderTest {
  committer(
    stakes: readonly number[],
    leaders: (round: number) => readonly number[],
    dag: readonly ModelBlock[],
  ): CommitterUnderTest
  linearize(
    stakes: readonly number[],
    gcDepth: number,
    dag: readonly ModelBlock[],
    committedLeaders: readonly string[],
  ): readonly OrderedSubDag[]
  /** The clock of section 2.5 as a fold: accept a block, get the round. */
  thresholdClock(stakes: readonly number[], startRound: number): (block: { author: number; round: number }) => number
  commitVoteMonitor(stakes: readonly number[]): {
    vote(author: number, index: number): void
    quorumIndex(): number
  }
  medianTimestamp(values: readonly (readonly [timestampMs: number, stake: number])[]): number
}
