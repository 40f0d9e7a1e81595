import type { Counter, Gauge, MetricsRegistry } from '#lib/env'

export interface PoolMetrics {
  readonly admitted: Counter
  readonly refused: Counter
  readonly evicted: Counter
  readonly transactions: Gauge
  readonly bytes: Gauge
}

const silent = { inc: () => {}, set: () => {} }

export function declarePoolMetrics(registry: MetricsRegistry | undefined): PoolMetrics {
  if (registry === undefined) {
    return { admitted: silent, refused: silent, evicted: silent, transactions: silent, bytes: silent }
  }
  return {
    admitted: registry.counter('pool_admitted_total', 'Transactions admitted to the pool', ['origin']),
    refused: registry.counter('pool_refused_total', 'Transactions refused by the pool', ['reason']),
    evicted: registry.counter('pool_evicted_total', 'Transactions that left the pool without a block', ['cause']),
    transactions: registry.gauge('pool_transactions', 'Transactions in the pool', ['state']),
    bytes: registry.gauge('pool_bytes', 'Bytes of raw transactions in the pool'),
  }
}
