/**
 * The relay's accounts as a fold over the journal. Pure: no clock, no I/O; the same entries give the same state.
 * Invariant of every account and key: 0 ≤ reserved ≤ what may be spent. An entry that would break it stops the process.
 */
import { assert, defined } from '#lib/assert'
import type { RelayErrorCode } from '../errors.ts'
import { type AccountTier, LIMITS } from '../limits.ts'
import type { Answer, Entry, PublishPlan } from './entries.ts'

export interface Movement {
  readonly number: number
  readonly kind: 'topup' | 'charge' | 'refund'
  /** Credits added, spent, or given back from a reservation. */
  readonly microUsd: number
  readonly balanceMicroUsd: number
  readonly reference: string | null
  readonly task: string | null
  readonly address: string | null
  readonly model: string | null
  readonly key: string | null
  readonly atMs: number
}

export interface Account {
  readonly id: string
  readonly name: string
  readonly tier: AccountTier
  readonly createdMs: number
  /** Credits, those reserved for open tasks included. */
  balanceMicroUsd: number
  reservedMicroUsd: number
  chargedMicroUsd: number
  chargedTasks: number
  movementCount: number
  /** Newest last; bounded. */
  readonly movements: Movement[]
  /** Top-up references with their amounts, oldest first; bounded. */
  readonly references: Map<string, number>
}

export interface Key {
  readonly id: string
  readonly customer: string
  readonly name: string
  readonly hash: string
  readonly hint: string
  readonly budgetMicroUsd: number | null
  readonly createdMs: number
  revokedMs: number | null
  spentMicroUsd: number
  reservedMicroUsd: number
  /** Charged. */
  tasks: number
  openTasks: number
}

export type TaskStage =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'publishing'; readonly plan: PublishPlan }
  | { readonly kind: 'published' }
  | { readonly kind: 'completed'; readonly answer: Answer; readonly endedMs: number }
  | { readonly kind: 'failed'; readonly code: RelayErrorCode; readonly message: string; readonly endedMs: number }

export interface Task {
  readonly id: string
  readonly customer: string
  readonly key: string
  readonly model: string
  readonly microUsd: number
  readonly createdMs: number
  readonly inputBytes: number
  /** Base64; dropped when the task ends. */
  input: string
  /** On-chain address and block, once known. */
  address: string | null
  block: number | null
  stage: TaskStage
}

export interface IdempotencyRecord {
  readonly task: string
  /** SHA-256 of the request. */
  readonly body: string
  readonly atMs: number
}

export interface LedgerState {
  /** Time of the newest entry: never runs backwards. */
  nowMs: number
  readonly accounts: Map<string, Account>
  readonly keys: Map<string, Key>
  readonly keysByHash: Map<string, Key>
  readonly open: Map<string, Task>
  /** In the order in which they ended. */
  readonly finished: Map<string, Task>
  finishedBytes: number
  /** By account and key of the request, oldest first. */
  readonly idempotency: Map<string, IdempotencyRecord>
  /** Deposits of the relay's account within a day, oldest first. */
  readonly deposits: { readonly wei: bigint; readonly atMs: number }[]
}

const DAY_MS = 24 * 60 * 60 * 1_000

export function createState(): LedgerState {
  return {
    nowMs: 0,
    accounts: new Map(),
    keys: new Map(),
    keysByHash: new Map(),
    open: new Map(),
    finished: new Map(),
    finishedBytes: 0,
    idempotency: new Map(),
    deposits: [],
  }
}

export function idempotencyName(customer: string, key: string): string {
  return `${customer} ${key}`
}

/** Credits that are not reserved. */
export function availableOf(account: Account): number {
  return account.balanceMicroUsd - account.reservedMicroUsd
}

/** What a key may still spend by its own budget. */
export function budgetLeftOf(key: Key): number {
  return key.budgetMicroUsd === null ? Infinity : key.budgetMicroUsd - key.spentMicroUsd - key.reservedMicroUsd
}

/** Applies one entry; AssertionError when it cannot have been decided in this state. */
export function apply(state: LedgerState, entry: Entry): void {
  assert(entry.atMs >= state.nowMs, 'time of the ledger never runs backwards')
  state.nowMs = entry.atMs
  switch (entry.kind) {
    case 'customer':
      addAccount(state, entry)
      break
    case 'topup':
      topUp(state, entry)
      break
    case 'key':
      addKey(state, entry)
      break
    case 'key-revoked':
      revokeKey(state, entry)
      break
    case 'accepted':
      accept(state, entry)
      break
    case 'publishing': {
      const { source, paymentWei, configUrl, fromBlock } = entry
      const plan = { source, paymentWei, configUrl, fromBlock }
      openTask(state, entry.task).stage = { kind: 'publishing', plan }
      break
    }
    case 'published': {
      const task = openTask(state, entry.task)
      task.address = entry.address
      task.block = entry.block
      task.stage = { kind: 'published' }
      break
    }
    case 'completed':
    case 'failed':
      finish(state, entry)
      break
    case 'deposit':
      state.deposits.push({ wei: BigInt(entry.wei), atMs: entry.atMs })
      while ((state.deposits[0]?.atMs ?? Infinity) <= entry.atMs - DAY_MS) state.deposits.shift()
  }
}

type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>

function accountOf(state: LedgerState, id: string): Account {
  return defined(state.accounts.get(id), 'an entry names a known account')
}

function openTask(state: LedgerState, id: string): Task {
  return defined(state.open.get(id), 'an entry names an open task')
}

function addAccount(state: LedgerState, entry: EntryOf<'customer'>): void {
  assert(!state.accounts.has(entry.id), 'an account is added once')
  state.accounts.set(entry.id, {
    id: entry.id,
    name: entry.name,
    tier: entry.tier,
    createdMs: entry.atMs,
    balanceMicroUsd: 0,
    reservedMicroUsd: 0,
    chargedMicroUsd: 0,
    chargedTasks: 0,
    movementCount: 0,
    movements: [],
    references: new Map(),
  })
}

function move(account: Account, movement: Omit<Movement, 'number' | 'balanceMicroUsd'>): void {
  account.movements.push({ ...movement, number: ++account.movementCount, balanceMicroUsd: account.balanceMicroUsd })
  if (account.movements.length > LIMITS.movementsMax) account.movements.shift()
}

const NO_TASK = { task: null, address: null, model: null, key: null } as const

function topUp(state: LedgerState, entry: EntryOf<'topup'>): void {
  const { microUsd, reference, atMs } = entry
  const account = accountOf(state, entry.customer)
  assert(Number.isSafeInteger(microUsd) && microUsd > 0, 'a top-up adds something')
  assert(!account.references.has(reference), 'a reference is used once')
  account.balanceMicroUsd += microUsd
  assert(account.balanceMicroUsd <= LIMITS.balanceMax, 'a balance stays within its bound')
  account.references.set(reference, microUsd)
  dropOldest(account.references, LIMITS.referencesMax)
  move(account, { kind: 'topup', microUsd, reference, ...NO_TASK, atMs })
}

function addKey(state: LedgerState, entry: EntryOf<'key'>): void {
  const { id, customer, name, hash, hint, budgetMicroUsd, atMs } = entry
  accountOf(state, customer)
  assert(!state.keys.has(id) && !state.keysByHash.has(hash), 'a key is added once')
  const key: Key = {
    id,
    customer,
    name,
    hash,
    hint,
    budgetMicroUsd,
    createdMs: atMs,
    revokedMs: null,
    spentMicroUsd: 0,
    reservedMicroUsd: 0,
    tasks: 0,
    openTasks: 0,
  }
  state.keys.set(id, key)
  state.keysByHash.set(hash, key)
}

function revokeKey(state: LedgerState, entry: EntryOf<'key-revoked'>): void {
  const key = defined(state.keys.get(entry.id), 'an entry names a known key')
  key.revokedMs ??= entry.atMs
  const revoked = [...state.keys.values()]
    .filter(other => other.customer === key.customer && other.revokedMs !== null && other.openTasks === 0)
    .sort((a, b) => (a.revokedMs ?? 0) - (b.revokedMs ?? 0))
  for (const old of revoked.slice(0, Math.max(0, revoked.length - LIMITS.revokedKeysMax))) {
    state.keys.delete(old.id)
    state.keysByHash.delete(old.hash)
  }
}

function accept(state: LedgerState, entry: EntryOf<'accepted'>): void {
  const { task, customer, microUsd, atMs } = entry
  const account = accountOf(state, customer)
  const key = defined(state.keys.get(entry.key), 'an entry names a known key')
  assert(!state.open.has(task) && !state.finished.has(task), 'a task is accepted once')
  assert(Number.isSafeInteger(microUsd) && microUsd >= 0, 'a price is a whole number')
  assert(microUsd <= availableOf(account), 'a reservation is covered by the balance')
  assert(microUsd <= budgetLeftOf(key), 'a reservation is covered by the budget of its key')
  account.reservedMicroUsd += microUsd
  key.reservedMicroUsd += microUsd
  key.openTasks++
  state.open.set(task, {
    id: task,
    customer,
    key: key.id,
    model: entry.model,
    microUsd,
    createdMs: atMs,
    inputBytes: Buffer.byteLength(entry.input, 'base64'),
    input: entry.input,
    address: null,
    block: null,
    stage: { kind: 'accepted' },
  })
  forgetExpired(state)
  if (entry.idempotency !== null) {
    const name = idempotencyName(customer, entry.idempotency.key)
    assert(!state.idempotency.has(name), 'an idempotency key belongs to one task')
    state.idempotency.set(name, { task, body: entry.idempotency.body, atMs })
  }
}

function finish(state: LedgerState, entry: EntryOf<'completed'> | EntryOf<'failed'>): void {
  const task = openTask(state, entry.task)
  const account = accountOf(state, task.customer)
  const key = defined(state.keys.get(task.key), 'the key of an open task is kept')
  const { microUsd, address, model } = task
  const { atMs } = entry
  account.reservedMicroUsd -= microUsd
  key.reservedMicroUsd -= microUsd
  key.openTasks--
  assert(account.reservedMicroUsd >= 0 && key.reservedMicroUsd >= 0, 'what ends was reserved')
  const about = { reference: null, task: task.id, address, model, key: key.id, atMs }
  if (entry.kind === 'completed') {
    account.balanceMicroUsd -= microUsd
    assert(account.balanceMicroUsd >= account.reservedMicroUsd, 'a balance covers its reservations')
    account.chargedMicroUsd += microUsd
    account.chargedTasks++
    key.spentMicroUsd += microUsd
    key.tasks++
    move(account, { kind: 'charge', microUsd, ...about })
    task.stage = { kind: 'completed', answer: entry.answer, endedMs: atMs }
  } else {
    move(account, { kind: 'refund', microUsd, ...about })
    task.stage = { kind: 'failed', code: entry.code, message: entry.message, endedMs: atMs }
  }
  task.input = ''
  state.open.delete(task.id)
  state.finished.set(task.id, task)
  state.finishedBytes += answerBytes(task)
  forgetExpired(state)
}

function answerBytes(task: Task): number {
  return task.stage.kind === 'completed' ? task.stage.answer.text.length : 0
}

/** Results live an hour, idempotency keys a day, both within their bounds. */
function forgetExpired(state: LedgerState): void {
  for (const task of state.finished.values()) {
    assert('endedMs' in task.stage, 'a finished task has ended')
    const isOld = task.stage.endedMs <= state.nowMs - LIMITS.resultLifeMs
    const isTooMuch = state.finished.size > LIMITS.finishedTasksMax || state.finishedBytes > LIMITS.finishedBytesMax
    if (!isOld && !isTooMuch) break
    state.finished.delete(task.id)
    state.finishedBytes -= answerBytes(task)
  }
  for (const [name, record] of state.idempotency) {
    if (record.atMs > state.nowMs - LIMITS.idempotencyLifeMs) break
    state.idempotency.delete(name)
  }
}

function dropOldest(map: Map<string, unknown>, sizeMax: number): void {
  for (const name of map.keys()) {
    if (map.size <= sizeMax) return
    map.delete(name)
  }
}
