import type { Interface } from 'ethers'
import type {
  BlockItem,
  HolderItem,
  LogItem,
  Page,
  Timeline,
  TokenBalanceItem,
  TokenItem,
  TransactionItem,
  TransferItem,
} from '../api-types.ts'
import type { Decoded, Decoder } from '../market.ts'
import type { Database } from '../store/database.ts'
import { blockOf, POSITION_BASE } from '../store/schema.ts'
import { AddressBook, isoOf } from './labels.ts'
import { beforeAddressOf, beforeOf, limitOf, type Query, toPage } from './paging.ts'

interface BlockDbRow {
  number: number
  hash: string
  parent_hash: string
  timestamp_ms: number
  miner: string
  gas_limit: number
  gas_used: number
  base_fee: string | null
  size: number
  state_root: string
  transactions_root: string
  receipts_root: string
  extra_data: string
  commit_digest: string | null
  commit_index: number | null
  epoch: number | null
  heartbeat: number
  transaction_count: number
  log_count: number
  fees: string
}

export interface TransactionDbRow {
  id: number
  hash: string
  sender: string
  recipient: string | null
  value: string
  nonce: number
  type: number
  gas: number
  gas_used: number
  gas_price: string
  max_fee: string | null
  max_priority_fee: string | null
  input: Uint8Array
  status: number | null
  contract: string | null
  log_count: number
  transfer_count: number
  timestamp_ms: number
}

interface LogDbRow {
  id: number
  hash: string
  address: string
  topic0: string | null
  topic1: string | null
  topic2: string | null
  topic3: string | null
  data: Uint8Array
}

interface TokenDbRow {
  address: string
  type: string
  name: string | null
  symbol: string | null
  decimals: number | null
  total_supply: string | null
  holder_count: number
  transfer_count: number
}

interface TransferDbRow {
  log: number
  sub: number
  hash: string
  token: string
  sender: string
  recipient: string
  amount: string
  token_id: string | null
  timestamp_ms: number
}

const TRANSACTION = `SELECT t.*, b.timestamp_ms FROM transactions t JOIN blocks b ON b.number = t.id / ${POSITION_BASE}`
const TRANSFER = `SELECT r.*, t.hash, b.timestamp_ms FROM token_transfers r JOIN transactions t ON t.id = r.tx
  JOIN blocks b ON b.number = r.tx / ${POSITION_BASE}`

/** Blocks, transactions, logs and tokens as the API shows them. One instance serves one request. */
export class ChainViews {
  readonly db: Database
  readonly decoder: Decoder
  readonly book: AddressBook

  constructor(db: Database, decoder: Decoder) {
    this.db = db
    this.decoder = decoder
    this.book = new AddressBook(db, decoder)
  }

  block(where: 'number' | 'hash', value: number | string): BlockItem | undefined {
    const row = this.db.get<BlockDbRow>(`SELECT * FROM blocks WHERE ${where} = ?`, value)
    return row === undefined ? undefined : this.#block(row)
  }

  blocks(query: Query, miner?: string): Page<BlockItem> {
    const limit = limitOf(query)
    const rows = this.db.all<BlockDbRow>(
      `SELECT * FROM blocks WHERE ${miner === undefined ? '' : 'miner = ? AND '}number < ? ORDER BY number DESC LIMIT ?`,
      ...(miner === undefined ? [] : [miner]),
      ...beforeOf(query),
      limit + 1,
    )
    return toPage(
      rows,
      limit,
      row => [row.number],
      row => this.#block(row),
    )
  }

  #block(row: BlockDbRow): BlockItem {
    return {
      height: row.number,
      hash: row.hash,
      parent_hash: row.parent_hash,
      timestamp: isoOf(row.timestamp_ms),
      miner: this.book.ref(row.miner),
      gas_used: String(row.gas_used),
      gas_limit: String(row.gas_limit),
      base_fee_per_gas: row.base_fee,
      size: row.size,
      transactions_count: row.transaction_count,
      logs_count: row.log_count,
      transaction_fees: row.fees,
      burnt_fees: (BigInt(row.base_fee ?? 0) * BigInt(row.gas_used)).toString(),
      state_root: row.state_root,
      transactions_root: row.transactions_root,
      receipts_root: row.receipts_root,
      extra_data: row.extra_data,
      commit_digest: row.commit_digest,
      commit_index: row.commit_index,
      epoch: row.epoch,
      heartbeat: row.heartbeat === 1,
    }
  }

  transactionRow(hash: string): TransactionDbRow | undefined {
    return this.db.get<TransactionDbRow>(`${TRANSACTION} WHERE t.hash = ?`, hash)
  }

  transactions(query: Query): Page<TransactionItem> {
    return this.#transactionPage(query, `${TRANSACTION} WHERE t.id < ? ORDER BY t.id DESC LIMIT ?`, [])
  }

  transactionsOfBlock(block: number, query: Query): Page<TransactionItem> {
    const limit = limitOf(query)
    const after = query.after === undefined ? block * POSITION_BASE - 1 : Number(query.after)
    const rows = this.db.all<TransactionDbRow>(
      `${TRANSACTION} WHERE t.id > ? AND t.id < ? ORDER BY t.id LIMIT ?`,
      Number.isSafeInteger(after) ? Math.max(after, block * POSITION_BASE - 1) : block * POSITION_BASE - 1,
      (block + 1) * POSITION_BASE,
      limit + 1,
    )
    const page = toPage(
      rows,
      limit,
      row => [row.id],
      row => this.transaction(row),
    )
    const next = page.next_page_params?.before
    return { items: page.items, next_page_params: next === undefined ? null : { after: next } }
  }

  transactionsOfAddress(address: string, query: Query): Page<TransactionItem> {
    return this.#transactionPage(
      query,
      `SELECT t.*, b.timestamp_ms FROM address_transactions a JOIN transactions t ON t.id = a.tx
       JOIN blocks b ON b.number = a.tx / ${POSITION_BASE} WHERE a.address = ? AND a.tx < ? ORDER BY a.tx DESC LIMIT ?`,
      [address],
    )
  }

  #transactionPage(query: Query, sql: string, params: readonly string[]): Page<TransactionItem> {
    const limit = limitOf(query)
    const rows = this.db.all<TransactionDbRow>(sql, ...params, ...beforeOf(query), limit + 1)
    return toPage(
      rows,
      limit,
      row => [row.id],
      row => this.transaction(row),
    )
  }

  transaction(row: TransactionDbRow): TransactionItem {
    const selector = row.input.length >= 4 ? `0x${Buffer.from(row.input.subarray(0, 4)).toString('hex')}` : null
    return {
      hash: row.hash,
      block_number: blockOf(row.id),
      position: row.id % POSITION_BASE,
      timestamp: isoOf(row.timestamp_ms),
      from: this.book.ref(row.sender),
      to: this.book.optional(row.recipient),
      created_contract: this.book.optional(row.contract),
      value: row.value,
      fee: { type: 'actual', value: (BigInt(row.gas_price) * BigInt(row.gas_used)).toString() },
      gas_used: String(row.gas_used),
      gas_limit: String(row.gas),
      gas_price: row.gas_price,
      max_fee_per_gas: row.max_fee,
      max_priority_fee_per_gas: row.max_priority_fee,
      nonce: row.nonce,
      type: row.type,
      status: row.status === null ? null : row.status === 1 ? 'ok' : 'error',
      method:
        row.recipient === null || selector === null
          ? null
          : (this.decoder.methodName(row.recipient, selector) ??
            this.#objectMethod(row.recipient, selector) ??
            selector),
      logs_count: row.log_count,
      token_transfers_count: row.transfer_count,
    }
  }

  /** Call data decoded by what is known to be at `to`, or else by its selector. */
  decodeCall(to: string | null, input: string): Decoded | undefined {
    const { kind } = to === null ? { kind: 'account' } : this.book.ref(to)
    const contract = { task: 'Task', source: 'Source', response: 'Response' }[kind as string]
    return (contract === undefined ? undefined : this.decoder.callOf(contract, input)) ?? this.decoder.call(to, input)
  }

  /** The interface of what is known to be at `address`. */
  interfaceAt(address: string): Interface | undefined {
    const { kind } = this.book.ref(address)
    const contract =
      this.decoder.contractAt(address) ?? { task: 'Task', source: 'Source', response: 'Response' }[kind as string]
    return contract === undefined ? undefined : this.decoder.abiOf(contract)
  }

  timeline(id: number): Timeline | null {
    return (
      this.db.get<Timeline & { tx: number }>(
        `SELECT received_ms, proposed_ms, accepted_ms, committed_ms, executed_ms, certified_ms FROM timelines WHERE tx = ?`,
        id,
      ) ?? null
    )
  }

  #objectMethod(address: string, selector: string): string | undefined {
    const { kind } = this.book.ref(address)
    const contract = { task: 'Task', source: 'Source', response: 'Response' }[kind as string]
    return contract === undefined ? undefined : this.decoder.abiOf(contract)?.getFunction(selector)?.name
  }

  logsOfTransaction(id: number): readonly LogItem[] {
    const rows = this.db.all<LogDbRow>(
      'SELECT l.*, t.hash FROM logs l JOIN transactions t ON t.id = l.tx WHERE l.tx = ? ORDER BY l.id LIMIT 1000',
      id,
    )
    return rows.map(row => this.#log(row))
  }

  logsOfAddress(address: string, query: Query): Page<LogItem> {
    const limit = limitOf(query)
    const rows = this.db.all<LogDbRow>(
      `SELECT l.*, t.hash FROM logs l JOIN transactions t ON t.id = l.tx WHERE l.address = ? AND l.id < ?
       ORDER BY l.id DESC LIMIT ?`,
      address,
      ...beforeOf(query),
      limit + 1,
    )
    return toPage(
      rows,
      limit,
      row => [row.id],
      row => this.#log(row),
    )
  }

  #log(row: LogDbRow): LogItem {
    const topics = [row.topic0, row.topic1, row.topic2, row.topic3].filter(topic => topic !== null)
    const data = `0x${Buffer.from(row.data).toString('hex')}`
    return {
      index: row.id % POSITION_BASE,
      block_number: blockOf(row.id),
      transaction_hash: row.hash,
      address: this.book.ref(row.address),
      topics,
      data,
      decoded: this.decoder.log(row.address, topics, data) ?? null,
    }
  }

  token(address: string): TokenItem | undefined {
    const row = this.db.get<TokenDbRow>('SELECT * FROM tokens WHERE address = ?', address)
    return row === undefined ? undefined : tokenItem(row)
  }

  /** Most held first. */
  tokens(query: Query): Page<TokenItem> {
    const limit = limitOf(query)
    const rows = this.db.all<TokenDbRow>(
      `SELECT * FROM tokens WHERE (holder_count, address) < (?, ?) ORDER BY holder_count DESC, address DESC LIMIT ?`,
      ...beforeAddressOf(query, 1),
      limit + 1,
    )
    return toPage(rows, limit, row => [row.holder_count, row.address], tokenItem)
  }

  holders(token: string, query: Query): Page<HolderItem> {
    const limit = limitOf(query)
    const cursor = /^(\d{1,78})_(0x[0-9a-f]{40})_(\d{0,78})$/.exec(query.before ?? '')
    const rows = this.db.all<{ holder: string; token_id: string; balance: string }>(
      `SELECT holder, token_id, balance FROM token_balances WHERE token = ?
       ${cursor === null ? '' : 'AND (length(balance), balance, holder, token_id) < (?, ?, ?, ?)'}
       ORDER BY length(balance) DESC, balance DESC, holder DESC, token_id DESC LIMIT ?`,
      token,
      ...(cursor === null ? [] : [cursor[1]?.length ?? 0, cursor[1] ?? '', cursor[2] ?? '', cursor[3] ?? '']),
      limit + 1,
    )
    const last = rows.length > limit ? rows[limit - 1] : undefined
    return {
      items: rows.slice(0, limit).map(row => ({
        address: this.book.ref(row.holder),
        value: row.balance,
        token_id: row.token_id === '' ? null : row.token_id,
      })),
      next_page_params: last === undefined ? null : { before: `${last.balance}_${last.holder}_${last.token_id}` },
    }
  }

  balances(holder: string): readonly TokenBalanceItem[] {
    const rows = this.db.all<TokenDbRow & { token_id: string; balance: string }>(
      `SELECT k.*, b.token_id, b.balance FROM token_balances b JOIN tokens k ON k.address = b.token
       WHERE b.holder = ? ORDER BY b.token, b.token_id LIMIT 200`,
      holder,
    )
    return rows.map(row => ({
      token: tokenItem(row),
      value: row.balance,
      token_id: row.token_id === '' ? null : row.token_id,
    }))
  }

  transfersOfTransaction(id: number): readonly TransferItem[] {
    return this.db
      .all<TransferDbRow>(`${TRANSFER} WHERE r.tx = ? ORDER BY r.log, r.sub LIMIT 1000`, id)
      .map(row => this.#transfer(row))
  }

  transfersOfToken(token: string, query: Query): Page<TransferItem> {
    return this.#transferPage(
      query,
      `${TRANSFER} WHERE r.token = ? AND (r.log, r.sub) < (?, ?) ORDER BY r.log DESC, r.sub DESC`,
      token,
    )
  }

  transfersOfAddress(address: string, query: Query): Page<TransferItem> {
    const sql = `SELECT r.*, t.hash, b.timestamp_ms FROM address_transfers a
      JOIN token_transfers r ON r.log = a.log AND r.sub = a.sub JOIN transactions t ON t.id = r.tx
      JOIN blocks b ON b.number = r.tx / ${POSITION_BASE} WHERE a.address = ? AND (a.log, a.sub) < (?, ?)
      ORDER BY a.log DESC, a.sub DESC`
    return this.#transferPage(query, sql, address)
  }

  #transferPage(query: Query, sql: string, subject: string): Page<TransferItem> {
    const limit = limitOf(query)
    const rows = this.db.all<TransferDbRow>(`${sql} LIMIT ?`, subject, ...beforeOf(query, 2), limit + 1)
    return toPage(
      rows,
      limit,
      row => [row.log, row.sub],
      row => this.#transfer(row),
    )
  }

  #transfer(row: TransferDbRow): TransferItem {
    const token = this.token(row.token) ?? tokenItem({ ...UNKNOWN_TOKEN, address: row.token })
    return {
      transaction_hash: row.hash,
      block_number: blockOf(row.log),
      log_index: row.log % POSITION_BASE,
      timestamp: isoOf(row.timestamp_ms),
      token,
      from: this.book.ref(row.sender),
      to: this.book.ref(row.recipient),
      total: { value: row.amount, decimals: token.decimals, token_id: row.token_id },
    }
  }
}

const UNKNOWN_TOKEN = {
  type: 'ERC-20',
  name: null,
  symbol: null,
  decimals: null,
  total_supply: null,
  holder_count: 0,
  transfer_count: 0,
}

function tokenItem(row: TokenDbRow): TokenItem {
  return {
    address: row.address,
    type: row.type,
    name: row.name,
    symbol: row.symbol,
    decimals: row.decimals,
    total_supply: row.total_supply,
    holders_count: row.holder_count,
    transfers_count: row.transfer_count,
  }
}
