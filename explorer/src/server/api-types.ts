import type { ArgumentValue, Decoded } from './market.ts'
import type {
  DagCertificate,
  DagCommit,
  DagRound,
  DagStatus,
  DagValidator,
  DagVertex,
  DagVertexDetail,
} from './node-types.ts'

/**
 * What `/api/v2` answers. Names and nesting follow Blockscout's families where it has them (snake case, amounts and gas
 * as decimal text, times as ISO 8601, lists as `items` with `next_page_params`); the rest is this network's own.
 */

export interface Page<T> {
  readonly items: readonly T[]
  /** Query parameters that ask for the next page; null on the last. */
  readonly next_page_params: Readonly<Record<string, string>> | null
}

export interface AddressRef {
  readonly hash: string
  /** What is known to be there: a market contract, a token's name, `Task`, `Source`, `Response`. */
  readonly name: string | null
  readonly kind: 'account' | 'contract' | 'market' | 'token' | 'source' | 'task' | 'response' | 'provider'
  readonly is_contract: boolean
}

export interface BlockItem {
  readonly height: number
  readonly hash: string
  readonly parent_hash: string
  readonly timestamp: string
  readonly miner: AddressRef
  readonly gas_used: string
  readonly gas_limit: string
  readonly base_fee_per_gas: string | null
  readonly size: number
  readonly transactions_count: number
  readonly logs_count: number
  readonly transaction_fees: string
  readonly burnt_fees: string
  readonly state_root: string
  readonly transactions_root: string
  readonly receipts_root: string
  readonly extra_data: string
  readonly commit_digest: string | null
  readonly commit_index: number | null
  readonly epoch: number | null
  /** Made only to mark the passing of time. */
  readonly heartbeat: boolean
}

export interface TransactionItem {
  readonly hash: string
  readonly block_number: number
  readonly position: number
  readonly timestamp: string
  readonly from: AddressRef
  readonly to: AddressRef | null
  readonly created_contract: AddressRef | null
  readonly value: string
  readonly fee: { readonly type: 'actual'; readonly value: string }
  readonly gas_used: string
  readonly gas_limit: string
  readonly gas_price: string
  readonly max_fee_per_gas: string | null
  readonly max_priority_fee_per_gas: string | null
  readonly nonce: number
  readonly type: number
  readonly status: 'ok' | 'error' | null
  /** Method name, `transfer` of coins is null, an unknown method is its selector. */
  readonly method: string | null
  readonly logs_count: number
  readonly token_transfers_count: number
}

export interface Timeline {
  readonly received_ms: number | null
  readonly proposed_ms: number | null
  readonly accepted_ms: number | null
  readonly committed_ms: number | null
  readonly executed_ms: number | null
  readonly certified_ms: number | null
}

export interface TransactionDetail extends TransactionItem {
  readonly raw_input: string
  readonly decoded_input: Decoded | null
  readonly base_fee_per_gas: string | null
  readonly confirmations: number
  /** Why it failed, in words; null when it did not, or the node could not tell. */
  readonly revert_reason: string | null
  readonly timeline: Timeline | null
  /** One sentence that says what the transaction did. */
  readonly summary: string
}

/** A transaction that is not (or not yet) part of a block. */
export interface UnminedTransaction {
  readonly hash: string
  readonly state: 'pending' | 'dropped'
  readonly reason: string | null
  readonly from: AddressRef | null
  readonly to: AddressRef | null
  readonly value: string | null
  readonly timeline: Timeline | null
}

export interface LogItem {
  readonly index: number
  readonly block_number: number
  readonly transaction_hash: string
  readonly address: AddressRef
  readonly topics: readonly string[]
  readonly data: string
  readonly decoded: Decoded | null
}

export interface TokenItem {
  readonly address: string
  readonly type: string
  readonly name: string | null
  readonly symbol: string | null
  readonly decimals: number | null
  readonly total_supply: string | null
  readonly holders_count: number
  readonly transfers_count: number
}

export interface TransferItem {
  readonly transaction_hash: string
  readonly block_number: number
  readonly log_index: number
  readonly timestamp: string
  readonly token: TokenItem
  readonly from: AddressRef
  readonly to: AddressRef
  readonly total: { readonly value: string; readonly decimals: number | null; readonly token_id: string | null }
}

export interface HolderItem {
  readonly address: AddressRef
  readonly value: string
  readonly token_id: string | null
}

export interface TokenBalanceItem {
  readonly token: TokenItem
  readonly value: string
  readonly token_id: string | null
}

export interface InternalItem {
  readonly type: string
  readonly depth: number
  readonly from: AddressRef
  readonly to: AddressRef | null
  readonly value: string
  readonly gas_used: string
  readonly method: string | null
  readonly error: string | null
}

export interface AddressDetail extends AddressRef {
  readonly coin_balance: string | null
  readonly nonce: number | null
  readonly code_size: number
  /** The account that this one acts as (EIP-7702), when it delegated its code. */
  readonly delegate: AddressRef | null
  readonly creator: AddressRef | null
  readonly creation_transaction_hash: string | null
  readonly transactions_count: number
  readonly token_transfers_count: number
  readonly logs_count: number
  readonly first_block: number | null
  readonly last_block: number | null
  readonly token: TokenItem | null
  readonly source: SourceItem | null
  readonly task: TaskItem | null
  readonly provider: ProviderItem | null
}

export interface SourceItem {
  readonly address: string
  readonly client: AddressRef
  readonly created_at: string
  readonly image_url: string
  readonly environments: readonly string[]
  readonly min_payment: string
  readonly min_lockup: string
  readonly max_expiry_seconds: string
  readonly delivery: string
  readonly status: string
  readonly optional_params: string
  readonly tasks_count: number
  readonly registrants_count: number
}

export interface TaskItem {
  readonly address: string
  readonly source: string
  readonly client: AddressRef
  readonly created_at: string
  readonly created_transaction_hash: string
  readonly config: string
  readonly payment: string
  readonly expires_at: string | null
  /** The contract's state; `EXPIRED` also when the time is over and nobody has called yet. */
  readonly status: string
  readonly delivery: string
  readonly winner: AddressRef | null
  readonly attempts_count: number
  readonly responses_count: number
}

export interface ResponseItem {
  readonly address: string
  readonly task: string
  readonly provider: AddressRef
  readonly data: string
  readonly payment: string
  readonly status: string
  readonly created_at: string
  readonly transaction_hash: string
}

export interface AttemptItem {
  readonly task: string
  readonly provider: AddressRef
  readonly suggested_payment: string
  readonly created_at: string
  readonly transaction_hash: string
}

export interface MarketEventItem {
  readonly id: string
  readonly contract: string
  readonly name: string
  readonly args: readonly { readonly name: string; readonly type: string; readonly value: ArgumentValue }[]
  readonly block_number: number
  readonly timestamp: string
  readonly transaction_hash: string
}

/** One provider's part in a verified task, from its sealed commitment to its pay or its penalty. */
export interface ProofSeat {
  readonly provider: AddressRef
  readonly state: string
  readonly bond: string | null
  readonly sealed_digest: string | null
  readonly out_root: string | null
  readonly trace_root: string | null
  readonly url: string | null
  readonly paid: string | null
  readonly slashed: string | null
}

export interface ProofAudit {
  readonly auditor: AddressRef
  readonly state: string
  readonly verdict: string | null
  readonly fee: string | null
  readonly slashed: string | null
}

/** How a task's result is verified; null for tasks whose source has no policy. */
export interface ProofDetail {
  readonly phase: string
  readonly audited: boolean | null
  readonly challenged: boolean
  readonly result: string | null
  /** Block up to which the result may be challenged. */
  readonly window_end: string | null
  readonly paid: string | null
  readonly refunded: string | null
  readonly seats: readonly ProofSeat[]
  readonly audits: readonly ProofAudit[]
}

export interface ReputationItem {
  readonly program_class: string
  /** Wilson lower bound of the decayed success rate, in 1/10,000. */
  readonly score: number
  readonly tasks: number
  readonly last_outcome: string
}

export interface TaskDetail extends TaskItem {
  readonly proof: ProofDetail | null
  readonly attempts: readonly AttemptItem[]
  readonly responses: readonly ResponseItem[]
  /** Every market and proof event that names the task or one of its responses, oldest first. */
  readonly events: readonly MarketEventItem[]
}

export interface RegistrationItem {
  readonly source: string
  readonly provider: AddressRef
  readonly environment: string
  readonly created_at: string
}

export interface ProviderItem {
  readonly address: string
  readonly master: AddressRef | null
  readonly base_data: string
  readonly live_data: string
  readonly balance: string
  readonly lockup: string
  readonly sanctioned: string
  readonly earnings: string
  readonly attempts_count: number
  readonly responses_count: number
  readonly wins_count: number
  readonly first_seen_at: string
  readonly reputation: readonly ReputationItem[]
}

export interface FinalityStats {
  /** Transactions that the percentiles are of. */
  readonly samples: number
  readonly p50_ms: number | null
  readonly p95_ms: number | null
}

export interface Stats {
  readonly chain_id: number
  readonly chain_name: string
  readonly coin_symbol: string
  readonly rpc_url: string
  readonly head: number
  readonly total_blocks: string
  readonly total_transactions: string
  readonly total_addresses: string
  readonly total_tokens: string
  readonly transactions_today: string
  /** Milliseconds. */
  readonly average_block_time: number | null
  readonly transactions_per_second: number
  readonly gas_per_second: string
  readonly gas_used_today: string
  readonly network_utilization_percentage: number
  readonly gas_prices: { readonly slow: number; readonly average: number; readonly fast: number } | null
  readonly base_fee_per_gas: string | null
  readonly finality: FinalityStats
  readonly tasks: Readonly<Record<string, number>>
  readonly sources: number
  readonly providers: number
  readonly dag: DagStatus | null
  readonly validators_up: number | null
  readonly indexing: { readonly indexed: number; readonly head: number; readonly lag_blocks: number }
}

export interface DailyItem {
  readonly date: string
  readonly blocks: number
  readonly transactions: number
  readonly gas_used: string
  readonly fees: string
  readonly tasks: number
}

export interface SearchItem {
  readonly type:
    | 'block'
    | 'transaction'
    | 'address'
    | 'token'
    | 'source'
    | 'task'
    | 'response'
    | 'provider'
    | 'validator'
    | 'commit'
    | 'round'
  readonly label: string
  readonly detail: string
  /** Path of its page. */
  readonly url: string
}

export interface CommitDetail extends DagCommit {
  readonly validators: readonly string[]
}

export type { DagCertificate, DagCommit, DagRound, DagStatus, DagValidator, DagVertex, DagVertexDetail, Decoded }
