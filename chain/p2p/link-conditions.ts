import { CodedError } from '#lib/errors'
import { BoundedQueue } from '#lib/queue'
import type { Network, PeerId } from './types.ts'

/** What a wide-area link does to what is sent on it. For simulations and benchmarks. */
export interface LinkConditions {
  /** One way. */
  readonly delayMs: number
  /** Added to the delay, uniform between 0 and this. Order on one stream is kept. */
  readonly jitterMs: number
  /**
   * Share of messages, in percent, whose packet is lost. The transport is reliable, so nothing disappears: the message
   * and all behind it on the same stream wait for a retransmission (200 ms, TCP's minimum, plus a round trip).
   */
  readonly lossPercent: number
}

export const PERFECT_LINK: LinkConditions = { delayMs: 0, jitterMs: 0, lossPercent: 0 }

const RETRANSMISSION_MS = 200

/** A small seeded generator (mulberry32): the same seed gives the same losses and jitter. In [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Milliseconds that one message needs under these conditions. */
export function transitMs(conditions: LinkConditions, random: () => number): number {
  let transit = conditions.delayMs
  if (conditions.jitterMs > 0) transit += random() * conditions.jitterMs
  if (conditions.lossPercent > 0 && random() * 100 < conditions.lossPercent) {
    transit += RETRANSMISSION_MS + 2 * conditions.delayMs
  }
  return transit
}

/** Runs actions after a transit time each, never overtaking one another. At most `capacity` wait. */
export class DelayLine {
  readonly #conditions: () => LinkConditions
  readonly #random: () => number
  readonly #waiting: BoundedQueue<{ readonly atMs: number; readonly action: () => void }>
  #lastAtMs = 0
  #armed = false

  constructor(conditions: () => LinkConditions, random: () => number, capacity: number) {
    this.#conditions = conditions
    this.#random = random
    this.#waiting = new BoundedQueue(capacity)
  }

  /** False (and nothing done) when the line is full. */
  push(action: () => void): boolean {
    this.#lastAtMs = Math.max(this.#lastAtMs, performance.now() + transitMs(this.#conditions(), this.#random))
    if (!this.#waiting.push({ atMs: this.#lastAtMs, action })) return false
    this.#arm()
    return true
  }

  // One timer for the head of the line: timers of their own would overtake one another by rounding.
  #arm(): void {
    const head = this.#waiting.peek()
    if (this.#armed || head === undefined) return
    this.#armed = true
    const delayMs = Math.ceil(head.atMs - performance.now())
    const run = () => {
      this.#armed = false
      const nowMs = performance.now()
      for (let next = this.#waiting.peek(); next !== undefined && next.atMs <= nowMs; next = this.#waiting.peek()) {
        this.#waiting.shift()
        next.action()
      }
      this.#arm()
    }
    if (delayMs <= 0) setImmediate(run)
    else setTimeout(run, delayMs)
  }
}

/**
 * The same network over a worse link: everything that leaves (frames, requests, answers, gossip) is delayed on its way
 * out. Wrap every node of a benchmark, and both directions are slow. Frames on one channel keep their order.
 */
export function withLinkConditions(network: Network, conditions: LinkConditions, seed = 1): Network {
  const random = seededRandom(seed)
  const lines = new Map<string, DelayLine>()
  const lineOf = (key: string): DelayLine => {
    const line = lines.get(key) ?? new DelayLine(() => conditions, random, 4_096)
    lines.set(key, line)
    return line
  }
  const pause = () => new Promise<void>(resolve => setTimeout(resolve, transitMs(conditions, random)))
  const connected = new Set<PeerId>()
  network.onPeer((peer, up) => {
    if (up) connected.add(peer)
    else connected.delete(peer)
  })
  return {
    self: network.self,
    start: () => network.start(),
    stop: () => network.stop(),
    addresses: () => network.addresses(),
    peers: () => network.peers(),
    keep: peers => network.keep(peers),
    setCommittee: members => network.setCommittee(members),
    feed: to => network.feed(to),
    follow: from => network.follow(from),
    send: (peer, channel, frame) =>
      connected.has(peer) && lineOf(`${channel} ${peer}`).push(() => void network.send(peer, channel, frame)),
    request: async (peer, protocol, body, options) => {
      const startedAtMs = performance.now()
      await pause()
      const timeoutMs = options.timeoutMs - (performance.now() - startedAtMs)
      if (timeoutMs <= 0)
        throw new CodedError('request timeout', 'the link is slower than the timeout', { retryable: true })
      return await network.request(peer, protocol, body, { timeoutMs })
    },
    publish: async (topic, message) => {
      await pause()
      await network.publish(topic, message)
    },
    onFrame: (channel, handler) => network.onFrame(channel, handler),
    onRequest: (protocol, handler) =>
      network.onRequest(protocol, async (from, body) => {
        const answer = await handler(from, body)
        await pause()
        return answer
      }),
    onGossip: (topic, handler) => network.onGossip(topic, handler),
    onPeer: listener => network.onPeer(listener),
    report: (peer, points, reason) => network.report(peer, points, reason),
  }
}
