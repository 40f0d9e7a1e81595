import type {
  BlockBuilder,
  CallEngine,
  ChainReader,
  ForkConfigs,
  InspectionEngine,
  PoolVerdict,
  SimulationEngine,
  TraceEngine,
  TransactionPool,
} from '#evm'
import type { MetricsRegistry } from '#lib/env'
import type { Address, BlockHeader, BlockNumber, Digest, RecoveredTransaction } from '#types'
import type { RpcWorkers } from './workers.ts'

/** What methods may touch that only read the chain; they run in worker threads where there are some. */
export interface ReadBackend {
  readonly chain: ChainReader
  readonly calls: CallEngine
  /** Without it debug_trace*, trace_*, ots_* and eth_createAccessList are refused. */
  readonly traces?: TraceEngine
  /** Without it eth_simulateV1 is refused. */
  readonly simulations?: SimulationEngine
  /** Without it debug_intermediateRoots and debug_storageRangeAt are refused. */
  readonly inspections?: InspectionEngine
  /** Without it testing_buildBlockV1 is refused: the blocks of our own chain come from consensus. */
  readonly builder?: BlockBuilder
  /** Base fee that the block after `header` will have, as well as it can be known; the same when absent. */
  readonly nextBaseFee?: (header: BlockHeader) => bigint
}

/** At once where the node's parts are on the same thread, later where they are asked over a link. */
export type Soon<T> = T | Promise<T>

/** An object of the node's thread that methods may have to wait for. */
type Asked<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Soon<Awaited<R>> : T[K]
}

/** The transaction pool as methods see it. */
export interface PoolAccess {
  add(raw: readonly Uint8Array[], origin: 'local'): Promise<readonly PoolVerdict[]>
  get(hash: Digest): Soon<RecoveredTransaction | undefined>
  nextNonce(address: Address): Promise<bigint>
  /** Of one sender, or of all. */
  content(sender?: Address): Soon<ReturnType<TransactionPool['content']>>
  status(): Soon<ReturnType<TransactionPool['status']>>
  onAdded(listener: (transaction: RecoveredTransaction) => void): () => void
}

export interface SyncProgress {
  readonly startingBlock: number
  readonly currentBlock: number
  readonly highestBlock: number
}

/** What lives on the node's own thread; a listener on another one reaches it over a link (`link.ts`). */
export interface LiveBackend {
  readonly pool: PoolAccess
  readonly network: { readonly peerCount: () => Soon<number>; readonly listening: () => Soon<boolean> }
  /** Undefined when the node is in step with the network. */
  readonly syncing: () => Soon<SyncProgress | undefined>
  readonly dag?: DagAccess
  /** For operators; without it admin_* is refused. */
  readonly admin?: AdminAccess
}

/** Everything that JSON-RPC methods may touch. `chain/node` fills it with real parts, tests with small ones. */
export interface RpcBackend extends ReadBackend, LiveBackend {
  readonly clientVersion: string
  /** Threads for what takes long. Without them such methods run on the calling thread, bounded by gas and time. */
  readonly workers?: RpcWorkers
  /** Moves `chain` to the present where that does not happen by itself; called before each method. */
  readonly refresh?: () => void
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
  peers(): readonly AdminPeer[]
  /** Keeps a connection to the node at this multiaddr, which ends in its peer id, until this node stops. */
  addPeer(address: string): void
}

export interface AdminPeer {
  readonly id: string
  readonly addresses: readonly string[]
  readonly outbound: boolean
  readonly authority?: number
  readonly agent?: string
}

/** The DAG for explorers and operators; plain JSON-ready values. */
export interface DagReader {
  status(): Readonly<Record<string, unknown>>
  validators(): readonly Readonly<Record<string, unknown>>[]
  /** Vertices of rounds `from`..`to` that this node still has. */
  rounds(from: number, to: number): Promise<readonly Readonly<Record<string, unknown>>[]>
  commit(index: number): Promise<Readonly<Record<string, unknown>> | undefined>
  vertex(digest: Uint8Array): Promise<Readonly<Record<string, unknown>> | undefined>
  /** Of the newest certified block when no height is given. */
  certificate(height?: number): Promise<Readonly<Record<string, unknown>> | undefined>
  /** Life of a transaction: milliseconds since the epoch at each stage this node saw. */
  timeline(transactionHash: Uint8Array): Readonly<Record<string, number>> | undefined
  onCommit(listener: (commit: Readonly<Record<string, unknown>>) => void): () => void
}

export type DagAccess = Asked<Omit<DagReader, 'onCommit'>> & Pick<DagReader, 'onCommit'>
export type AdminAccess = Asked<AdminControl>
