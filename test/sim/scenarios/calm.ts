import { basePlan, CALM_NETWORK } from '../plan.ts'
import { expectThat, type Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

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
  {
    name: 'fair-order',
    row: 'F1',
    about: 'inside a round of a commit no validator stands in front more often than another',
    plans: () => [basePlan('fair-order', 7, { durationMs: 40_000, workload: { everyMs: 0, bytes: 40, doublePpm: 0 } })],
    expect: world => {
      for (const [author, place] of meanPlaces(world).entries())
        expectThat(
          Math.abs(place - 0.5) < 0.08,
          `validator ${author} stands at ${place.toFixed(2)} on average, not at 0.5`,
        )
    },
  },
]

/** Mean place of each author among the vertices of one round of one commit, from 0 (first) to 1 (last). */
function meanPlaces(world: World): readonly number[] {
  const sums = world.plan.stakes.map(() => 0)
  const counts = world.plan.stakes.map(() => 0)
  for (const { vertices } of world.nodes[0]?.disk.commits ?? []) {
    const rounds = new Map<number, number[]>()
    for (const { round, author } of vertices) rounds.set(round, [...(rounds.get(round) ?? []), author])
    for (const authors of rounds.values())
      for (const [at, author] of authors.entries()) {
        if (authors.length < 2) continue
        sums[author] = (sums[author] ?? 0) + at / (authors.length - 1)
        counts[author] = (counts[author] ?? 0) + 1
      }
  }
  return sums.map((sum, author) => sum / Math.max(1, counts[author] ?? 0))
}
