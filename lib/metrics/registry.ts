import { collectDefaultMetrics, Registry } from 'prom-client'
import { assert } from '#lib/assert'
import type { MetricsRegistry } from '#lib/env'
import { HistogramInstrument, type Instrument, ValueInstrument } from './instruments.ts'

export interface MetricsOptions {
  /** Becomes the labels of `ogpu_build_info`; without it there is none, as for a thread of a process that has it. */
  readonly build?: { readonly version: string; readonly commit?: string }
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

/**
 * The metrics of a process: our own, and those of the process by prom-client. Every name gets the prefix `ogpu_`. Asking for
 * a name again gives the same metric, provided that its kind and labels are the same.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const processMetrics = new Registry()
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: processMetrics, prefix: PREFIX })
  const declared = new Map<string, { readonly signature: string; readonly instrument: Instrument }>()

  function once<T extends Instrument>(kind: string, name: string, labels: readonly string[], make: () => T): T {
    assert(/^[a-z][a-z0-9_]*$/.test(name), `metric name "${name}" is not snake case`)
    const signature = `${kind}(${labels.join(',')})`
    const known = declared.get(name)
    if (known !== undefined) {
      assert(known.signature === signature, `metric ${name} was declared as ${known.signature}, now as ${signature}`)
      return known.instrument as T
    }
    const instrument = make()
    declared.set(name, { signature, instrument })
    return instrument
  }

  function value(kind: 'counter' | 'gauge', name: string, help: string, labels: readonly string[]): ValueInstrument {
    return once(kind, name, labels, () => new ValueInstrument(kind, PREFIX + name, help, labels))
  }

  if (options.build !== undefined) {
    const build = value('gauge', 'build_info', 'Always 1; the labels say what runs', ['version', 'commit', 'node'])
    build.set(1, { version: options.build.version, commit: options.build.commit ?? '', node: process.version })
  }

  return {
    contentType: processMetrics.contentType,
    async text() {
      const ours = [...declared.values()].map(({ instrument }) => instrument.text())
      return [...ours, await processMetrics.metrics()].join('\n')
    },
    registry: {
      counter: (name, help, labels = []) => value('counter', name, help, labels),
      gauge: (name, help, labels = []) => value('gauge', name, help, labels),
      histogram: (name, help, buckets, labels = []) =>
        once('histogram', name, labels, () => new HistogramInstrument(PREFIX + name, help, buckets, labels)),
    },
  }
}
