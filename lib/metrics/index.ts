/**
 * Metrics in Prometheus' text format: the registry behind the interfaces of `#lib/env`, and a server of its own for
 * processes that have none (the node's health server shows its metrics itself).
 *
 * Invariants: every name begins with `ogpu_`; labels from outside make at most {@link SERIES_MAX} series of one metric.
 */
export { SERIES_MAX } from './instruments.ts'
export { createMetrics, type Metrics, type MetricsOptions } from './registry.ts'
export { type MetricsServer, type MetricsServerOptions, startMetricsServer } from './server.ts'
