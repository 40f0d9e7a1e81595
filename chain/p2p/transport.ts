import type { PeerId } from './types.ts'

/** One ordered, reliable, two-way stream of bytes inside a connection. Chunks are arbitrary, not frames. */
export interface ByteStream {
  readonly protocol: string
  /** Takes the bytes in any case; false: the buffer is full, wait for `drained` before the next write. Never throws. */
  write(bytes: Uint8Array): boolean
  /** Resolves when more may be written; rejects when the stream closed or `timeoutMs` passed. */
  drained(timeoutMs: number): Promise<void>
  /** Stops and restarts reading; the far end's window fills up meanwhile. */
  pause(): void
  resume(): void
  /** Ends both directions after what was written has left. */
  close(): void
  /** Ends both directions at once; what waits is lost. */
  abort(reason: string): void
  /** To be called once, synchronously when the stream is handed over. */
  listen(listener: { data(chunk: Uint8Array): void; closed(): void }): void
}

export interface ConnectionInfo {
  /** Far end as a multiaddr. */
  readonly address: string
  readonly outbound: boolean
}

export type GossipVerdict = 'accept' | 'ignore' | 'reject'

/** What a transport tells the network above it. */
export interface TransportEvents {
  /** Whether a peer that just proved its identity may stay. */
  admit(peer: PeerId, outbound: boolean): boolean
  /** The first connection with the peer opened; the last one closed. */
  connected(peer: PeerId): void
  disconnected(peer: PeerId): void
  /** The peer opened a stream; `ByteStream.listen` must be called before this returns. */
  stream(peer: PeerId, stream: ByteStream): void
  /** A gossip message from a neighbour; it is forwarded only after `accept`. */
  gossip(topic: string, from: PeerId, message: Uint8Array): Promise<GossipVerdict>
  /** The peer's score, for choosing among neighbours. */
  score(peer: PeerId): number
  /** Discovery found somebody. */
  discovered(peer: PeerId, addresses: readonly string[]): void
}

/** The options of a transport that the network above it decides. */
export interface TransportSetup {
  /** Protocols of inbound streams to accept. */
  readonly protocols: readonly string[]
  readonly topics: readonly string[]
}

/**
 * Connections, streams and gossip without any policy. There are two: libp2p, and the in-memory twin. Everything that
 * can be right or wrong about peers (limits, scores, reconnection, channels, requests) lies above and is shared.
 */
export interface Transport {
  readonly self: PeerId
  start(setup: TransportSetup, events: TransportEvents): Promise<void>
  stop(): Promise<void>
  addresses(): readonly string[]
  /** Resolves when a connection is up. Rejects with any error. */
  dial(peer: PeerId, addresses: readonly string[], timeoutMs: number): Promise<void>
  /** Closes every connection with the peer at once. */
  disconnect(peer: PeerId): void
  connections(peer: PeerId): readonly ConnectionInfo[]
  openStream(peer: PeerId, protocol: string, timeoutMs: number): Promise<ByteStream>
  publish(topic: string, message: Uint8Array): Promise<void>
}
