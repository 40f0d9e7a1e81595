import type { NetworkLimits } from './limits.ts'
import type { PeerId } from './types.ts'

/** Dials made at a time because of a discovery; whoever announces many addresses gets no more of our time. */
const DIALS_MAX = 4

export interface DiscoveryOptions {
  readonly bootnodes: readonly { readonly id: PeerId; readonly addresses: readonly string[] }[]
  readonly limits: NetworkLimits
  /** Connected peers, greeted or not. */
  peers(): number
  /** Ourselves, connected, kept or banned: nobody to dial here. */
  settled(peer: PeerId): boolean
  dial(peer: PeerId, addresses: readonly string[]): Promise<void>
}

/** Turns what discovery found into dials, while peers are few. */
export class Discovery {
  readonly #options: DiscoveryOptions
  #dials = 0
  #bootedAtMs = Number.NEGATIVE_INFINITY

  constructor(options: DiscoveryOptions) {
    this.#options = options
  }

  found(peer: PeerId, addresses: readonly string[]): void {
    const { limits, peers, settled, dial } = this.#options
    if (this.#dials >= DIALS_MAX || peers() + this.#dials >= limits.peersTarget || settled(peer)) return
    this.#dials += 1
    dial(peer, addresses)
      .catch(() => undefined)
      .finally(() => {
        this.#dials -= 1
      })
  }

  /** Goes back to the bootnodes now and then. */
  tick(nowMs: number): void {
    if (nowMs - this.#bootedAtMs < this.#options.limits.bootnodesEveryMs) return
    this.#bootedAtMs = nowMs
    for (const { id, addresses } of this.#options.bootnodes) this.found(id, addresses)
  }
}
