import { type Network, type PeerId, TokenBucket } from '#p2p'
import type { SnapshotFolder } from './snapshot-folder.ts'
import { decodeSnapshotRequest, encodeSnapshotOffers, SNAPSHOT_OFFERS_MAX } from './snapshot-protocol.ts'

const MIB = 1024 * 1024

/** What serving snapshots may cost. */
export interface SnapshotServerLimits {
  /** Bytes per second to one peer, and the burst. Above: refused, and the peer tries again. */
  readonly peerBytesPerSecond: number
  readonly peerBytesBurst: number
  /** The same for all peers together: a validator's own traffic comes first. */
  readonly bytesPerSecond: number
  readonly bytesBurst: number
  /** Files being read at a time. Above: refused. */
  readonly readsMax: number
  /** Peers whose use is remembered; the one that asked longest ago is forgotten. */
  readonly peersMax: number
}

export const SNAPSHOT_SERVER_LIMITS: SnapshotServerLimits = {
  peerBytesPerSecond: 8 * MIB,
  peerBytesBurst: 16 * MIB,
  bytesPerSecond: 16 * MIB,
  bytesBurst: 32 * MIB,
  readsMax: 8,
  peersMax: 1_024,
}

/** Answers other nodes' questions for snapshots, at a bounded cost. */
export function serveSnapshots(options: {
  readonly network: Network
  readonly folder: SnapshotFolder
  readonly limits?: Partial<SnapshotServerLimits>
  readonly nowMs?: () => number
}): void {
  const { network, folder } = options
  const limits = { ...SNAPSHOT_SERVER_LIMITS, ...options.limits }
  const nowMs = options.nowMs ?? (() => performance.now())
  const peers = new Map<PeerId, TokenBucket>()
  const all = new TokenBucket(limits.bytesPerSecond, limits.bytesBurst, nowMs())
  let reading = 0

  function bucketOf(peer: PeerId): TokenBucket {
    const bucket = peers.get(peer) ?? new TokenBucket(limits.peerBytesPerSecond, limits.peerBytesBurst, nowMs())
    peers.delete(peer)
    peers.set(peer, bucket)
    for (const oldest of peers.keys()) {
      if (peers.size <= limits.peersMax) break
      peers.delete(oldest)
    }
    return bucket
  }

  network.onRequest('snapshot', async (from, body) => {
    const request = decodeSnapshotRequest(body)
    if (request === undefined) return undefined
    if (request.kind === 'list') return encodeSnapshotOffers(folder.list().slice(0, SNAPSHOT_OFFERS_MAX))
    const snapshot = folder.list().find(({ height }) => height === request.height)
    if (snapshot === undefined || reading >= limits.readsMax) return undefined
    const { chunks } = snapshot.manifest
    const bytes = request.kind === 'chunk' ? chunks[request.index]?.bytes : 36 * chunks.length
    if (bytes === undefined) return undefined
    const now = nowMs()
    if (!bucketOf(from).tryTake(bytes, now) || !all.tryTake(bytes, now)) return undefined
    reading += 1
    try {
      return request.kind === 'chunk'
        ? await folder.chunk(request.height, request.index)
        : await folder.manifest(request.height)
    } finally {
      reading -= 1
    }
  })
}
