import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { MetricsRegistry } from '#lib/env'
import { createMetrics } from '#lib/metrics'
import { declarePoolMetrics } from '../../chain/evm/pool-metrics.ts'
import { configTable } from '../../chain/node/config.ts'
import { createNodeMetrics } from '../../chain/node/node-metrics.ts'
import { networkMetrics } from '../../chain/p2p/metrics.ts'
import { declareRpcMetrics } from '../../chain/rpc/metrics.ts'
import { createExecutorMetrics, createVerifierMetrics } from '../../executor/sidecar/metrics.ts'
import { createRelayMetrics } from '../../relay/metrics.ts'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const dashboards = readdirSync(fileURLToPath(new URL('../../deploy/grafana/dashboards', import.meta.url)))

/** Every name that a node, an executor, a verifier or the relay exports, with its labels. */
async function exported(): Promise<Map<string, readonly string[]>> {
  const names = new Map<string, readonly string[]>()
  const note =
    (suffixes: readonly string[]) =>
    (name: string, labels: readonly string[] = []) => {
      for (const suffix of suffixes) names.set(`ogpu_${name}${suffix}`, labels)
    }
  const recording: MetricsRegistry = {
    counter: (name, _help, labels) => {
      note([''])(name, labels)
      return { inc() {} }
    },
    gauge: (name, _help, labels) => {
      note([''])(name, labels)
      return { set() {} }
    },
    histogram: (name, _help, _buckets, labels) => {
      note(['_bucket', '_sum', '_count'])(name, labels)
      return { observe() {} }
    },
  }
  createNodeMetrics(recording)
  networkMetrics(recording)
  declarePoolMetrics(recording)
  declareRpcMetrics(recording)
  createExecutorMetrics(recording)
  createVerifierMetrics(recording)
  createRelayMetrics(recording)
  const text = await createMetrics({ build: { version: '1' } }).text()
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) names.set(`${name}${suffix}`, [])
  }
  return names
}

const namesIn = (text: string) => [...new Set(text.match(/ogpu_[a-z0-9_]+/g) ?? [])]

describe('what operators are given', () => {
  it('alerts and dashboards ask only for metrics that our processes export', async () => {
    const known = await exported()
    const asked = [
      read('deploy/prometheus/alerts.yml'),
      ...dashboards.map(file => read(`deploy/grafana/dashboards/${file}`)),
    ]
    const names = namesIn(asked.join('\n'))
    expect(names.length).toBeGreaterThan(70)
    expect(names.filter(name => !known.has(name))).toEqual([])
  })

  it('labels of targets hide no label of a metric', async () => {
    const own = new Set([...(await exported()).values()].flat())
    const given = [...read('deploy/prometheus/prometheus.yml').matchAll(/labels: \{ (\w+):/g)].map(([, name]) => name)
    expect(given).toEqual(['group', 'group'])
    expect(given.filter(name => own.has(String(name)))).toEqual([])
  })

  it('every dashboard is a whole one: panels with places and queries', () => {
    for (const area of ['overview', 'consensus', 'execution', 'storage', 'network', 'rpc', 'tasks']) {
      expect(dashboards).toContain(`ogpu-${area}.json`)
    }
    for (const file of dashboards) {
      const dashboard = JSON.parse(read(`deploy/grafana/dashboards/${file}`))
      expect(dashboard.uid).toBe(file.replace('.json', ''))
      expect(dashboard.panels.length).toBeGreaterThan(4)
      const places = new Set<string>()
      for (const panel of dashboard.panels) {
        expect(
          panel.targets.every(
            (target: { expr: string }) => target.expr.includes('ogpu_') || target.expr.includes('up{'),
          ),
        ).toBe(true)
        places.add(`${panel.gridPos.x},${panel.gridPos.y}`)
      }
      expect(places.size).toBe(dashboard.panels.length)
    }
  })

  it('the guide holds the current table of settings, and a section for every alert', () => {
    const guide = read('docs/operators.md')
    expect(guide).toContain(configTable())
    for (const [, alert] of read('deploy/prometheus/alerts.yml').matchAll(/- alert: (\w+)/g)) {
      expect(guide).toContain(`**${alert}**`)
    }
  })
})
