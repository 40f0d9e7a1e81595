import type { Log, MetricsRegistry } from '#lib/env'
import type { NetworkLimits } from './limits.ts'
import type { PeerId } from './types.ts'

/** What every implementation of `Network` takes. */
export interface NetworkOptions {
  /** 32 bytes; peers with another one are refused. */
  readonly genesisHash: Uint8Array
  /** Name and version of the software, told to peers. */
  readonly agent?: string
  /** Dialled at the start and whenever fewer than `peersTarget` peers are connected. */
  readonly bootnodes?: readonly { readonly id: PeerId; readonly addresses: readonly string[] }[]
  readonly log?: Log
  readonly metrics?: MetricsRegistry
  readonly limits?: Partial<NetworkLimits>
}
