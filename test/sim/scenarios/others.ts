import { basePlan, CALM_NETWORK, type Plan } from '../plan.ts'
import { commitsBetween, expectThat, type Scenario } from '../scenario.ts'

const JITTER = { ...CALM_NETWORK, latency: { kind: 'uniform' as const, lowUs: 20_000, highUs: 80_000 } }

export const scheduleScenarios: readonly Scenario[] = [
  {
    name: 'window-boundary',
    row: 'F18',
    about:
      'windows of one to three commits under crashes and equivocation, restarts at the boundary: one schedule everywhere',
    plans: () =>
      [1, 2, 3].map(
        (window): Plan =>
          basePlan(`window-boundary/${window}`, 7, {
            durationMs: 24_000,
            network: JITTER,
            params: {
              minRoundDelayMs: 50,
              leaderTimeoutMs: 300,
              scheduleWindowCommits: window,
              scheduleBadStakePercent: 30,
            },
            workload: { everyMs: 1_000, bytes: 40, doublePpm: 0 },
            faults: [
              { kind: 'crash', node: 6, atMs: 0, disk: 'keep' },
              { kind: 'byzantine', node: 5, strategy: 'equivocator' },
              ...[0, 1, 2].map(node => ({
                kind: 'crashAt' as const,
                node,
                point: node === 1 ? ('before-commit-persist' as const) : ('after-commit-persist' as const),
                occurrence: 5 + window * (node + 1),
                downMs: 40,
                disk: 'keep' as const,
              })),
            ],
          }),
      ),
  },
]

export const clockScenarios: readonly Scenario[] = [
  {
    name: 'clock-skew',
    row: 'F20',
    about: 'clocks ±400 ms apart, one an hour ahead, one behind, one stopped: commit time stays monotone and honest',
    plans: () => [
      basePlan('clock-skew/400', 4, {
        network: JITTER,
        durationMs: 8_000,
        faults: [
          { kind: 'clock', node: 0, offsetMs: 400, driftPpm: 100 },
          { kind: 'clock', node: 1, offsetMs: -400, driftPpm: -100 },
        ],
      }),
      basePlan('clock-skew/hour', 4, {
        network: JITTER,
        durationMs: 10_000,
        faults: [{ kind: 'clock', node: 2, offsetMs: 3_600_000, driftPpm: 0 }],
      }),
      basePlan('clock-skew/stopped', 4, {
        network: JITTER,
        durationMs: 10_000,
        faults: [{ kind: 'clockStopped', node: 2, atMs: 1_000 }],
      }),
    ],
    expect: world => {
      expectThat(commitsBetween(world, 5_000, 8_000) >= 10, 'too few commits')
    },
  },
]

export const executionScenarios: readonly Scenario[] = [
  {
    name: 'slow-execution',
    row: 'F21',
    about:
      'execution ten times slower, stopped for long, throwing once: own vertices become empty, rounds go on, nothing is lost',
    plans: () => [
      basePlan('slow-execution/slow', 4, {
        durationMs: 30_000,
        params: { minRoundDelayMs: 50, leaderTimeoutMs: 250 },
        executionUs: 1_000,
        faults: [{ kind: 'slowExecution', node: 1, us: 500_000, fromMs: 500, toMs: 8_000 }],
      }),
      basePlan('slow-execution/throws', 4, {
        durationMs: 10_000,
        executionUs: 1_000,
        faults: [{ kind: 'executionThrows', node: 1, commit: 10, times: 3 }],
      }),
      basePlan('slow-execution/throws-always', 4, {
        durationMs: 10_000,
        executionUs: 1_000,
        faults: [{ kind: 'executionThrows', node: 1, commit: 10, times: 1_000_000 }],
      }),
    ],
    expect: world => {
      expectThat(world.stats.commits >= world.highestCreated - 8, 'consensus waited for execution')
      const stuck = world.plan.faults.some(f => f.kind === 'executionThrows' && f.times > 100)
      const lag = world.nodes[1]?.executionLag ?? 0
      expectThat(stuck ? lag > 50 : lag < 5, `node 1 lags by ${lag} commits`)
      if (stuck) {
        const late = world.nodes[1]?.ownVertices.slice(-20) ?? []
        expectThat(
          late.every(v => v.transactions.length === 0),
          'a node that lags still takes transactions',
        )
      }
    },
  },
  {
    name: 'wrong-state-one',
    row: 'F22',
    about: "one node's execution differs: it stops with an alarm, the others certify",
    plans: () => [
      basePlan('wrong-state-one', 4, {
        durationMs: 10_000,
        params: { minRoundDelayMs: 50, leaderTimeoutMs: 250, checkpointIntervalMs: 500 },
        faults: [{ kind: 'wrongState', node: 2, fromCommit: 20 }],
      }),
    ],
    expect: world => {
      expectThat(
        world.alarmsSeen.some(a => a.node === 2 && a.fatal),
        'the wrong node did not notice',
      )
      expectThat(!world.alarmsSeen.some(a => a.node !== 2 && a.fatal), 'a right node stopped')
      expectThat(world.checker.certificateCount >= 4, `${world.checker.certificateCount} certificates`)
    },
  },
  {
    name: 'wrong-state-many',
    row: 'F23',
    about: 'more than f results differ: no certificate, an alarm everywhere, ordering goes on',
    plans: () => [
      basePlan('wrong-state-many', 4, {
        durationMs: 10_000,
        params: { minRoundDelayMs: 50, leaderTimeoutMs: 250, checkpointIntervalMs: 500 },
        faults: [
          { kind: 'wrongState', node: 2, fromCommit: 20 },
          { kind: 'wrongState', node: 3, fromCommit: 20 },
        ],
        workload: { everyMs: 0, bytes: 40, doublePpm: 0 },
      }),
    ],
    expect: world => {
      expectThat(new Set(world.alarmsSeen.map(a => a.node)).size === 4, 'somebody did not notice')
      expectThat(commitsBetween(world, 6_000, 10_000) >= 40, 'ordering stopped')
    },
  },
]

export const variantScenarios: readonly Scenario[] = [
  {
    name: 'late-vertices',
    row: 'F24',
    about: "one node's vertices come so late that some fall under garbage collection: the same ones everywhere",
    plans: () =>
      [4, 5, 6, 7].map(gcDepth =>
        basePlan(`late-vertices/${gcDepth}`, 4, {
          // The first one runs on, so that the transactions of collected vertices must be ordered after all (I11).
          durationMs: gcDepth === 4 ? 16_000 : 8_000,
          network: { ...CALM_NETWORK, latency: { kind: 'uniform', lowUs: 10_000, highUs: 50_000 } },
          params: {
            minRoundDelayMs: 20,
            leaderTimeoutMs: 150,
            gcDepth,
            scheduleWindowCommits: 5,
            scheduleBadStakePercent: 30,
          },
          faults: [{ kind: 'slow', nodes: [3], addUs: 170_000, fromMs: 500, toMs: gcDepth === 4 ? 4_000 : 8_000 }],
        }),
      ),
  },
  {
    name: 'gc-stress',
    row: 'F24',
    about: 'gcDepth 3 and 5, random delays, equivocators: equal sequences',
    plans: () =>
      [
        [4, 3],
        [7, 3],
        [10, 5],
      ].flatMap(([n, gcDepth]) =>
        [0, 1].map(k =>
          basePlan(`gc-stress/${n}/${gcDepth}/${k}`, n ?? 4, {
            durationMs: 8_000,
            network: { ...CALM_NETWORK, latency: { kind: 'uniform', lowUs: 5_000, highUs: 90_000 }, ordered: k === 0 },
            params: { minRoundDelayMs: 20, leaderTimeoutMs: 250, leaderTimeoutMaxMs: 500, gcDepth: gcDepth ?? 3 },
            faults: [{ kind: 'byzantine', node: 1, strategy: 'equivocator' }],
          }),
        ),
      ),
  },
  {
    name: 'weights',
    row: 'F25',
    about: 'N not of the form 3f+1, one heavy node, one that is a quorum alone',
    plans: () =>
      [
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1, 1, 1, 1],
        [3, 2, 2, 2, 1],
        [4, 3, 2, 1],
        [7, 1, 1, 1],
      ].map(stakes => ({
        ...basePlan(`weights/${stakes.join('-')}`, stakes.length, {
          durationMs: 5_000,
          network: JITTER,
          params: { minRoundDelayMs: 20, leaderTimeoutMs: 250 },
        }),
        stakes,
      })),
    expect: world => {
      expectThat(world.stats.commits >= 20, `${world.stats.commits} commits`)
    },
  },
  {
    name: 'several-leaders',
    row: 'F26',
    about: 'two and N/2 leaders per round, with crashes and equivocation: agreement',
    plans: () =>
      [2, 3, 5].flatMap(leadersPerRound => [
        basePlan(`several-leaders/${leadersPerRound}/calm`, 10, {
          durationMs: 3_000,
          network: JITTER,
          params: { minRoundDelayMs: 20, leaderTimeoutMs: 250, leadersPerRound, scheduleWindowCommits: 7 },
        }),
        basePlan(`several-leaders/${leadersPerRound}/faulty`, 10, {
          durationMs: 5_000,
          network: JITTER,
          params: { minRoundDelayMs: 20, leaderTimeoutMs: 250, leadersPerRound, scheduleWindowCommits: 7 },
          faults: [
            { kind: 'crash', node: 3, atMs: 0, disk: 'keep' },
            { kind: 'byzantine', node: 6, strategy: 'equivocator' },
          ],
        }),
      ]),
    expect: world => {
      expectThat(world.stats.commits >= 10, `${world.stats.commits} commits`)
    },
  },
]
