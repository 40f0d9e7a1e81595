/** The market's port on the real contracts, where no provider cares for a task. */
import { createClient, type OgpuClient, publishProgram, publishSource, setPolicy } from '@ogpu/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defined } from '#lib/assert'
import { silentLog } from '#lib/env'
import { type DataNode, startDataNode } from '../../executor/data/server.ts'
import { loadLanguageId } from '../../executor/models/language-id/index.ts'
import { openChainMarket } from '../../relay/market/chain-market.ts'
import type { Market } from '../../relay/market/market.ts'
import { type Model, parseModels } from '../../relay/models.ts'
import { type Devnet, startDevnet } from '../executor/devnet.ts'
import { MODEL, temporaryFolder } from './fixtures.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let net: Devnet
let node: DataNode
let owner: OgpuClient
let market: Market
let model: Model
let plain: Model

beforeAll(async () => {
  folder = await temporaryFolder()
  net = await startDevnet()
  node = await startDataNode({ dir: folder.dir })
  const keyOf = (account: number): string => defined(net.keys[account], 'ten accounts')
  owner = await createClient({ rpcUrl: net.url, privateKey: keyOf(0), dataUrls: [node.url], pollingMs: 50 })
  const { programId, graph, weights } = await publishProgram(owner, loadLanguageId())
  const { source } = await publishSource(owner, { metadata: { name: 'n', description: '' }, minPaymentWei: 500n })
  const { source: plainSource } = await publishSource(owner, { metadata: { name: 'p', description: '' } })
  await setPolicy(owner, { source, policy: { programId } })
  const program = { programId, graph, weights }
  const models = parseModels(
    JSON.stringify([
      { ...MODEL, source, program },
      { ...MODEL, name: 'plain', source: plainSource, program },
    ]),
  )
  model = defined(models.get(MODEL.name), 'given')
  plain = defined(models.get('plain'), 'given')
  market = await openChainMarket({
    rpcUrl: net.url,
    dataUrls: [node.url],
    privateKey: keyOf(1),
    log: silentLog,
    pollingMs: 50,
    sweepMs: 300,
    taskLifetimeSeconds: 3,
  })
})
afterAll(async () => {
  await market.stop()
  owner.provider.destroy()
  await node.stop()
  await net.stop()
  await folder.remove()
})

describe('a task that nobody takes', () => {
  it('is found by its plan, is ended by the relay itself, and its payment comes back', async () => {
    await market.check(model)
    expect(await market.isActive(model)).toBe(true)
    await market.deposit(5_000n)
    const fromBlock = await market.head()
    const input = new Uint8Array([1, 2, 3])
    const planOf = async (reference: string) => ({
      source: model.source,
      paymentWei: '1000',
      configUrl: await market.upload(model, input, reference),
      fromBlock,
    })
    const plan = await planOf('opengpu:1')
    const other = await planOf('opengpu:2')
    expect(await market.find(plan)).toEqual({ kind: 'absent' })
    const place = await market.publish(plan)
    expect(await market.find(plan)).toEqual({ kind: 'found', ...place })
    // The same input and job, and still another task.
    expect(await market.find(other)).toEqual({ kind: 'absent' })
    expect((await market.balances()).vaultWei).toBe(4_000n)
    const outcome = await market.outcome(place, AbortSignal.timeout(30_000))
    expect(outcome.kind).toBe('failed')
    expect((await market.balances()).vaultWei).toBe(5_000n)
  })

  it('without a policy comes back in the same way', async () => {
    const before = (await market.balances()).vaultWei
    const configUrl = await market.upload(plain, new Uint8Array([9]), 'opengpu:5')
    const place = await market.publish({ source: plain.source, paymentWei: '1000', configUrl, fromBlock: 0 })
    expect(await market.outcome(place, AbortSignal.timeout(30_000))).toEqual({ kind: 'failed', reason: 'EXPIRED' })
    expect((await market.balances()).vaultWei).toBe(before)
  })

  it('stops being followed when the relay stops', async () => {
    const stopping = new AbortController()
    const configUrl = await market.upload(model, new Uint8Array([9]), 'opengpu:3')
    const plan = { source: model.source, paymentWei: '1000', configUrl, fromBlock: await market.head() }
    const waiting = market.outcome(await market.publish(plan), stopping.signal)
    stopping.abort(new Error('stopped'))
    await expect(waiting).rejects.toThrow('stopped')
  })

  it('is not published for less than its source asks', async () => {
    await expect(market.check({ ...model, paymentWei: 499n })).rejects.toMatchObject({ code: 'MODEL_UNFIT' })
    const configUrl = await market.upload(model, new Uint8Array([9]), 'opengpu:4')
    const plan = { source: model.source, paymentWei: '499', configUrl, fromBlock: 0 }
    await expect(market.publish(plan)).rejects.toMatchObject({ code: 'REVERTED', data: { reason: 'PaymentTooSmall' } })
  })
})
