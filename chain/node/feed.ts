import { encodeStreamFrame } from '#consensus'
import type { Clock, Log } from '#lib/env'
import { messageOf } from '#lib/errors'
import type { Network, PeerId } from '#p2p'
import type { Vertex } from '#types'

/** Nodes that one node streams to. Above: refused; they find another, for followers feed others too. */
const FED_MAX = 32
/** A follower says so often that it is there, and is forgotten after this silence. */
const RENEW_MS = 5_000
const LEASE_MS = 20_000
/** Vertices wait so long for company, and travel together up to this size. */
const BATCH_MS = 10
const BATCH_BYTES_MAX = 1024 * 1024
/** A source without a vertex for so long is left for another one. */
const SILENCE_MS = 3_000
/** A source that sent something within this time keeps this node in step. */
const LIVE_MS = 1_000
const REQUEST_TIMEOUT_MS = 3_000

const FOLLOW = Uint8Array.of(1)
const LEAVE = Uint8Array.of(0)

/** The stream of all accepted vertices, to who asked for it. */
export interface Feed {
  /** These were accepted and stored here, in this order (parents first). */
  publish(vertices: readonly Vertex[]): void
  /** A source sent something. */
  heard(from: PeerId): void
  /** True while a source sends: then nothing has to be asked for. */
  isLive(): boolean
  stop(): void
}

/**
 * Streams what this node accepts to those that follow it, and finds itself a source while it is wanted: nodes without a
 * vote decide for themselves on the same vertices as the validators, as soon as these are made. A source needs no trust,
 * since all vertices are signed; a slow follower loses the oldest frames and pulls what it misses.
 */
export function createFeed(options: {
  readonly network: Network
  readonly clock: Clock
  readonly log: Log
  /** True while this node has no vote, and so gets no vertices otherwise. */
  readonly isFollower: () => boolean
  /** Whom to ask first: validators. */
  readonly isPreferred: (peer: PeerId) => boolean
}): Feed {
  const { network, clock, log } = options
  /** Until when each is fed. */
  const leases = new Map<PeerId, number>()
  let batch: Uint8Array[] = []
  let batchBytes = 0
  let flushTimer: NodeJS.Timeout | undefined
  let source: PeerId | undefined
  let heardMs = 0
  let renewedMs = 0
  let isAsking = false
  /** Sources that were silent or refused, until when. */
  const rested = new Map<PeerId, number>()

  network.onRequest('follow', async (from, body) => {
    if (body.length !== 1) return undefined
    if (body[0] === 0) leases.delete(from)
    else if (leases.has(from) || leases.size < FED_MAX) leases.set(from, clock.now() + LEASE_MS)
    else return undefined
    network.feed(new Set(leases.keys()))
    return Uint8Array.of(1)
  })

  function flush(): void {
    clearTimeout(flushTimer)
    flushTimer = undefined
    if (batch.length === 0) return
    const frame = encodeStreamFrame({ kind: 'history', vertices: batch })
    batch = []
    batchBytes = 0
    for (const peer of leases.keys()) network.send(peer, 'feed', frame)
  }

  function expire(nowMs: number): void {
    const before = leases.size
    for (const [peer, untilMs] of leases) if (untilMs < nowMs) leases.delete(peer)
    if (leases.size < before) network.feed(new Set(leases.keys()))
    for (const [peer, untilMs] of rested) if (untilMs < nowMs) rested.delete(peer)
  }

  function leave(why: string): void {
    if (source === undefined) return
    const left = source
    source = undefined
    rested.set(left, clock.now() + LEASE_MS)
    network.follow(new Set())
    network.request(left, 'follow', LEAVE, { timeoutMs: REQUEST_TIMEOUT_MS }).catch(() => {})
    log.debug('left a source', { peer: left, why })
  }

  async function ask(peer: PeerId, nowMs: number): Promise<void> {
    // The stream may come before the answer.
    network.follow(new Set([peer]))
    try {
      await network.request(peer, 'follow', FOLLOW, { timeoutMs: REQUEST_TIMEOUT_MS })
      if (source !== peer) {
        heardMs = clock.now()
        log.debug('following', { peer })
      }
      source = peer
      renewedMs = nowMs
    } catch (error) {
      log.debug('a peer does not feed this node', { peer, error: messageOf(error) })
      rested.set(peer, clock.now() + LEASE_MS)
      if (source === peer) source = undefined
    }
  }

  async function tend(): Promise<void> {
    const nowMs = clock.now()
    expire(nowMs)
    if (!options.isFollower()) return leave('this node has a vote')
    const peers = network.peers()
    if (source !== undefined && !peers.some(({ id }) => id === source)) leave('it is gone')
    if (source !== undefined && nowMs - heardMs > SILENCE_MS) leave('it is silent')
    if (source !== undefined) {
      if (nowMs - renewedMs >= RENEW_MS) await ask(source, nowMs)
      return
    }
    const able = peers.filter(({ id }) => !rested.has(id))
    const next = able.find(({ id }) => options.isPreferred(id)) ?? able[0]
    if (next !== undefined) await ask(next.id, nowMs)
  }

  const timer = setInterval(() => {
    if (isAsking) return
    isAsking = true
    tend()
      .catch(error => log.warn('the feed failed', { error: messageOf(error) }))
      .finally(() => {
        isAsking = false
      })
  }, 250)
  timer.unref()

  return {
    publish(vertices) {
      if (leases.size === 0) return
      for (const { bytes } of vertices) {
        if (batchBytes > 0 && batchBytes + bytes.length > BATCH_BYTES_MAX) flush()
        batch.push(bytes)
        batchBytes += bytes.length
      }
      flushTimer ??= setTimeout(flush, BATCH_MS)
    },
    heard(from) {
      if (from === source) heardMs = clock.now()
    },
    isLive: () => source !== undefined && clock.now() - heardMs < LIVE_MS,
    stop() {
      clearInterval(timer)
      clearTimeout(flushTimer)
    },
  }
}
