import { describe, expect, test } from 'vitest'
import { checkpointFromCommits, createCommittee, firstCommitNeeded, type LogRecord } from '#consensus'
import { compareRefs, DEFAULT_CONSENSUS_PARAMS, type VertexRef } from '#types'
import { CHAIN_ID, Cluster, makeValidators } from './cluster.ts'

const FOUR = makeValidators([1, 1, 1, 1])

const inOrder = (refs: readonly VertexRef[]) => [...refs].sort(compareRefs)

describe('a checkpoint out of proven commits', () => {
  for (const params of [
    { scheduleWindowCommits: 7, gcDepth: 10, scheduleBadStakePercent: 30 },
    { scheduleWindowCommits: 20, gcDepth: 6, scheduleBadStakePercent: 30 },
    // Windows end in the middle of rounds, and two of them in one.
    { scheduleWindowCommits: 5, gcDepth: 6, scheduleBadStakePercent: 30, leadersPerRound: 2 },
    { scheduleWindowCommits: 1, gcDepth: 6, scheduleBadStakePercent: 30, leadersPerRound: 2 },
  ]) {
    test(`is the one that a core wrote which made them (${JSON.stringify(params)})`, () => {
      const cluster = new Cluster(FOUR, params)
      cluster.start()
      cluster.run(2_000)
      // One is silent for a while, so that slots are swapped.
      cluster.crash(3)
      cluster.run(8_000)
      const { log, options } = cluster.node(1)
      const commits = log.flatMap((record: LogRecord) => (record.kind === 'commit' ? [record.commit] : []))
      const checkpoints = log.flatMap((record: LogRecord) => (record.kind === 'checkpoint' ? [record.checkpoint] : []))
      expect(checkpoints.length).toBeGreaterThan(2)
      expect(checkpoints.some(({ state }) => state.swaps.bad.length > 0)).toBe(true)
      const all = { ...DEFAULT_CONSENSUS_PARAMS, ...options.params }
      for (const checkpoint of checkpoints) {
        const { index } = checkpoint.state
        for (const reached of [index, index + params.scheduleWindowCommits - 1]) {
          const first = firstCommitNeeded(reached, all)
          const made = checkpointFromCommits({
            commits: commits.filter(commit => commit.index >= first && commit.index <= reached),
            index: reached,
            committee: createCommittee(options.authorities),
            params: all,
            seed: { chainId: CHAIN_ID, epoch: options.epoch, epochSeed: options.epochSeed },
          })
          if (commits.length < reached) continue
          expect(made).toBeDefined()
          expect(made?.state).toEqual(checkpoint.state)
          expect(checkpoint.cursor).toMatchObject(made?.cursor ?? {})
          expect(checkpoint.roundLeaders).toEqual(made?.roundLeaders)
          expect(made?.gcRound).toBe(checkpoint.gcRound)
          expect(inOrder(made?.committed ?? [])).toEqual(inOrder(checkpoint.committed))
        }
      }
    })
  }

  test('is none in the first window, where a core begins with commit 1', () => {
    const params = { ...DEFAULT_CONSENSUS_PARAMS, scheduleWindowCommits: 10 }
    expect(firstCommitNeeded(9, params)).toBe(1)
    const seed = { chainId: CHAIN_ID, epoch: 0, epochSeed: new Uint8Array(32) }
    const committee = createCommittee(FOUR.map(({ authority }) => authority))
    expect(checkpointFromCommits({ commits: [], index: 9, committee, params, seed })).toBeUndefined()
  })
})
