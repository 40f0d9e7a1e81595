import { concat, utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import {
  type ByteStream,
  createLibp2pNetwork,
  createLibp2pTransport,
  createMemoryHub,
  createMemoryNetwork,
  createMemoryTransport,
  type Network,
  type NetworkLimits,
  type NetworkOptions,
  networkIdOf,
  type PeerId,
  type Transport,
} from '#p2p'

export const GENESIS = sha256(utf8('genesis of the tests'))
export const NETWORK_ID = networkIdOf(GENESIS)
export const LINK_PROTOCOL = '/ogpu/link/1'
export const channelProtocol = (word: string, id = NETWORK_ID) => `/ogpu/${id}/dag/${word}/1`
export const requestProtocol = (word: string, id = NETWORK_ID) => `/ogpu/${id}/request/${word}/1`

export const seedOf = (index: number) => sha256(utf8(`network key ${index}`))

/** Fast clocks, so that tests need not wait. */
export const QUICK: Partial<NetworkLimits> = {
  redialMs: 50,
  redialMaxMs: 200,
  bootnodesEveryMs: 200,
  dialGraceMs: 50,
  inboundPerSecondPerHost: 1_000,
  connectionsPerHostMax: 1_000,
}

export interface World {
  network(index: number, options?: Partial<NetworkOptions>): Network
  /** A transport without any policy: plays a hostile peer. */
  transport(index: number): Transport
  stopAll(): Promise<void>
}

export interface Implementation {
  readonly name: string
  world(): World
}

function track() {
  const running: { stop(): Promise<void> }[] = []
  return {
    add<T extends { stop(): Promise<void> }>(one: T): T {
      running.push(one)
      return one
    },
    stopAll: async () => {
      await Promise.all(running.map(one => one.stop()))
    },
  }
}

const complete = (options: Partial<NetworkOptions> = {}): NetworkOptions => ({
  genesisHash: GENESIS,
  ...options,
  limits: { ...QUICK, ...options.limits },
})

export const memory: Implementation = {
  name: 'memory',
  world: () => {
    const hub = createMemoryHub()
    const { add, stopAll } = track()
    return {
      network: (index, options) =>
        add(createMemoryNetwork(hub, { ...complete(options), networkKeySeed: seedOf(index) })),
      transport: index => add(createMemoryTransport(hub, seedOf(index))),
      stopAll,
    }
  },
}

export const libp2p: Implementation = {
  name: 'libp2p',
  world: () => {
    const { add, stopAll } = track()
    const listen = ['/ip4/127.0.0.1/tcp/0']
    return {
      network: (index, options) =>
        add(createLibp2pNetwork({ ...complete(options), networkKeySeed: seedOf(index), listen })),
      transport: index => add(createLibp2pTransport({ ...complete(), networkKeySeed: seedOf(index), listen })),
      stopAll,
    }
  },
}

/** Waits until `condition` gives something truthy; fails loudly after `timeoutMs`. */
export async function until<T>(what: string, condition: () => T, timeoutMs = 10_000): Promise<NonNullable<T>> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const value = condition()
    if (value) return value
    if (performance.now() > deadlineMs) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

export const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

export const isUp = (network: Network, peer: PeerId) => network.peers().some(info => info.id === peer)

/** Starts the networks as one committee in which everybody keeps everybody, and waits for the full mesh. */
export async function committee(...networks: readonly Network[]): Promise<void> {
  for (const network of networks) await network.start()
  const members = new Map(networks.map((network, index) => [network.self, index]))
  for (const network of networks) network.setCommittee(members)
  connect(...networks)
  await until('the mesh is complete', () =>
    networks.every(network => networks.every(other => other === network || isUp(network, other.self))),
  )
}

/** Makes each of the networks keep all others. */
export function connect(...networks: readonly Network[]): void {
  for (const network of networks) {
    const others = networks.filter(other => other !== network)
    network.keep(others.map(other => ({ id: other.self, addresses: other.addresses() })))
  }
}

export const frame = (length: number, body: Uint8Array) => {
  const prefix = new Uint8Array(4)
  new DataView(prefix.buffer).setUint32(0, length)
  return concat(prefix, body)
}

export const hello = (genesisHash = GENESIS) => {
  const body = concat(Uint8Array.of(1), genesisHash, Uint8Array.of(4), utf8('evil'))
  return frame(body.length, body)
}

/** A peer that speaks the transport but keeps no rule. */
export interface Hostile {
  readonly transport: Transport
  readonly self: PeerId
  readonly heard: { protocol: string; bytes: Uint8Array }[]
  connected: boolean
  /** False: streams that the victim opens from now on, and those that are open, are not read. */
  reads: boolean
  /** What it does on streams that the victim opens for requests, when something arrives. */
  answer: ((stream: ByteStream) => void) | undefined
  open(victim: Victim, protocol: string): Promise<ByteStream & { isClosed(): boolean }>
  dial(victim: Victim): Promise<void>
}

/** What a hostile peer needs to know. */
export type Victim = Pick<Network, 'self' | 'addresses'>

export async function hostile(
  transport: Transport,
  greet: Uint8Array | null = hello(),
  id = NETWORK_ID,
): Promise<Hostile> {
  const self: Hostile = {
    transport,
    self: transport.self,
    heard: [],
    connected: false,
    reads: true,
    answer: undefined,
    dial: async victim => {
      await transport.dial(victim.self, victim.addresses(), 5_000)
      if (greet !== null) (await self.open(victim, LINK_PROTOCOL)).write(greet)
    },
    open: async (victim, protocol) => {
      const stream = await transport.openStream(victim.self, protocol, 5_000)
      let closed = false
      stream.listen({
        data: bytes => self.heard.push({ protocol, bytes }),
        closed: () => {
          closed = true
        },
      })
      return Object.assign(stream, { isClosed: () => closed })
    },
  }
  const words = ['vertices', 'commits', 'own-last', 'blocks', 'status']
  await transport.start(
    {
      protocols: [
        LINK_PROTOCOL,
        channelProtocol('vertices', id),
        channelProtocol('control', id),
        ...words.map(word => requestProtocol(word, id)),
      ],
      topics: [`/ogpu/${id}/gossip/transactions/1`, `/ogpu/${id}/gossip/commits/1`],
    },
    {
      admit: () => true,
      connected: () => {
        self.connected = true
      },
      disconnected: () => {
        self.connected = false
      },
      stream: (_peer, stream) => {
        const { protocol } = stream
        stream.listen({
          data: bytes => {
            if (!self.reads) stream.pause()
            self.heard.push({ protocol, bytes })
            if (protocol.includes('/request/')) self.answer?.(stream)
          },
          closed() {},
        })
      },
      gossip: async () => 'accept',
      score: () => 0,
      discovered() {},
    },
  )
  return self
}

/** Registry that remembers counter values by `name{label values}`. */
export function countingMetrics() {
  const counts = new Map<string, number>()
  const key = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    `${name}{${Object.values(labels).join(',')}}`
  return {
    counts,
    registry: {
      counter: (name: string) => ({
        inc: (value = 1, labels?: Readonly<Record<string, string>>) => {
          counts.set(key(name, labels), (counts.get(key(name, labels)) ?? 0) + value)
        },
      }),
      gauge: (name: string) => ({
        set: (value: number, labels?: Readonly<Record<string, string>>) => void counts.set(key(name, labels), value),
      }),
      histogram: () => ({ observe() {} }),
    },
  }
}
