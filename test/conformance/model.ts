import {
  decide,
  linearize,
  type ModelBlock,
  medianTimestamp,
  payloadExcluded,
  quorumOf,
  type SkipRule,
  weightOf,
} from '../sim/reference.ts'
import type { ConsensusUnderTest } from './implementation.ts'

/** The reference model behind the interface that scenario groups use: it checks the runner, and the runner checks it. */
export function modelUnderTest(skipRule: SkipRule = 'per-block'): ConsensusUnderTest {
  return {
    committer(stakes, leaders) {
      const dag = new Map<string, ModelBlock>()
      return {
        accept: block => {
          dag.set(block.id, block)
        },
        decide: last => {
          const { sequence, firstUndecided } = decide(dag, { stakes, leaders, skipRule }, last)
          return {
            sequence: sequence.map(d =>
              d.status === 'commit'
                ? { slot: d.slot, status: d.status, block: d.block }
                : { slot: d.slot, status: d.status },
            ),
            firstUndecided,
          }
        },
      }
    },
    linearize(_stakes, gcDepth, blocks, leaders) {
      const dag = new Map(blocks.map(b => [b.id, b]))
      const subDags = linearize(dag, leaders, gcDepth)
      const excluded = new Set(
        payloadExcluded(
          dag,
          subDags.flatMap(s => s.blocks),
        ),
      )
      return subDags.map(s => ({ ...s, excluded: s.blocks.filter(b => excluded.has(b)) }))
    },
    thresholdClock(stakes, startRound) {
      let round = startRound
      const seen = new Map<number, Set<number>>()
      return block => {
        seen.set(block.round, (seen.get(block.round) ?? new Set()).add(block.author))
        round = Math.max(round, block.round)
        while (weightOf(stakes, seen.get(round) ?? []) >= quorumOf(stakes)) round += 1
        return round
      }
    },
    commitVoteMonitor(stakes) {
      const highest = stakes.map(() => 0)
      return {
        vote: (author, index) => {
          highest[author] = Math.max(highest[author] ?? 0, index)
        },
        quorumIndex: () => {
          const sorted = [...highest].sort((a, b) => b - a)
          const reached = sorted.find(
            index =>
              weightOf(
                stakes,
                highest.flatMap((h, author) => (h >= index ? [author] : [])),
              ) >= quorumOf(stakes),
          )
          return reached ?? 0
        },
      }
    },
    medianTimestamp,
  }
}
