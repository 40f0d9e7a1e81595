import { expect, test } from 'vitest'
import { benchStoreWrites } from './store-writes.ts'

test('the bench of durable writes measures both kinds of store on the same batches', async () => {
  const lines: string[] = []
  const rows = await benchStoreWrites({ commits: 3, perCommit: 30, accounts: 40, print: line => lines.push(line) })
  expect(rows.map(({ store }) => store)).toEqual(['database only', 'with bulk files'])
  for (const { cpuUs, bytesOnDisk } of rows) expect(Math.min(cpuUs, bytesOnDisk)).toBeGreaterThan(0)
  expect(lines).toHaveLength(2)
})
