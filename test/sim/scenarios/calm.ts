import { basePlan, CALM_NETWORK } from '../plan.ts'
import { expectThat, type Scenario } from '../scenario.ts'

export const calmScenarios: readonly Scenario[] = [
  {
    name: 'calm',
    row: 'F1',
    about: 'no faults, constant δ: every leader commits, no slot is skipped',
    plans: () =>
      [1, 4, 7, 10].map(n =>
        basePlan(`calm/${n}`, n, {
          durationMs: 3_000,
          network: { ...CALM_NETWORK, latency: { kind: 'constant', us: 50_000 } },
        }),
      ),
    expect: world => {
      expectThat(
        world.stats.commits >= world.highestCreated - 6,
        `${world.stats.commits} commits in ${world.highestCreated} rounds`,
      )
      expectThat(world.alarmsSeen.length === 0, `alarms: ${world.alarmsSeen.map(a => a.code).join()}`)
    },
  },
]
