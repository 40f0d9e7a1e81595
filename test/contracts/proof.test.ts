import { expect, test } from 'vitest'
import { createTestChain, OGPU } from './harness.ts'
import { audit, digestOf, draw, enrol, finalize, publishTask, stage, work } from './market-life.ts'

test('three agreeing providers are paid after the audit and the task looks finalized to old clients', async () => {
  const chain = await createTestChain()
  const { client, source, providers, masters } = await stage(chain)
  await enrol(chain, chain.person('auditor'))
  const task = await publishTask(chain, client, source, 9n * OGPU)
  await work(chain, task, providers, ['a', 'a', 'a'])
  await draw(chain, task)
  await audit(chain, task, () => digestOf('a'))
  const sent = await finalize(chain, task)
  expect(sent.events.map(e => e.name)).toContain('Finalized')
  const t = chain.at('Task', task)
  expect(await t.read('status')).toBe(5n)
  console.log(sent.gas, sent.events.map(e => e.name).join(' '))
  for (const m of masters) expect(await chain.contract('vault').read('balanceOf', m)).toBe((27n * OGPU) / 10n)
})
