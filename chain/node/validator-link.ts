import {
  decodeFetchAnswer,
  decodeOwnLastAnswer,
  decodeRangeAnswer,
  encodeFetchRequest,
  encodeOwnLastRequest,
  encodeRangeRequest,
  encodeStreamFrame,
  type Input,
  type StreamFrame,
  type VertexVerifier,
} from '#consensus'
import { GenerationCache } from '#lib/cache'
import type { Clock, Log } from '#lib/env'
import { messageOf } from '#lib/errors'
import { type MessageVerdict, type Network, type PeerId, TokenBucket } from '#p2p'
import type { AuthorityIndex, Epoch, Round, VerifiedVertex } from '#types'
import type { ValidatorPort } from './consensus-driver.ts'
import type { ConsensusLog } from './consensus-log.ts'

const FETCH_TIMEOUT_MS = 2_000
const RANGE_TIMEOUT_MS = 30_000
const OWN_LAST_TIMEOUT_MS = 5_000
const FORGED_VERTEX_POINTS = -20
/** A vertex beyond the look-ahead only says that its sender is far ahead; one in so long is enough to know it. */
const FAR_AHEAD_EVERY_MS = 250
/** Rounds of vertices that are remembered as verified: about what the core keeps. */
const VERIFIED_ROUNDS = 64
/** A vertex ends with its signature; so many bytes of it find a vertex again. */
const TAIL_BYTES = 32
/** Vertices a second that a peer may send although we know them: pushed history, a last one sent again. Above: −1. */
const REPLAYS_PER_SECOND = 200
const REPLAYS_BURST = 2_000
const REPLAY_POINTS = -1
/** Where a vertex encodes its round: after version, chain id and epoch. */
const ROUND_OFFSET = 17

export interface ValidatorLinkOptions {
  readonly network: Network
  /** Peer ids in committee order. */
  readonly peers: readonly PeerId[]
  readonly own: AuthorityIndex | undefined
  readonly epoch: Epoch
  readonly verifier: VertexVerifier
  /** Rounds that the core may still take from streams. */
  readonly openRounds: () => { readonly above: Round; readonly upTo: Round }
  readonly consensusLog: ConsensusLog
  readonly clock: Clock
  readonly log: Log
}

/**
 * The consensus protocol of one epoch on the network: puts effects into frames and requests, turns what arrives into
 * inputs. `epoch-router.ts` hands it what belongs to its epoch.
 */
export interface ValidatorLink extends ValidatorPort {
  /** Starts to deliver inputs; false from `submit` means "full", and the sender is not read on for a moment. */
  start(submit: (input: Input) => boolean): void
  onFrame(from: PeerId, frame: StreamFrame): Promise<MessageVerdict>
  /** Vertices of anybody, streamed to a node without a vote by any other node. */
  onFeed(frame: StreamFrame): Promise<MessageVerdict>
  onPeer(peer: PeerId, up: boolean): void
  isUp(authority: AuthorityIndex): boolean
}

export function createValidatorLink(options: ValidatorLinkOptions): ValidatorLink {
  const { network, peers, own, epoch, verifier, openRounds, consensusLog, clock, log } = options
  const indexOf = new Map(peers.map((peer, index) => [peer, index]))
  const up = new Set<AuthorityIndex>()
  const farAheadAtMs = new Map<AuthorityIndex, number>()
  let submit: ((input: Input) => boolean) | undefined

  // A replayed vertex costs a comparison of bytes, not another check of its signature.
  const verified = new GenerationCache<string, VerifiedVertex>(2 * VERIFIED_ROUNDS * peers.length)
  const replays = peers.map(() => new TokenBucket(REPLAYS_PER_SECOND, REPLAYS_BURST, clock.now()))

  /** Verifies what a peer sent; the first broken vertex ends it and is the verdict on the peer. */
  function verifyAll(blobs: readonly Uint8Array[]): {
    readonly vertices: VerifiedVertex[]
    readonly fault?: string
    /** How many of them had been verified before. */
    readonly known: number
  } {
    const vertices: VerifiedVertex[] = []
    let known = 0
    for (const bytes of blobs) {
      const tail = Buffer.from(bytes.subarray(-TAIL_BYTES)).toString('latin1')
      const before = verified.get(tail)
      if (before !== undefined && Buffer.compare(before.bytes, bytes) === 0) {
        vertices.push(before)
        known += 1
        continue
      }
      const verdict = verifier.verify(bytes)
      if (verdict.kind === 'reject') return { vertices, fault: faultOf(verdict), known }
      if (verdict.kind !== 'accept') continue
      vertices.push(verdict.value)
      verified.set(tail, verdict.value)
    }
    return { vertices, known }
  }

  /** False when a peer sends more of what we know than anybody honest would. */
  function mayRepeat(authority: AuthorityIndex, vertices: number): boolean {
    if (vertices === 0 || replays[authority]?.tryTake(vertices, clock.now()) === true) return true
    network.report(peers[authority] as PeerId, REPLAY_POINTS, 'replayed vertices')
    return false
  }

  /**
   * Leaves out what the core would drop for its round whatever it says, before a signature is checked: a flood costs us
   * reading it and no more.
   */
  function worthChecking(blobs: readonly Uint8Array[], from: AuthorityIndex): readonly Uint8Array[] {
    const { above, upTo } = openRounds()
    return blobs.filter(bytes => {
      if (bytes.length < ROUND_OFFSET + 4) return true
      const round = new DataView(bytes.buffer, bytes.byteOffset).getUint32(ROUND_OFFSET)
      if (round <= upTo) return round > above || round === 0
      const nowMs = clock.now()
      if (nowMs < (farAheadAtMs.get(from) ?? Number.NEGATIVE_INFINITY) + FAR_AHEAD_EVERY_MS) return false
      farAheadAtMs.set(from, nowMs)
      return true
    })
  }

  async function deliver(input: Input): Promise<void> {
    while (submit?.(input) !== true) await new Promise<void>(resolve => setTimeout(resolve, 5))
  }

  /** Asks `to` one after the other until one gives a useful answer; what nobody has, the core asks for again. */
  async function ask(
    what: string,
    to: readonly AuthorityIndex[],
    request: (peer: PeerId) => Promise<Uint8Array>,
    use: (answer: Uint8Array, from: AuthorityIndex) => Promise<boolean>,
  ): Promise<void> {
    for (const authority of to) {
      const peer = peers[authority]
      if (peer === undefined || authority === own) continue
      try {
        if (await use(await request(peer), authority)) return
      } catch (error) {
        log.debug('request failed', { what, authority, error: messageOf(error) })
      }
    }
  }

  function blame(authority: AuthorityIndex, fault: string): void {
    log.warn('a validator answered with something broken', { authority, fault })
    network.report(peers[authority] as PeerId, FORGED_VERTEX_POINTS, fault)
  }

  function onPeer(peer: PeerId, isUp: boolean): void {
    const who = indexOf.get(peer)
    // Before the start nobody listens; the start looks who is there.
    if (submit === undefined || who === undefined || isUp === up.has(who)) return
    if (isUp) up.add(who)
    else up.delete(who)
    submit({ kind: 'peer', who, up: isUp, nowMs: clock.now() })
  }

  return {
    start(deliverTo) {
      submit = deliverTo
      for (const { id } of network.peers()) onPeer(id, true)
    },

    async onFrame(from, frame) {
      const authority = indexOf.get(from)
      if (authority === undefined) return { kind: 'ignore' }
      const { vertices, fault, known } = verifyAll(worthChecking(frame.vertices, authority))
      if (fault !== undefined) return { kind: 'reject', reason: `vertex: ${fault}` }
      if (frame.kind === 'own' && vertices.some(vertex => vertex.author !== authority)) {
        return { kind: 'reject', reason: "another author's vertex as own" }
      }
      if (!mayRepeat(authority, known)) return { kind: 'ignore' }
      if (vertices.length > 0) await deliver({ kind: 'vertices', vertices, from: authority, nowMs: clock.now() })
      return { kind: 'accept' }
    },

    async onFeed(frame) {
      const { vertices, fault } = verifyAll(frame.vertices)
      if (fault !== undefined) return { kind: 'reject', reason: `vertex: ${fault}` }
      if (vertices.length > 0) await deliver({ kind: 'vertices', vertices, nowMs: clock.now() })
      return { kind: 'accept' }
    },

    onPeer,

    isUp: authority => authority === own || up.has(authority),

    broadcast(vertex) {
      const frame = encodeStreamFrame({ kind: 'own', vertices: [vertex.bytes] })
      for (const [authority, peer] of peers.entries()) if (authority !== own) network.send(peer, 'vertices', frame)
    },

    push(to, refs) {
      const vertices = refs.flatMap(ref => consensusLog.vertexBytes(ref) ?? [])
      if (vertices.length === 0) return
      network.send(peers[to] as PeerId, 'vertices', encodeStreamFrame({ kind: 'history', vertices }))
    },

    fetch(refs, to) {
      const body = encodeFetchRequest({ epoch, refs })
      const request = (peer: PeerId) => network.request(peer, 'vertices', body, { timeoutMs: FETCH_TIMEOUT_MS })
      void ask('vertices', to, request, async (answer, from) => {
        const decoded = decodeFetchAnswer(answer)
        if (decoded.kind !== 'accept') {
          blame(from, 'malformed fetch answer')
          return false
        }
        const { vertices, fault } = verifyAll(decoded.value)
        if (fault !== undefined) blame(from, `fetched vertex: ${fault}`)
        if (vertices.length === 0) return false
        await deliver({ kind: 'vertices', vertices, from, nowMs: clock.now() })
        return true
      })
    },

    syncCommits(from, upTo, to) {
      const body = encodeRangeRequest({ epoch, from, upTo })
      const request = (peer: PeerId) => network.request(peer, 'commits', body, { timeoutMs: RANGE_TIMEOUT_MS })
      void ask('commits', to, request, async (answer, peer) => {
        const decoded = decodeRangeAnswer(answer)
        if (decoded.kind !== 'accept') {
          blame(peer, 'malformed commit range')
          return false
        }
        const vertices = verifyAll(decoded.value.vertices)
        const certifiers = verifyAll(decoded.value.certifiers)
        const fault = vertices.fault ?? certifiers.fault
        if (fault !== undefined) {
          blame(peer, `commit range: ${fault}`)
          return false
        }
        await deliver({
          kind: 'commits',
          commits: decoded.value.commits,
          vertices: vertices.vertices,
          certifiers: certifiers.vertices,
          from: peer,
          nowMs: clock.now(),
        })
        return true
      })
    },

    askOwnLast() {
      if (own === undefined) return
      const body = encodeOwnLastRequest({ epoch, author: own })
      for (const [authority, peer] of peers.entries()) {
        if (authority === own) continue
        network
          .request(peer, 'own-last', body, { timeoutMs: OWN_LAST_TIMEOUT_MS })
          .then(answer => {
            const decoded = decodeOwnLastAnswer(answer)
            if (decoded.kind !== 'accept') return blame(authority, 'malformed own-last answer')
            return deliver({ kind: 'ownLast', from: authority, ...decoded.value, nowMs: clock.now() })
          })
          .catch(error => log.debug('request failed', { what: 'own-last', authority, error: messageOf(error) }))
      }
    },
  }
}

/** The detail of a failed static check is one of a few words; others may name numbers, and would fill the metrics. */
function faultOf({ reason, detail }: { readonly reason: string; readonly detail?: string }): string {
  return reason === 'transaction' && detail !== undefined ? `${reason} (${detail})` : reason
}
