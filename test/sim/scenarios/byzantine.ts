import { STRATEGY_NAMES } from '../adversaries/index.ts'
import { basePlan, CALM_NETWORK, type Plan } from '../plan.ts'
import { commitsBetween, expectThat, type Scenario } from '../scenario.ts'

/** No pause between rounds, and many checkpoints. */
const QUICK: Plan['params'] = {
  leaderTimeoutMs: 250,
  leaderTimeoutMaxMs: 500,
  scheduleWindowCommits: 20,
  checkpointIntervalMs: 100,
}

function withByzantine(
  name: string,
  n: number,
  strategy: string,
  nodes: readonly number[],
  changes: Partial<Plan> = {},
): Plan {
  const base = basePlan(name, n, {
    durationMs: 10_000,
    params: { minRoundDelayMs: 20, leaderTimeoutMs: 250, leaderTimeoutMaxMs: 500, scheduleWindowCommits: 20 },
    network: { ...CALM_NETWORK, latency: { kind: 'uniform', lowUs: 20_000, highUs: 60_000 } },
    ...changes,
  })
  return { ...base, faults: [...base.faults, ...nodes.map(node => ({ kind: 'byzantine' as const, node, strategy }))] }
}

export const byzantineScenarios: readonly Scenario[] = [
  {
    name: 'equivocation',
    row: 'F8',
    about: 'twins sent to halves, to all but one, one each: at most one is committed, payload once, evidence noticed',
    plans: () => [
      withByzantine('equivocation/4', 4, 'equivocator', [3]),
      withByzantine('equivocation/7', 7, 'equivocator', [1, 5]),
      withByzantine('equivocation/10', 10, 'equivocator', [0, 4, 8], { durationMs: 6_000 }),
    ],
    expect: world => {
      expectThat(
        world.alarmsSeen.some(a => a.code.includes('equivocation')),
        'nobody noticed the twins',
      )
      expectThat(!world.alarmsSeen.some(a => a.fatal), 'an honest node stopped')
      expectThat(world.stats.commits >= 6, `${world.stats.commits} commits`)
    },
  },
  {
    name: 'equivocating-voter',
    row: 'F9',
    about: 'votes are withheld and doubled in the voting round: slots are decided alike everywhere',
    plans: () => [
      withByzantine('equivocating-voter/4', 4, 'vote-withholder', [2]),
      withByzantine('equivocating-voter/7', 7, 'equivocator', [2], {
        faults: [{ kind: 'byzantine', node: 5, strategy: 'vote-withholder' }],
      }),
    ],
  },
  {
    name: 'withholding-leader',
    row: 'F10',
    about:
      'vertices reach f+1 nodes only, or a quorum at once and the rest late: committed or skipped everywhere alike',
    plans: () => [
      withByzantine('withholding-leader/4', 4, 'withholder', [1]),
      withByzantine('withholding-leader/7', 7, 'withholder', [1, 4]),
      withByzantine('withholding-leader/silent', 4, 'silent-leader', [1]),
    ],
    expect: world => {
      expectThat(commitsBetween(world, 5_000, 10_000) >= 10, 'too few commits')
    },
  },
  {
    name: 'lying-sync-server',
    row: 'F16',
    about: 'a node that was away syncs although one server sends wrong, cut or stale ranges, or nothing',
    plans: () => [
      withByzantine('lying-sync-server', 4, 'lying-sync-server', [0], {
        durationMs: 80_000,
        params: {
          minRoundDelayMs: 100,
          leaderTimeoutMs: 250,
          gcDepth: 20,
          commitSyncBatch: 10,
          scheduleWindowCommits: 10,
          maxRoundLookahead: 50,
        },
        workload: { everyMs: 2_000, bytes: 40, doublePpm: 0 },
        faults: [{ kind: 'crash', node: 3, atMs: 1_000, upAtMs: 20_000, disk: 'keep' }],
      }),
    ],
    expect: world => {
      const { delivered } = world.checker.view(3)
      expectThat(delivered >= world.stats.commits - 40, `node 3 has ${delivered} of ${world.stats.commits} commits`)
    },
  },
  {
    name: 'flooding',
    row: 'F17',
    about: 'far-future vertices, chain bombs and rubbish: memory stays bounded, rounds go on',
    plans: () => [
      withByzantine('flooding/far-future', 4, 'far-future', [2]),
      withByzantine('flooding/chain-bomb', 4, 'chain-bomb', [2]),
      withByzantine('flooding/garbage', 4, 'garbage', [2]),
      withByzantine('flooding/replayer', 4, 'replayer', [2]),
    ],
    expect: world => {
      expectThat(
        commitsBetween(world, 5_000, 10_000) >= 10,
        `${commitsBetween(world, 5_000, 10_000)} commits in the last half`,
      )
    },
  },
  {
    name: 'liars',
    row: 'F16',
    about: 'false commit votes, false checkpoint votes, false times and a second machine with the same key',
    plans: () => [
      withByzantine('liars/liar', 4, 'liar', [1]),
      withByzantine('liars/double-key', 4, 'double-key', [1]),
      // Long enough for false votes on more heights than votes of one author are kept for.
      withByzantine('liars/long', 4, 'liar', [1], { durationMs: 25_000, params: QUICK }),
      withByzantine('liars/two', 7, 'liar', [1], { faults: [{ kind: 'byzantine', node: 4, strategy: 'double-key' }] }),
    ],
    expect: world => {
      expectThat(commitsBetween(world, 5_000, 10_000) >= 10, 'too few commits')
      expectThat(
        world.nodes.filter(n => n.isHonest).every(n => n.core?.status().syncing === false),
        'a liar keeps a node in commit sync',
      )
    },
  },
  {
    name: 'every-strategy',
    row: 'F8',
    about: 'each strategy alone and f of a kind, with small gcDepth',
    plans: () =>
      STRATEGY_NAMES.map(strategy =>
        withByzantine(`every-strategy/${strategy}`, 7, strategy, [0, 3], {
          durationMs: 6_000,
          params: {
            minRoundDelayMs: 20,
            leaderTimeoutMs: 250,
            leaderTimeoutMaxMs: 500,
            gcDepth: 6,
            scheduleWindowCommits: 3,
          },
        }),
      ),
  },
]
