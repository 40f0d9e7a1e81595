import { expect, test } from 'vitest'
import { benchExecution } from './execution.ts'
import { drawExecution } from './execution-plot.ts'

test('the execution bench runs every row at a small size, and its plot shows them', async () => {
  const lines: string[] = []
  const report = await benchExecution({
    accounts: [40, 200],
    senders: 10,
    perCommit: { transfer: 40, erc20: 20, task: 5 },
    commits: 1,
    stockTransactions: 5,
    print: line => lines.push(line),
  })
  expect(lines.length).toBe(report.rows.length + report.footprints.length)
  for (const row of report.rows) expect(row.transactionsPerCpuSecond).toBeGreaterThan(0)
  expect(report.rows.filter(({ stages }) => stages !== undefined)).toHaveLength(5)
  expect(report.rows.filter(({ mode }) => mode === 'pipeline' || mode === 'inline')).toHaveLength(8)
  expect(new Set(report.rows.map(({ kind, engine }) => `${kind} ${engine}`)).size).toBe(8)
  const svg = drawExecution(report)
  expect(svg.match(/<polyline/g)).toHaveLength(6)
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
}, 60_000)
