import { basePlan, CALM_NETWORK, type CrashPoint, type Fault, type Plan } from '../plan.ts'
import { commitsBetween, expectThat, type Scenario } from '../scenario.ts'

const POINTS: readonly CrashPoint[] = [
  'before-own-persist',
  'after-own-persist',
  'after-first-send',
  'after-publish',
  'before-commit-persist',
  'after-commit-persist',
  'after-commit',
]

function down(nodes: readonly number[], atMs: number, upAtMs?: number): Fault[] {
  return nodes.map(node => ({ kind: 'crash', node, atMs, disk: 'keep', ...(upAtMs === undefined ? {} : { upAtMs }) }))
}

export const crashScenarios: readonly Scenario[] = [
  {
    name: 'crashed-from-start',
    row: 'F2',
    about: '1 … f crashed from the start: their slots are skipped, and swapped out after a window',
    plans: () =>
      [
        [4, 1],
        [7, 1],
        [7, 2],
        [10, 3],
      ].map(([n, k]) =>
        basePlan(`crashed-from-start/${n}/${k}`, n ?? 4, {
          durationMs: 8_000,
          params: { minRoundDelayMs: 0, leaderTimeoutMs: 250, scheduleWindowCommits: 10, scheduleBadStakePercent: 34 },
          faults: down(
            Array.from({ length: k ?? 1 }, (_, i) => 2 * i + 1),
            0,
          ),
        }),
      ),
    expect: world => {
      const node = world.nodes[0]
      const swapped = node?.core?.status().swappedOut ?? []
      const crashed = world.plan.faults.flatMap(f => (f.kind === 'crash' ? [f.node] : []))
      expectThat(
        crashed.every(c => swapped.includes(c)),
        `swapped out ${swapped.join()}, crashed ${crashed.join()}`,
      )
      // No timeouts after the window: rounds last one δ again, so three seconds hold at least forty commits.
      expectThat(
        commitsBetween(world, 5_000, 8_000) >= 40,
        `${commitsBetween(world, 5_000, 8_000)} commits after the swap`,
      )
    },
  },
  {
    name: 'one-too-many-crashed',
    row: 'F3',
    about: 'f+1 crashed: no commits and no fork; after one returns, commits resume within five leader timeouts',
    plans: () => [
      basePlan('one-too-many-crashed', 4, {
        durationMs: 25_000,
        faults: [...down([1], 1_000), ...down([2], 1_000, 6_000)],
      }),
    ],
    expect: world => {
      expectThat(commitsBetween(world, 1_500, 6_000) === 0, 'commits without a quorum')
      expectThat(commitsBetween(world, 6_000, 6_000 + 5 * 1_000) > 0, 'no commit soon after the return')
    },
  },
  {
    name: 'checkpoint-mid-round',
    row: 'F12',
    about: 'restarts from checkpoints in the middle of rounds with two leaders, under a schedule with swaps: no fork',
    plans: () =>
      [0, 1, 2].map(k =>
        basePlan(`checkpoint-mid-round/${k}`, 7, {
          durationMs: 16_000,
          params: { leadersPerRound: 2, leaderTimeoutMs: 250, scheduleWindowCommits: 5, scheduleBadStakePercent: 34 },
          faults: [
            ...down([6], 0),
            ...Array.from({ length: 24 }, (_, at) => down([at % 6], 3_000 + 350 * at, 3_100 + 350 * at)).flat(),
          ],
        }),
      ),
    expect: world => expectThat(commitsBetween(world, 12_000, 16_000) > 0, 'no commits after the last restart'),
  },
  {
    name: 'crash-points',
    row: 'F12',
    about: 'crash at each persistence point: no own equivocation, no lost or doubled commit',
    plans: () =>
      POINTS.flatMap(point =>
        [1, 4, 9].flatMap((occurrence): Plan[] =>
          (['keep', 'torn'] as const).map(disk =>
            basePlan(`crash-points/${point}/${occurrence}/${disk}`, 4, {
              durationMs: 22_000,
              disk: { lowUs: 500, highUs: 8_000 },
              executionUs: 2_000,
              workload: { everyMs: 400, bytes: 40, doublePpm: 0 },
              params: { minRoundDelayMs: 150, leaderTimeoutMs: 400 },
              faults: [
                { kind: 'crashAt', node: 1, point, occurrence, downMs: 30 * occurrence, disk },
                { kind: 'crashAt', node: 2, point, occurrence: occurrence + 2, downMs: 5, disk },
              ],
            }),
          ),
        ),
      ),
  },
  {
    name: 'amnesia',
    row: 'F13',
    about: 'restart with disk loss: nothing is proposed at or below the floor, then the node rejoins',
    plans: () => [
      basePlan('amnesia/alone', 4, {
        durationMs: 30_000,
        params: { minRoundDelayMs: 100, leaderTimeoutMs: 250, commitSyncBatch: 10 },
        faults: [{ kind: 'crash', node: 2, atMs: 2_000, upAtMs: 2_500, disk: 'lose' }],
      }),
      basePlan('amnesia/long', 7, {
        durationMs: 40_000,
        params: { minRoundDelayMs: 100, leaderTimeoutMs: 250, commitSyncBatch: 10, gcDepth: 20 },
        faults: [
          { kind: 'crash', node: 2, atMs: 2_000, upAtMs: 12_000, disk: 'lose' },
          { kind: 'crash', node: 3, atMs: 1_000, disk: 'keep' },
        ],
      }),
      basePlan('amnesia/backup', 4, {
        durationMs: 30_000,
        params: { minRoundDelayMs: 100, leaderTimeoutMs: 250, commitSyncBatch: 10 },
        faults: [{ kind: 'crash', node: 1, atMs: 2_000, upAtMs: 2_200, disk: 'snapshot' }],
      }),
    ],
    expect: world => {
      for (const fault of world.plan.faults) {
        if (fault.kind !== 'crash' || fault.upAtMs === undefined) continue
        const own = world.nodes[fault.node]?.ownVertices ?? []
        expectThat(
          own.some(v => world.registry.infoOf(v).createdUs > (fault.upAtMs ?? 0) * 1000),
          `node ${fault.node} never proposed again`,
        )
      }
    },
  },
  {
    name: 'amnesia-among-liars',
    row: 'F13',
    about: 'disk loss while one peer lags and another one lies about what it has: nothing is signed twice',
    plans: () =>
      [0, 1, 2].map(k =>
        basePlan(`amnesia-among-liars/${k}`, 4, {
          durationMs: 9_000,
          params: { minRoundDelayMs: 50, leaderTimeoutMs: 200, scheduleWindowCommits: 1_000 },
          faults: [
            { kind: 'byzantine', node: 1, strategy: 'lying-sync-server' },
            { kind: 'cut', from: [1, 2, 3], to: [0], fromMs: 300, toMs: 3_040 + 8 * k },
            { kind: 'cut', from: [3], to: [2], fromMs: 3_000, toMs: 3_300 },
            { kind: 'crash', node: 2, atMs: 3_000, upAtMs: 3_010, disk: 'lose' },
          ],
        }),
      ),
  },
  {
    name: 'cold-start',
    row: 'F13',
    about:
      'a network starts for the first time without guard files, and a disk is lost meanwhile: round 1 has no twins',
    plans: () =>
      [0, 1, 40, 700].flatMap((downMs): Plan[] => [
        {
          // The others cannot start yet: 0 and {2, 3} did not hear each other. Validator 1 can, loses its disk with its
          // first vertex under way to 0, asks again, and gets the same answers.
          ...basePlan(`cold-start/alone/${downMs}`, 4, {
            durationMs: 32_000,
            params: { minRoundDelayMs: 150, leaderTimeoutMs: 300, leaderTimeoutMaxMs: 600 },
            faults: [
              { kind: 'cut', from: [0], to: [2, 3], fromMs: 0, toMs: 9_000 },
              { kind: 'cut', from: [2, 3], to: [0], fromMs: 0, toMs: 9_000 },
              { kind: 'cut', from: [1], to: [0], fromMs: 5_500, toMs: 6_150 + Math.min(downMs, 100) },
              { kind: 'crashAt', node: 1, point: 'after-first-send', occurrence: 1, downMs, disk: 'lose' },
            ],
          }),
          coldStart: true,
        },
        {
          ...basePlan(`cold-start/together/${downMs}`, 7, {
            durationMs: 20_000,
            network: { ...CALM_NETWORK, latency: { kind: 'uniform', lowUs: 5_000, highUs: 250_000 } },
            params: { minRoundDelayMs: 200, leaderTimeoutMs: 600, leaderTimeoutMaxMs: 1_200 },
            faults: [{ kind: 'crashAt', node: 1, point: 'after-first-send', occurrence: 1, downMs, disk: 'lose' }],
          }),
          coldStart: true,
        },
      ]),
    expect: world => {
      expectThat(world.stats.commits >= 5, `${world.stats.commits} commits`)
    },
  },
  {
    name: 'joint-restart',
    row: 'F14',
    about: 'all nodes restart together, also with 2f+1 of them only: progress within a few timeouts',
    plans: () => [
      basePlan('joint-restart/all', 4, { durationMs: 24_000, faults: down([0, 1, 2, 3], 1_000, 1_100) }),
      basePlan('joint-restart/quorum', 4, {
        durationMs: 24_000,
        faults: [...down([0, 1, 2], 1_000, 1_100), ...down([3], 1_000)],
      }),
      basePlan('joint-restart/slow-disk', 7, {
        durationMs: 24_000,
        disk: { lowUs: 1_000, highUs: 30_000 },
        faults: [0, 1, 2, 3, 4, 5, 6].map(node => ({
          kind: 'crash',
          node,
          atMs: 1_000,
          upAtMs: 1_050 + node,
          disk: 'torn',
        })),
      }),
    ],
    expect: world => {
      expectThat(commitsBetween(world, 1_100, 1_100 + 8 * 250) > 0, 'no commit within eight timeouts of the restart')
    },
  },
  {
    name: 'long-outage',
    row: 'F15',
    about: 'a node is off for far longer than gcDepth: certified commit sync, equal digests',
    plans: () => [
      basePlan('long-outage', 4, {
        durationMs: 60_000,
        params: {
          minRoundDelayMs: 80,
          leaderTimeoutMs: 250,
          gcDepth: 20,
          commitSyncBatch: 20,
          scheduleWindowCommits: 10,
          maxRoundLookahead: 50,
        },
        workload: { everyMs: 1_000, bytes: 40, doublePpm: 0 },
        faults: [{ kind: 'crash', node: 3, atMs: 2_000, upAtMs: 32_000, disk: 'keep' }],
      }),
    ],
    expect: world => {
      const { delivered } = world.checker.view(3)
      expectThat(delivered >= world.stats.commits - 30, `node 3 has ${delivered} of ${world.stats.commits} commits`)
    },
  },
  {
    name: 'storage-error',
    row: 'F12',
    about: 'a failed write stops the validator; the others go on',
    plans: () => [
      basePlan('storage-error', 4, { durationMs: 6_000, faults: [{ kind: 'diskError', node: 1, atMs: 1_500 }] }),
    ],
    expect: world => {
      expectThat(world.nodes[1]?.isStopped === true, 'the node with the broken disk still runs')
      expectThat(commitsBetween(world, 3_000, 6_000) > 10, 'the others stopped as well')
    },
  },
]
