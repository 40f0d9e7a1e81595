import type { Counter, Gauge, Histogram, MetricsRegistry } from '#lib/env'

const nothing = { inc() {}, set() {}, observe() {} }
const silentRegistry: MetricsRegistry = {
  counter: () => nothing,
  gauge: () => nothing,
  histogram: () => nothing,
}

export interface NetworkMetrics {
  readonly peers: Gauge
  readonly frames: Counter
  readonly bytes: Counter
  readonly framesDropped: Counter
  readonly penalties: Counter
  readonly bans: Counter
  readonly throttles: Counter
  readonly requests: Histogram
  readonly requestsServed: Counter
  readonly gossip: Counter
  readonly dials: Counter
  readonly roundTrip: Histogram
  readonly handlerFailures: Counter
}

const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Declares the network's metrics; without a registry they go nowhere. Labels come from fixed tables only. */
export function networkMetrics(registry: MetricsRegistry = silentRegistry): NetworkMetrics {
  return {
    peers: registry.gauge('p2p_peers', 'Connected peers that said hello', ['role']),
    frames: registry.counter('p2p_frames_total', 'Channel frames', ['channel', 'direction']),
    bytes: registry.counter('p2p_bytes_total', 'Bytes of frames, requests and answers', ['direction']),
    framesDropped: registry.counter('p2p_frames_dropped_total', 'Frames that a full send queue dropped', ['channel']),
    penalties: registry.counter('p2p_penalties_total', 'Score penalties by reason', ['reason']),
    bans: registry.counter('p2p_bans_total', 'Bans by reason', ['reason']),
    throttles: registry.counter('p2p_throttles_total', 'Pauses of reading because of a rate limit', ['limit']),
    requests: registry.histogram('p2p_request_seconds', 'Own requests', SECONDS, ['protocol', 'outcome']),
    requestsServed: registry.counter('p2p_requests_served_total', 'Requests of peers', ['protocol', 'outcome']),
    gossip: registry.counter('p2p_gossip_messages_total', 'Gossip messages received', ['topic', 'verdict']),
    dials: registry.counter('p2p_dials_total', 'Dials', ['outcome']),
    roundTrip: registry.histogram('p2p_round_trip_seconds', 'Round trip of a heartbeat', SECONDS),
    handlerFailures: registry.counter('p2p_handler_failures_total', 'Handlers that threw', ['where']),
  }
}
