import { toRawHex } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { sha256 } from '#lib/hash'
import { DelayLine, type LinkConditions, PERFECT_LINK, seededRandom } from './link-conditions.ts'
import { createNetwork } from './network.ts'
import type { NetworkOptions } from './network-options.ts'
import { peerIdOfSeed } from './peer-id.ts'
import type {
  ByteStream,
  ConnectionInfo,
  GossipVerdict,
  Transport,
  TransportEvents,
  TransportSetup,
} from './transport.ts'
import type { Network, PeerId } from './types.ts'

/** Bytes on the way or unread at the far end above which a writer is told to wait; like Yamux's first window. */
const WINDOW_BYTES = 256 * 1024
/** Unread bytes above which the stream is reset; like libp2p's read buffer. */
const READ_BUFFER_BYTES_MAX = 4 * 1024 * 1024
const SEEN_MAX = 8_192

/** The wire that all in-memory networks of one test share. */
export interface MemoryHub {
  /** Changes the conditions of every link, also of streams that are open. */
  setConditions(conditions: LinkConditions): void
  /** Breaks every connection between the two and refuses new ones until `heal`. */
  cut(a: PeerId, b: PeerId): void
  heal(a: PeerId, b: PeerId): void
}

export interface MemoryHubOptions {
  readonly link?: LinkConditions
  /** Seed of losses and jitter. */
  readonly seed?: number
}

export interface MemoryNetworkOptions extends NetworkOptions {
  /** 32-byte Ed25519 secret seed; the peer id follows from it as with libp2p. */
  readonly networkKeySeed: Uint8Array
}

export function createMemoryHub(options: MemoryHubOptions = {}): MemoryHub {
  return new Hub(options)
}

/** The in-memory twin of the libp2p network: same policy, same behaviour suite, no sockets. */
export function createMemoryNetwork(hub: MemoryHub, options: MemoryNetworkOptions): Network {
  return createNetwork(createMemoryTransport(hub, options.networkKeySeed), options)
}

/** The bare transport; tests use it to play a hostile peer. */
export function createMemoryTransport(hub: MemoryHub, networkKeySeed: Uint8Array): Transport {
  if (!(hub instanceof Hub)) throw new TypeError('a hub of createMemoryHub is needed')
  return new MemoryTransport(hub, peerIdOfSeed(networkKeySeed))
}

const pairOf = (a: PeerId, b: PeerId) => (a < b ? `${a} ${b}` : `${b} ${a}`)

class Hub implements MemoryHub {
  readonly transports = new Map<PeerId, MemoryTransport>()
  readonly cuts = new Set<string>()
  readonly random: () => number
  conditions: LinkConditions

  constructor(options: MemoryHubOptions) {
    this.conditions = options.link ?? PERFECT_LINK
    this.random = seededRandom(options.seed ?? 1)
  }

  setConditions(conditions: LinkConditions): void {
    this.conditions = conditions
  }

  cut(a: PeerId, b: PeerId): void {
    this.cuts.add(pairOf(a, b))
    this.transports.get(a)?.disconnect(b)
  }

  heal(a: PeerId, b: PeerId): void {
    this.cuts.delete(pairOf(a, b))
  }

  line(): DelayLine {
    return new DelayLine(() => this.conditions, this.random, Number.MAX_SAFE_INTEGER)
  }
}

interface Connection extends ConnectionInfo {
  readonly remote: MemoryTransport
  readonly streams: Set<MemoryStream>
  /** Our way to the far end for gossip. */
  readonly line: DelayLine
}

class MemoryTransport implements Transport {
  readonly self: PeerId
  readonly #hub: Hub
  readonly #connections = new Map<PeerId, Connection>()
  readonly #seen = new Set<string>()
  #setup: TransportSetup | undefined
  #events: TransportEvents | undefined

  constructor(hub: Hub, self: PeerId) {
    this.#hub = hub
    this.self = self
  }

  async start(setup: TransportSetup, events: TransportEvents): Promise<void> {
    if (this.#hub.transports.has(this.self))
      throw new CodedError('address in use', `${this.self} is already on the hub`)
    this.#setup = setup
    this.#events = events
    this.#hub.transports.set(this.self, this)
  }

  async stop(): Promise<void> {
    this.#hub.transports.delete(this.self)
    for (const peer of [...this.#connections.keys()]) this.disconnect(peer)
    this.#events = undefined
  }

  addresses(): readonly string[] {
    return [`/memory/${this.self}/p2p/${this.self}`]
  }

  async dial(peer: PeerId): Promise<void> {
    await new Promise(resolve => setImmediate(resolve))
    if (this.#connections.has(peer)) return
    const remote = this.#hub.transports.get(peer)
    if (remote === undefined || this.#events === undefined || this.#hub.cuts.has(pairOf(this.self, peer))) {
      throw new CodedError('peer unavailable', 'nobody listens there')
    }
    const there = remote.#events
    if (!this.#events.admit(peer, true) || there === undefined || !there.admit(this.self, false)) {
      throw new CodedError('peer unavailable', 'the connection was refused')
    }
    this.#connect(remote, true)
    remote.#connect(this, false)
  }

  #connect(remote: MemoryTransport, outbound: boolean): void {
    const address = `/memory/${remote.self}/p2p/${remote.self}`
    this.#connections.set(remote.self, { remote, outbound, address, streams: new Set(), line: this.#hub.line() })
    this.#events?.connected(remote.self)
  }

  disconnect(peer: PeerId): void {
    const connection = this.#connections.get(peer)
    if (connection === undefined) return
    this.#drop(peer)
    connection.remote.#drop(this.self)
  }

  #drop(peer: PeerId): void {
    const connection = this.#connections.get(peer)
    if (connection === undefined) return
    this.#connections.delete(peer)
    for (const stream of [...connection.streams]) stream.end()
    this.#events?.disconnected(peer)
  }

  connections(peer: PeerId): readonly ConnectionInfo[] {
    const connection = this.#connections.get(peer)
    return connection === undefined ? [] : [connection]
  }

  async openStream(peer: PeerId, protocol: string): Promise<ByteStream> {
    await new Promise(resolve => setTimeout(resolve, 2 * this.#hub.conditions.delayMs))
    const connection = this.#connections.get(peer)
    if (connection === undefined) throw new CodedError('peer unavailable', 'not connected')
    const there = connection.remote.#connections.get(this.self)
    if (there === undefined) throw new CodedError('peer unavailable', 'not connected')
    if (!connection.remote.#setup?.protocols.includes(protocol)) {
      throw new CodedError('peer unavailable', `the peer does not speak ${protocol}`)
    }
    const [near, far] = streamPair(protocol, this.#hub, connection.streams, there.streams)
    connection.remote.#events?.stream(this.self, far)
    return near
  }

  async publish(topic: string, message: Uint8Array): Promise<void> {
    if (!this.#remember(topic, message)) return
    this.#spread(topic, message, undefined)
  }

  #spread(topic: string, message: Uint8Array, except: PeerId | undefined): void {
    for (const [peer, connection] of this.#connections) {
      if (peer === except) continue
      connection.line.push(() => {
        if (this.#connections.get(peer) === connection) connection.remote.#receive(topic, this.self, message)
      })
    }
  }

  #receive(topic: string, from: PeerId, message: Uint8Array): void {
    if (this.#events === undefined || !this.#setup?.topics.includes(topic)) return
    if (!this.#remember(topic, message)) return
    const forward = (verdict: GossipVerdict) => {
      if (verdict === 'accept') this.#spread(topic, message, from)
    }
    void this.#events.gossip(topic, from, message.slice()).then(forward)
  }

  #remember(topic: string, message: Uint8Array): boolean {
    const key = `${topic} ${toRawHex(sha256(message))}`
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    for (const oldest of this.#seen) {
      if (this.#seen.size <= SEEN_MAX) break
      this.#seen.delete(oldest)
    }
    return true
  }
}

function streamPair(protocol: string, hub: Hub, here: Set<MemoryStream>, there: Set<MemoryStream>) {
  const near = new MemoryStream(protocol, hub.line(), here)
  const far = new MemoryStream(protocol, hub.line(), there)
  near.pair(far)
  far.pair(near)
  return [near, far] as const
}

class MemoryStream implements ByteStream {
  readonly protocol: string
  readonly #line: DelayLine
  readonly #owner: Set<MemoryStream>
  #far: MemoryStream | undefined
  #listener: { data(chunk: Uint8Array): void; closed(): void } | undefined
  readonly #unread: Uint8Array[] = []
  #unreadBytes = 0
  /** Written by us and not yet read by the far end. */
  #onTheWay = 0
  #paused = false
  #closed = false
  #reading = false
  #waiters: { resolve(): void; reject(error: Error): void }[] = []

  constructor(protocol: string, line: DelayLine, owner: Set<MemoryStream>) {
    this.protocol = protocol
    this.#line = line
    this.#owner = owner
    owner.add(this)
  }

  pair(far: MemoryStream): void {
    this.#far = far
  }

  listen(listener: { data(chunk: Uint8Array): void; closed(): void }): void {
    this.#listener = listener
    if (this.#closed) listener.closed()
    else this.#read()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) return false
    const chunk = bytes.slice()
    this.#onTheWay += chunk.length
    this.#line.push(() => this.#far?.deliver(chunk))
    return this.#onTheWay < WINDOW_BYTES
  }

  drained(timeoutMs: number): Promise<void> {
    if (this.#closed) return Promise.reject(new CodedError('peer unavailable', 'the stream is closed'))
    if (this.#onTheWay < WINDOW_BYTES) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new CodedError('stream stalled', 'no room in time')), timeoutMs)
      const settled = <T>(then: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer)
          then(value)
        }
      }
      this.#waiters.push({ resolve: settled(resolve), reject: settled(reject) })
    })
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#read()
  }

  close(): void {
    if (this.#closed) return
    this.#line.push(() => {
      this.#far?.end()
      this.end()
    })
  }

  abort(): void {
    if (this.#closed) return
    this.end()
    this.#line.push(() => this.#far?.end())
  }

  deliver(chunk: Uint8Array): void {
    if (this.#closed) return
    this.#unread.push(chunk)
    this.#unreadBytes += chunk.length
    this.#read()
    if (this.#unreadBytes > READ_BUFFER_BYTES_MAX) this.abort()
  }

  end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#owner.delete(this)
    const error = new CodedError('peer unavailable', 'the stream closed')
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error)
    this.#listener?.closed()
  }

  // A listener may pause, resume or close from inside `data`: one loop reads, and it looks again after each chunk.
  #read(): void {
    if (this.#reading || this.#listener === undefined) return
    this.#reading = true
    for (let chunk = this.#next(); chunk !== undefined; chunk = this.#next()) {
      this.#unreadBytes -= chunk.length
      this.#far?.credited(chunk.length)
      this.#listener.data(chunk)
    }
    this.#reading = false
  }

  #next(): Uint8Array | undefined {
    return this.#paused || this.#closed ? undefined : this.#unread.shift()
  }

  credited(bytes: number): void {
    this.#onTheWay -= bytes
    if (this.#onTheWay >= WINDOW_BYTES) return
    for (const waiter of this.#waiters.splice(0)) waiter.resolve()
  }
}
