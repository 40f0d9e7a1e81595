import { describe, expect, it } from 'vitest'
import { AssertionError } from '#lib/assert'
import { type HealthCheck, startHealthServer } from '../../chain/node/health-server.ts'
import { createMetrics } from '../../chain/node/metrics.ts'

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
