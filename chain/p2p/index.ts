/**
 * The network layer. One policy (`network.ts`: peers, scores, channels, requests, gossip, limits) over a `Transport`, of
 * which there are two: libp2p (`libp2p.ts`, the only file that knows libp2p) and an in-memory twin (`memory.ts`). Both
 * pass the same behaviour suite.
 *
 * Invariants: no length from outside is believed before it was compared with its limit; every queue and table has a
 * bound (`limits.ts` lists all of them, with what happens there); whoever breaks a rule loses score for a named reason,
 * and at the ban score is disconnected and refused for a while; validators and kept peers are never displaced by
 * strangers; a frame is delivered in order or not at all, and a full queue of vertices drops the oldest.
 *
 * Absent: any knowledge of what frames mean; NAT traversal and relays (validators have public addresses).
 */
export * from './libp2p.ts'
export * from './limits.ts'
export * from './link-conditions.ts'
export * from './memory.ts'
export type { NetworkOptions } from './network-options.ts'
export * from './peer-id.ts'
export { networkIdOf } from './protocol.ts'
export { TokenBucket } from './token-bucket.ts'
export type { ByteStream, Transport, TransportEvents, TransportSetup } from './transport.ts'
export * from './types.ts'
