import type { Counter, Gauge, Histogram, MetricsRegistry } from '#lib/env'

export interface RpcMetrics {
  readonly calls: Counter
  readonly seconds: Histogram
  readonly connections: Gauge
  readonly refused: Counter
}

const silent = { inc: () => {}, set: () => {}, observe: () => {} }
const BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10]

export function declareRpcMetrics(registry: MetricsRegistry | undefined): RpcMetrics {
  if (registry === undefined) return { calls: silent, seconds: silent, connections: silent, refused: silent }
  return {
    calls: registry.counter('rpc_calls_total', 'JSON-RPC calls answered', ['method', 'outcome']),
    seconds: registry.histogram('rpc_call_seconds', 'Time to answer a JSON-RPC call', BUCKETS, ['method']),
    connections: registry.gauge('rpc_websocket_connections', 'Open WebSocket connections'),
    refused: registry.counter('rpc_refused_total', 'Requests refused before they were read', ['reason']),
  }
}
