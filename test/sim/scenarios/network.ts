import { basePlan, CALM_NETWORK, type Plan } from '../plan.ts'
import { commitsBetween, expectThat, type Scenario } from '../scenario.ts'

function lossy(ppm: number): Plan {
  return basePlan(`loss/${ppm}`, 4, {
    durationMs: 40_000,
    params: { minRoundDelayMs: 100, leaderTimeoutMs: 250 },
    network: { ...CALM_NETWORK, lossPpm: ppm },
    workload: { everyMs: 1_000, bytes: 40, doublePpm: 0 },
  })
}

export const networkScenarios: readonly Scenario[] = [
  {
    name: 'partition-without-quorum',
    row: 'F4',
    about: 'both sides of a partition lack a quorum: no commits meanwhile, full recovery after',
    plans: () => [
      basePlan('partition-without-quorum', 4, {
        durationMs: 40_000,
        params: { minRoundDelayMs: 80, leaderTimeoutMs: 250, leaderTimeoutMaxMs: 1_000 },
        faults: [
          {
            kind: 'partition',
            groups: [
              [0, 1],
              [2, 3],
            ],
            fromMs: 2_000,
            toMs: 12_000,
          },
        ],
      }),
    ],
    expect: world => {
      expectThat(commitsBetween(world, 2_500, 12_000) === 0, 'commits without a quorum')
      expectThat(commitsBetween(world, 12_000, 20_000) > 0, 'no recovery')
    },
  },
  {
    name: 'partition-with-quorum',
    row: 'F5',
    about: 'the side with a quorum goes on; the minority catches up with identical digests',
    plans: () => [
      basePlan('partition-with-quorum', 4, {
        durationMs: 50_000,
        params: { minRoundDelayMs: 80, leaderTimeoutMs: 250, commitSyncBatch: 10, gcDepth: 20 },
        workload: { everyMs: 1_000, bytes: 40, doublePpm: 0 },
        faults: [{ kind: 'partition', groups: [[0, 1, 2], [3]], fromMs: 2_000, toMs: 22_000 }],
      }),
    ],
    expect: world => {
      expectThat(commitsBetween(world, 4_000, 22_000) > 100, 'the majority stopped')
      expectThat(world.checker.view(3).delivered >= world.stats.commits - 20, 'the minority did not catch up')
    },
  },
  {
    name: 'loss',
    row: 'F6',
    about: 'messages lost at 1 %, 5 % and 20 %: less than twice the delay at 5 %, progress at 20 %',
    plans: () => [lossy(10_000), lossy(50_000), lossy(200_000)],
    expect: world => {
      const rounds = world.highestCreated
      const bound = world.plan.network.lossPpm <= 50_000 ? 40_000 / 200 : 30
      expectThat(world.stats.commits >= bound, `${world.stats.commits} commits in ${rounds} rounds`)
    },
  },
  {
    name: 'one-way-links',
    row: 'F7',
    about: 'one node hears nobody, or nobody hears it: the others are not affected',
    plans: () =>
      [true, false].map(deaf =>
        basePlan(`one-way-links/${deaf ? 'deaf' : 'mute'}`, 4, {
          durationMs: 10_000,
          faults: [
            deaf
              ? { kind: 'cut', from: [0, 1, 2], to: [3], fromMs: 500, toMs: 10_000 }
              : { kind: 'cut', from: [3], to: [0, 1, 2], fromMs: 500, toMs: 10_000 },
          ],
        }),
      ),
    expect: world => {
      expectThat(
        commitsBetween(world, 5_000, 10_000) >= 20,
        `${commitsBetween(world, 5_000, 10_000)} commits in the last five seconds`,
      )
    },
  },
  {
    name: 'round-jump-lure',
    row: 'F11',
    about: 'an adversary within the synchrony bound lures nodes to jump over rounds: leaders still commit',
    plans: () =>
      ['vote-withholder', 'silent-leader'].map(strategy =>
        basePlan(`round-jump-lure/${strategy}`, 4, {
          durationMs: 12_000,
          params: { minRoundDelayMs: 0, leaderTimeoutMs: 400, leaderTimeoutMaxMs: 400, scheduleWindowCommits: 1_000 },
          leaders: 'roundRobin',
          faults: [
            { kind: 'byzantine', node: 3, strategy },
            { kind: 'scheduler', name: 'lure', fromMs: 0, toMs: 12_000 },
          ],
        }),
      ),
    expect: world => {
      expectThat(
        // Without rule A2 about half of the slots get no certificate here.
        world.stats.commits >= world.highestCreated * 0.8,
        `${world.stats.commits} commits in ${world.highestCreated} rounds`,
      )
    },
  },
  {
    name: 'late-leaders',
    row: 'F11',
    about: 'leaders reach half of the network late, and every message varies: commits go on',
    plans: () =>
      ['leaders-late', 'shuffle'].map(name =>
        basePlan(`late-leaders/${name}`, 7, {
          durationMs: 8_000,
          params: { minRoundDelayMs: 0, leaderTimeoutMs: 400 },
          faults: [{ kind: 'scheduler', name, fromMs: 0, toMs: 8_000 }],
        }),
      ),
    expect: world => {
      expectThat(world.stats.commits >= 20, `${world.stats.commits} commits`)
    },
  },
  {
    name: 'before-gst',
    row: 'F11',
    about: 'any delay at all before GST, then commits within the bound',
    plans: () =>
      [0, 1, 2].map(k =>
        basePlan(`before-gst/${k}`, 4 + 3 * (k % 2), {
          durationMs: 24_000,
          params: { minRoundDelayMs: 50, leaderTimeoutMs: 250, leaderTimeoutMaxMs: 1_000 },
          network: { ...CALM_NETWORK, ordered: k !== 2, gstMs: 3_000 },
        }),
      ),
  },
]
