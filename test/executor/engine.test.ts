import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createDataClient,
  type DataClient,
  decodeLanguageResult,
  encodeJobFile,
  intProgramContent,
  type Policy,
  programIdOf,
} from '@ogpu/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { keccak256 } from '#lib/hash'
import { createMetrics } from '#lib/metrics'
import { type DataNode, startDataNode } from '../../executor/data/server.ts'
import { createDishonestRuntime } from '../../executor/demo/dishonest.ts'
import { loadLanguageId } from '../../executor/models/language-id/index.ts'
import { createIntRuntime } from '../../executor/runtimes/int/runtime.ts'
import { DEFAULT_RUN_LIMITS, type Runtime } from '../../executor/runtimes/runtime.ts'
import { createEngine, type Engine, type EngineOptions } from '../../executor/sidecar/engine.ts'
import { createExecutorMetrics, createVerifierMetrics } from '../../executor/sidecar/metrics.ts'
import { createVerifierEngine, type VerifierEngine } from '../../executor/verifier/engine.ts'
import { ChainTwin } from './chain-twin.ts'

const files = loadLanguageId()
const content = intProgramContent(files.graph, files.weights, keccak256)
const programId = programIdOf(content)
const accounts = ['a', 'b', 'c', 'd'].map(letter => `0x${letter.repeat(40)}`) as [string, string, string, string]

let dir: string
let node: DataNode
let data: DataClient
let runtime: Runtime

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ogpu-engine-'))
  node = await startDataNode({ dir: join(dir, 'blobs') })
  data = createDataClient([node.url])
  runtime = createIntRuntime()
  await data.put(files.graph)
  await data.put(files.weights)
})
afterAll(async () => {
  runtime.close()
  await node.stop()
  await rm(dir, { recursive: true, force: true })
})

async function uploadJob(text: string): Promise<string> {
  const input = await data.put(utf8(text))
  const ref = async (bytes: Uint8Array) => data.put(bytes)
  const config = encodeJobFile({
    functionName: 'run',
    programId,
    graph: await ref(files.graph),
    weights: await ref(files.weights),
    input,
    dataUrls: [node.url],
  })
  return (await data.put(config)).link
}

function createChain(): ChainTwin {
  const chain = new ChainTwin()
  chain.programs.set(programId, content)
  for (const account of accounts) chain.registered.add(account)
  return chain
}

let folders = 0
function engineOf(chain: ChainTwin, account: string, extra: Partial<EngineOptions> = {}): Promise<Engine> {
  return createEngine({
    chain: chain.port(account),
    data,
    runtimes: [runtime],
    dir: join(dir, `engine-${folders++}`),
    log: silentLog,
    clock: { now: () => Date.now() },
    limits: DEFAULT_RUN_LIMITS,
    concurrency: 1,
    startBlock: 0,
    minPaymentWei: 0n,
    sources: undefined,
    hasGateway: false,
    dueStaggerMs: 0,
    ...extra,
  })
}

function verifierOf(chain: ChainTwin, account: string, extra: object = {}): Promise<VerifierEngine> {
  return createVerifierEngine({
    chain: chain.port(account),
    data,
    runtimes: [runtime],
    dir: join(dir, `verifier-${folders++}`),
    log: silentLog,
    clock: { now: () => Date.now() },
    limits: DEFAULT_RUN_LIMITS,
    startBlock: 0,
    dueDelayMs: 0,
    checkEvery: 0,
    ...extra,
  })
}

/** Ticks everybody until `done`, letting blocks pass as an idle chain does. */
async function settle(
  chain: ChainTwin,
  parts: readonly { tick(): Promise<void> }[],
  done: () => boolean,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!done()) {
    if (Date.now() > deadline) {
      throw new Error(
        `not done after ${timeoutMs} ms: ${JSON.stringify([...chain.tasks.values()], (_, v) => (typeof v === 'bigint' ? String(v) : v))}`,
      )
    }
    for (const part of parts) await part.tick()
    await new Promise(resolve => setTimeout(resolve, 10))
    chain.block++
  }
}

const quick: Partial<Policy> = {
  commitBlocks: 10_000,
  revealBlocks: 10_000,
  acceptBlocks: 10_000,
  auditBlocks: 10_000,
  windowBlocks: 5,
  auditRateBps: 0,
}

describe('the executor', () => {
  it('three providers take, compute, seal, open and finish a task, and its result names the language', async () => {
    const chain = createChain()
    const engines = await Promise.all(accounts.slice(0, 3).map(account => engineOf(chain, account)))
    const task = chain.publish({
      configUrl: await uploadJob('La casa de mi abuela está cerca del río y del viejo molino.'),
      policy: { programId, redundancy: 3, quorum: 2, ...quick },
    })
    await settle(chain, engines, () => engines.every(engine => engine.records()[0]?.outcome !== undefined))
    const state = chain.get(task)
    expect(state.phase).toBe('Final')
    expect(state.seats.map(seat => seat.state)).toEqual(['Paid', 'Paid', 'Paid'])
    expect(new Set(state.seats.map(seat => seat.digest)).size).toBe(1)
    const output = await data.get(state.seats[0]?.blobId ?? '')
    expect(decodeLanguageResult(output)[0]?.code).toBe('es')
    expect(engines.map(engine => engine.records()[0]?.outcome)).toEqual(['FINAL', 'FINAL', 'FINAL'])
    const firstReveal = chain.calls.findIndex(call => call.startsWith('reveal'))
    expect(chain.calls.slice(0, firstReveal).filter(call => call.startsWith('commit')).length).toBe(3)
    await Promise.all(engines.map(engine => engine.stop()))
  })

  it('a provider killed before or after any of its transactions goes on from its disk', async () => {
    for (const moment of ['accept', 'commit', 'reveal'].flatMap(call => [`before ${call}`, `after ${call}`])) {
      const chain = createChain()
      const home = join(dir, `killed-${folders++}`)
      const [victim, other] = accounts
      let dead = false
      chain.failing = call => {
        if (!dead && call === `${moment} ${victim}`) {
          dead = true
          throw new Error('the process is gone')
        }
      }
      const configUrl = await uploadJob('Der Hund schläft vor dem warmen Ofen in der Küche.')
      const task = chain.publish({ configUrl, policy: { programId, redundancy: 2, quorum: 2, ...quick } })
      const second = await engineOf(chain, other)
      const first = await engineOf(chain, victim, { dir: home })
      await settle(chain, [first, second], () => dead)
      await first.stop()
      chain.failing = undefined
      const reborn = await engineOf(chain, victim, { dir: home })
      await settle(chain, [reborn, second], () => chain.get(task).phase === 'Final')
      expect([moment, ...chain.get(task).seats.map(seat => seat.state)]).toEqual([moment, 'Paid', 'Paid'])
      await Promise.all([reborn.stop(), second.stop()])
    }
  })

  it('a task without a policy is attempted and answered with a link', async () => {
    const chain = createChain()
    const engine = await engineOf(chain, accounts[0])
    const task = chain.publish({ configUrl: await uploadJob('Wij gaan morgen met de fiets naar het strand.') })
    await settle(chain, [engine], () => engine.records()[0]?.outcome !== undefined)
    expect(chain.calls).toEqual([`attempt ${accounts[0]}`, `respond ${accounts[0]}`])
    const output = await data.getUrl(chain.get(task).responses.get(accounts[0]) ?? '')
    expect(decodeLanguageResult(output)[0]?.code).toBe('nl')
    await engine.stop()
  })

  it('jobs that cannot be run are dropped before a bond is at stake', async () => {
    const chain = createChain()
    const engine = await engineOf(chain, accounts[0])
    const policy = { programId, redundancy: 1, quorum: 1, ...quick }
    const nonsense = await data.put(utf8('{"function_name":"run","data":{}}'))
    chain.publish({ configUrl: nonsense.link, policy })
    chain.publish({ configUrl: 'ftp://example.org/x', policy })
    chain.publish({ configUrl: await uploadJob('x'), policy: { ...policy, programId: `0x${'1'.repeat(64)}` } })
    const long = 'x'.repeat(64 * 1024 + 1)
    chain.publish({ configUrl: await uploadJob(long), policy })
    await settle(
      chain,
      [engine],
      () => engine.records().length === 4 && engine.records().every(r => r.outcome !== undefined),
    )
    expect(engine.records().map(record => record.outcome)).toEqual([
      'DROPPED_BAD_JOB',
      'DROPPED_BAD_JOB',
      'DROPPED_BAD_JOB',
      'DROPPED_BAD_INPUT',
    ])
    expect(chain.calls).toEqual([])
    await engine.stop()
  })

  it('sources without our registration, cheap tasks and full tasks are left alone', async () => {
    const chain = createChain()
    chain.registered.delete(accounts[3])
    const stranger = await engineOf(chain, accounts[3])
    const picky = await engineOf(chain, accounts[0], { minPaymentWei: 10_000n })
    const one = await engineOf(chain, accounts[1])
    const two = await engineOf(chain, accounts[2])
    const configUrl = await uploadJob('Il pleut sur la ville et personne ne sort.')
    const task = chain.publish({ configUrl, policy: { programId, redundancy: 1, quorum: 1, ...quick } })
    await settle(chain, [stranger, picky, one, two], () => chain.get(task).phase === 'Final')
    expect(stranger.records()).toEqual([])
    expect(picky.records()[0]?.outcome).toBe('DROPPED_PRICE')
    expect(chain.get(task).seats.length).toBe(1)
    await Promise.all([stranger, picky, one, two].map(engine => engine.stop()))
  })

  it('a seat that falls silent is vacated by the others, who finish without it', async () => {
    const chain = createChain()
    const policy = { programId, redundancy: 3, quorum: 2, ...quick, commitBlocks: 60 }
    const task = chain.publish({ configUrl: await uploadJob('The rain in the valley never stops.'), policy })
    await chain.port(accounts[3]).accept(task)
    const engines = await Promise.all(accounts.slice(0, 2).map(account => engineOf(chain, account)))
    await settle(chain, engines, () => chain.get(task).phase === 'Final')
    expect(chain.get(task).seats.map(seat => seat.state)).toEqual(['Vacated', 'Paid', 'Paid'])
    await Promise.all(engines.map(engine => engine.stop()))
  })

  it('a record that cannot be read is put aside and the rest goes on', async () => {
    const chain = createChain()
    const home = join(dir, `damaged-${folders++}`)
    const engine = await engineOf(chain, accounts[0], { dir: home })
    const configUrl = await uploadJob('Hyvää huomenta kaikille ystäville.')
    chain.publish({ configUrl, policy: { programId, redundancy: 1, quorum: 1, ...quick } })
    await settle(chain, [engine], () => engine.records()[0]?.outcome === 'FINAL')
    await engine.stop()
    await writeFile(join(home, 'tasks', `0x${'9'.repeat(40)}.json`), '{"id":')
    const again = await engineOf(chain, accounts[0], { dir: home })
    expect(again.records().length).toBe(1)
    expect((await readdir(join(home, 'tasks'))).some(name => name.endsWith('.unreadable'))).toBe(true)
    expect(JSON.parse(await readFile(join(home, 'cursor.json'), 'utf8')).block).toBeGreaterThan(0)
    await again.stop()
  })
})

/** Metrics of one engine, and a way to read them. */
function meter() {
  const metrics = createMetrics({ build: { version: 'test' }, processMetrics: false })
  return {
    registry: metrics.registry,
    async value(series: string): Promise<number | undefined> {
      const line = (await metrics.text()).split('\n').find(text => text.startsWith(`ogpu_${series} `))
      return line === undefined ? undefined : Number(line.split(' ')[1])
    },
  }
}

describe('what operators see of a sidecar', () => {
  it('a liar and an honest provider count their steps, runs, bytes and ends; the auditor its verdict', async () => {
    const chain = createChain()
    chain.auditors = [accounts[3]]
    const [good, bad, judge] = [meter(), meter(), meter()]
    const verifierMetrics = createVerifierMetrics(judge.registry)
    const parts = [
      await engineOf(chain, accounts[0], { metrics: createExecutorMetrics(good.registry) }),
      await engineOf(chain, accounts[1], { metrics: createExecutorMetrics() }),
      await engineOf(chain, accounts[2], {
        runtimes: [createDishonestRuntime(runtime)],
        metrics: createExecutorMetrics(bad.registry),
      }),
      await verifierOf(chain, accounts[3], { metrics: verifierMetrics }),
    ]
    const policy = { programId, redundancy: 3, quorum: 2, ...quick, auditRateBps: 10_000 }
    const task = chain.publish({ configUrl: await uploadJob('Kahvia keitettiin koko päivän.'), policy })
    await settle(chain, parts, () =>
      parts.slice(0, 3).every(part => (part as Engine).records()[0]?.outcome !== undefined),
    )
    await Promise.all(parts.map(part => part.stop()))
    expect(chain.get(task).phase).toBe('Final')
    for (const step of ['accept', 'run', 'commit', 'reveal']) {
      expect(await good.value(`sidecar_steps_total{step="${step}"}`), step).toBe(1)
    }
    expect(await good.value('executor_tasks_found_total')).toBe(1)
    expect(await good.value('executor_tasks_done_total{outcome="paid"}')).toBe(1)
    expect(await bad.value('executor_tasks_done_total{outcome="slashed"}')).toBe(1)
    expect(await good.value('sidecar_run_seconds_count{runtime="int"}')).toBe(1)
    expect(await good.value('sidecar_cursor_block')).toBeGreaterThan(0)
    expect(await judge.value('verifier_audits_drawn_total')).toBe(1)
    expect(await judge.value('verifier_verdicts_total{verdict="agrees"}')).toBe(1)
    expect(await judge.value('verifier_audits_missed_total')).toBe(0)
  })

  it('failed steps and dropped tasks have their reason as a label', async () => {
    const chain = createChain()
    const { registry, value } = meter()
    const engine = await engineOf(chain, accounts[0], { metrics: createExecutorMetrics(registry) })
    chain.publish({ configUrl: 'ftp://nowhere', policy: { programId, redundancy: 1, quorum: 1, ...quick } })
    await settle(chain, [engine], () => engine.records()[0]?.outcome !== undefined)
    await engine.stop()
    expect(await value('sidecar_failures_total{step="prepare",code="BAD_JOB"}')).toBe(1)
    expect(await value('executor_tasks_done_total{outcome="dropped_bad_job"}')).toBe(1)
  })

  it('an audit that went on without our verdict is counted once', async () => {
    const chain = createChain()
    chain.auditors = [accounts[3]]
    const { registry, value } = meter()
    const engines = await Promise.all(accounts.slice(0, 2).map(account => engineOf(chain, account)))
    const silent = {
      ...chain.port(accounts[3]),
      commitAudit: () => Promise.reject(new Error('the node is away')),
      resolveAudit: async (id: string) => {
        chain.get(id).phase = 'Failed'
      },
    }
    const verifier = await verifierOf(chain, accounts[3], {
      chain: silent,
      metrics: createVerifierMetrics(registry),
      // Its patience ends by blocks, as the audit does.
      clock: { now: () => chain.block * 1_000 },
    })
    const policy = { programId, redundancy: 2, quorum: 2, ...quick, auditRateBps: 10_000, auditBlocks: 20 }
    chain.publish({ configUrl: await uploadJob('Der Zug fährt um acht Uhr ab.'), policy })
    await settle(chain, [...engines, verifier], () => verifier.records()[0]?.outcome !== undefined)
    await Promise.all([...engines, verifier].map(part => part.stop()))
    expect(await value('verifier_audits_missed_total')).toBe(1)
    expect(await value('sidecar_failures_total{step="commit",code="UNKNOWN"}')).toBeGreaterThan(0)
  })
})

describe('the verifier', () => {
  it('re-runs a drawn task and seals, then opens, the digest that it computed itself', async () => {
    const chain = createChain()
    chain.auditors = [accounts[3]]
    const engines = await Promise.all(accounts.slice(0, 2).map(account => engineOf(chain, account)))
    const verifier = await verifierOf(chain, accounts[3])
    const policy = { programId, redundancy: 2, quorum: 2, ...quick, auditRateBps: 10_000 }
    const task = chain.publish({ configUrl: await uploadJob('Vi tar båten till ön i morgon bitti.'), policy })
    await settle(chain, [...engines, verifier], () => chain.get(task).phase === 'Final')
    expect(chain.get(task).votes[0]?.verdict).toBe(chain.get(task).seats[0]?.digest)
    expect(chain.get(task).votes[0]?.report).toMatch(/^0x(?!0{64})[0-9a-f]{64}$/)
    expect(chain.calls.filter(call => /audit/i.test(call))).toEqual([
      `commitAudit ${accounts[3]}`,
      `revealAudit ${accounts[3]}`,
    ])
    await Promise.all([...engines, verifier].map(part => part.stop()))
  })

  it('an agreement of liars does not survive an audit', async () => {
    const chain = createChain()
    chain.auditors = [accounts[3]]
    const lie = createDishonestRuntime(runtime)
    const liars = await Promise.all(accounts.slice(0, 2).map(account => engineOf(chain, account, { runtimes: [lie] })))
    const verifier = await verifierOf(chain, accounts[3])
    const policy = { programId, redundancy: 2, quorum: 2, ...quick, auditRateBps: 10_000 }
    const task = chain.publish({ configUrl: await uploadJob('Mâine plecăm la munte cu trenul.'), policy })
    await settle(chain, [...liars, verifier], () => chain.get(task).phase === 'Final')
    expect(chain.get(task).seats.map(seat => seat.state)).toEqual(['Slashed', 'Slashed'])
    await Promise.all([...liars, verifier].map(part => part.stop()))
  })

  it('checks results that nobody drew, and challenges only the wrong ones', async () => {
    const chain = createChain()
    chain.auditors = [accounts[3]]
    const policy = { programId, redundancy: 1, quorum: 1, ...quick, windowBlocks: 200 }
    const honest = await engineOf(chain, accounts[0], { sources: new Set([`0x${'1'.repeat(40)}`]) })
    const liar = await engineOf(chain, accounts[1], {
      runtimes: [createDishonestRuntime(runtime)],
      sources: new Set([`0x${'2'.repeat(40)}`]),
    })
    const verifier = await verifierOf(chain, accounts[3], { checkEvery: 1 })
    const configUrl = await uploadJob('Jutro pojedziemy nad morze całą rodziną.')
    const right = chain.publish({ configUrl, policy, source: `0x${'1'.repeat(40)}` })
    const wrong = chain.publish({ configUrl, policy, source: `0x${'2'.repeat(40)}` })
    await settle(
      chain,
      [honest, liar, verifier],
      () => chain.get(wrong).phase === 'Final' && chain.get(right).phase === 'Final',
    )
    expect([chain.get(right).challenged, chain.get(wrong).challenged]).toEqual([false, true])
    expect(chain.get(wrong).seats[0]?.state).toBe('Slashed')
    expect(chain.get(right).seats[0]?.state).toBe('Paid')
    await Promise.all([honest, liar, verifier].map(part => part.stop()))
  })
})
