import { expect, test } from 'vitest'
import { benchPrecompiles } from './precompiles.ts'

test('the bench of precompiles measures each in both implementations and names the slowest', async () => {
  const lines: string[] = []
  const rows = await benchPrecompiles({ milliseconds: 1, print: line => lines.push(line) })
  for (const { gas, ours, stock } of rows) expect(Math.min(gas, ours, stock)).toBeGreaterThan(0)
  expect(lines).toHaveLength(rows.length + 1)
  expect(lines.at(-1)).toMatch(/^slowest: precompile\//)
})
