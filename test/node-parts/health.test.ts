import { describe, expect, it } from 'vitest'
import { AssertionError } from '#lib/assert'
import { createMetrics } from '#lib/metrics'
import { diskSpace, readinessChecks } from '../../chain/node/health-checks.ts'
import { type HealthCheck, startHealthServer } from '../../chain/node/health-server.ts'
import { createNodeMetrics } from '../../chain/node/node-metrics.ts'

describe('metrics', () => {
  it('are exported with the prefix, their labels and the build', async () => {
    const metrics = createMetrics({ build: { version: '1.2.3', commit: 'abc' }, processMetrics: false })
    const frames = metrics.registry.counter('p2p_frames_total', 'Frames', ['channel'])
    frames.inc(2, { channel: 'vertices' })
    frames.inc(1, { channel: 'vertices' })
    metrics.registry.gauge('p2p_peers', 'Peers').set(4)
    metrics.registry.histogram('p2p_request_seconds', 'Requests', [0.1, 1]).observe(0.5)
    const text = await metrics.text()
    expect(text).toContain('ogpu_p2p_frames_total{channel="vertices"} 3')
    expect(text).toContain('ogpu_p2p_peers 4')
    expect(text).toContain('ogpu_p2p_request_seconds_bucket{le="1"} 1')
    expect(text).toMatch(/ogpu_build_info\{version="1\.2\.3",commit="abc",node="v\d+/)
  })

  it('asked for twice are the same, and in another form are an error', async () => {
    const { registry, text } = createMetrics({ build: { version: '1' }, processMetrics: false })
    registry.counter('a_total', 'A', ['x']).inc(1, { x: '1' })
    registry.counter('a_total', 'A', ['x']).inc(1, { x: '1' })
    expect(await text()).toContain('ogpu_a_total{x="1"} 2')
    expect(() => registry.gauge('a_total', 'A')).toThrow(AssertionError)
    expect(() => registry.counter('a_total', 'A', ['y'])).toThrow(AssertionError)
    expect(() => registry.counter('Not Snake', 'A')).toThrow(AssertionError)
  })

  it('do not grow without bound when label values do', async () => {
    const { registry, text } = createMetrics({ build: { version: '1' }, processMetrics: false })
    const counter = registry.counter('b_total', 'B', ['x'])
    for (let i = 0; i < 2_000; i++) counter.inc(1, { x: `${i}` })
    const lines = (await text()).split('\n').filter(line => line.startsWith('ogpu_b_total{'))
    expect(lines).toHaveLength(501)
    expect(lines).toContain('ogpu_b_total{x="other"} 1500')
  })
})

describe('node metrics', () => {
  it('follow what the drivers tell', async () => {
    const { registry, text } = createMetrics({ build: { version: '1' }, processMetrics: false })
    const metrics = createNodeMetrics(registry)
    metrics.queues(3, 4)
    metrics.verified('reject')
    metrics.verified('accept', 10)
    metrics.executed({ height: 12, transactions: 5, gasUsed: 105_000n }, 0.01)
    metrics.alarm('equivocation', false)
    metrics.ready('peers', true)
    metrics.ready('disk', false)
    const exported = await text()
    for (const line of [
      'ogpu_verify_queue_vertices 3',
      'ogpu_execution_queue_commits 4',
      'ogpu_verify_vertices_total{outcome="accept"} 10',
      'ogpu_execution_block_height 12',
      'ogpu_execution_gas_total 105000',
      'ogpu_consensus_alarms_total{code="equivocation",fatal="false"} 1',
      'ogpu_node_ready{check="peers"} 1',
      'ogpu_node_ready{check="disk"} 0',
    ]) {
      expect(exported).toContain(line)
    }
  })
})

describe('readiness', () => {
  const good = {
    validatorsConnected: 3,
    validatorsOther: 3,
    peers: 3,
    syncing: false,
    commitIndex: 1_000,
    quorumCommitIndex: 1_001,
    lastCommitAtMs: 99_000,
    executionQueue: 0,
    executionQueueMax: 100,
    halted: false,
    diskFreeBytes: 1e12,
    nowMs: 100_000,
  }
  const failing = (change: Partial<typeof good> | { lastCommitAtMs: undefined }) =>
    readinessChecks({ ...good, ...change })
      .filter(check => !check.ok)
      .map(check => check.name)

  it('names exactly the condition that fails', () => {
    expect(failing({})).toEqual([])
    expect(failing({ validatorsConnected: 2, peers: 2 })).toEqual([])
    expect(failing({ validatorsConnected: 1, peers: 1 })).toEqual(['peers'])
    // A node that only follows needs any peer, not the validators.
    expect(failing({ validatorsConnected: 0, peers: 1 })).toEqual([])
    expect(failing({ validatorsConnected: 0, validatorsOther: 0, peers: 0 })).toEqual([])
    expect(failing({ syncing: true })).toEqual(['synchronised'])
    expect(failing({ quorumCommitIndex: 1_200 })).toEqual(['synchronised'])
    expect(failing({ nowMs: 120_000 })).toEqual(['committing'])
    expect(failing({ lastCommitAtMs: undefined })).toEqual(['committing'])
    expect(failing({ executionQueue: 100 })).toEqual(['executing'])
    expect(failing({ halted: true })).toEqual(['not halted'])
    expect(failing({ diskFreeBytes: 1e6 })).toEqual(['disk'])
  })

  it('the disk’s free space is a number of bytes', async () => {
    const space = await diskSpace('.')
    expect(space?.freeBytes).toBeGreaterThan(0)
    expect(space?.totalBytes).toBeGreaterThanOrEqual(space?.freeBytes ?? Number.NaN)
    expect(await diskSpace('/no/such/place')).toBeUndefined()
  })
})

describe('health server', () => {
  const checks = { live: [] as HealthCheck[], ready: [] as HealthCheck[] }
  const start = () => {
    const metrics = createMetrics({ build: { version: '1' }, processMetrics: false })
    return startHealthServer({
      host: '127.0.0.1',
      port: 0,
      source: {
        live: () => checks.live,
        ready: () => checks.ready,
        status: () => {
          if (checks.live.some(check => check.name === 'throw')) throw new Error('secret detail')
          return { round: 7, supply: 10n ** 30n }
        },
        metrics: () => metrics,
      },
    })
  }
  const get = async (url: string) => {
    const response = await fetch(url)
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }

  it('answers what the node says of itself, on a free port', async () => {
    const server = await start()
    try {
      expect((await get(`${server.url}/livez`)).status).toBe(200)
      checks.ready = [
        { name: 'peers', ok: true, detail: '3 of 3' },
        { name: 'committing', ok: false, detail: 'no commit for 12 s' },
      ]
      const ready = await get(`${server.url}/readyz`)
      expect(ready.status).toBe(503)
      expect(JSON.parse(ready.text)).toEqual({ ok: false, checks: checks.ready })
      checks.ready = [{ name: 'peers', ok: true }]
      expect((await get(`${server.url}/readyz`)).status).toBe(200)
      const status = await get(`${server.url}/status`)
      expect(JSON.parse(status.text)).toEqual({ round: 7, supply: `1${'0'.repeat(30)}` })
      const metrics = await get(`${server.url}/metrics`)
      expect(metrics.type).toMatch(/^text\/plain/)
      expect(metrics.text).toContain('ogpu_build_info')
      expect((await get(`${server.url}/etc/passwd`)).status).toBe(404)
    } finally {
      await server.close()
    }
  })

  it('says nothing of the inside when something fails', async () => {
    const server = await start()
    try {
      checks.live = [{ name: 'throw', ok: false }]
      expect((await get(`${server.url}/livez`)).status).toBe(503)
      const failed = await get(`${server.url}/status`)
      expect(failed.status).toBe(500)
      expect(failed.text).not.toContain('secret')
      checks.live = []
    } finally {
      await server.close()
    }
  })

  it('a used port is a clear error', async () => {
    const server = await start()
    const port = Number(new URL(server.url).port)
    const source = {
      live: () => [],
      ready: () => [],
      status: () => null,
      metrics: () => ({ contentType: '', text: async () => '' }),
    }
    await expect(startHealthServer({ host: '127.0.0.1', port, source })).rejects.toMatchObject({
      code: 'health server failed',
    })
    await server.close()
  })
})
