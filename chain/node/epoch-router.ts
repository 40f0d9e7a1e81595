import {
  assembleRange,
  decodeFetchRequest,
  decodeOwnLastRequest,
  decodeRangeRequest,
  decodeStreamFrame,
  encodeFetchAnswer,
  encodeOwnLastAnswer,
  encodeRangeAnswer,
} from '#consensus'
import type { MessageVerdict, Network, PeerId } from '#p2p'
import { type Epoch, peekVertexEpoch } from '#types'
import type { ConsensusLog } from './consensus-log.ts'
import type { EpochInstance } from './epoch.ts'

/** An answer to a fetch or a range stays below the network's limit for one frame. */
const ANSWER_BYTES_MAX = 6 * 1024 * 1024

export interface EpochRouterOptions {
  readonly network: Network
  /** Runs at present: the current epoch, and the one before until a quorum has closed it. */
  readonly instance: (epoch: Epoch) => EpochInstance | undefined
  readonly current: () => EpochInstance
  /** What this node knows of any epoch up to the current one. */
  readonly logOf: (epoch: Epoch) => ConsensusLog
  readonly commitSyncBatch: number
  /** Answers a question for an epoch record. */
  readonly answerRecord: (request: Uint8Array) => Uint8Array | undefined
  /** A source of the feed sent something. */
  readonly onFeed: (from: PeerId) => void
  /** A validator is in a later epoch than we are. */
  readonly onLater: () => void
}

/**
 * Brings what arrives from the network to the epoch that it belongs to, and serves every epoch from its log. Vertices of
 * epochs that are over, or have not begun here, are nobody's fault: nodes do not switch at the same instant.
 */
export function startEpochRouter(options: EpochRouterOptions): void {
  const { network } = options
  const isPast = (epoch: Epoch) => epoch <= options.current().setup.epoch

  async function onVertices(from: PeerId, bytes: Uint8Array): Promise<MessageVerdict> {
    const decoded = decodeStreamFrame(bytes)
    if (decoded.kind !== 'accept') return { kind: 'reject', reason: 'malformed vertex frame' }
    const [first] = decoded.value.vertices
    const epoch = first === undefined ? undefined : peekVertexEpoch(first)
    if (epoch === undefined) return { kind: 'reject', reason: 'malformed vertex frame' }
    const { setup } = options.current()
    if (epoch > setup.epoch && setup.peers.includes(from)) options.onLater()
    return (await options.instance(epoch)?.link.onFrame(from, decoded.value)) ?? { kind: 'ignore' }
  }

  async function onFeed(from: PeerId, bytes: Uint8Array): Promise<MessageVerdict> {
    const decoded = decodeStreamFrame(bytes)
    if (decoded.kind !== 'accept') return { kind: 'reject', reason: 'malformed feed frame' }
    options.onFeed(from)
    // A frame may hold the last vertices of an epoch and the first of the next.
    const byEpoch = new Map<Epoch, Uint8Array[]>()
    for (const vertex of decoded.value.vertices) {
      const epoch = peekVertexEpoch(vertex)
      if (epoch === undefined) return { kind: 'reject', reason: 'malformed feed frame' }
      const known = byEpoch.get(epoch)
      if (known === undefined) byEpoch.set(epoch, [vertex])
      else known.push(vertex)
    }
    for (const [epoch, vertices] of byEpoch) {
      const verdict = await options.instance(epoch)?.link.onFeed({ kind: 'history', vertices })
      if (verdict?.kind === 'reject') return verdict
    }
    return { kind: 'accept' }
  }

  network.onFrame('vertices', onVertices)
  network.onFrame('feed', onFeed)
  network.onPeer((peer, up) => {
    const { epoch } = options.current().setup
    for (const one of [epoch - 1, epoch]) options.instance(one)?.link.onPeer(peer, up)
  })

  network.onRequest('vertices', async (_from, body) => {
    const request = decodeFetchRequest(body)
    if (request.kind !== 'accept' || !isPast(request.value.epoch)) return undefined
    const log = options.logOf(request.value.epoch)
    const found: Uint8Array[] = []
    let bytes = 0
    for (const ref of request.value.refs) {
      const vertex = log.vertexBytes(ref)
      if (vertex === undefined) continue
      bytes += vertex.length
      if (bytes > ANSWER_BYTES_MAX) break
      found.push(vertex)
    }
    return encodeFetchAnswer(found)
  })

  network.onRequest('commits', async (_from, body) => {
    const request = decodeRangeRequest(body)
    if (request.kind !== 'accept' || !isPast(request.value.epoch)) return undefined
    const limits = { bytesMax: ANSWER_BYTES_MAX, commitsMax: options.commitSyncBatch }
    const range = assembleRange(request.value, options.logOf(request.value.epoch), limits)
    return range === undefined ? undefined : encodeRangeAnswer(range)
  })

  network.onRequest('own-last', async (_from, body) => {
    const request = decodeOwnLastRequest(body)
    if (request.kind !== 'accept') return undefined
    const instance = options.instance(request.value.epoch)
    if (instance === undefined) return undefined
    return encodeOwnLastAnswer({
      highestRound: instance.core.status().highestAcceptedRound,
      ownRound: instance.dag.highestRoundOf(request.value.author),
    })
  })

  network.onRequest('status', async (_from, body) => options.answerRecord(body))
}
