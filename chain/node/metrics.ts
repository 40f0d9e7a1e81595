import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { assert } from '#lib/assert'
import type { MetricsRegistry } from '#lib/env'

export interface MetricsOptions {
  /** Becomes the labels of `ogpu_build_info`. */
  readonly build: { readonly version: string; readonly commit?: string }
  /** CPU, memory, event loop and garbage collector of the process. Off in tests that run many nodes in one process. */
  readonly processMetrics?: boolean
}

export interface Metrics {
  readonly registry: MetricsRegistry
  readonly contentType: string
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>
}

const PREFIX = 'ogpu_'
/** Label combinations of one metric; beyond it new ones are counted together, so that no input grows our memory. */
const SERIES_MAX = 500

type Labels = Readonly<Record<string, string>>

/**
 * A registry on prom-client. Every name gets the prefix `ogpu_`. Asking for a name again gives the same metric, provided
 * that its kind and labels are the same.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry()
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry, prefix: PREFIX })
  const declared = new Map<string, { readonly kind: string; readonly metric: unknown }>()

  const once = <T>(kind: string, name: string, labels: readonly string[], make: () => T): T => {
    assert(/^[a-z][a-z0-9_]*$/.test(name), `metric name "${name}" is not snake case`)
    const signature = `${kind}(${labels.join(',')})`
    const known = declared.get(name)
    if (known !== undefined) {
      assert(known.kind === signature, `metric ${name} was declared as ${known.kind}, now as ${signature}`)
      return known.metric as T
    }
    const metric = make()
    declared.set(name, { kind: signature, metric })
    return metric
  }

  const build = new Gauge({
    name: `${PREFIX}build_info`,
    help: 'Always 1; the labels say what runs',
    labelNames: ['version', 'commit', 'node'],
    registers: [registry],
  })
  build.set({ version: options.build.version, commit: options.build.commit ?? '', node: process.version }, 1)

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    registry: {
      counter: (name, help, labels = []) =>
        once('counter', name, labels, () => {
          const counter = new Counter({ name: PREFIX + name, help, labelNames: [...labels], registers: [registry] })
          const bounded = boundedLabels(labels)
          return { inc: (value = 1, given?: Labels) => counter.inc(bounded(given), value) }
        }),
      gauge: (name, help, labels = []) =>
        once('gauge', name, labels, () => {
          const gauge = new Gauge({ name: PREFIX + name, help, labelNames: [...labels], registers: [registry] })
          const bounded = boundedLabels(labels)
          return { set: (value: number, given?: Labels) => gauge.set(bounded(given), value) }
        }),
      histogram: (name, help, buckets, labels = []) =>
        once('histogram', name, labels, () => {
          const histogram = new Histogram({
            name: PREFIX + name,
            help,
            labelNames: [...labels],
            buckets: [...buckets],
            registers: [registry],
          })
          const bounded = boundedLabels(labels)
          return { observe: (value: number, given?: Labels) => histogram.observe(bounded(given), value) }
        }),
    },
  }
}

/** Passes the first {@link SERIES_MAX} combinations of label values and turns every later one into `other`. */
function boundedLabels(names: readonly string[]): (given: Labels | undefined) => Record<string, string> {
  const seen = new Set<string>()
  const other = Object.fromEntries(names.map(name => [name, 'other']))
  return given => {
    const labels = Object.fromEntries(names.map(name => [name, given?.[name] ?? '']))
    if (names.length === 0) return labels
    const key = JSON.stringify(Object.values(labels))
    if (seen.has(key)) return labels
    if (seen.size >= SERIES_MAX) return other
    seen.add(key)
    return labels
  }
}
