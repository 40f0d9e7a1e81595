import type { NetworkLimits, Offence } from './limits.ts'
import type { PeerState } from './peer.ts'
import type { GossipVerdict } from './transport.ts'
import type { MessageVerdict, PeerId, Topic } from './types.ts'

export type GossipHandler = (from: PeerId, message: Uint8Array) => MessageVerdict | Promise<MessageVerdict>

export interface GossipJudgeOptions {
  readonly limits: NetworkLimits
  handler(topic: Topic): GossipHandler | undefined
  nowMs(): number
  offend(offence: Offence): void
  /** The handler rejected the message for this reason. */
  blame(reason: string): void
  failed(error: unknown): void
}

/**
 * Decides whether a message goes on. A neighbour answers for everything that it forwards: honest nodes forward only what
 * they accepted themselves.
 */
export async function judgeGossip(
  topic: Topic,
  from: PeerId,
  peer: PeerState | undefined,
  message: Uint8Array,
  options: GossipJudgeOptions,
): Promise<GossipVerdict> {
  if (message.length > options.limits.gossipBytesMax[topic]) {
    options.offend('gossip too large')
    return 'reject'
  }
  if (peer !== undefined && !peer.gossipBucket.tryTake(1, options.nowMs())) {
    options.offend('gossip rate')
    return 'ignore'
  }
  const handler = options.handler(topic)
  if (handler === undefined) return 'ignore'
  try {
    const verdict = await handler(from, message)
    if (verdict.kind === 'reject') options.blame(verdict.reason)
    return verdict.kind
  } catch (error) {
    options.failed(error)
    return 'ignore'
  }
}
