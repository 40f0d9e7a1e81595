import { basePlan, CALM_NETWORK, type CrashPoint, type Plan } from '../plan.ts'
import { expectThat, type Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const JITTER = { ...CALM_NETWORK, latency: { kind: 'uniform' as const, lowUs: 20_000, highUs: 80_000 } }

function epochPlan(seed: string, stakes: readonly number[], changes: Partial<Plan>): Plan {
  const base = basePlan(seed, stakes.length, {
    durationMs: 14_000,
    network: JITTER,
    workload: { everyMs: 200, bytes: 40, doublePpm: 0 },
    ...changes,
  })
  return {
    ...base,
    stakes,
    params: {
      minRoundDelayMs: 50,
      leaderTimeoutMs: 250,
      leaderTimeoutMaxMs: 500,
      epochDurationMs: 3_000,
      commitSyncBatch: 10,
      gcDepth: 20,
      checkpointIntervalMs: 500,
      ...changes.params,
    },
  }
}

function membersOf(world: World, epoch: number): readonly number[] {
  return world.setupOf(epoch)?.members ?? []
}

function expectEpochs(world: World, count: number): void {
  expectThat(world.highestEpoch >= count, `only ${world.highestEpoch} epochs ended`)
  for (const node of world.nodes)
    if (node.isHonest && node.isAlive)
      expectThat(node.epoch >= world.highestEpoch - 1, `node ${node.index} is still in epoch ${node.epoch}`)
}

const EPOCH_POINTS: readonly CrashPoint[] = [
  'epoch-executed',
  'epoch-recorded',
  'epoch-begun',
  'before-commit-persist',
  'after-commit',
]

export const epochScenarios: readonly Scenario[] = [
  {
    name: 'epoch-change',
    row: 'F19',
    about:
      'epochs end under load: one last commit, one record signed by a quorum, the next epoch goes on with the void payload',
    plans: () => [1, 4, 7].map(n => epochPlan(`epoch-change/${n}`, new Array<number>(n).fill(1), {})),
    expect: world => {
      expectEpochs(world, 3)
      for (const node of world.nodes)
        for (let epoch = 0; epoch < node.epoch - 1; epoch++)
          expectThat(node.isCertified(epoch), `node ${node.index} has no quorum for the record of epoch ${epoch}`)
      const late = world.submitted.filter(one => one.atUs < (world.plan.durationMs - 3_000) * 1_000)
      expectThat(late.length > 40 && late.every(one => world.ran.has(one.key)), 'a transaction was lost in a change')
    },
  },
  {
    name: 'epoch-join-leave',
    row: 'F19',
    about:
      'validators join and leave by transactions to the staking contract: the state after the last commit seats them',
    plans: () => [
      epochPlan('epoch-join-leave/join', [1, 1, 1, 1, 0], {
        staking: [{ machine: 4, stake: 1, atMs: 800 }],
      }),
      epochPlan('epoch-join-leave/leave', [1, 1, 1, 1, 1], {
        staking: [{ machine: 4, stake: 0, atMs: 800 }],
      }),
      ...[0, 1, 2].map(k =>
        epochPlan(`epoch-join-leave/liar/${k}`, [1, 1, 1, 1, 0, 0], {
          durationMs: 16_000,
          network: { ...JITTER, lossPpm: 10_000 },
          params: { minRoundDelayMs: 100 },
          staking: [
            { machine: 4, stake: 1, atMs: 300 },
            { machine: 5, stake: 1, atMs: 600 },
          ],
          faults: [{ kind: 'byzantine', node: 2, strategy: 'liar' }],
        }),
      ),
      epochPlan('epoch-join-leave/both', [2, 1, 1, 1, 0, 0], {
        durationMs: 18_000,
        staking: [
          { machine: 4, stake: 1, atMs: 500 },
          { machine: 0, stake: 0, atMs: 4_000 },
          { machine: 5, stake: 2, atMs: 4_100 },
        ],
      }),
    ],
    expect: world => {
      expectEpochs(world, 3)
      for (const { machine, stake, atMs } of world.plan.staking ?? []) {
        const epoch = atMs < 3_000 ? 1 : 2
        const has = membersOf(world, epoch).includes(machine)
        expectThat(has === stake > 0, `machine ${machine} ${has ? 'is' : 'is not'} in the committee of epoch ${epoch}`)
        const spoke = world.nodes[machine]?.ownVertices.some(vertex => vertex.epoch >= epoch) === true
        expectThat(
          spoke === stake > 0,
          `machine ${machine} ${spoke ? 'made' : 'made no'} vertices from epoch ${epoch} on`,
        )
      }
    },
  },
  {
    name: 'epoch-slashed',
    row: 'F19',
    about: 'ordered evidence of equivocation costs the seat in the next epoch',
    plans: () =>
      [4, 7].map(n =>
        epochPlan(`epoch-slashed/${n}`, new Array<number>(n).fill(1), {
          faults: [{ kind: 'byzantine', node: 1, strategy: 'equivocator' }],
        }),
      ),
    expect: world => {
      expectEpochs(world, 2)
      expectThat(!membersOf(world, 1).includes(1), 'the equivocator sits in the next committee')
      expectThat(membersOf(world, 1).length === world.plan.stakes.length - 1, 'somebody else lost a seat')
    },
  },
  {
    name: 'epoch-restarts',
    row: 'F19',
    about:
      'crashes in each phase of the change, alone and together: the same record, nothing signed twice, no commit lost',
    plans: () => [
      ...EPOCH_POINTS.flatMap(point =>
        [1, 2].map(occurrence => {
          const nth = point.startsWith('epoch') ? occurrence : 24 * occurrence
          return epochPlan(`epoch-restarts/${point}/${occurrence}`, [1, 1, 1, 1], {
            durationMs: 30_000,
            disk: { lowUs: 200, highUs: 4_000 },
            params: { minRoundDelayMs: 120, epochDurationMs: 4_000, leaderTimeoutMs: 300 },
            faults: [
              { kind: 'crashAt', node: 1, point, occurrence: nth, downMs: 40, disk: 'keep' },
              { kind: 'crashAt', node: 2, point, occurrence: nth, downMs: 700, disk: 'torn' },
            ],
          })
        }),
      ),
      epochPlan('epoch-restarts/joint', [1, 1, 1, 1], {
        durationMs: 30_000,
        params: { minRoundDelayMs: 120, epochDurationMs: 4_000, leaderTimeoutMs: 300 },
        faults: [0, 1, 2, 3].map(node => ({ kind: 'crash', node, atMs: 4_150, upAtMs: 4_250, disk: 'keep' })),
      }),
    ],
    expect: world => expectEpochs(world, 4),
  },
  {
    name: 'epoch-behind',
    row: 'F19',
    about: 'a slow node, one cut off over one change and one over two: each finishes the old epochs first',
    plans: () => [
      epochPlan('epoch-behind/slow', [1, 1, 1, 1], {
        durationMs: 30_000,
        params: { minRoundDelayMs: 120, epochDurationMs: 5_000 },
        faults: [{ kind: 'slow', nodes: [2], addUs: 400_000, fromMs: 3_000, toMs: 9_000 }],
      }),
      epochPlan('epoch-behind/one', [1, 1, 1, 1], {
        durationMs: 30_000,
        params: { minRoundDelayMs: 120, epochDurationMs: 5_000 },
        faults: [{ kind: 'partition', groups: [[0, 1, 2], [3]], fromMs: 4_000, toMs: 7_000 }],
      }),
      epochPlan('epoch-behind/two', [1, 1, 1, 1, 1, 1, 1], {
        durationMs: 36_000,
        params: { minRoundDelayMs: 150, epochDurationMs: 4_000 },
        faults: [
          { kind: 'crash', node: 3, atMs: 3_500, upAtMs: 12_500, disk: 'keep' },
          { kind: 'byzantine', node: 5, strategy: 'lying-sync-server' },
        ],
      }),
    ],
    expect: world => expectEpochs(world, 5),
  },
  {
    name: 'epoch-amnesia',
    row: 'F19',
    about:
      'a disk lost in the second epoch: the node follows from genesis, signs nothing twice, and has its seat again',
    plans: () =>
      (['lose', 'snapshot'] as const).map(disk =>
        epochPlan(`epoch-amnesia/${disk}`, [1, 1, 1, 1, 1], {
          durationMs: 45_000,
          params: { minRoundDelayMs: 150, epochDurationMs: 6_000 },
          faults: [{ kind: 'crash', node: 2, atMs: 7_500, upAtMs: 8_500, disk }],
        }),
      ),
    expect: world => {
      expectEpochs(world, 5)
      const last = world.nodes[2]?.ownVertices.at(-1)
      expectThat((last?.epoch ?? 0) >= world.highestEpoch - 1, 'the node never had its seat again')
    },
  },
]
