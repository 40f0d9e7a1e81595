/** The outside world as interfaces: time, randomness and the log. Real ones are built in `chain/node` and `executor`. */

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
}

export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array
}

export type LogFields = Readonly<Record<string, unknown>>

/** Constant message, data as fields: `log.info('vertex accepted', { round, author })`. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger for one module; `module` becomes a field of every line. */
  child(module: string): Log
}

const nothing = () => {}
/** Swallows everything. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLog }

/** A counter, gauge or histogram as the code that measures sees it; the registry is in `lib/metrics`. */
export interface Counter {
  inc(value?: number, labels?: Readonly<Record<string, string>>): void
}
export interface Gauge {
  set(value: number, labels?: Readonly<Record<string, string>>): void
}
export interface Histogram {
  observe(value: number, labels?: Readonly<Record<string, string>>): void
}
/** Makes metrics by name (`area_thing_unit`); each folder declares its own in its `metrics.ts`. */
export interface MetricsRegistry {
  counter(name: string, help: string, labels?: readonly string[]): Counter
  gauge(name: string, help: string, labels?: readonly string[]): Gauge
  histogram(name: string, help: string, buckets: readonly number[], labels?: readonly string[]): Histogram
}

const deaf = { inc: nothing, set: nothing, observe: nothing }
/** Measures nothing. */
export const silentMetrics: MetricsRegistry = { counter: () => deaf, gauge: () => deaf, histogram: () => deaf }
