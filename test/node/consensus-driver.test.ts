import { describe, expect, test } from 'vitest'
import type { Consensus, Effect, Input } from '#consensus'
import { silentLog } from '#lib/env'
import { createMemoryStore, type Store } from '#storage'
import type { OrderedCommit, VerifiedVertex } from '#types'
import { type ConsensusDriverOptions, createConsensusDriver } from '../../chain/node/consensus-driver.ts'
import { createConsensusLog } from '../../chain/node/consensus-log.ts'
import { grownCluster, until } from './fixture.ts'

const cluster = grownCluster(1_500)
const [own, peer] = [cluster.vertices(0), cluster.vertices(1)] as const
const vertex = own.find(one => one.author === 0) as VerifiedVertex
const persist: Effect = { kind: 'persist', records: [{ kind: 'vertex', vertex, own: true }] }
const publish: Effect = { kind: 'publish', vertex }
const tick = (nowMs = 0): Input => ({ kind: 'tick', nowMs })
const wait = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

/** A store that tells when writes end, and can take its time or fail. */
function tracedStore(events: string[], options: { readonly delayMs?: number; readonly fails?: boolean } = {}): Store {
  const inner = createMemoryStore()
  return {
    get: key => inner.get(key),
    scan: range => inner.scan(range),
    close: () => inner.close(),
    async write(operations, { durable }) {
      await wait(options.delayMs ?? 0)
      if (options.fails === true) throw new Error('disk full')
      await inner.write(operations, { durable })
      events.push(durable ? 'durable' : 'written')
    },
  }
}

/** A driver around a core that answers each input with effects of the test's choice. */
function driverWith(
  answer: (input: Input) => readonly Effect[],
  changes: Partial<ConsensusDriverOptions> & { readonly store?: Store; readonly room?: number } = {},
) {
  const events: string[] = []
  const inputs: Input[] = []
  const failures: unknown[] = []
  let room = changes.room ?? 0
  const core = {
    step(input: Input) {
      inputs.push(input)
      if (input.kind === 'payload') room -= input.transactions.length
      return answer(input)
    },
    payloadRoom: () => ({ transactions: room, bytes: room * 1_000 }),
  } as unknown as Consensus
  const driver = createConsensusDriver({
    core,
    consensusLog: createConsensusLog(changes.store ?? tracedStore(events), 0),
    port: {
      broadcast: () => events.push('broadcast'),
      push: () => events.push('push'),
      fetch: () => events.push('fetch'),
      syncCommits: () => events.push('syncCommits'),
      askOwnLast: () => events.push('askOwnLast'),
    },
    clock: { now: () => Date.now() },
    log: silentLog,
    takePayload: () => [],
    onCommit: async () => {
      events.push('commit')
    },
    onCertificate: async () => {
      events.push('certificate')
    },
    onAlarm: code => events.push(`alarm ${code}`),
    beforePublish: async () => {
      events.push('recorded')
    },
    onPublished: () => events.push('published'),
    onRequeue: () => events.push('requeue'),
    onStored: () => events.push('stored'),
    onFailure: error => failures.push(error),
    ...changes,
  })
  return { driver, events, inputs, failures }
}

describe('the consensus driver', () => {
  test('publishes an own vertex only after it is on the disk and its round is recorded', async () => {
    const events: string[] = []
    const { driver } = driverWith(() => [persist, publish], {
      store: tracedStore(events, { delayMs: 10 }),
      beforePublish: async () => {
        events.push('recorded')
      },
      port: { ...silentPort, broadcast: () => events.push('broadcast') },
    })
    driver.submit(tick())
    await until(() => events.includes('broadcast'))
    expect(events).toEqual(['durable', 'recorded', 'broadcast'])
  })

  test('waits for the disk before a commit too, and not for records that nothing refers to', async () => {
    const ordered = cluster.node(0).commits[0] as OrderedCommit
    const { driver, events } = driverWith(input =>
      input.kind === 'tick' ? [persist] : [persist, { kind: 'commit', ordered }],
    )
    driver.submit(tick())
    driver.submit({ kind: 'backpressure', on: true, nowMs: 0 })
    await until(() => events.includes('commit'))
    expect(events).toEqual(['written', 'stored', 'durable', 'stored', 'commit'])
  })

  test('sends nothing when the round cannot be recorded or the disk fails, and reports it', async () => {
    const refused = driverWith(() => [persist, publish], {
      beforePublish: async () => {
        throw new Error('round already signed')
      },
    })
    refused.driver.submit(tick())
    await until(() => refused.failures.length === 1)
    expect(refused.events).not.toContain('broadcast')

    const full = driverWith(() => [persist, publish], { store: tracedStore([], { fails: true }) })
    full.driver.submit(tick())
    full.driver.submit(tick())
    await until(() => full.failures.length === 1)
    full.driver.submit(tick())
    await wait(10)
    expect(full.events).toEqual([])
    expect(full.inputs).toHaveLength(1)
    expect(full.failures).toHaveLength(1)
  })

  test('hands commits over one after the other, each after the one before was taken', async () => {
    const commits = cluster.node(0).commits.slice(0, 5)
    const taken: number[] = []
    let busy = 0
    const { driver } = driverWith(() => commits.map(ordered => ({ kind: 'commit', ordered })), {
      async onCommit(ordered) {
        busy += 1
        expect(busy).toBe(1)
        await wait(3)
        busy -= 1
        taken.push(ordered.commit.index)
      },
    })
    driver.submit(tick())
    await until(() => taken.length === 5)
    expect(taken).toEqual(commits.map(({ commit }) => commit.index))
  })

  test('gives everything that arrived meanwhile to the core as one input, with its sender when there is one', async () => {
    const { driver, inputs } = driverWith(() => [])
    const deliver = (from: number, vertices: readonly VerifiedVertex[], nowMs: number) =>
      driver.submit({ kind: 'vertices', vertices, from, nowMs })
    deliver(1, own.slice(0, 2), 5)
    driver.submit(tick(6))
    deliver(1, own.slice(2, 3), 7)
    await until(() => inputs.length === 2)
    expect(inputs[0]).toMatchObject({ kind: 'vertices', from: 1, nowMs: 7, vertices: own.slice(0, 3) })
    expect(inputs[1]).toEqual(tick(6))
    deliver(1, own.slice(0, 1), 8)
    deliver(2, peer.slice(0, 1), 9)
    await until(() => inputs.length === 3)
    expect(inputs[2]).not.toHaveProperty('from')
  })

  test('offers payload before anything else of its turn, never more than the core has room for', async () => {
    const asked: number[] = []
    const { driver, inputs } = driverWith(() => [], {
      room: 2,
      takePayload: ({ transactions }) => {
        asked.push(transactions)
        return Array.from({ length: transactions }, (_, i) => Uint8Array.of(i))
      },
    })
    driver.payloadArrived()
    driver.submit(tick())
    await until(() => inputs.length === 2)
    expect(inputs.map(input => input.kind)).toEqual(['payload', 'tick'])
    driver.payloadArrived()
    driver.submit(tick())
    await until(() => inputs.length === 3)
    expect(asked).toEqual([2])
  })

  test('wakes the core at the earliest time that it asked for, and never before', async () => {
    const startMs = Date.now()
    const { driver, inputs } = driverWith(input =>
      input.kind === 'start'
        ? [
            { kind: 'wake', atMs: startMs + 60_000 },
            { kind: 'wake', atMs: startMs + 30 },
          ]
        : [],
    )
    driver.start()
    await until(() => inputs.length === 2)
    expect(inputs[1]?.kind).toBe('tick')
    expect(inputs[1]?.nowMs).toBeGreaterThanOrEqual(startMs + 30)
    await driver.stop()
  })

  test('says that its inbox is full instead of growing, and takes inputs again once it was worked off', async () => {
    let release: () => void = () => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const ordered = cluster.node(0).commits[0] as OrderedCommit
    const { driver } = driverWith(input => (input.kind === 'start' ? [{ kind: 'commit', ordered }] : []), {
      onCommit: () => gate,
    })
    driver.start()
    await wait(5)
    let accepted = 0
    while (driver.submit(tick()) && accepted < 10_000) accepted += 1
    expect(accepted).toBe(4_096)
    release()
    await until(() => driver.submit(tick()))
    await driver.stop()
  })

  test('does nothing after it was stopped', async () => {
    const { driver, inputs } = driverWith(() => [{ kind: 'wake', atMs: Date.now() + 5 }])
    driver.start()
    await until(() => inputs.length === 1)
    await driver.stop()
    driver.submit(tick())
    driver.payloadArrived()
    await wait(20)
    expect(inputs).toHaveLength(1)
  })
})

const silentPort = { broadcast() {}, push() {}, fetch() {}, syncCommits() {}, askOwnLast() {} }
