/** The relay between real HTTP and the real contracts, with an executor behind it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createClient,
  type OgpuClient,
  pairProvider,
  publishProgram,
  publishSource,
  readAccount,
  readTask,
  registerProvider,
  setPolicy,
} from '@ogpu/sdk'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { defined } from '#lib/assert'
import { parseModels, type Relay, startRelay } from '#relay'
import { run } from '../../cli/run.ts'
import { type DataNode, startDataNode } from '../../executor/data/server.ts'
import { loadLanguageId } from '../../executor/models/language-id/index.ts'
import { type Executor, startExecutor } from '../../executor/sidecar/start.ts'
import { type Devnet, startDevnet } from '../executor/devnet.ts'
import { ADMIN_KEY, temporaryFolder } from './fixtures.ts'

const OGPU = 10n ** 18n
const [OWNER, MASTER, PROVIDER, PAYER] = [0, 1, 2, 3] as const
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let net: Devnet
let node: DataNode
let executor: Executor
let clients: OgpuClient[]
let models: string
let relay: Relay
let key: string

const keyOf = (account: number): string => defined(net.keys[account], 'ten accounts')
const client = (account: number): OgpuClient => defined(clients[account], 'ten accounts')

function start(): Promise<Relay> {
  return startRelay({
    rpcUrl: net.url,
    dataUrls: [node.url],
    privateKey: keyOf(PAYER),
    models: parseModels(models),
    dir: join(folder.dir, 'relay'),
    adminKey: ADMIN_KEY,
    port: 0,
    funding: { depositWei: OGPU, depositDayMaxWei: 2n * OGPU },
  })
}

async function ask(path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  const content = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const all = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers }
  return fetch(relay.url + path, { ...content, headers: all })
}

beforeAll(async () => {
  folder = await temporaryFolder()
  net = await startDevnet()
  node = await startDataNode({ dir: join(folder.dir, 'blobs') })
  clients = await Promise.all(
    net.keys
      .slice(0, 4)
      .map(privateKey => createClient({ rpcUrl: net.url, privateKey, dataUrls: [node.url], pollingMs: 50 })),
  )
  const program = await publishProgram(client(OWNER), { ...loadLanguageId(), name: 'language-id' })
  await pairProvider(client(MASTER), client(PROVIDER), { lockupWei: 50n * OGPU })
  const { source } = await publishSource(client(OWNER), { metadata: { name: 'language-id', description: 'languages' } })
  const alone = { redundancy: 1, quorum: 1, auditors: 0, auditQuorum: 0, auditRateBps: 0, auditFeeBps: 0 }
  const times = { acceptBlocks: 500, commitBlocks: 500, revealBlocks: 500, auditBlocks: 500, windowBlocks: 2 }
  await setPolicy(client(OWNER), { source, policy: { programId: program.programId, ...alone, ...times } })
  await registerProvider(client(PROVIDER), { source })
  executor = await startExecutor({
    rpcUrl: net.url,
    privateKey: keyOf(PROVIDER),
    dataUrls: [node.url],
    dir: join(folder.dir, 'executor'),
    pollingMs: 100,
    dueStaggerMs: 100,
  })
  const { programId, graph, weights } = program
  models = JSON.stringify([
    {
      name: 'opengpu/language-id',
      displayName: 'Language identification',
      source,
      program: { programId, graph, weights },
      paymentWei: (OGPU / 100n).toString(),
      priceMicroUsd: 500,
      decoder: 'language-id',
    },
  ])
  relay = await start()
  key = ADMIN_KEY
  const customer = (await (await ask('/admin/customers', { name: 'A', tier: 'pro' })).json()) as Record<string, string>
  await ask('/admin/credits', { customer_id: customer.customer_id, amount_micro_usd: 5_000, reference: 'r' })
  key = customer.key ?? ''
})
afterAll(async () => {
  await relay.stop()
  await executor.stop()
  for (const each of clients) each.provider.destroy()
  await node.stop()
  await net.stop()
  await folder.remove()
})

describe('the relay on the real contracts', () => {
  it('is used as the published clients use it: look the model up, post where it says, read the receipt', async () => {
    const model = (await (await ask('/v2/models/opengpu/language-id')).json()) as {
      endpoint: { method: string; path: string }
    }
    const body = {
      model: 'opengpu/language-id',
      messages: [{ role: 'user', content: 'Wo ist hier der Bahnhof, und wann fährt der nächste Zug nach Wien?' }],
    }
    const response = await ask(model.endpoint.path, body)
    const completion = (await response.json()) as {
      choices: { message: { content: string } }[]
      usage: { task_address: string; cost_usd: string }
    }
    expect(completion.choices[0]?.message.content).toBe('German')
    const task = response.headers.get('x-ogpu-task') ?? ''
    expect(completion.usage).toMatchObject({ task_address: task, cost_usd: '0.0005' })
    const info = await readTask(client(OWNER), { task })
    expect(info).toMatchObject({ status: 'FINALIZED', paymentWei: OGPU / 100n })
    // The relay's account has deposited once and paid for one task; the provider has earned it.
    expect((await readAccount(client(OWNER), { account: relay.account })).balanceWei).toBe(OGPU - OGPU / 100n)
  })

  it('streams', async () => {
    const response = await ask('/v2/openai/v1/chat/completions', {
      model: 'opengpu/language-id',
      stream: true,
      messages: [{ role: 'user', content: 'Where is the station, please, and when does the next train leave?' }],
    })
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(response.headers.get('x-ogpu-task')).toMatch(/^0x/)
    let content = ''
    const text = await response.text()
    const lines = text.split('\n').filter(line => line.startsWith('data: '))
    expect(lines.at(-1)).toBe('data: [DONE]')
    for (const line of lines.slice(0, -1)) content += JSON.parse(line.slice(6)).choices[0].delta.content ?? ''
    expect(content).toBe('English')
  })

  it('finishes after a restart what was begun before it, and pays once', async () => {
    const before = (await readAccount(client(OWNER), { account: relay.account })).balanceWei
    const body = { model: 'opengpu/language-id', input: 'Où est la gare, et quand part le prochain train pour Paris ?' }
    const headers = { 'idempotency-key': 'order-1' }
    const { task_id: id } = (await (await ask('/v2/tasks', body, headers)).json()) as { task_id: string }
    await relay.stop()
    relay = await start()
    const again = await ask('/v2/tasks', body, headers)
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 'true'])
    expect(((await again.json()) as { task_id: string }).task_id).toBe(id)
    const task = (await (await ask(`/v2/tasks/${id}?wait=30`)).json()) as Record<string, unknown>
    expect(task).toMatchObject({ status: 'completed', result: { text: 'French', checked_by: 'digest' } })
    const after = (await readAccount(client(OWNER), { account: relay.account })).balanceWei
    expect(before - after).toBe(OGPU / 100n)
    const usage = (await (await ask('/v2/customer/usage')).json()) as Record<string, unknown>
    expect(usage).toMatchObject({ requests: 3, cost_usd: '0.0015' })
  })

  it('is managed from the command line', async () => {
    const admin = join(folder.dir, 'admin.key')
    await writeFile(admin, `${ADMIN_KEY}\n`)
    const ogpu = async (...words: readonly string[]) => {
      const log = vi.spyOn(console, 'log').mockImplementation(() => {})
      const error = vi.spyOn(console, 'error').mockImplementation(() => {})
      try {
        const code = await run(['relay', ...words, '--url', relay.url, '--admin-key-file', admin])
        return { code, out: log.mock.calls.join('\n'), err: error.mock.calls.join('\n') }
      } finally {
        log.mockRestore()
        error.mockRestore()
      }
    }
    const added = JSON.parse((await ogpu('customer', 'B', '--tier', 'max', '--json')).out)
    expect(added).toMatchObject({ tier: 'max', key: expect.stringMatching(/^relay_sk_/) })
    const topUp = ['topup', added.customer_id, '2.5', '--reference', 'invoice 7'] as const
    expect((await ogpu(...topUp)).out).toMatch(/available_usd +2\.50\n +reserved_usd +0\.00\n +replayed +false/)
    expect((await ogpu(...topUp)).out).toMatch(/replayed +true/)
    expect((await ogpu('status')).out).toMatch(new RegExp(`account +${relay.account}[^]*B +max +2\\.50`))
    for (const [words, code, message] of [
      [['topup', added.customer_id, '2,5', '--reference', 'x'], 2, /no amount in USD/],
      [['topup', added.customer_id, '2.5'], 2, /--reference is needed/],
      [['topup', 'cus_x', '2.5', '--reference', 'x'], 1, /there is no such customer/],
      [['topup', added.customer_id, '3', '--reference', 'invoice 7'], 1, /a top-up of 2\.50 USD before/],
      [['customer', 'C', '--tier', 'guest'], 1, /tier must be one of basic/],
      [['nonsense'], 2, /after "relay" comes/],
    ] as const) {
      const refused = await ogpu(...words)
      expect([refused.code, refused.out]).toEqual([code, ''])
      expect(refused.err).toMatch(message)
    }
  })

  it('does not offer a model whose tasks could not be published', async () => {
    const wrong = JSON.parse(models) as Record<string, unknown>[]
    const options = { rpcUrl: net.url, dataUrls: [node.url], privateKey: keyOf(PAYER), adminKey: ADMIN_KEY, port: 0 }
    for (const change of [
      { source: `0x${'12'.repeat(20)}` },
      { program: { ...(wrong[0]?.program as object), programId: `0x${'0'.repeat(64)}` } },
    ]) {
      const changed = parseModels(JSON.stringify([{ ...wrong[0], ...change }]))
      const starting = startRelay({ ...options, models: changed, dir: join(folder.dir, 'other') })
      await expect(starting).rejects.toMatchObject({ code: 'MODEL_UNFIT' })
    }
  })
})
