import type { NetworkLimits } from './limits.ts'
import type { PeerId } from './types.ts'

export interface KeeperOptions {
  readonly self: PeerId
  readonly limits: NetworkLimits
  /** Whether the peer is connected or being greeted. */
  connected(peer: PeerId): boolean
  /** Milliseconds until the peer may be dialled again (a ban); 0 when it may. */
  blockedMs(peer: PeerId): number
  dial(peer: PeerId, addresses: readonly string[]): Promise<void>
}

interface Kept {
  addresses: readonly string[]
  failures: number
  dialling: boolean
  timer: NodeJS.Timeout | undefined
}

/** Redials the peers that the node wants to keep, for ever, with a doubling pause and jitter. */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #kept = new Map<PeerId, Kept>()
  #running = false

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  has(peer: PeerId): boolean {
    return this.#kept.has(peer)
  }

  start(): void {
    this.#running = true
    for (const peer of this.#kept.keys()) this.#schedule(peer, this.#graceMs(peer))
  }

  stop(): void {
    this.#running = false
    for (const kept of this.#kept.values()) clearTimeout(kept.timer)
  }

  /** Replaces the list. Connections with peers no longer on it stay; they are only not redialled. */
  keep(peers: readonly { readonly id: PeerId; readonly addresses: readonly string[] }[]): void {
    const wanted = new Map(peers.map(peer => [peer.id, peer.addresses]))
    wanted.delete(this.#options.self)
    for (const [id, kept] of this.#kept) {
      if (wanted.has(id)) continue
      clearTimeout(kept.timer)
      this.#kept.delete(id)
    }
    for (const [id, addresses] of wanted) {
      const kept = this.#kept.get(id)
      if (kept !== undefined) {
        kept.addresses = addresses
        continue
      }
      this.#kept.set(id, { addresses, failures: 0, dialling: false, timer: undefined })
      if (this.#running) this.#schedule(id, this.#graceMs(id))
    }
  }

  connected(peer: PeerId): void {
    const kept = this.#kept.get(peer)
    if (kept === undefined) return
    kept.failures = 0
    clearTimeout(kept.timer)
  }

  disconnected(peer: PeerId): void {
    const kept = this.#kept.get(peer)
    if (kept === undefined || !this.#running) return
    this.#schedule(peer, this.#graceMs(peer) + this.#pauseMs(kept.failures++))
  }

  // Both ends usually keep each other: the smaller id dials first, so that one connection arises and not two.
  #graceMs(peer: PeerId): number {
    return this.#options.self < peer ? 0 : this.#options.limits.dialGraceMs
  }

  #pauseMs(failures: number): number {
    const { redialMs, redialMaxMs } = this.#options.limits
    return Math.min(redialMaxMs, redialMs * 2 ** Math.min(failures, 20)) * (0.75 + Math.random() / 2)
  }

  #schedule(peer: PeerId, delayMs: number): void {
    const kept = this.#kept.get(peer)
    if (kept === undefined) return
    clearTimeout(kept.timer)
    kept.timer = setTimeout(() => void this.#dial(peer), delayMs)
  }

  async #dial(peer: PeerId): Promise<void> {
    const kept = this.#kept.get(peer)
    if (kept === undefined || kept.dialling || this.#options.connected(peer)) return
    const blockedMs = this.#options.blockedMs(peer)
    if (blockedMs > 0) return this.#schedule(peer, blockedMs)
    kept.dialling = true
    try {
      await this.#options.dial(peer, kept.addresses)
    } catch {
      if (this.#running && this.#kept.get(peer) === kept) this.#schedule(peer, this.#pauseMs(kept.failures++))
    } finally {
      kept.dialling = false
    }
  }
}
