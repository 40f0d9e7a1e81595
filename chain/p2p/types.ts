/** libp2p peer id as text (`12D3Koo…`). */
export type PeerId = string

export interface PeerInfo {
  readonly id: PeerId
  readonly addresses: readonly string[]
  readonly outbound: boolean
  /** Index in the committee, when the peer's key is a validator's. */
  readonly authority?: number
  readonly agent?: string
  /** Score; at or below the ban threshold the peer is disconnected and refused for a while. */
  readonly score: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** What a handler says of a message; `reject` scores the sender down, with the reason as metric label. */
export type MessageVerdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'ignore' }
  | { readonly kind: 'reject'; readonly reason: string }

/**
 * Long-lived direct streams. `vertices` and `control` go between validators; `feed` from any node to one that asked it for
 * everything new. Each is ordered; vertices never wait behind control traffic or replies.
 */
export type Channel = 'vertices' | 'control' | 'feed'
/** Request and answer, each one bounded frame. */
export type RequestProtocol = 'vertices' | 'commits' | 'own-last' | 'blocks' | 'status' | 'snapshot' | 'follow'
/** Gossip among all nodes. */
export type Topic = 'transactions' | 'commits'

/**
 * The node's view of the network: low level, so that all protocol logic stays outside and an in-memory twin can replace
 * it. Frames are bounded before allocation, send queues are bounded per peer, peers are scored.
 */
export interface Network {
  readonly self: PeerId
  start(): Promise<void>
  stop(): Promise<void>
  /** Multiaddrs that others can dial, with the peer id. */
  addresses(): readonly string[]
  peers(): readonly PeerInfo[]
  /** Keeps a connection to each of these (validators, bootnodes): redials for ever with back-off. */
  keep(peers: readonly { readonly id: PeerId; readonly addresses: readonly string[] }[]): void
  /** Who is a validator: only these may open the channels of the committee. Peer id → committee index. */
  setCommittee(members: ReadonlyMap<PeerId, number>): void
  /** To whom this node streams on `feed`, instead of those before; and from whom it takes such streams. */
  feed(to: ReadonlySet<PeerId>): void
  follow(from: ReadonlySet<PeerId>): void
  /** Queues one frame; false when the peer is not connected or its queue is full (the frame is dropped). */
  send(peer: PeerId, channel: Channel, frame: Uint8Array): boolean
  /** CodedError `request timeout`, `peer unavailable`, `request refused` or `response too large`. */
  request(
    peer: PeerId,
    protocol: RequestProtocol,
    body: Uint8Array,
    options: { readonly timeoutMs: number },
  ): Promise<Uint8Array>
  publish(topic: Topic, message: Uint8Array): Promise<void>
  onFrame(
    channel: Channel,
    handler: (from: PeerId, frame: Uint8Array) => MessageVerdict | Promise<MessageVerdict>,
  ): void
  /** The handler answers with bytes, or refuses with `undefined`. */
  onRequest(
    protocol: RequestProtocol,
    handler: (from: PeerId, body: Uint8Array) => Promise<Uint8Array | undefined>,
  ): void
  onGossip(topic: Topic, handler: (from: PeerId, message: Uint8Array) => MessageVerdict | Promise<MessageVerdict>): void
  onPeer(listener: (peer: PeerId, up: boolean) => void): void
  /** A rule outside the network layer was broken (or kept): moves the peer's score. */
  report(peer: PeerId, points: number, reason: string): void
}
