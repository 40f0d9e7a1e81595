import type {
  AttemptItem,
  MarketEventItem,
  Page,
  ProviderItem,
  RegistrationItem,
  ResponseItem,
  SourceItem,
  TaskDetail,
  TaskItem,
} from '../api-types.ts'
import type { Database } from '../store/database.ts'
import { blockOf, POSITION_BASE } from '../store/schema.ts'
import {
  type AddressBook,
  DELIVERY,
  environmentsOf,
  isoOf,
  labelOf,
  PROGRAM_CLASS,
  REPUTATION_OUTCOME,
  RESPONSE_STATUS,
  SOURCE_STATUS,
  TASK_STATUS,
} from './labels.ts'
import { beforeAddressOf, beforeOf, invalid, limitOf, type Query, toPage } from './paging.ts'
import { proofOf } from './proof-views.ts'

interface SourceDbRow {
  address: string
  created_tx: number
  client: string
  image_url: string
  environments: number
  min_payment: string
  min_lockup: string
  max_expiry: string
  optional_params: string
  delivery: number
  status: number
  task_count: number
  registrant_count: number
  timestamp_ms: number
}

interface TaskDbRow {
  address: string
  created_tx: number
  source: string
  client: string
  config: string
  expiry: string
  payment: string
  delivery: number
  status: number
  winner: string | null
  attempt_count: number
  response_count: number
  timestamp_ms: number
  hash: string
}

interface ResponseDbRow {
  address: string
  created_tx: number
  task: string
  provider: string
  data: string
  payment: string
  status: number
  timestamp_ms: number
  hash: string
}

interface ProviderDbRow {
  address: string
  first_tx: number
  master: string | null
  base_data: string
  live_data: string
  balance: string
  lockup: string
  sanctioned: string
  earnings: string
  attempt_count: number
  response_count: number
  win_count: number
  timestamp_ms: number
}

const EVENTS_MAX = 500
const joined = (table: string, key: string) =>
  `SELECT m.*, t.hash, b.timestamp_ms FROM ${table} m LEFT JOIN transactions t ON t.id = m.${key}
   LEFT JOIN blocks b ON b.number = m.${key} / ${POSITION_BASE}`

/** Sources, tasks, responses and providers as the API shows them. */
export class MarketViews {
  readonly #db: Database
  readonly #book: AddressBook
  readonly #nowMs: number

  constructor(db: Database, book: AddressBook, nowMs: number) {
    this.#db = db
    this.#book = book
    this.#nowMs = nowMs
  }

  source(address: string): SourceItem | undefined {
    const row = this.#db.get<SourceDbRow>(`${joined('sources', 'created_tx')} WHERE m.address = ?`, address)
    return row === undefined ? undefined : this.#source(row)
  }

  sources(query: Query): Page<SourceItem> {
    return this.#page<SourceDbRow, SourceItem>(query, 'sources', [], row => this.#source(row))
  }

  #source(row: SourceDbRow): SourceItem {
    return {
      address: row.address,
      client: this.#book.ref(row.client),
      created_at: isoOf(row.timestamp_ms),
      image_url: row.image_url,
      environments: environmentsOf(row.environments),
      min_payment: row.min_payment,
      min_lockup: row.min_lockup,
      max_expiry_seconds: row.max_expiry,
      delivery: labelOf(DELIVERY, row.delivery),
      status: labelOf(SOURCE_STATUS, row.status),
      optional_params: row.optional_params,
      tasks_count: row.task_count,
      registrants_count: row.registrant_count,
    }
  }

  registrations(source: string): readonly RegistrationItem[] {
    return this.#db
      .all<{ source: string; provider: string; environment: number; timestamp_ms: number }>(
        `${joined('registrations', 'tx')} WHERE m.source = ? ORDER BY m.tx DESC LIMIT 200`,
        source,
      )
      .map(row => ({
        source: row.source,
        provider: this.#book.ref(row.provider),
        environment: environmentsOf(row.environment).join(', '),
        created_at: isoOf(row.timestamp_ms),
      }))
  }

  task(address: string): TaskItem | undefined {
    const row = this.#db.get<TaskDbRow>(`${joined('tasks', 'created_tx')} WHERE m.address = ?`, address)
    return row === undefined ? undefined : this.#task(row)
  }

  taskDetail(address: string): TaskDetail | undefined {
    const task = this.task(address)
    if (task === undefined) return undefined
    const responses = this.#db
      .all<ResponseDbRow>(
        `${joined('responses', 'created_tx')} WHERE m.task = ? ORDER BY m.created_tx LIMIT 200`,
        address,
      )
      .map(row => this.#response(row))
    const attempts = this.#db
      .all<{ task: string; provider: string; suggested_payment: string; timestamp_ms: number; hash: string }>(
        `${joined('attempts', 'tx')} WHERE m.task = ? ORDER BY m.tx LIMIT 200`,
        address,
      )
      .map(row => this.#attempt(row))
    const subjects = [address, ...responses.map(response => response.address)]
    const events = this.eventsOf(subjects)
    return { ...task, proof: proofOf(events, this.#book), attempts, responses, events }
  }

  /** `?status=` and `?source=` narrow the list. */
  tasks(query: Query): Page<TaskItem> {
    const where: [string, string | number][] = []
    if (query.status !== undefined) {
      const status = TASK_STATUS.indexOf(query.status.toUpperCase() as (typeof TASK_STATUS)[number])
      if (status < 0) throw invalid(`status is one of ${TASK_STATUS.join(', ')}`)
      where.push(['status', status])
    }
    if (query.source !== undefined) where.push(['source', query.source.toLowerCase()])
    if (query.client !== undefined) where.push(['client', query.client.toLowerCase()])
    return this.#page<TaskDbRow, TaskItem>(query, 'tasks', where, row => this.#task(row))
  }

  #task(row: TaskDbRow): TaskItem {
    const status = labelOf(TASK_STATUS, row.status)
    const expiry = Number(row.expiry)
    const overdue = (status === 'NEW' || status === 'ATTEMPTED') && expiry * 1000 < this.#nowMs
    return {
      address: row.address,
      source: row.source,
      client: this.#book.ref(row.client),
      created_at: isoOf(row.timestamp_ms),
      created_transaction_hash: row.hash,
      config: row.config,
      payment: row.payment,
      expires_at: expiry > 0 && expiry < 8_640_000_000_000 ? isoOf(expiry * 1000) : null,
      status: overdue ? 'EXPIRED' : status,
      delivery: labelOf(DELIVERY, row.delivery),
      winner: this.#book.optional(row.winner),
      attempts_count: row.attempt_count,
      responses_count: row.response_count,
    }
  }

  response(address: string): ResponseItem | undefined {
    const row = this.#db.get<ResponseDbRow>(`${joined('responses', 'created_tx')} WHERE m.address = ?`, address)
    return row === undefined ? undefined : this.#response(row)
  }

  #response(row: ResponseDbRow): ResponseItem {
    return {
      address: row.address,
      task: row.task,
      provider: this.#book.ref(row.provider),
      data: row.data,
      payment: row.payment,
      status: labelOf(RESPONSE_STATUS, row.status),
      created_at: isoOf(row.timestamp_ms),
      transaction_hash: row.hash,
    }
  }

  #attempt(row: {
    task: string
    provider: string
    suggested_payment: string
    timestamp_ms: number
    hash: string
  }): AttemptItem {
    return {
      task: row.task,
      provider: this.#book.ref(row.provider),
      suggested_payment: row.suggested_payment,
      created_at: isoOf(row.timestamp_ms),
      transaction_hash: row.hash,
    }
  }

  provider(address: string): ProviderItem | undefined {
    const row = this.#db.get<ProviderDbRow>(`${joined('providers', 'first_tx')} WHERE m.address = ?`, address)
    return row === undefined ? undefined : this.#provider(row)
  }

  /** Most confirmed responses first. */
  providers(query: Query): Page<ProviderItem> {
    const limit = limitOf(query)
    const rows = this.#db.all<ProviderDbRow>(
      `${joined('providers', 'first_tx')} WHERE (m.win_count, m.address) < (?, ?)
       ORDER BY m.win_count DESC, m.address DESC LIMIT ?`,
      ...beforeAddressOf(query, 1),
      limit + 1,
    )
    return toPage(
      rows,
      limit,
      row => [row.win_count, row.address],
      row => this.#provider(row),
    )
  }

  #provider(row: ProviderDbRow): ProviderItem {
    return {
      address: row.address,
      master: this.#book.optional(row.master),
      base_data: row.base_data,
      live_data: row.live_data,
      balance: row.balance,
      lockup: row.lockup,
      sanctioned: row.sanctioned,
      earnings: row.earnings,
      attempts_count: row.attempt_count,
      responses_count: row.response_count,
      wins_count: row.win_count,
      first_seen_at: isoOf(row.timestamp_ms),
      reputation: this.#db
        .all<{ class: number; score: number; tasks: number; outcome: number }>(
          'SELECT class, score, tasks, outcome FROM reputation WHERE provider = ? ORDER BY class',
          row.address,
        )
        .map(record => ({
          program_class: labelOf(PROGRAM_CLASS, record.class),
          score: record.score,
          tasks: record.tasks,
          last_outcome: labelOf(REPUTATION_OUTCOME, record.outcome),
        })),
    }
  }

  attemptsOfProvider(provider: string): readonly AttemptItem[] {
    return this.#db
      .all<{ task: string; provider: string; suggested_payment: string; timestamp_ms: number; hash: string }>(
        `${joined('attempts', 'tx')} WHERE m.provider = ? ORDER BY m.tx DESC LIMIT 100`,
        provider,
      )
      .map(row => this.#attempt(row))
  }

  /** Market and proof events that name any of `subjects`, oldest first. */
  eventsOf(subjects: readonly string[]): readonly MarketEventItem[] {
    const found = new Set<number>()
    for (const subject of subjects)
      for (const { event } of this.#db.all<{ event: number }>(
        `SELECT event FROM market_subjects WHERE subject = ? ORDER BY event DESC LIMIT ${EVENTS_MAX}`,
        subject,
      ))
        found.add(event)
    return [...found]
      .sort((a, b) => a - b)
      .slice(-EVENTS_MAX)
      .flatMap(id => {
        const row = this.#db.get<EventDbRow>(`${joined('market_events', 'tx')} WHERE m.id = ?`, id)
        return row === undefined ? [] : [toEvent(row)]
      })
  }

  /** Newest first; `?name=` for one kind. */
  events(query: Query): Page<MarketEventItem> {
    const limit = limitOf(query)
    const rows = this.#db.all<EventDbRow>(
      `${joined('market_events', 'tx')} WHERE ${query.name === undefined ? '' : 'm.name = ? AND '}m.id < ?
       ORDER BY m.id DESC LIMIT ?`,
      ...(query.name === undefined ? [] : [query.name]),
      ...beforeOf(query),
      limit + 1,
    )
    return toPage(rows, limit, row => [row.id], toEvent)
  }

  #page<R extends { created_tx: number; address: string }, T>(
    query: Query,
    table: string,
    where: readonly (readonly [string, string | number])[],
    read: (row: R) => T,
  ): Page<T> {
    const limit = limitOf(query)
    const conditions = where.map(([column]) => `m.${column} = ? AND `).join('')
    const rows = this.#db.all<R>(
      `${joined(table, 'created_tx')} WHERE ${conditions}(m.created_tx, m.address) < (?, ?)
       ORDER BY m.created_tx DESC, m.address DESC LIMIT ?`,
      ...where.map(([, value]) => value),
      ...beforeAddressOf(query, 1),
      limit + 1,
    )
    return toPage(rows, limit, row => [row.created_tx, row.address], read)
  }
}

interface EventDbRow {
  id: number
  tx: number
  contract: string
  name: string
  args: string
  timestamp_ms: number
  hash: string
}

function toEvent(row: EventDbRow): MarketEventItem {
  return {
    id: String(row.id),
    contract: row.contract,
    name: row.name,
    args: JSON.parse(row.args) as MarketEventItem['args'],
    block_number: blockOf(row.id),
    timestamp: isoOf(row.timestamp_ms),
    transaction_hash: row.hash,
  }
}
