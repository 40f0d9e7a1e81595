import type { Log, MetricsRegistry } from '#lib/env'
import { createMetrics, startMetricsServer } from '#lib/metrics'
import { createLogging, parseLogLevels } from '#node'
import { integer, type Option, text, UsageError, type Values } from './command.ts'
import { VERSION } from './version.ts'

/** Options that every process beside the chain has. */
export const SIDECAR_OPTIONS = {
  rpc: { type: 'string', value: 'URL', default: 'http://127.0.0.1:8545', help: 'JSON-RPC of a node' },
  data: { type: 'string', value: 'URL', multiple: true, help: 'Data node; repeat for several' },
  'data-dir': { type: 'string', value: 'FOLDER', help: 'Where this process keeps its state' },
  'log-level': { type: 'string', value: 'LEVELS', default: 'info', help: 'debug, info, warn, error or silent' },
  'log-format': { type: 'string', value: 'FORM', default: 'terminal', help: 'terminal or json' },
} as const satisfies Readonly<Record<string, Option>>

/** Options of the processes that export metrics and have no health server. */
export const METRICS_OPTIONS = {
  'metrics-port': {
    type: 'string',
    value: 'PORT',
    help: 'Port of /metrics for Prometheus; 0 takes a free one, absent has none',
  },
  'metrics-host': { type: 'string', value: 'HOST', default: '127.0.0.1', help: 'Interface of /metrics' },
} as const satisfies Readonly<Record<string, Option>>

export interface MetricsOfProcess {
  /** Goes to the part that counts; nothing where nobody asks for metrics. */
  readonly options: { readonly metrics?: MetricsRegistry }
  /** Goes to the parent with `sayReady`. */
  readonly ready: { readonly metricsUrl?: string }
  close(): Promise<void>
}

/** The metrics of this process, served when `--metrics-port` is given. */
export async function metricsOf(values: Values): Promise<MetricsOfProcess> {
  const port = integer(values, 'metrics-port', 0, 65_535)
  if (port === undefined) return { options: {}, ready: {}, close: async () => {} }
  const metrics = createMetrics({ build: { version: VERSION } })
  const server = await startMetricsServer({ host: required(values, 'metrics-host'), port, metrics })
  console.log(`metrics at ${server.url}/metrics`)
  return { options: { metrics: metrics.registry }, ready: { metricsUrl: server.url }, close: server.close }
}

export function logOf(values: Values, module: string): Log {
  const format = text(values, 'log-format')
  if (format !== 'terminal' && format !== 'json') throw new UsageError('--log-format is terminal or json')
  const levels = parseLogLevels(text(values, 'log-level') ?? 'info')
  const colors = process.stdout.isTTY === true && process.env.NO_COLOR === undefined
  return createLogging({ levels, format, colors }).log.child(module)
}

export function urls(values: Values, name: string): readonly string[] {
  const given = values[name]
  const list = (Array.isArray(given) ? given : given === undefined ? [] : [given]).map(String)
  for (const url of list)
    if (!/^https?:\/\//.test(url)) throw new UsageError(`--${name} takes an http:// or https:// URL, not "${url}"`)
  return list
}

export function requiredUrls(values: Values, name: string): readonly string[] {
  const list = urls(values, name)
  if (list.length === 0) throw new UsageError(`name at least one --${name} URL`)
  return list
}

export function required(values: Values, name: string): string {
  const value = text(values, name)
  if (value === undefined) throw new UsageError(`--${name} is needed`)
  return value
}
