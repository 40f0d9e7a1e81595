import { describe, expect, it, test } from 'vitest'
import { FAIL_POINTS } from '#lib/fail-point'
import { killsOf, planOf, type Step } from './plan.ts'
import { runChaos } from './run.ts'

/** Some of everything that is quick; `npm run chaos` runs long plans. */
const SHORT: readonly Step[] = [
  { kind: 'kill', victims: [1], downMs: 100 },
  { kind: 'fail point', victim: 2, points: [{ point: 'guard-recorded', count: 4 }] },
  { kind: 'full disk', victim: 3 },
  { kind: 'partition', group: [0, 1], how: 'hole', ms: 1_000 },
  { kind: 'wipe', victim: 0, killAfterMs: 1_000 },
]

test('four validators killed, cut off, wiped and out of disk under load lose nothing and agree on every block', {
  timeout: 480_000,
}, async () => {
  const lines: string[] = []
  const summary = await runChaos({
    seed: 'test',
    plan: SHORT,
    validators: 4,
    clients: 3,
    print: line => lines.push(line),
  })
  expect(summary.violations, lines.join('\n')).toEqual([])
  expect(summary.kills).toBe(5)
  expect(summary.failPoints).toEqual({ 'guard-recorded': 1 })
  expect(summary.acknowledged).toBeGreaterThan(0)
  expect(summary.vertices).toBeGreaterThan(0)
})

describe('a plan of disturbances', () => {
  const options = { seed: 'a', validators: 7, kills: 200, epochs: true }

  it('follows from its options', () => {
    expect(planOf(options)).toEqual(planOf(options))
    expect(planOf({ ...options, seed: 'b' })).not.toEqual(planOf(options))
  })

  it('has the kills that were asked for, every kind and every fail point', () => {
    const plan = planOf(options)
    expect(plan.reduce((sum, step) => sum + killsOf(step), 0)).toBeGreaterThanOrEqual(200)
    expect(new Set(plan.map(({ kind }) => kind)).size).toBe(16)
    const points = new Set(
      plan.flatMap(step => (step.kind === 'fail point' ? step.points.map(({ point }) => point) : [])),
    )
    expect([...points].sort()).toEqual(Object.keys(FAIL_POINTS).sort())
  })

  it('lets the spare validator join and leave by turns, and only where the committee changes', () => {
    const kinds = planOf(options).flatMap(({ kind }) => (kind === 'join' || kind === 'leave' ? [kind] : []))
    expect(kinds.length).toBeGreaterThan(1)
    expect(kinds.every((kind, i) => kind === (i % 2 === 0 ? 'join' : 'leave'))).toBe(true)
    expect(planOf({ ...options, epochs: false }).some(({ kind }) => kind === 'join')).toBe(false)
  })
})
