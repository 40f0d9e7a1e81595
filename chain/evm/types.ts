import type {
  Account,
  Address,
  Block,
  BlockHeader,
  BlockNumber,
  CommitIndex,
  Digest,
  Epoch,
  Log,
  OrderedCommit,
  Receipt,
  RecoveredTransaction,
} from '#types'
import type { Observer } from './trace-types.ts'

/** Why a transaction of a commit did not become part of a block. Kept for RPC (`ogpu_droppedTransaction`). */
export type SkipReason =
  | 'malformed'
  | 'wrong chain'
  | 'unsupported type'
  | 'bad signature'
  | 'nonce too low'
  | 'nonce too high'
  | 'insufficient funds'
  | 'fee below base fee'
  | 'intrinsic gas'
  | 'gas limit too high'
  | 'sender not an account'
  | 'duplicate'
  | 'block full'

export interface SkippedTransaction {
  readonly hash: Digest
  readonly reason: SkipReason
  readonly epoch: Epoch
  readonly commitIndex: CommitIndex
}

export interface ExecutedBlock {
  readonly block: Block
  readonly receipts: readonly Receipt[]
}

export interface ExecutedCommit {
  /** Usually one; none when nothing was to execute and no heartbeat was due. */
  readonly blocks: readonly ExecutedBlock[]
  readonly skipped: readonly SkippedTransaction[]
}

/**
 * Commits in, blocks out. Deterministic; idempotent by (epoch, commit index). One caller, at most one commit ahead: a commit
 * may be handed over before the one before it resolves, which always resolves first.
 */
export interface ExecutionEngine {
  /** The commit whose results are durable; execution continues after it. (epoch 0, index 0) before the first. */
  lastExecuted(): { readonly epoch: Epoch; readonly index: CommitIndex }
  /** Transactions that will probably be in a commit soon: starts what needs no state. Costs nothing to leave out. */
  prepare(raw: readonly Uint8Array[]): void
  /** Executes the next commit and writes everything in one durable batch before it resolves. */
  execute(ordered: OrderedCommit): Promise<ExecutedCommit>
  readonly chain: ChainReader
  readonly calls: CallEngine
  close(): Promise<void>
}

export interface TransactionLocation {
  readonly blockNumber: BlockNumber
  readonly index: number
}

/** `from`..`to` inclusive. `topics[i]` absent or empty means any; several mean one of them. */
export interface LogFilter {
  readonly from: BlockNumber
  readonly to: BlockNumber
  readonly addresses?: readonly Address[]
  readonly topics?: readonly (readonly Digest[] | undefined)[]
}

export interface LocatedLog {
  readonly log: Log
  readonly block: BlockHeader
  readonly blockHash: Digest
  readonly transactionHash: Digest
  readonly transactionIndex: number
  /** Position of the log in its block. */
  readonly logIndex: number
}

/** Wei per blob gas in a block and the one after it, and the blob gas that it has room for. */
export interface BlobFees {
  readonly fee: bigint
  readonly nextFee: bigint
  readonly gasMax: bigint
}

/** The executed chain as every reader sees it. Nothing that it returns is ever taken back (commits are final). */
export interface ChainReader {
  readonly chainId: number
  head(): Block
  /** Header of the head; costs nothing. */
  headHeader(): BlockHeader
  /** Oldest block whose body this node keeps. */
  earliest(): BlockNumber
  /** Highest block with a checkpoint certificate. */
  finalized(): BlockNumber
  /** CodedError `pruned`, here and below, for a block of the chain whose body is not kept any more. */
  blockByNumber(number: BlockNumber): Promise<Block | undefined>
  blockByHash(hash: Digest): Promise<Block | undefined>
  /** Much cheaper than the block. */
  headerByNumber(number: BlockNumber): Promise<BlockHeader | undefined>
  /** Blob market (EIP-4844) of a header's block; undefined before there was one. */
  blobFees(header: BlockHeader): BlobFees | undefined
  receipts(number: BlockNumber): Promise<readonly Receipt[] | undefined>
  locate(transactionHash: Digest): Promise<TransactionLocation | undefined>
  skipped(transactionHash: Digest): Promise<SkippedTransaction | undefined>
  /** Logs in chain order; throws CodedError `too many results` (data: `lastBlock`) past `limit`. */
  logs(filter: LogFilter, limit: number): Promise<readonly LocatedLog[]>
  /** State after block `number`; CodedError `state unavailable` where it is not kept. */
  stateAt(number: BlockNumber): Promise<StateReader>
  /** Calls back after each block became durable and readable; returns the unsubscriber. */
  onBlock(listener: (executed: ExecutedBlock) => void): () => void
}

export interface StateReader {
  account(address: Address): Promise<Account | undefined>
  code(address: Address): Promise<Uint8Array>
  /** 32 bytes; zero when never written. */
  storage(address: Address, slot: Uint8Array): Promise<Uint8Array>
  /** EIP-1186. */
  proof(address: Address, slots: readonly Uint8Array[]): Promise<AccountProof>
}

export interface AccountProof {
  readonly account: Account | undefined
  readonly storageHash: Digest
  readonly accountProof: readonly Uint8Array[]
  readonly storageProofs: readonly {
    readonly slot: Uint8Array
    readonly value: Uint8Array
    readonly proof: readonly Uint8Array[]
  }[]
}

/** An unsigned message for `eth_call` and its relatives; every field may be absent. */
export interface CallRequest {
  readonly from?: Address
  readonly to?: Address
  readonly gas?: bigint
  readonly gasPrice?: bigint
  readonly maxFeePerGas?: bigint
  readonly maxPriorityFeePerGas?: bigint
  readonly value?: bigint
  readonly data?: Uint8Array
  readonly nonce?: bigint
  readonly accessList?: RecoveredTransaction['accessList']
  readonly authorizationList?: RecoveredTransaction['authorizationList']
  readonly blobVersionedHashes?: readonly Digest[]
  readonly maxFeePerBlobGas?: bigint
}

/** State overrides of `eth_call` by address in raw hex. */
export interface AccountOverride {
  readonly balance?: bigint
  readonly nonce?: bigint
  readonly code?: Uint8Array
  /** Replaces the whole storage. Keys: raw hex of the slot. */
  readonly state?: ReadonlyMap<string, Uint8Array>
  /** Changes single slots. */
  readonly stateDiff?: ReadonlyMap<string, Uint8Array>
  readonly movePrecompileTo?: Address
}

export interface BlockOverride {
  readonly number?: bigint
  readonly time?: bigint
  readonly gasLimit?: bigint
  readonly coinbase?: Address
  readonly prevRandao?: Digest
  readonly baseFeePerGas?: bigint
  readonly blobBaseFee?: bigint
  /** Only in simulated blocks. */
  readonly parentBeaconBlockRoot?: Digest
}

export interface CallContext {
  /** The call runs on the state after this block. */
  readonly block: BlockNumber
  readonly state?: ReadonlyMap<string, AccountOverride>
  readonly header?: BlockOverride
  /** The call runs inside of the block instead: after the transactions before this one. */
  readonly beforeTransaction?: number
  readonly signal?: AbortSignal
}

export type CallOutcome =
  | { readonly kind: 'success'; readonly output: Uint8Array; readonly gasUsed: bigint; readonly logs: readonly Log[] }
  | { readonly kind: 'revert'; readonly output: Uint8Array; readonly gasUsed: bigint }
  /** Any other exceptional halt; `reason` in go-ethereum's words (`out of gas`, `invalid opcode: INVALID` …). */
  | { readonly kind: 'halt'; readonly reason: string; readonly gasUsed: bigint }

/** Read-only execution. Gas and time are bounded by the engine's own limits. */
export interface CallEngine {
  call(request: CallRequest, context: CallContext): Promise<CallOutcome>
  /** Smallest gas limit with which the call succeeds, or the outcome of the failing call. */
  estimateGas(
    request: CallRequest,
    context: CallContext,
  ): Promise<{ readonly gas: bigint } | Exclude<CallOutcome, { kind: 'success' }>>
  /** Calls that see what the calls before them did; all of them together have the time of one. */
  sequence(context: CallContext): Promise<CallSequence>
}

/** One call after the other on the same state. */
export interface CallSequence {
  run(request: CallRequest, header?: BlockOverride, observer?: Observer): Promise<CallOutcome>
}

/** A rejected transaction: `message` is go-ethereum's text, which wallets match. */
export type PoolVerdict =
  | { readonly kind: 'added'; readonly hash: Digest }
  | { readonly kind: 'rejected'; readonly hash?: Digest; readonly message: string; readonly retryable: boolean }

/** Transactions that wait for inclusion. */
export interface TransactionPool {
  /** Decodes, recovers and admits in one batch; one verdict for each input, in order. */
  add(raw: readonly Uint8Array[], origin: 'local' | 'gossip'): Promise<readonly PoolVerdict[]>
  /** Executable transactions for the next own vertex, best fee first, each sender's in nonce order. They stay known until committed. */
  take(limit: { readonly transactions: number; readonly bytes: number }): readonly Uint8Array[]
  /** Puts back what consensus gave up (`requeue`). */
  putBack(raw: readonly Uint8Array[]): void
  get(hash: Digest): RecoveredTransaction | undefined
  /** Next nonce of `address` counting its executable transactions here. */
  nextNonce(address: Address): Promise<bigint>
  /** Everything by sender, or what one sender has. */
  content(sender?: Address): {
    readonly pending: ReadonlyMap<string, readonly RecoveredTransaction[]>
    readonly queued: ReadonlyMap<string, readonly RecoveredTransaction[]>
  }
  status(): { readonly pending: number; readonly queued: number }
  /** A block was executed: drop what it included or made invalid. */
  onBlock(executed: ExecutedBlock): void
  /** Calls back with every admitted transaction; returns the unsubscriber. */
  onAdded(listener: (transaction: RecoveredTransaction) => void): () => void
}
