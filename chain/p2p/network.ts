import { AssertionError } from '#lib/assert'
import { equalBytes, toHex } from '#lib/bytes'
import { type Log, silentLog } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import { crash } from './crash.ts'
import { Discovery } from './discovery.ts'
import { FrameReader } from './frame-reader.ts'
import { type GossipHandler, judgeGossip } from './gossip.ts'
import { Keeper } from './keeper.ts'
import { DEFAULT_LIMITS, type NetworkLimits, type Offence, PENALTY } from './limits.ts'
import { decodeLinkFrame, encodeLinkFrame, LINK_FRAME_BYTES_MAX } from './link.ts'
import { type NetworkMetrics, networkMetrics } from './metrics.ts'
import type { NetworkOptions } from './network-options.ts'
import { Outbound } from './outbound.ts'
import { PeerState } from './peer.ts'
import { CHANNELS, COMMITTEE_CHANNELS, LINK_PROTOCOL, type ProtocolNames, protocolNames } from './protocol.ts'
import { RequestClient } from './request-client.ts'
import { type RequestHandler, serveRequests } from './request-server.ts'
import { ScoreBook } from './score.ts'
import type { ByteStream, GossipVerdict, Transport, TransportEvents } from './transport.ts'
import type { Channel, MessageVerdict, Network, PeerId, PeerInfo, RequestProtocol, Topic } from './types.ts'

type FrameHandler = GossipHandler

/** The `Network` over a transport: all policy, the same for every transport. */
export function createNetwork(transport: Transport, options: NetworkOptions): Network {
  return new PeerNetwork(transport, options)
}

class PeerNetwork implements Network, TransportEvents {
  readonly self: PeerId
  readonly #transport: Transport
  readonly #genesisHash: Uint8Array
  readonly #hello: Uint8Array
  readonly #limits: NetworkLimits
  readonly #names: ProtocolNames
  readonly #log: Log
  readonly #metrics: NetworkMetrics
  readonly #scores: ScoreBook
  readonly #keeper: Keeper
  readonly #discovery: Discovery
  readonly #peers = new Map<PeerId, PeerState>()
  readonly #frameHandlers = new Map<Channel, FrameHandler>()
  readonly #requestHandlers = new Map<RequestProtocol, RequestHandler>()
  readonly #gossipHandlers = new Map<Topic, FrameHandler>()
  readonly #peerListeners: ((peer: PeerId, up: boolean) => void)[] = []
  #committee: ReadonlyMap<PeerId, number> = new Map()
  #fed: ReadonlySet<PeerId> = new Set()
  #followed: ReadonlySet<PeerId> = new Set()
  #requestsServed = 0
  #ticker: NodeJS.Timeout | undefined
  #running = false

  constructor(transport: Transport, options: NetworkOptions) {
    this.self = transport.self
    this.#transport = transport
    this.#genesisHash = options.genesisHash
    this.#hello = encodeLinkFrame({ kind: 'hello', genesisHash: options.genesisHash, agent: options.agent ?? 'ogpu' })
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#names = protocolNames(options.genesisHash)
    this.#log = options.log ?? silentLog
    this.#metrics = networkMetrics(options.metrics)
    this.#scores = new ScoreBook(this.#limits)
    this.#keeper = new Keeper({
      self: this.self,
      limits: this.#limits,
      connected: peer => this.#peers.has(peer),
      blockedMs: peer => this.#banOf(peer)?.remainingMs ?? 0,
      dial: (peer, addresses) => this.#dial(peer, addresses),
    })
    this.#discovery = new Discovery({
      bootnodes: options.bootnodes ?? [],
      limits: this.#limits,
      peers: () => this.#peers.size,
      settled: peer =>
        peer === this.self || this.#peers.has(peer) || this.#keeper.has(peer) || this.#banOf(peer) !== undefined,
      dial: (peer, addresses) => this.#dial(peer, addresses),
    })
  }

  #nowMs(): number {
    return performance.now()
  }

  async start(): Promise<void> {
    // A node that first fetches a snapshot has started it before everything else.
    if (this.#running) return
    const setup = { protocols: this.#names.streams, topics: Object.values(this.#names.topic) }
    this.#running = true
    await this.#transport.start(setup, this)
    this.#keeper.start()
    const everyMs = Math.min(1_000, this.#limits.heartbeatMs / 2, this.#limits.helloTimeoutMs / 2)
    this.#ticker = setInterval(() => this.#tick(), everyMs)
    this.#discovery.tick(this.#nowMs())
    this.#log.info('network started', { self: this.self, addresses: this.addresses() })
  }

  async stop(): Promise<void> {
    this.#running = false
    clearInterval(this.#ticker)
    this.#keeper.stop()
    for (const peer of [...this.#peers.values()]) this.#forget(peer, 'shutting down')
    await this.#transport.stop()
  }

  addresses(): readonly string[] {
    return this.#transport.addresses()
  }

  peers(): readonly PeerInfo[] {
    return [...this.#peers.values()].filter(peer => peer.up).map(peer => this.#describe(peer))
  }

  #describe(peer: PeerState): PeerInfo {
    const connections = this.#transport.connections(peer.id)
    const authority = this.#committee.get(peer.id)
    return {
      id: peer.id,
      addresses: connections.map(connection => connection.address),
      outbound: connections.some(connection => connection.outbound),
      ...(authority === undefined ? {} : { authority }),
      ...(peer.agent === undefined ? {} : { agent: peer.agent }),
      score: this.score(peer.id),
      bytesIn: peer.bytesIn,
      bytesOut: peer.bytesOut,
    }
  }

  keep(peers: readonly { readonly id: PeerId; readonly addresses: readonly string[] }[]): void {
    this.#keeper.keep(peers)
  }

  setCommittee(members: ReadonlyMap<PeerId, number>): void {
    this.#committee = new Map(members)
    for (const peer of this.#peers.values()) this.#reconcileChannels(peer)
    this.#countPeers()
  }

  feed(to: ReadonlySet<PeerId>): void {
    this.#fed = new Set(to)
    for (const peer of this.#peers.values()) this.#reconcileChannels(peer)
  }

  follow(from: ReadonlySet<PeerId>): void {
    this.#followed = new Set(from)
    for (const peer of this.#peers.values()) {
      if (this.#followed.has(peer.id)) continue
      for (const reader of peer.inbound.get(this.#names.channel.feed) ?? []) reader.abort('not followed')
    }
  }

  send(peerId: PeerId, channel: Channel, frame: Uint8Array): boolean {
    const outbound = this.#peers.get(peerId)?.channels.get(channel)
    if (outbound === undefined) return false
    if (frame.length > this.#limits.frameBytesMax[channel]) {
      throw new CodedError('message too large', `a frame of ${frame.length} bytes does not fit channel ${channel}`)
    }
    const dropped = outbound.send(frame)
    if (dropped !== 0) this.#metrics.framesDropped.inc(dropped ?? 1, { channel })
    return dropped !== undefined
  }

  async request(
    peerId: PeerId,
    protocol: RequestProtocol,
    body: Uint8Array,
    options: { readonly timeoutMs: number },
  ): Promise<Uint8Array> {
    if (body.length > this.#limits.requestBytesMax[protocol]) {
      throw new CodedError('message too large', `a request of ${body.length} bytes does not fit ${protocol}`)
    }
    const peer = this.#peers.get(peerId)
    if (peer === undefined || !peer.up) {
      throw new CodedError('peer unavailable', 'the peer is not connected', { data: { peer: peerId }, retryable: true })
    }
    const startedAtMs = this.#nowMs()
    let outcome = 'ok'
    try {
      return await peer.requests.request(protocol, body, options.timeoutMs)
    } catch (error) {
      outcome = error instanceof CodedError ? error.code : 'failed'
      throw error
    } finally {
      this.#metrics.requests.observe((this.#nowMs() - startedAtMs) / 1000, { protocol, outcome })
    }
  }

  async publish(topic: Topic, message: Uint8Array): Promise<void> {
    if (message.length > this.#limits.gossipBytesMax[topic]) {
      throw new CodedError('message too large', `a message of ${message.length} bytes does not fit topic ${topic}`)
    }
    await this.#transport.publish(this.#names.topic[topic], message)
  }

  onFrame(channel: Channel, handler: FrameHandler): void {
    this.#frameHandlers.set(channel, handler)
  }

  onRequest(protocol: RequestProtocol, handler: RequestHandler): void {
    this.#requestHandlers.set(protocol, handler)
  }

  onGossip(topic: Topic, handler: FrameHandler): void {
    this.#gossipHandlers.set(topic, handler)
  }

  onPeer(listener: (peer: PeerId, up: boolean) => void): void {
    this.#peerListeners.push(listener)
  }

  report(peerId: PeerId, points: number, reason: string): void {
    if (points < 0) this.#metrics.penalties.inc(1, { reason })
    if (!this.#scores.add(peerId, points, this.#nowMs())) return
    const durationMs = this.#isKnown(peerId) ? this.#limits.banKnownMs : this.#limits.banMs
    this.#ban(peerId, reason, durationMs)
  }

  // ---- transport events ----

  admit(peer: PeerId, outbound: boolean): boolean {
    if (this.#banOf(peer) !== undefined) return false
    if (outbound || this.#peers.has(peer) || this.#isKnown(peer)) return true
    let strangers = 0
    for (const id of this.#peers.keys()) if (!this.#isKnown(id)) strangers += 1
    return strangers < this.#limits.strangersMax
  }

  connected(id: PeerId): void {
    if (!this.#running || this.#peers.has(id)) return
    const requests = new RequestClient({
      limits: this.#limits,
      open: (protocol, timeoutMs) => this.#transport.openStream(id, this.#names.request[protocol], timeoutMs),
      sent: bytes => this.#countOut(peer, bytes),
      received: bytes => this.#countIn(peer, bytes),
      offend: offence => this.#offend(id, offence),
    })
    const peer: PeerState = new PeerState(id, this.#limits, this.#nowMs(), requests)
    this.#peers.set(id, peer)
    peer.link = new Outbound({
      limits: this.#limits,
      queue: { framesMax: 16, bytesMax: 16 * LINK_FRAME_BYTES_MAX, whenFull: 'drop-oldest' },
      preamble: this.#hello,
      open: () => this.#transport.openStream(id, LINK_PROTOCOL, this.#limits.helloTimeoutMs),
      opened: () => {
        peer.linkOpen = true
        this.#greetIfReady(peer)
      },
      sent: bytes => this.#countOut(peer, bytes),
      offend: offence => this.#offend(id, offence),
    })
  }

  disconnected(id: PeerId): void {
    const peer = this.#peers.get(id)
    if (peer !== undefined) this.#forget(peer, 'disconnected')
    else this.#keeper.disconnected(id)
  }

  stream(id: PeerId, stream: ByteStream): void {
    const peer = this.#peers.get(id)
    const purpose = this.#names.purposeOf(stream.protocol)
    if (peer === undefined || peer.leaving || purpose === undefined) {
      refuse(stream, 'not connected')
      return
    }
    const readers = peer.inbound.get(stream.protocol) ?? new Set()
    peer.inbound.set(stream.protocol, readers)
    if (readers.size >= (purpose.kind === 'request' ? this.#limits.inboundStreamsMax : 2)) {
      refuse(stream, 'too many streams')
      this.#offend(id, 'too many streams')
      return
    }
    if (purpose.kind === 'channel' && purpose.channel === 'feed' && !this.#followed.has(id)) {
      // No offence: it may have been asked for a moment ago.
      refuse(stream, 'not followed')
      return
    }
    if (purpose.kind === 'channel' && purpose.channel !== 'feed' && !this.#mayUseChannels(id)) {
      refuse(stream, 'channel refused')
      this.#offend(id, 'channel refused')
      return
    }
    const common = {
      nowMs: () => this.#nowMs(),
      pay: (bytes: number) => this.#pay(peer, bytes),
      offend: (offence: Offence) => this.#offend(id, offence),
      closed: () => void readers.delete(reader),
    }
    const reader: FrameReader =
      purpose.kind === 'request'
        ? this.#serve(peer, purpose.protocol, stream, common)
        : new FrameReader(stream, {
            ...common,
            inWorkMax: this.#limits.framesInWorkMax,
            frameBytesMax: purpose.kind === 'link' ? LINK_FRAME_BYTES_MAX : this.#limits.frameBytesMax[purpose.channel],
            handle:
              purpose.kind === 'link'
                ? frame => this.#handleLink(peer, frame)
                : frame => this.#handleFrame(peer, purpose.channel, frame),
          })
    readers.add(reader)
  }

  #serve(
    peer: PeerState,
    protocol: RequestProtocol,
    stream: ByteStream,
    common: {
      nowMs(): number
      pay(bytes: number): number
      offend(offence: Offence): void
      closed(): void
    },
  ): FrameReader {
    return serveRequests(stream, {
      ...common,
      limits: this.#limits,
      protocol,
      peer: peer.id,
      handler: () => this.#requestHandlers.get(protocol),
      payRequest: () => {
        if (peer.requestBucket.tryTake(1, this.#nowMs())) return true
        this.#offend(peer.id, 'request rate')
        return false
      },
      enter: () => {
        if (this.#requestsServed >= this.#limits.requestsServedMax) return false
        this.#requestsServed += 1
        return true
      },
      leave: () => {
        this.#requestsServed -= 1
      },
      sent: bytes => this.#countOut(peer, bytes),
      outcome: outcome => this.#metrics.requestsServed.inc(1, { protocol, outcome }),
      failed: error => this.#handlerFailed(`request ${protocol}`, error),
    })
  }

  async gossip(topicName: string, from: PeerId, message: Uint8Array): Promise<GossipVerdict> {
    const topic = this.#names.topicOf(topicName)
    const peer = this.#peers.get(from)
    if (topic === undefined || peer?.leaving) return 'ignore'
    if (peer !== undefined) this.#countIn(peer, message.length)
    const verdict = await judgeGossip(topic, from, peer, message, {
      limits: this.#limits,
      handler: name => this.#gossipHandlers.get(name),
      nowMs: () => this.#nowMs(),
      offend: offence => this.#offend(from, offence),
      blame: reason => this.#blame(from, 'gossip rejected', reason),
      failed: error => this.#handlerFailed(`gossip ${topic}`, error),
    })
    this.#metrics.gossip.inc(1, { topic, verdict })
    return verdict
  }

  score(peer: PeerId): number {
    return this.#scores.score(peer, this.#nowMs())
  }

  discovered(peer: PeerId, addresses: readonly string[]): void {
    if (this.#running) this.#discovery.found(peer, addresses)
  }

  // ---- peers ----

  #banOf(peer: PeerId) {
    return this.#scores.banOf(peer, this.#nowMs())
  }

  #isKnown(peer: PeerId): boolean {
    return this.#committee.has(peer) || this.#keeper.has(peer)
  }

  #mayUseChannels(peer: PeerId): boolean {
    return this.#committee.has(peer) && this.#committee.has(this.self)
  }

  async #dial(peer: PeerId, addresses: readonly string[]): Promise<void> {
    try {
      await this.#transport.dial(peer, addresses, this.#limits.dialTimeoutMs)
      this.#metrics.dials.inc(1, { outcome: 'ok' })
    } catch (error) {
      this.#metrics.dials.inc(1, { outcome: 'failed' })
      this.#log.debug('dial failed', { peer, error: messageOf(error) })
      throw error
    }
  }

  #greetIfReady(peer: PeerState): void {
    if (peer.up || peer.leaving || !peer.linkOpen || peer.agent === undefined) return
    peer.up = true
    this.#keeper.connected(peer.id)
    this.#reconcileChannels(peer)
    this.#countPeers()
    this.#log.info('peer up', { peer: peer.id, agent: peer.agent, authority: this.#committee.get(peer.id) })
    this.#tell(peer.id, true)
  }

  #forget(peer: PeerState, reason: string): void {
    if (this.#peers.get(peer.id) !== peer) return
    this.#peers.delete(peer.id)
    peer.close(reason)
    if (peer.up) {
      peer.up = false
      this.#countPeers()
      this.#log.info('peer down', { peer: peer.id, reason })
      this.#tell(peer.id, false)
    }
    this.#keeper.disconnected(peer.id)
  }

  #tell(peer: PeerId, up: boolean): void {
    for (const listener of this.#peerListeners) {
      try {
        listener(peer, up)
      } catch (error) {
        this.#handlerFailed('peer listener', error)
      }
    }
  }

  /** Tells the peer why, and closes the connection when the words have had time to leave. */
  #dismiss(peer: PeerState, reason: string): void {
    if (peer.leaving) return
    peer.leaving = true
    peer.link?.send(encodeLinkFrame({ kind: 'bye', reason }))
    setTimeout(() => {
      this.#transport.disconnect(peer.id)
      this.#forget(peer, reason)
    }, 100)
  }

  #ban(id: PeerId, reason: string, durationMs: number): void {
    this.#scores.ban(id, reason, durationMs, this.#nowMs())
    this.#metrics.bans.inc(1, { reason })
    this.#log.warn('peer banned', { peer: id, reason, seconds: Math.round(durationMs / 1000) })
    const peer = this.#peers.get(id)
    if (peer !== undefined) this.#dismiss(peer, `banned: ${reason}`)
  }

  #reconcileChannels(peer: PeerState): void {
    const works = peer.up && !peer.leaving
    const isMember = works && this.#mayUseChannels(peer.id)
    for (const channel of CHANNELS) {
      const wanted = channel === 'feed' ? works && this.#fed.has(peer.id) : isMember
      const open = peer.channels.get(channel)
      if (wanted && open === undefined) peer.channels.set(channel, this.#openChannel(peer, channel))
      if (wanted || open === undefined) continue
      open.stop('no longer wanted')
      peer.channels.delete(channel)
    }
    if (isMember) return
    for (const channel of COMMITTEE_CHANNELS) {
      for (const reader of peer.inbound.get(this.#names.channel[channel]) ?? []) reader.abort('not in the committee')
    }
  }

  #openChannel(peer: PeerState, channel: Channel): Outbound {
    return new Outbound({
      limits: this.#limits,
      queue: {
        framesMax: this.#limits.sendQueueFramesMax[channel],
        bytesMax: this.#limits.sendQueueBytesMax[channel],
        whenFull: channel === 'control' ? 'refuse' : 'drop-oldest',
      },
      open: () => this.#transport.openStream(peer.id, this.#names.channel[channel], this.#limits.helloTimeoutMs),
      sent: bytes => {
        this.#metrics.frames.inc(1, { channel, direction: 'out' })
        this.#countOut(peer, bytes)
      },
      offend: offence => this.#offend(peer.id, offence),
    })
  }

  // ---- what arrives ----

  #pay(peer: PeerState, bytes: number): number {
    const nowMs = this.#nowMs()
    this.#countIn(peer, bytes)
    const frameWaitMs = peer.frameBucket.takeAndWait(1, nowMs)
    const byteWaitMs = peer.byteBucket.takeAndWait(bytes, nowMs)
    if (frameWaitMs > 0) this.#throttled(peer, 'frame rate')
    if (byteWaitMs > 0) this.#throttled(peer, 'byte rate')
    return Math.max(frameWaitMs, byteWaitMs)
  }

  #throttled(peer: PeerState, limit: 'frame rate' | 'byte rate'): void {
    this.#metrics.throttles.inc(1, { limit })
    this.#offend(peer.id, limit)
  }

  #handleLink(peer: PeerState, bytes: Uint8Array): void {
    if (peer.leaving) return
    peer.heardAtMs = this.#nowMs()
    let frame: ReturnType<typeof decodeLinkFrame>
    try {
      frame = decodeLinkFrame(bytes)
    } catch (error) {
      this.#log.debug('malformed link frame', { peer: peer.id, error: messageOf(error) })
      this.#offend(peer.id, 'malformed link frame')
      return
    }
    switch (frame.kind) {
      case 'hello':
        this.#handleHello(peer, frame.genesisHash, frame.agent)
        return
      case 'ping':
        peer.link?.send(encodeLinkFrame({ kind: 'pong', nonce: frame.nonce }))
        return
      case 'pong':
        if (frame.nonce === peer.pingNonce && peer.pingedAtMs > 0) {
          this.#metrics.roundTrip.observe((this.#nowMs() - peer.pingedAtMs) / 1000)
          peer.pingedAtMs = 0
        }
        return
      case 'bye':
        this.#log.info('peer says goodbye', { peer: peer.id, reason: frame.reason })
        return
    }
  }

  #handleHello(peer: PeerState, genesisHash: Uint8Array, agent: string): void {
    if (!equalBytes(genesisHash, this.#genesisHash)) {
      this.#log.warn('peer of another network refused', { peer: peer.id, theirs: toHex(genesisHash), agent })
      this.#metrics.penalties.inc(1, { reason: 'wrong network' })
      this.#ban(peer.id, 'wrong network', this.#limits.wrongNetworkBanMs)
      return
    }
    peer.agent = agent
    this.#greetIfReady(peer)
  }

  #handleFrame(peer: PeerState, channel: Channel, frame: Uint8Array): void | Promise<void> {
    const handler = this.#frameHandlers.get(channel)
    if (handler === undefined || peer.leaving) return
    peer.heardAtMs = this.#nowMs()
    this.#metrics.frames.inc(1, { channel, direction: 'in' })
    const judge = (verdict: MessageVerdict) => {
      if (verdict.kind === 'reject') this.#blame(peer.id, 'frame rejected', verdict.reason)
    }
    try {
      const verdict = handler(peer.id, frame)
      if (!(verdict instanceof Promise)) return judge(verdict)
      return verdict.then(judge, (error: unknown) => this.#handlerFailed(`frame ${channel}`, error))
    } catch (error) {
      this.#handlerFailed(`frame ${channel}`, error)
    }
  }

  // ---- blame ----

  #offend(peer: PeerId, offence: Offence): void {
    this.report(peer, PENALTY[offence], offence)
  }

  #blame(peer: PeerId, offence: 'frame rejected' | 'gossip rejected', reason: string): void {
    this.#log.debug(offence, { peer, reason })
    this.report(peer, PENALTY[offence], reason)
  }

  #handlerFailed(where: string, error: unknown): void {
    if (error instanceof AssertionError) {
      crash(error)
      return
    }
    this.#metrics.handlerFailures.inc(1, { where })
    this.#log.error('handler failed', { where, error: messageOf(error) })
  }

  #countIn(peer: PeerState, bytes: number): void {
    peer.bytesIn += bytes
    this.#metrics.bytes.inc(bytes, { direction: 'in' })
  }

  #countOut(peer: PeerState, bytes: number): void {
    peer.bytesOut += bytes
    this.#metrics.bytes.inc(bytes, { direction: 'out' })
  }

  #countPeers(): void {
    let validators = 0
    let others = 0
    for (const peer of this.#peers.values()) {
      if (!peer.up) continue
      if (this.#committee.has(peer.id)) validators += 1
      else others += 1
    }
    this.#metrics.peers.set(validators, { role: 'validator' })
    this.#metrics.peers.set(others, { role: 'other' })
  }

  #tick(): void {
    const nowMs = this.#nowMs()
    this.#discovery.tick(nowMs)
    for (const peer of [...this.#peers.values()]) {
      if (peer.leaving) continue
      if (!peer.up && nowMs - peer.connectedAtMs >= this.#limits.helloTimeoutMs) this.#dismiss(peer, 'no hello in time')
      else if (nowMs - peer.heardAtMs >= this.#limits.silenceMs) this.#dismiss(peer, 'silent for too long')
      else if (peer.up && nowMs - peer.pingSentAtMs >= this.#limits.heartbeatMs) this.#ping(peer, nowMs)
      for (const readers of peer.inbound.values()) {
        for (const reader of [...readers]) reader.checkPace(this.#limits.frameTimeoutMs)
      }
    }
  }

  #ping(peer: PeerState, nowMs: number): void {
    peer.pingNonce = (peer.pingNonce + 1) >>> 0
    peer.pingSentAtMs = nowMs
    peer.pingedAtMs = nowMs
    peer.link?.send(encodeLinkFrame({ kind: 'ping', nonce: peer.pingNonce }))
  }
}

function refuse(stream: ByteStream, reason: string): void {
  stream.listen({ data() {}, closed() {} })
  stream.abort(reason)
}
