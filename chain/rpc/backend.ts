import type { CallEngine, ChainReader, ForkConfigs, SimulationEngine, TraceEngine, TransactionPool } from '#evm'
import type { MetricsRegistry } from '#lib/env'
import type { BlockHeader, BlockNumber } from '#types'
import type { RpcWorkers } from './workers.ts'

/** What methods may touch that only read the chain; they run in worker threads where there are some. */
export interface ReadBackend {
  readonly chain: ChainReader
  readonly calls: CallEngine
  /** Without it debug_trace*, trace_*, ots_* and eth_createAccessList are refused. */
  readonly traces?: TraceEngine
  /** Without it eth_simulateV1 is refused. */
  readonly simulations?: SimulationEngine
  /** Base fee that the block after `header` will have, as well as it can be known; the same when absent. */
  readonly nextBaseFee?: (header: BlockHeader) => bigint
}

/** Everything that JSON-RPC methods may touch. `chain/node` fills it with real parts, tests with small ones. */
export interface RpcBackend extends ReadBackend {
  readonly clientVersion: string
  readonly pool: TransactionPool
  /** Threads for what takes long. Without them such methods run on the calling thread, bounded by gas and time. */
  readonly workers?: RpcWorkers
  readonly network: { readonly peerCount: () => number; readonly listening: () => boolean }
  /** Undefined when the node is in step with the network. */
  readonly syncing: () =>
    | { readonly startingBlock: number; readonly currentBlock: number; readonly highestBlock: number }
    | undefined
  readonly dag?: DagReader
  /** For operators; without it admin_* is refused. */
  readonly admin?: AdminControl
  /** Fork rules at the head (EIP-7910); without it eth_config is refused. */
  readonly forks?: (head: BlockHeader) => ForkConfigs
  /** Oldest block whose state this node keeps; as old as its oldest block when absent. */
  readonly earliestState?: () => BlockNumber
  readonly metrics?: MetricsRegistry
}

/** What an operator sees and changes of a running node. */
export interface AdminControl {
  /** Peer id. */
  readonly id: string
  readonly dataDir: string
  readonly genesisHash: Uint8Array
  /** Multiaddrs that others can dial, with the peer id. */
  addresses(): readonly string[]
  peers(): readonly {
    readonly id: string
    readonly addresses: readonly string[]
    readonly outbound: boolean
    readonly authority?: number
    readonly agent?: string
  }[]
  /** Keeps a connection to the node at this multiaddr, which ends in its peer id, until this node stops. */
  addPeer(address: string): void
}

/** The DAG for explorers and operators; plain JSON-ready values. */
export interface DagReader {
  status(): Readonly<Record<string, unknown>>
  validators(): readonly Readonly<Record<string, unknown>>[]
  /** Vertices of rounds `from`..`to` that this node still has. */
  rounds(from: number, to: number): Promise<readonly Readonly<Record<string, unknown>>[]>
  commit(index: number): Promise<Readonly<Record<string, unknown>> | undefined>
  vertex(digest: Uint8Array): Promise<Readonly<Record<string, unknown>> | undefined>
  certificate(height: number): Promise<Readonly<Record<string, unknown>> | undefined>
  /** Life of a transaction: milliseconds since the epoch at each stage this node saw. */
  timeline(transactionHash: Uint8Array): Readonly<Record<string, number>> | undefined
  onCommit(listener: (commit: Readonly<Record<string, unknown>>) => void): () => void
}
