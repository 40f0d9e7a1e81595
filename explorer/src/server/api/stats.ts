import type { DailyItem, FinalityStats, Stats } from '../api-types.ts'
import type { IndexerStatus } from '../indexing/indexer.ts'
import type { DagStatus, DagValidator } from '../node-types.ts'
import type { Database } from '../store/database.ts'
import { TASK_STATUS } from './labels.ts'

const WINDOW_BLOCKS = 600
const WINDOW_MS = 30_000
const FINALITY_SAMPLES = 500

export interface ChainInfo {
  readonly chainId: number
  readonly chainName: string
  readonly coinSymbol: string
  /** JSON-RPC address that a wallet is told. */
  readonly rpcUrl: string
}

export function readStats(
  db: Database,
  info: ChainInfo,
  status: IndexerStatus,
  dag: DagStatus | undefined,
  validators: readonly DagValidator[],
): Stats {
  const counters = new Map(
    db.all<{ name: string; value: number }>('SELECT name, value FROM counters').map(row => [row.name, row.value]),
  )
  const counter = (name: string) => counters.get(name) ?? 0
  const recent = db.all<{
    number: number
    timestamp_ms: number
    transaction_count: number
    gas_used: number
    gas_limit: number
    base_fee: string | null
  }>(
    `SELECT number, timestamp_ms, transaction_count, gas_used, gas_limit, base_fee FROM blocks ORDER BY number DESC
     LIMIT ${WINDOW_BLOCKS}`,
  )
  const [head] = recent
  const oldest = recent.at(-1)
  const window = head === undefined ? [] : recent.filter(block => block.timestamp_ms > head.timestamp_ms - WINDOW_MS)
  // The oldest block of the window opens it: what it holds happened before.
  const [, ...counted] = [...window].reverse()
  const seconds = Math.max(1, ((head?.timestamp_ms ?? 0) - (window.at(-1)?.timestamp_ms ?? 0)) / 1000)
  const sum = (pick: (block: (typeof recent)[number]) => number) =>
    counted.reduce((total, block) => total + pick(block), 0)
  const today = db.get<{ transactions: number; gas_used: number }>(
    'SELECT transactions, gas_used FROM daily WHERE day = ?',
    Math.floor((head?.timestamp_ms ?? 0) / 86_400_000),
  )
  const baseFee = head?.base_fee ?? null
  return {
    chain_id: info.chainId,
    chain_name: info.chainName,
    coin_symbol: info.coinSymbol,
    rpc_url: info.rpcUrl,
    head: status.indexed,
    total_blocks: String(counter('blocks')),
    total_transactions: String(counter('transactions')),
    total_addresses: String(counter('addresses')),
    total_tokens: String(counter('tokens')),
    transactions_today: String(today?.transactions ?? 0),
    average_block_time:
      head === undefined || oldest === undefined || head.number === oldest.number
        ? null
        : Math.round((head.timestamp_ms - oldest.timestamp_ms) / (head.number - oldest.number)),
    transactions_per_second: Math.round((10 * sum(block => block.transaction_count)) / seconds) / 10,
    gas_per_second: String(Math.round(sum(block => block.gas_used) / seconds)),
    gas_used_today: String(today?.gas_used ?? 0),
    network_utilization_percentage:
      Math.round(
        (10_000 * sum(block => block.gas_used)) /
          Math.max(
            1,
            sum(block => block.gas_limit),
          ),
      ) / 100,
    gas_prices: baseFee === null ? null : gasPrices(BigInt(baseFee)),
    base_fee_per_gas: baseFee,
    finality: readFinality(db),
    tasks: Object.fromEntries(TASK_STATUS.map((label, index) => [label.toLowerCase(), counter(`tasks_${index}`)])),
    sources: counter('sources'),
    providers: counter('providers'),
    dag: dag ?? null,
    validators_up: validators.length === 0 ? null : validators.filter(({ up }) => up).length,
    indexing: {
      indexed: status.indexed,
      head: status.head,
      lag_blocks: Math.max(0, status.head - status.indexed),
    },
  }
}

/** Gwei, as Blockscout gives them: fees are not bid up here, so the three differ only by head room over the base fee. */
function gasPrices(baseFee: bigint): { slow: number; average: number; fast: number } {
  const gwei = (percent: bigint) => Number((baseFee * percent) / 100_000_000n) / 1000
  return { slow: gwei(100n), average: gwei(110n), fast: gwei(130n) }
}

/** From a transaction's arrival at the node to its execution, after which it is never taken back. */
function readFinality(db: Database): FinalityStats {
  const samples = db
    .all<{ ms: number }>(
      `SELECT executed_ms - received_ms AS ms FROM timelines WHERE executed_ms IS NOT NULL AND received_ms IS NOT NULL ORDER BY tx DESC
       LIMIT ${FINALITY_SAMPLES}`,
    )
    .map(row => row.ms)
    .sort((a, b) => a - b)
  const at = (share: number) => samples[Math.min(samples.length - 1, Math.floor(samples.length * share))] ?? null
  return { samples: samples.length, p50_ms: at(0.5), p95_ms: at(0.95) }
}

export function readDaily(db: Database): readonly DailyItem[] {
  return db
    .all<{ day: number; blocks: number; transactions: number; gas_used: number; fees: string; tasks: number }>(
      'SELECT * FROM daily ORDER BY day DESC LIMIT 90',
    )
    .map(row => ({
      date: new Date(row.day * 86_400_000).toISOString().slice(0, 10),
      blocks: row.blocks,
      transactions: row.transactions,
      gas_used: String(row.gas_used),
      fees: row.fees,
      tasks: row.tasks,
    }))
}
