import { assert, defined } from '#lib/assert'
import { type Commit, type CommitIndex, type ConsensusParams, commitDigest } from '#types'
import type { Committee } from './committee.ts'
import { applySwaps, createStakeSchedule, type ScheduleSeed } from './leader-schedule.ts'
import { gcRoundAfter } from './linearizer.ts'
import { createSwapTable } from './reputation.ts'
import type { ConsensusCheckpoint } from './types.ts'

/** The end of the last schedule window at or before commit `index`; 0 in the first window. */
export function windowEndBefore(index: CommitIndex, params: ConsensusParams): CommitIndex {
  return index - (index % params.scheduleWindowCommits)
}

/** The first commit that a node needs which goes on after commit `index` without the ones before. */
export function firstCommitNeeded(index: CommitIndex, params: ConsensusParams): CommitIndex {
  const windowEnd = windowEndBefore(index, params)
  // Every round has at most so many commits, so this reaches below the collected round, and to the window before.
  const reach = Math.max(params.scheduleWindowCommits, params.gcDepth * params.leadersPerRound)
  return Math.max(1, windowEnd - reach)
}

/**
 * The checkpoint at the end of a schedule window out of the commits before it: the same that a core writes which made
 * them all. `commits` are consecutive, begin at {@link firstCommitNeeded} or before, and are proven by whoever calls.
 * Undefined in the first window, where a core begins with commit 1.
 */
export function checkpointFromCommits(options: {
  readonly commits: readonly Commit[]
  /** Index of the last commit that the node has. */
  readonly index: CommitIndex
  readonly committee: Committee
  readonly params: ConsensusParams
  readonly seed: ScheduleSeed
}): ConsensusCheckpoint | undefined {
  const { committee, params, seed } = options
  const windowEnd = windowEndBefore(options.index, params)
  if (windowEnd === 0) return undefined
  const first = defined(options.commits[0], 'there are commits').index
  assert(first <= firstCommitNeeded(options.index, params), 'the commits reach back far enough')
  const at = (index: CommitIndex) => defined(options.commits[index - first], 'commits are consecutive')
  const swapsAfter = (index: CommitIndex) =>
    createSwapTable(
      defined(at(index).scores, 'a commit that ends a window has scores'),
      committee,
      params.scheduleBadStakePercent,
      index,
    )
  const last = at(windowEnd)
  const base = createStakeSchedule(committee, seed, params.leadersPerRound)
  // The window that ruled the leader's round ended in an earlier one.
  let before = windowEnd - params.scheduleWindowCommits
  while (before > 0 && at(before).leader.round === last.leader.round) before -= params.scheduleWindowCommits
  const schedule = before === 0 ? base : applySwaps(base, swapsAfter(before), committee, seed)
  const roundLeaders = schedule.leaders(last.leader.round)
  const rank = roundLeaders.indexOf(last.leader.author)
  assert(rank >= 0, 'the leader of a proven commit leads its round')
  const gcRound = gcRoundAfter(last.leader.round, params.gcDepth)
  const upTo = options.commits.filter(({ index }) => index <= windowEnd)
  return {
    state: {
      index: windowEnd,
      digest: commitDigest(last),
      timestampMs: last.timestampMs,
      leader: last.leader,
      swaps: swapsAfter(windowEnd),
      scores: new Array<number>(committee.size).fill(0),
      leaders: upTo.map(({ leader }) => leader).filter(({ round }) => round > gcRound),
      ended: last.endsEpoch,
    },
    cursor: { round: last.leader.round, rank },
    roundLeaders,
    gcRound,
    committed: upTo.flatMap(({ vertices }) => vertices.filter(({ round }) => round > gcRound)),
  }
}
