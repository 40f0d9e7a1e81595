import { expect, test } from 'vitest'
import { runChaos } from './run.ts'

test('four validators killed, wiped, paused and restarted under load lose nothing and agree on every block', {
  timeout: 240_000,
}, async () => {
  const lines: string[] = []
  const summary = await runChaos({ seed: 'test', kills: 6, minutes: 0, clients: 4, print: line => lines.push(line) })
  expect(summary.violations, lines.join('\n')).toEqual([])
  expect(summary.kills).toBeGreaterThanOrEqual(6)
  expect(summary.acknowledged).toBeGreaterThan(0)
})
