import { expect, test } from 'vitest'
import { createMetrics, SERIES_MAX, startMetricsServer } from '#lib/metrics'

const metricsOf = () => createMetrics({ build: { version: '1.2.3', commit: 'abc' }, processMetrics: false })

/** The lines of one metric, without its comments. */
async function linesOf(metrics: ReturnType<typeof metricsOf>, name: string): Promise<string[]> {
  return (await metrics.text()).split('\n').filter(line => line.startsWith(`ogpu_${name}`))
}

test('counters, gauges and histograms print as Prometheus reads them', async () => {
  const metrics = metricsOf()
  const { registry } = metrics
  const calls = registry.counter('calls_total', 'Calls\nby method', ['method', 'outcome'])
  calls.inc(1, { method: 'a', outcome: 'ok' })
  calls.inc(2, { method: 'a', outcome: 'ok' })
  calls.inc(1, { method: 'b "quoted" \\', outcome: 'ok' })
  registry.gauge('height', 'Head').set(7)
  registry.counter('idle_total', 'Never counted')
  const seconds = registry.histogram('seconds', 'Time', [0.1, 1], ['kind'])
  for (const value of [0.1, 0.5, 3]) seconds.observe(value, { kind: 'x' })
  expect(await linesOf(metrics, 'calls')).toEqual([
    'ogpu_calls_total{method="a",outcome="ok"} 3',
    'ogpu_calls_total{method="b \\"quoted\\" \\\\",outcome="ok"} 1',
  ])
  expect(await metrics.text()).toContain('# HELP ogpu_calls_total Calls\\nby method\n# TYPE ogpu_calls_total counter\n')
  expect(await linesOf(metrics, 'height')).toEqual(['ogpu_height 7'])
  expect(await linesOf(metrics, 'idle')).toEqual(['ogpu_idle_total 0'])
  expect(await linesOf(metrics, 'seconds')).toEqual([
    'ogpu_seconds_bucket{kind="x",le="0.1"} 1',
    'ogpu_seconds_bucket{kind="x",le="1"} 2',
    'ogpu_seconds_bucket{kind="x",le="+Inf"} 3',
    'ogpu_seconds_sum{kind="x"} 3.6',
    'ogpu_seconds_count{kind="x"} 3',
  ])
  expect(await linesOf(metrics, 'build_info')).toEqual([
    `ogpu_build_info{version="1.2.3",commit="abc",node="${process.version}"} 1`,
  ])
})

test('label values from outside make at most so many series; the rest is counted together', async () => {
  const metrics = metricsOf()
  const counter = metrics.registry.counter('peers_total', 'By peer', ['peer'])
  for (let i = 0; i < SERIES_MAX + 100; i++) counter.inc(1, { peer: `p${i}` })
  counter.inc(1, { peer: 'p0' })
  const lines = await linesOf(metrics, 'peers_total')
  expect(lines).toHaveLength(SERIES_MAX + 1)
  expect(lines).toContain('ogpu_peers_total{peer="p0"} 2')
  expect(lines).toContain('ogpu_peers_total{peer="other"} 100')
})

test('the same name gives the same metric, and another kind or label under it is a mistake', async () => {
  const metrics = metricsOf()
  metrics.registry.counter('things_total', 'Things', ['a']).inc(1, { a: 'x' })
  metrics.registry.counter('things_total', 'Things', ['a']).inc(1, { a: 'x' })
  expect(await linesOf(metrics, 'things')).toEqual(['ogpu_things_total{a="x"} 2'])
  expect(() => metrics.registry.counter('things_total', 'Things', ['b'])).toThrow('declared')
  expect(() => metrics.registry.gauge('things_total', 'Things', ['a'])).toThrow('declared')
  expect(() => metrics.registry.gauge('Not Snake', 'x')).toThrow('snake case')
})

test('the metrics of the process are in the same text', async () => {
  const metrics = createMetrics({ build: { version: '1' } })
  expect(await metrics.text()).toMatch(/^ogpu_process_cpu_user_seconds_total \d/m)
})

test('a server of its own shows the metrics and nothing else', async () => {
  const metrics = metricsOf()
  metrics.registry.counter('calls_total', 'Calls').inc()
  const server = await startMetricsServer({ host: '127.0.0.1', port: 0, metrics })
  try {
    const answer = await fetch(`${server.url}/metrics`)
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    expect(await answer.text()).toContain('ogpu_calls_total 1\n')
    expect((await fetch(`${server.url}/`)).status).toBe(404)
    expect((await fetch(`${server.url}/metrics`, { method: 'POST', body: 'x'.repeat(1_000_000) })).status).toBe(405)
    const port = Number(new URL(server.url).port)
    await expect(startMetricsServer({ host: '127.0.0.1', port, metrics })).rejects.toThrow('--metrics-port')
  } finally {
    await server.close()
  }
})
