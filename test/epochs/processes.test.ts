import { expect, test } from 'vitest'
import { runChaos } from '../chaos/run.ts'

test('a fifth validator process joins and leaves by stake while clients send, and no transaction is lost', {
  timeout: 240_000,
}, async () => {
  const lines: string[] = []
  const summary = await runChaos({
    seed: 'membership',
    plan: [{ kind: 'join' }, { kind: 'kill', victims: [4], downMs: 200 }, { kind: 'leave' }],
    validators: 4,
    epochDurationMs: 3_000,
    clients: 2,
    print: line => lines.push(line),
  })
  expect(summary.violations, lines.join('\n')).toEqual([])
  expect(summary.steps).toEqual({ join: 1, kill: 1, leave: 1 })
  expect(summary.epochs).toBeGreaterThanOrEqual(2)
  expect(summary.acknowledged).toBeGreaterThan(0)
})
