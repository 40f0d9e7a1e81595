import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CompletedTask,
  createClient,
  decodeLanguageResult,
  deposit,
  enrolAuditor,
  hashInLink,
  lockStake,
  type OgpuClient,
  type Policy,
  type PublishedProgram,
  pairProvider,
  publishProgram,
  publishSource,
  publishTask,
  readAccount,
  readTask,
  registerProvider,
  runTask,
  setGateway,
  setPolicy,
  sleep,
  waitForResult,
} from '@ogpu/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defined } from '#lib/assert'
import { utf8 } from '#lib/bytes'
import { createMetrics } from '#lib/metrics'
import { type DataNode, startDataNode } from '../../executor/data/server.ts'
import { createDishonestRuntime } from '../../executor/demo/dishonest.ts'
import { loadLanguageId, loadSampleText } from '../../executor/models/language-id/index.ts'
import { createIntRuntime } from '../../executor/runtimes/int/runtime.ts'
import { type Executor, type ExecutorOptions, startExecutor } from '../../executor/sidecar/start.ts'
import { startVerifier, type Verifier } from '../../executor/verifier/start.ts'
import { type Devnet, startDevnet } from './devnet.ts'

const OGPU = 10n ** 18n
let dir: string
let net: Devnet
let node: DataNode
let clients: OgpuClient[]
let program: PublishedProgram
const [CUSTOMER, MASTERS, PROVIDERS, AUDITOR] = [0, [1, 2, 3], [4, 5, 6], 7] as const
const client = (index: number): OgpuClient => defined(clients[index], 'ten accounts')

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ogpu-market-'))
  net = await startDevnet()
  node = await startDataNode({ dir: join(dir, 'blobs') })
  clients = await Promise.all(
    net.keys.map(privateKey => createClient({ rpcUrl: net.url, privateKey, dataUrls: [node.url], pollingMs: 100 })),
  )
  program = await publishProgram(client(CUSTOMER), { ...loadLanguageId(), name: 'language-id' })
  await Promise.all(
    PROVIDERS.map((provider, i) =>
      pairProvider(client(defined(MASTERS[i], 'one each')), client(provider), { lockupWei: 50n * OGPU }),
    ),
  )
  await deposit(client(AUDITOR), { amountWei: 20n * OGPU })
  await lockStake(client(AUDITOR), { amountWei: 20n * OGPU })
  await enrolAuditor(client(AUDITOR), { stakeWei: 15n * OGPU })
  await deposit(client(CUSTOMER), { amountWei: 50n * OGPU })
})
afterAll(async () => {
  for (const each of clients) each.provider.destroy()
  await node.stop()
  await net.stop()
  await rm(dir, { recursive: true, force: true })
})

async function createSource(policy?: Partial<Policy>): Promise<string> {
  const metadata = { name: 'language-id', description: 'names the language of a text' }
  const { source } = await publishSource(client(CUSTOMER), { metadata })
  if (policy !== undefined) {
    const times = { acceptBlocks: 500, commitBlocks: 500, revealBlocks: 500, auditBlocks: 500, windowBlocks: 5 }
    const base = { programId: program.programId, redundancy: 3, quorum: 2, auditors: 1, auditQuorum: 1 }
    await setPolicy(client(CUSTOMER), { source, policy: { ...base, ...times, ...policy } })
  }
  for (const provider of PROVIDERS) await registerProvider(client(provider), { source })
  return source
}

let folders = 0
function startProvider(account: number, source: string, extra: Partial<ExecutorOptions> = {}): Promise<Executor> {
  return startExecutor({
    rpcUrl: net.url,
    privateKey: defined(net.keys[account], 'ten accounts'),
    dataUrls: [node.url],
    dir: join(dir, `executor-${folders++}`),
    pollingMs: 100,
    dueStaggerMs: 200,
    sources: [source],
    ...extra,
  })
}

function startAuditor(): Promise<Verifier> {
  return startVerifier({
    rpcUrl: net.url,
    privateKey: defined(net.keys[AUDITOR], 'ten accounts'),
    dataUrls: [node.url],
    dir: join(dir, `verifier-${folders++}`),
    pollingMs: 100,
    dueDelayMs: 500,
  })
}

async function run(source: string, input: Uint8Array): Promise<CompletedTask> {
  return runTask(client(CUSTOMER), { source, program, input, paymentWei: OGPU, timeoutMs: 50_000 })
}

describe('a task on the real contracts', () => {
  it('is computed three times, audited, paid and fetched: the sample text is English', async () => {
    const source = await createSource({ auditRateBps: 10_000 })
    const metrics = createMetrics({ build: { version: 'test' }, processMetrics: false })
    const parts = [
      ...(await Promise.all(
        PROVIDERS.map((provider, i) => startProvider(provider, source, i === 0 ? { metrics: metrics.registry } : {})),
      )),
      await startAuditor(),
    ]
    const before = await Promise.all(
      MASTERS.map(master => readAccount(client(master), { account: String(client(master).address) })),
    )
    const { info, result } = await run(source, loadSampleText())
    expect(info.status).toBe('FINALIZED')
    expect(info.proof?.seats.map(seat => seat.state)).toEqual(['Paid', 'Paid', 'Paid'])
    expect(info.proof?.audited).toBe(true)
    expect(result.checkedBy).toBe('digest')
    expect(decodeLanguageResult(result.bytes)[0]?.name).toBe('English')
    const after = await Promise.all(
      MASTERS.map(master => readAccount(client(master), { account: String(client(master).address) })),
    )
    const earned = after.map((account, i) => account.balanceWei - defined(before[i], 'one each').balanceWei)
    for (const wei of earned) expect(wei).toBeGreaterThan(0n)
    // Its stake was there from the start; gas is its own.
    const coins = await metrics.text()
    expect(coins).toMatch(/^ogpu_sidecar_coins\{kind="locked"\} 50$/m)
    expect(coins).toMatch(/^ogpu_sidecar_coins\{kind="wallet"\} [1-9]/m)
    await Promise.all(parts.map(part => part.stop()))
  })

  it('a liar among three loses its bond, and the result is the honest one', async () => {
    const source = await createSource({ auditRateBps: 10_000 })
    const liar = { runtimes: [createDishonestRuntime(createIntRuntime())] }
    const parts = [
      await startProvider(PROVIDERS[0], source, liar),
      await startProvider(PROVIDERS[1], source),
      await startProvider(PROVIDERS[2], source),
      await startAuditor(),
    ]
    const lockup = async () => (await readAccount(client(4), { account: String(client(4).address) })).lockupWei
    const before = await lockup()
    const { info, result } = await run(source, utf8('Ο παλιός φάρος στέκεται μόνος πάνω στον βράχο.'))
    const states = new Map(info.proof?.seats.map(seat => [seat.provider, seat.state]))
    expect(states.get(String(client(PROVIDERS[0]).address))).toBe('Slashed')
    expect([...states.values()].sort()).toEqual(['Paid', 'Paid', 'Slashed'])
    expect(await lockup()).toBeLessThan(before)
    expect(decodeLanguageResult(result.bytes)[0]?.code).toBe('el')
    await Promise.all(parts.map(part => part.stop()))
  })

  it('without an audit the window alone closes it, and a gateway stands in for links', async () => {
    const gateway = `${node.url}/blob/`
    const source = await createSource({ auditRateBps: 0, redundancy: 1, quorum: 1 })
    const executor = await startProvider(PROVIDERS[1], source, { gateway })
    const { info, result } = await run(source, utf8('Saya ingin belajar bahasa baru tahun ini.'))
    expect(info.proof?.audited).toBe(false)
    expect(result.url).toBe(`${gateway}${result.hash}`)
    expect(decodeLanguageResult(result.bytes)[0]?.code).toBe('id')
    await executor.stop()
    await setGateway(client(PROVIDERS[1]), { gateway: '' })
  })

  it('a source without a policy works as on today’s network', async () => {
    const source = await createSource()
    const executor = await startProvider(PROVIDERS[2], source)
    const { info, result } = await run(source, utf8('Puella parva in horto ambulat et flores videt.'))
    expect(info.proof).toBeUndefined()
    expect(info.winningProvider).toBe(client(PROVIDERS[2]).address)
    expect(result.checkedBy).toBe('hash')
    expect(hashInLink(result.url)).toBe(result.hash)
    expect(decodeLanguageResult(result.bytes)[0]?.code).toBe('la')
    await executor.stop()
  })

  it.each(['Accepted', 'Committed'])('an executor killed once its seat is %s goes on from its folder', async moment => {
    const source = await createSource({ auditRateBps: 0, redundancy: 2, quorum: 2 })
    const options = {
      rpcUrl: net.url,
      privateKey: defined(net.keys[PROVIDERS[0]], 'ten accounts'),
      dataUrls: [node.url],
      dir: join(dir, `killed-${folders++}`),
      pollingMs: 100,
    }
    const startChild = async (): Promise<ChildProcess> => {
      const child = fork(new URL('./executor-process.ts', import.meta.url), {
        execArgv: ['--disable-warning=ExperimentalWarning'],
      })
      child.send(options)
      await once(child, 'message')
      return child
    }
    const first = await startChild()
    const input = utf8('Kedi pencerenin önünde uyuyor ve kimse onu uyandırmıyor.')
    const published = await publishTask(client(CUSTOMER), { source, program, input, paymentWei: OGPU })
    const reached = ['Accepted', 'Committed'].slice(['Accepted', 'Committed'].indexOf(moment))
    const seat = async () => (await readTask(client(CUSTOMER), { task: published.task })).proof?.seats[0]?.state ?? ''
    while (!reached.includes(await seat())) await sleep(10)
    first.kill('SIGKILL')
    await once(first, 'exit')
    const again = await startChild()
    const second = await startProvider(PROVIDERS[1], source)
    const info = await waitForResult(client(CUSTOMER), { task: published.task, timeoutMs: 50_000 })
    expect(info.proof?.seats.map(each => each.state)).toEqual(['Paid', 'Paid'])
    again.kill('SIGKILL')
    await second.stop()
  })
})
