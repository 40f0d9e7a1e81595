import type { FrameReader } from './frame-reader.ts'
import type { NetworkLimits } from './limits.ts'
import type { Outbound } from './outbound.ts'
import type { RequestClient } from './request-client.ts'
import { TokenBucket } from './token-bucket.ts'
import type { Channel, PeerId } from './types.ts'

/** What the network holds for one connected peer. */
export class PeerState {
  readonly id: PeerId
  readonly connectedAtMs: number
  readonly frameBucket: TokenBucket
  readonly byteBucket: TokenBucket
  readonly requestBucket: TokenBucket
  readonly gossipBucket: TokenBucket
  readonly requests: RequestClient
  readonly channels = new Map<Channel, Outbound>()
  /** Inbound streams by protocol name. */
  readonly inbound = new Map<string, Set<FrameReader>>()
  link: Outbound | undefined
  linkOpen = false
  /** What the peer said of itself; absent until its hello came. */
  agent: string | undefined
  /** Hello came and our own link is open: requests and channels work. */
  up = false
  /** Being disconnected: nothing it says counts any more. */
  leaving = false
  heardAtMs: number
  /** When the last ping left; and the same until its answer came, else 0. */
  pingSentAtMs = 0
  pingedAtMs = 0
  pingNonce = 0
  bytesIn = 0
  bytesOut = 0

  constructor(id: PeerId, limits: NetworkLimits, nowMs: number, requests: RequestClient) {
    this.id = id
    this.connectedAtMs = nowMs
    this.heardAtMs = nowMs
    this.frameBucket = new TokenBucket(limits.framesPerSecond, limits.framesBurst, nowMs)
    this.byteBucket = new TokenBucket(limits.bytesPerSecond, limits.bytesBurst, nowMs)
    this.requestBucket = new TokenBucket(limits.requestsPerSecond, limits.requestsBurst, nowMs)
    this.gossipBucket = new TokenBucket(limits.gossipPerSecond, limits.gossipBurst, nowMs)
    this.requests = requests
  }

  /** Resets every stream and forgets what is queued. */
  close(reason: string): void {
    this.leaving = true
    this.link?.stop(reason)
    for (const channel of this.channels.values()) channel.stop(reason)
    this.channels.clear()
    this.requests.stop()
    for (const readers of this.inbound.values()) for (const reader of [...readers]) reader.abort(reason)
    this.inbound.clear()
  }
}
