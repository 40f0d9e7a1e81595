import type { Channel, RequestProtocol, Topic } from './types.ts'

const KIB = 1024
const MIB = 1024 * KIB

/**
 * Every bound of the network layer, with its reason and with what happens at the bound. Tests lower them; a network's
 * operator normally leaves them alone. "Points" are score points: honest behaviour costs none, −100 is a ban.
 */
export interface NetworkLimits {
  /**
   * Largest frame of a channel. A vertex is at most 512 KiB of payload, about 4 KiB of parents at 100 validators and
   * its votes; several small ones may share a frame. Above: the stream is reset before anything is allocated, −60.
   */
  readonly frameBytesMax: Readonly<Record<Channel, number>>
  /** Largest request body. A list of 1,000 vertex references is 41 KiB. Above: stream reset, −60. */
  readonly requestBytesMax: Readonly<Record<RequestProtocol, number>>
  /** Largest answer. The serving side must trim to it; above: `response too large`, and −60 for who sent it. */
  readonly responseBytesMax: Readonly<Record<RequestProtocol, number>>
  /** Largest gossip message (one transaction is at most 128 KiB). Above: dropped before decoding, −10. */
  readonly gossipBytesMax: Readonly<Record<Topic, number>>

  /** Frames that wait for one peer on one channel. Vertices and feed: the oldest is dropped (the peer pulls). Control: refused. */
  readonly sendQueueFramesMax: Readonly<Record<Channel, number>>
  /** Bytes that wait for one peer on one channel; same behaviour. */
  readonly sendQueueBytesMax: Readonly<Record<Channel, number>>
  /** A stream whose far end takes no bytes for this long is reset and opened anew; −5. */
  readonly stallTimeoutMs: number

  /** Frames being handled for one inbound stream; above: that stream is not read until one finishes. */
  readonly framesInWorkMax: number
  /** A frame that began must be complete within this time (slow-loris); else the stream is reset, −20. */
  readonly frameTimeoutMs: number
  /** Frames per second of one peer over all its streams, and the burst. Above: reading pauses, −1 for each pause. */
  readonly framesPerSecond: number
  readonly framesBurst: number
  /** Bytes per second of one peer over all its streams, and the burst. Above: reading pauses, −1 for each pause. */
  readonly bytesPerSecond: number
  readonly bytesBurst: number

  /** Requests per second that one peer may make, and the burst. Above: answered "busy", −1. */
  readonly requestsPerSecond: number
  readonly requestsBurst: number
  /** Requests of all peers being answered at a time. Above: answered "busy", nobody is blamed. */
  readonly requestsServedMax: number
  /** Own requests in flight to one peer. Above: `peer unavailable`. */
  readonly requestsPerPeerMax: number
  /** Negotiated request streams kept open for the next request to one peer; saves a round trip for each request. */
  readonly idleRequestStreamsMax: number
  /** Streams that one peer may hold open towards us on one protocol. Above: the new one is reset, −2. */
  readonly inboundStreamsMax: number

  /** Gossip messages per second of one peer, and the burst. Above: ignored, −1. */
  readonly gossipPerSecond: number
  readonly gossipBurst: number

  /** A new connection must say which network it is for within this time; else it is closed. */
  readonly helloTimeoutMs: number
  /** Each side says that it lives this often. */
  readonly heartbeatMs: number
  /** Silence after which a connection counts as dead and is closed. */
  readonly silenceMs: number

  /** Peers that are neither validators nor kept. Above: refused at the door; validators and kept peers always enter. */
  readonly strangersMax: number
  /** Connected peers below which discovered peers are dialled. */
  readonly peersTarget: number
  /** Inbound connections from one host. Junk from one machine cannot take all slots. */
  readonly connectionsPerHostMax: number
  /** New inbound connections per second from one host. */
  readonly inboundPerSecondPerHost: number
  /** First and largest pause between two dials of a kept peer (doubles, with jitter). */
  readonly redialMs: number
  readonly redialMaxMs: number
  /** Bootnodes are dialled again this often while peers are few. */
  readonly bootnodesEveryMs: number
  /** Of two peers that keep each other the one with the larger id waits this long, so that one connection arises. */
  readonly dialGraceMs: number
  readonly dialTimeoutMs: number

  /** Score at which a peer is banned. */
  readonly banScore: number
  /** Largest score that good reports can collect. */
  readonly scoreMax: number
  /** Points per second with which a score returns to zero. */
  readonly scoreDecayPerSecond: number
  /** How long a ban lasts for strangers. */
  readonly banMs: number
  /** And for validators and kept peers: short, for a bug must not cut the committee apart. */
  readonly banKnownMs: number
  /** How long a peer of another network is refused. */
  readonly wrongNetworkBanMs: number
  /** Remembered scores and bans of peers that left. Above: the one changed longest ago is forgotten. */
  readonly scoresMax: number
}

export const DEFAULT_LIMITS: NetworkLimits = {
  frameBytesMax: { vertices: 2 * MIB, control: 64 * KIB, feed: 2 * MIB },
  requestBytesMax: {
    vertices: 64 * KIB,
    commits: 4 * KIB,
    'own-last': 4 * KIB,
    blocks: 4 * KIB,
    status: 4 * KIB,
    snapshot: 64,
    follow: 64,
  },
  responseBytesMax: {
    vertices: 8 * MIB,
    commits: 8 * MIB,
    'own-last': 2 * MIB,
    blocks: 8 * MIB,
    status: 128 * KIB,
    snapshot: 8 * MIB,
    follow: 64,
  },
  gossipBytesMax: { transactions: 256 * KIB, commits: 1 * MIB },

  sendQueueFramesMax: { vertices: 512, control: 1_024, feed: 512 },
  sendQueueBytesMax: { vertices: 32 * MIB, control: 4 * MIB, feed: 16 * MIB },
  stallTimeoutMs: 30_000,

  framesInWorkMax: 64,
  frameTimeoutMs: 30_000,
  framesPerSecond: 2_000,
  framesBurst: 4_000,
  bytesPerSecond: 32 * MIB,
  bytesBurst: 64 * MIB,

  requestsPerSecond: 50,
  requestsBurst: 200,
  requestsServedMax: 64,
  requestsPerPeerMax: 16,
  idleRequestStreamsMax: 4,
  inboundStreamsMax: 24,

  gossipPerSecond: 2_000,
  gossipBurst: 8_000,

  helloTimeoutMs: 10_000,
  heartbeatMs: 10_000,
  silenceMs: 35_000,

  strangersMax: 64,
  peersTarget: 16,
  connectionsPerHostMax: 32,
  inboundPerSecondPerHost: 10,
  redialMs: 500,
  redialMaxMs: 4_000,
  bootnodesEveryMs: 30_000,
  dialGraceMs: 400,
  dialTimeoutMs: 10_000,

  banScore: -100,
  scoreMax: 50,
  scoreDecayPerSecond: 1,
  banMs: 600_000,
  banKnownMs: 15_000,
  wrongNetworkBanMs: 60_000,
  scoresMax: 4_096,
}

/** What each offence costs, in score points. */
export const PENALTY = {
  /** A length prefix above the protocol's maximum. */
  'frame too large': -60,
  /** A frame that began and did not end in time. */
  'frame too slow': -20,
  /** The far end took no bytes for too long. */
  'stream stalled': -5,
  /** Bytes where the protocol foresees none. */
  'unexpected data': -20,
  /** An unknown or malformed frame on the link stream. */
  'malformed link frame': -20,
  /** A channel opened by somebody who is no validator. Mild: committees change at slightly different moments. */
  'channel refused': -2,
  'too many streams': -2,
  'frame rate': -1,
  'byte rate': -1,
  'request rate': -1,
  'gossip rate': -1,
  'gossip too large': -10,
  /** A handler rejected a frame of a channel. */
  'frame rejected': -20,
  /** A handler rejected a gossip message. */
  'gossip rejected': -10,
  /** A request that our side had to give up waiting for. */
  'request timeout': -1,
} as const

export type Offence = keyof typeof PENALTY
