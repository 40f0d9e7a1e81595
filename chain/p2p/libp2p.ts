import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { type GossipSub, gossipsub, StrictNoSign, TopicValidatorResult } from '@libp2p/gossipsub'
import { createTopicScoreParams } from '@libp2p/gossipsub/score'
import { type Identify, identify } from '@libp2p/identify'
import type { Connection, Libp2p, MultiaddrConnection, PeerInfo, Stream } from '@libp2p/interface'
import { type KadDHT, kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { peerIdFromString } from '@libp2p/peer-id'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { assert, defined } from '#lib/assert'
import { CodedError } from '#lib/errors'
import { sha256 } from '#lib/hash'
import { leanNoise } from './encrypter.ts'
import { DEFAULT_LIMITS, type NetworkLimits } from './limits.ts'
import { safeYamux } from './muxer.ts'
import { createNetwork } from './network.ts'
import type { NetworkOptions } from './network-options.ts'
import { peerIdOfSeed } from './peer-id.ts'
import { networkIdOf } from './protocol.ts'
import type { ByteStream, ConnectionInfo, Transport, TransportEvents, TransportSetup } from './transport.ts'
import type { Network, PeerId } from './types.ts'

export interface Libp2pNetworkOptions extends NetworkOptions {
  /** 32-byte Ed25519 secret seed of the network key; the peer id follows from it. */
  readonly networkKeySeed: Uint8Array
  /** Multiaddrs to listen on. Default: all IPv4 interfaces, a free TCP port. */
  readonly listen?: readonly string[]
  /** Multiaddrs to tell others instead of the listening ones (NAT, load balancer). */
  readonly announce?: readonly string[]
  readonly discovery?: {
    /** Multiaddrs with peer ids that are dialled at the start and whenever peers are few. CodedError `address invalid`. */
    readonly bootstrap?: readonly string[]
    /** Finds nodes on the local network. */
    readonly mdns?: boolean
    /** Finds nodes through other nodes (Kademlia). */
    readonly dht?: boolean
  }
}

/** What a stream may hold unread. Above the largest receive window, or a paused stream would be reset under honest load. */
const READ_BUFFER_BYTES_MAX = 4 * 1024 * 1024
/** What a stream may hold unsent; ours hold one frame at most, gossip to a peer that does not read is cut off here. */
const WRITE_BUFFER_BYTES_MAX = 16 * 1024 * 1024
const RECEIVE_WINDOW_BYTES_MAX = 2 * 1024 * 1024
/** Connections of one peer; simultaneous dials make two. */
const CONNECTIONS_PER_PEER_MAX = 2

/** The network over libp2p 3: TCP, Noise, Yamux, gossipsub. */
export function createLibp2pNetwork(options: Libp2pNetworkOptions): Network {
  const bootnodes = (options.discovery?.bootstrap ?? []).map(peerOfAddress)
  return createNetwork(createLibp2pTransport(options), { ...options, bootnodes })
}

/** Splits `/ip4/…/tcp/…/p2p/12D3…` into what `keep` takes. CodedError `address invalid`. */
export function peerOfAddress(text: string): { readonly id: PeerId; readonly addresses: readonly string[] } {
  let id: string | undefined
  try {
    id = multiaddr(text)
      .getComponents()
      .find(part => part.name === 'p2p')?.value
  } catch (error) {
    throw new CodedError('address invalid', `"${text}" is no multiaddr`, { cause: error })
  }
  if (id === undefined) throw new CodedError('address invalid', `"${text}" lacks the peer id (/p2p/…)`)
  return { id, addresses: [text] }
}

/** The bare transport; tests use it to play a hostile peer. */
export function createLibp2pTransport(options: Libp2pNetworkOptions): Transport {
  return new Libp2pTransport(options)
}

type Services = { identify: Identify; ping: Ping; pubsub: GossipSub; dht?: KadDHT }

class Libp2pTransport implements Transport {
  readonly self: PeerId
  readonly #options: Libp2pNetworkOptions
  readonly #limits: NetworkLimits
  #node: Libp2p<Services> | undefined
  #events: TransportEvents | undefined

  constructor(options: Libp2pNetworkOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.self = peerIdOfSeed(options.networkKeySeed)
  }

  async start(setup: TransportSetup, events: TransportEvents): Promise<void> {
    assert(this.#node === undefined, 'a transport is started once')
    this.#events = events
    const node = await this.#create(setup)
    assert(node.peerId.toString() === this.self, 'libp2p derived another peer id')
    this.#node = node
    for (const protocol of setup.protocols) {
      await node.handle(protocol, (stream, connection) => this.#accept(stream, connection), {
        // One above our own limit, so that ours decides and scores.
        maxInboundStreams: this.#limits.inboundStreamsMax + 8,
        maxOutboundStreams: this.#limits.requestsPerPeerMax + this.#limits.idleRequestStreamsMax + 8,
      })
    }
    node.addEventListener('peer:connect', event => events.connected(event.detail.toString()))
    node.addEventListener('peer:disconnect', event => events.disconnected(event.detail.toString()))
    node.addEventListener('connection:open', event => this.#limitConnections(event.detail))
    node.addEventListener('peer:discovery', event => this.#discovered(event.detail))
    for (const topic of setup.topics) this.#judgeTopic(node.services.pubsub, topic)
    await node.start()
    for (const topic of setup.topics) node.services.pubsub.subscribe(topic)
  }

  async #create(setup: TransportSetup): Promise<Libp2p<Services>> {
    const { listen, announce, discovery, agent, genesisHash, networkKeySeed } = this.#options
    const limits = this.#limits
    return await createLibp2p<Services>({
      start: false,
      privateKey: await generateKeyPairFromSeed('Ed25519', networkKeySeed),
      nodeInfo: { userAgent: agent ?? 'ogpu' },
      addresses: { listen: [...(listen ?? ['/ip4/0.0.0.0/tcp/0'])], announce: [...(announce ?? [])] },
      transports: [tcp()],
      connectionEncrypters: [leanNoise()],
      streamMuxers: [
        safeYamux({
          streamOptions: {
            maxStreamWindowSize: RECEIVE_WINDOW_BYTES_MAX,
            maxReadBufferLength: READ_BUFFER_BYTES_MAX,
            maxWriteBufferLength: WRITE_BUFFER_BYTES_MAX,
          },
        }),
      ],
      // Our own heartbeats say whether a peer lives.
      connectionMonitor: { enabled: false },
      connectionManager: {
        // Slots for strangers are counted by `admit`; above this even validators would not get in.
        maxConnections: limits.strangersMax * CONNECTIONS_PER_PEER_MAX + 512,
        inboundConnectionThreshold: limits.inboundPerSecondPerHost,
        maxIncomingPendingConnections: 32,
        dialTimeout: limits.dialTimeoutMs,
      },
      connectionGater: {
        // Private addresses are fine: devnets, local networks.
        denyDialMultiaddr: () => false,
        denyDialPeer: peer => this.#events?.admit(peer.toString(), true) !== true,
        denyInboundConnection: connection => this.#hostIsFull(connection),
        denyInboundEncryptedConnection: peer => this.#events?.admit(peer.toString(), false) !== true,
      },
      peerDiscovery: discovery?.mdns === true ? [mdns({ serviceTag: `ogpu-${networkIdOf(genesisHash)}` })] : [],
      services: {
        identify: identify(),
        ping: ping(),
        pubsub: gossipsub(this.#gossipOptions(setup)),
        ...(discovery?.dht === true
          ? {
              dht: kadDHT({
                protocol: `/ogpu/${networkIdOf(genesisHash)}/kad/1`,
                clientMode: false,
                peerInfoMapper: passthroughMapper,
              }),
            }
          : {}),
      },
    })
  }

  #gossipOptions(setup: TransportSetup): Parameters<typeof gossipsub>[0] {
    const bytesMax = Math.max(...Object.values(this.#limits.gossipBytesMax))
    return {
      // Messages carry their own authenticity (signed transactions, certified commits).
      globalSignaturePolicy: StrictNoSign,
      msgIdFn: message => sha256(message.data).subarray(0, 20),
      allowPublishToZeroTopicPeers: true,
      ignoreDuplicatePublishError: true,
      allowedTopics: [...setup.topics],
      maxInboundDataLength: bytesMax + 1024,
      maxOutboundBufferSize: 16 * bytesMax,
      maxTopicBytesPerPeer: 64 * 1024,
      scoreParams: {
        appSpecificScore: peer => this.#events?.score(peer) ?? 0,
        appSpecificWeight: 1,
        // Several nodes behind one address are normal here; connections are limited by host instead.
        IPColocationFactorWeight: 0,
        behaviourPenaltyWeight: -10,
        behaviourPenaltyThreshold: 6,
        behaviourPenaltyDecay: 0.9,
        topics: Object.fromEntries(setup.topics.map(topic => [topic, topicScore])),
      },
      scoreThresholds: { gossipThreshold: -50, publishThreshold: -100, graylistThreshold: -200 },
    }
  }

  #judgeTopic(pubsub: GossipSub, topic: string): void {
    pubsub.topicValidators.set(topic, async (from, message) => {
      const verdict = (await this.#events?.gossip(topic, from.toString(), message.data)) ?? 'ignore'
      return VERDICTS[verdict]
    })
  }

  async stop(): Promise<void> {
    const node = this.#node
    this.#events = undefined
    await node?.stop()
  }

  addresses(): readonly string[] {
    return this.#node?.getMultiaddrs().map(address => address.toString()) ?? []
  }

  async dial(peer: PeerId, addresses: readonly string[], timeoutMs: number): Promise<void> {
    const id = peerIdFromString(peer)
    const targets = addresses.map(text => withPeer(multiaddr(text), peer))
    await this.#running().dial(targets.length === 0 ? id : targets, { signal: AbortSignal.timeout(timeoutMs) })
  }

  disconnect(peer: PeerId): void {
    for (const connection of this.#connectionsOf(peer)) connection.abort(new Error('disconnected'))
  }

  connections(peer: PeerId): readonly ConnectionInfo[] {
    return this.#connectionsOf(peer).map(connection => ({
      address: connection.remoteAddr.toString(),
      outbound: connection.direction === 'outbound',
    }))
  }

  async openStream(peer: PeerId, protocol: string, timeoutMs: number): Promise<ByteStream> {
    const connection = this.#connectionsOf(peer).find(one => one.status === 'open')
    if (connection === undefined) throw new CodedError('peer unavailable', 'not connected')
    const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(timeoutMs) })
    return new Libp2pStream(stream)
  }

  async publish(topic: string, message: Uint8Array): Promise<void> {
    await this.#running().services.pubsub.publish(topic, message)
  }

  #running(): Libp2p<Services> {
    return defined(this.#node, 'the transport was started')
  }

  #connectionsOf(peer: PeerId): readonly Connection[] {
    return this.#node?.getConnections(peerIdFromString(peer)) ?? []
  }

  #accept(stream: Stream, connection: Connection): void {
    const wrapped = new Libp2pStream(stream)
    if (this.#events === undefined) wrapped.abort('stopped')
    else this.#events.stream(connection.remotePeer.toString(), wrapped)
  }

  #limitConnections(connection: Connection): void {
    const all = this.#connectionsOf(connection.remotePeer.toString())
    if (all.length > CONNECTIONS_PER_PEER_MAX) connection.abort(new Error('too many connections'))
  }

  #hostIsFull(connection: MultiaddrConnection): boolean {
    const host = hostOf(connection.remoteAddr)
    let count = 0
    for (const other of this.#node?.getConnections() ?? []) {
      if (other.direction === 'inbound' && hostOf(other.remoteAddr) === host) count += 1
    }
    return count >= this.#limits.connectionsPerHostMax
  }

  #discovered(info: PeerInfo): void {
    this.#events?.discovered(
      info.id.toString(),
      info.multiaddrs.map(address => address.toString()),
    )
  }
}

const VERDICTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const

/** Only wrong messages count against a neighbour in the mesh; being quiet is no offence on a quiet network. */
const topicScore = createTopicScoreParams({
  topicWeight: 1,
  timeInMeshWeight: 0.01,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 3_600,
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: 0.9,
  firstMessageDeliveriesCap: 100,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -20,
  invalidMessageDeliveriesDecay: 0.97,
})

function hostOf(address: Multiaddr): string {
  return address.getComponents().find(part => part.name === 'ip4' || part.name === 'ip6')?.value ?? ''
}

function withPeer(address: Multiaddr, peer: PeerId): Multiaddr {
  return address.getComponents().some(part => part.name === 'p2p') ? address : address.encapsulate(`/p2p/${peer}`)
}

/** Resolves at the next event that may make room on the stream, when it closes, or when `signal` aborts. */
function changed(stream: Stream, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      for (const name of ['idle', 'drain', 'close'] as const) stream.removeEventListener(name, done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    for (const name of ['idle', 'drain', 'close'] as const) stream.addEventListener(name, done)
    signal.addEventListener('abort', done)
  })
}

class Libp2pStream implements ByteStream {
  readonly protocol: string
  readonly #stream: Stream

  constructor(stream: Stream) {
    this.#stream = stream
    this.protocol = stream.protocol
  }

  listen(listener: { data(chunk: Uint8Array): void; closed(): void }): void {
    this.#stream.addEventListener('message', event => {
      const { data } = event
      if (data instanceof Uint8Array) listener.data(data)
      else for (const part of data) listener.data(part)
    })
    // Both ends of our conversations end together: a half-closed stream would stay for ever.
    this.#stream.addEventListener('remoteCloseWrite', () => this.close())
    this.#stream.addEventListener('close', () => listener.closed())
    if (this.#stream.status !== 'open') listener.closed()
  }

  write(bytes: Uint8Array): boolean {
    try {
      return this.#stream.send(bytes)
    } catch {
      // Closed meanwhile: `drained` and the close event say so.
      return false
    }
  }

  // Not `stream.onDrain()`: its promise is made once and stays resolved after the first drain, and a drain of the socket
  // wakes it although this stream's window is still shut. What counts is that the stream's own buffer is empty.
  async drained(timeoutMs: number): Promise<void> {
    const stream = this.#stream
    const signal = AbortSignal.timeout(timeoutMs)
    while (stream.writeBufferLength > 0 || stream.writableNeedsDrain) {
      if (stream.status !== 'open') throw new CodedError('peer unavailable', 'the stream is closed')
      if (signal.aborted) throw new CodedError('stream stalled', 'the far end takes no bytes', { data: { timeoutMs } })
      await changed(stream, signal)
    }
    if (stream.status !== 'open') throw new CodedError('peer unavailable', 'the stream is closed')
  }

  pause(): void {
    if (this.#stream.readStatus === 'readable') this.#stream.pause()
  }

  resume(): void {
    if (this.#stream.readStatus === 'paused') this.#stream.resume()
  }

  close(): void {
    this.#stream.close().catch((error: Error) => this.#stream.abort(error))
  }

  abort(reason: string): void {
    this.#stream.abort(new Error(reason))
  }
}
