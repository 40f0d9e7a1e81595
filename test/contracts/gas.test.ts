/**
 * Gas of the calls that people pay for, in the steady state (accounts that did the same before). `gas.json` is committed:
 * a change shows up in review. `UPDATE_GAS=1` rewrites it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defined } from '#lib/assert'
import type { Hex } from '#lib/bytes'
import { createTestChain, lower, OGPU, only, type TestChain, word } from './harness.ts'
import {
  accept,
  audit,
  auditSeal,
  commit,
  deposit,
  digestOf,
  draw,
  enrol,
  finalize,
  pair,
  publishSource,
  publishTask,
  RESULT_URL,
  register,
  reveal,
  sendTask,
  sourceParams,
  stage,
  work,
} from './market-life.ts'

const FILE = join(import.meta.dirname, 'gas.json')

const LIMITS = { publishTask: 250_000, attempt: 120_000, submitResponse: 200_000, commit: 75_000, reveal: 90_000 }

async function measure(): Promise<Record<string, number>> {
  const gas: Record<string, number> = {}
  const chain = await createTestChain()
  await plain(chain, gas)
  await verified(chain, gas)
  return gas
}

async function plain(chain: TestChain, gas: Record<string, number>): Promise<void> {
  const client = chain.person('client')
  const [provider, master] = [chain.person('provider'), chain.person('master')]
  const nexus = chain.contract('nexus')
  gas.publishSource = Number((await nexus.send(client, 'publishSource', [sourceParams(client)])).gas)
  const source = await publishSource(chain, client)
  await deposit(chain, client, 100n * OGPU)
  gas.deposit = Number((await chain.contract('vault').send(client, 'deposit', [client], OGPU)).gas)
  await pair(chain, provider, master)
  gas.register = Number((await register(chain, source, provider)).gas)
  for (let i = 0; i < 2; i++) {
    const published = await sendTask(chain, client, source, OGPU)
    const task = lower(only(published, 'TaskPublished').args.task)
    gas.publishTask = Number(published.gas)
    gas.attempt = Number((await nexus.send(provider, 'attempt', [task, provider, OGPU])).gas)
    const submitted = await nexus.send(provider, 'submitResponse', [[task, provider, RESULT_URL, OGPU]])
    gas.submitResponse = Number(submitted.gas)
  }
  const cancelled = await publishTask(chain, client, source, OGPU)
  gas.cancelTask = Number((await chain.contract('controller').send(client, 'cancelTask', [cancelled])).gas)
  const late = await publishTask(chain, client, source, OGPU, 10n)
  chain.pass(11)
  gas.expireTask = Number((await nexus.send(master, 'expireTask', [late])).gas)
  const batch = [provider, word('root'), word('program'), 1_000, OGPU, word('blob')]
  gas.postReceiptBatch = Number((await chain.contract('receiptBatches').send(provider, 'postReceiptBatch', batch)).gas)
}

async function verified(chain: TestChain, gas: Record<string, number>): Promise<void> {
  const set = await stage(chain)
  const auditor = chain.person('auditor')
  await enrol(chain, auditor)
  const once = await publishTask(chain, set.client, set.source)
  await work(chain, once, set.providers, ['a', 'a', 'a'])
  await draw(chain, once)
  await audit(chain, once, () => digestOf('a'))
  await finalize(chain, once)

  const published = await sendTask(chain, set.client, set.source)
  gas.publishPolicyTask = Number(published.gas)
  const task = lower(only(published, 'TaskPublished').args.task)
  // The dearest of the three: the last one also starts the next phase.
  const dearest = async (step: (provider: Hex) => Promise<{ gas: bigint }>) => {
    let most = 0n
    for (const provider of set.providers) {
      const { gas: used } = await step(provider)
      if (used > most) most = used
    }
    return Number(most)
  }
  gas.accept = await dearest(provider => accept(chain, task, provider))
  gas.commit = await dearest(provider => commit(chain, task, provider, 'a'))
  gas.reveal = await dearest(provider => reveal(chain, task, provider, 'a'))
  gas.draw = Number((await draw(chain, task)).gas)
  const audits = chain.contract('auditManager')
  const seal = auditSeal(task, auditor, digestOf('a'))
  gas.commitAudit = Number((await audits.send(auditor, 'commitAudit', [task, seal])).gas)
  const opened = await audits.send(auditor, 'revealAudit', [task, digestOf('a'), word(0), word('salt')])
  gas.revealAudit = Number(opened.gas)
  gas.finalize = Number((await finalize(chain, task)).gas)

  const withUrl = await publishTask(chain, set.client, set.source)
  for (const provider of set.providers) await accept(chain, withUrl, provider)
  for (const provider of set.providers) await commit(chain, withUrl, provider, 'a')
  gas.revealWithOwnUrl = Number((await reveal(chain, withUrl, set.providers[0] as Hex, 'a', RESULT_URL)).gas)
}

/** The bars hold for every account's first time, for masters and agents who act for a provider, and for every number of seats. */
async function worst(): Promise<Record<keyof typeof LIMITS, number>> {
  const most = { publishTask: 0, attempt: 0, submitResponse: 0, commit: 0, reveal: 0 }
  const note = (name: keyof typeof LIMITS, { gas }: { gas: bigint }) => {
    most[name] = Math.max(most[name], Number(gas))
  }
  const chain = await createTestChain()
  const nexus = chain.contract('nexus')
  for (const actor of ['provider', 'master', 'agent'] as const) {
    const client = chain.person(`client of ${actor}`)
    const [provider, master, agent] = ['provider', 'master', 'agent'].map(name =>
      chain.person(`${name} for ${actor}`),
    ) as [Hex, Hex, Hex]
    const by = { provider, master, agent }[actor]
    await chain.contract('terminal').send(master, 'setAgent', [agent, true])
    const source = await publishSource(chain, client)
    await deposit(chain, client, 100n * OGPU)
    await pair(chain, provider, master)
    await register(chain, source, provider)
    const published = await sendTask(chain, client, source, OGPU)
    note('publishTask', published)
    const task = lower(only(published, 'TaskPublished').args.task)
    note('attempt', await nexus.send(by, 'attempt', [task, provider, OGPU]))
    note('submitResponse', await nexus.send(by, 'submitResponse', [[task, provider, RESULT_URL, OGPU]]))
    const manual = await publishSource(chain, client, { manual: true })
    await register(chain, manual, provider)
    const asked = await publishTask(chain, client, manual, OGPU)
    note('attempt', await nexus.send(by, 'attempt', [asked, provider, OGPU]))
    note('submitResponse', await nexus.send(by, 'submitResponse', [[asked, provider, RESULT_URL, OGPU]]))
  }
  // A provider on the whitelist has no lockup whose slot could be shared.
  const [client, provider, master] = [chain.person('client'), chain.person('guest'), chain.person('guest master')]
  await chain.contract('vault').send(chain.contract('timelock').address, 'setWhitelist', [provider, true])
  await pair(chain, provider, master, 0n)
  const source = await publishSource(chain, client)
  await register(chain, source, provider)
  await deposit(chain, client, 100n * OGPU)
  const task = await publishTask(chain, client, source, OGPU)
  note('attempt', await nexus.send(provider, 'attempt', [task, provider, OGPU]))
  note('submitResponse', await nexus.send(provider, 'submitResponse', [[task, provider, RESULT_URL, OGPU]]))

  const seats = 16
  const set = await stage(chain, seats, { redundancy: seats, quorum: 9 }, 'many')
  const shared = await publishTask(chain, set.client, set.source)
  for (const seat of set.providers) await accept(chain, shared, seat)
  for (const seat of set.providers) note('commit', await commit(chain, shared, seat, 'a'))
  for (const seat of set.providers) note('reveal', await reveal(chain, shared, seat, 'a', RESULT_URL))
  return most
}

test('the limits hold for first times, for whoever acts, and for sixteen seats', async () => {
  const most = await worst()
  for (const [name, limit] of Object.entries(LIMITS)) {
    const used = most[name as keyof typeof LIMITS]
    expect([name, used, used > 0 && used <= limit]).toEqual([name, used, true])
  }
})

test('gas is what gas.json says, and within the limits', async () => {
  const gas = await measure()
  if (process.env.UPDATE_GAS === '1' || !existsSync(FILE)) writeFileSync(FILE, `${JSON.stringify(gas, null, 2)}\n`)
  expect(gas).toEqual(JSON.parse(readFileSync(FILE, 'utf8')))
  for (const [name, limit] of Object.entries(LIMITS)) expect([name, (gas[name] ?? 0) <= limit]).toEqual([name, true])
  // A thousand results in one batch: at most 100 gas for each.
  expect(defined(gas.postReceiptBatch, 'gas of a batch') / 1_000).toBeLessThanOrEqual(100)
})
