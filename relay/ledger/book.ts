/**
 * The ledger at work: every decision is checked against the state, applied in memory at once (so that the next decision
 * sees it) and confirmed to the caller when it is on disk. When the disk fails, nothing more is decided.
 */
import { randomUUID } from 'node:crypto'
import { AssertionError } from '#lib/assert'
import type { Clock } from '#lib/env'
import { CodedError } from '#lib/errors'
import { RelayError, type RelayErrorCode } from '../errors.ts'
import { type AccountTier, LIMITS, TIERS } from '../limits.ts'
import { usdText } from '../money.ts'
import { hashOf, hintOf, makeApiKey } from '../secrets.ts'
import type { Answer, Change, Entry, PublishPlan } from './entries.ts'
import { JOURNAL_ERRORS, openJournal } from './journal.ts'
import { lockDirectory } from './lock.ts'
import { dump, load, type Snapshot } from './snapshot.ts'
import {
  type Account,
  apply,
  availableOf,
  budgetLeftOf,
  createState,
  idempotencyName,
  type Key,
  type LedgerState,
  type Task,
} from './state.ts'

export interface AcceptOptions {
  readonly key: Key
  readonly model: string
  readonly microUsd: number
  readonly input: Uint8Array
  /** The caller's key and the SHA-256 of the request. */
  readonly idempotency?: { readonly key: string; readonly body: string }
}

export type Accepted =
  | { readonly kind: 'new'; readonly task: Task }
  /** The request came before; the task may be forgotten already. */
  | { readonly kind: 'replay'; readonly id: string; readonly task: Task | undefined }

export interface Book {
  readonly state: LedgerState
  /** Resolves with the reason when nothing more is decided: the disk failed, or an invariant did. */
  readonly failed: Promise<unknown>
  readonly isBroken: boolean
  account(id: string): Account
  task(id: string): Task | undefined
  addCustomer(options: { readonly name: string; readonly tier: AccountTier }): Promise<Account>
  /** A reference that comes again with the same amount changes nothing. */
  topUp(options: {
    readonly customer: string
    readonly microUsd: number
    readonly reference: string
  }): Promise<{ readonly account: Account; readonly isReplay: boolean }>
  /** The secret is returned here and nowhere else. */
  createKey(options: {
    readonly customer: string
    readonly name: string
    readonly budgetMicroUsd: number | null
  }): Promise<{ readonly key: Key; readonly secret: string }>
  revokeKey(options: { readonly customer: string; readonly id: string }): Promise<Key>
  /** Reserves the price and remembers the task. */
  accept(options: AcceptOptions): Promise<Accepted>
  markPublishing(task: string, plan: PublishPlan): Promise<void>
  markPublished(task: string, place: { readonly address: string; readonly block: number }): Promise<void>
  complete(task: string, answer: Answer): Promise<void>
  fail(task: string, reason: { readonly code: RelayErrorCode; readonly message: string }): Promise<void>
  /** Wei that the relay's account deposited within the last day. */
  depositedWei(): bigint
  markDeposit(wei: bigint): Promise<void>
  close(): Promise<void>
}

export async function openBook(options: {
  readonly dir: string
  readonly clock: Clock
  readonly segmentBytesMax?: number
}): Promise<Book> {
  let state = createState()
  // Before the journal is read: opening cuts off an interrupted write, which must not be another relay's.
  const unlock = await lockDirectory(options.dir)
  const journal = await openJournal<Entry | Snapshot>({
    dir: options.dir,
    segmentBytesMax: options.segmentBytesMax ?? LIMITS.segmentBytesMax,
    onEntry: entry => {
      try {
        if (entry.kind === 'state') state = load(entry)
        else apply(state, entry)
      } catch (cause) {
        if (!(cause instanceof AssertionError)) throw cause
        throw new CodedError(JOURNAL_ERRORS.JOURNAL_DAMAGED, `the journal contradicts itself: ${cause.message}`, {
          cause,
        })
      }
    },
    snapshot: () => dump(state),
  }).catch(async error => {
    await unlock()
    throw error
  })
  /** Idempotency keys whose first request is not on disk yet. */
  const inProgress = new Set<string>()
  let broken: unknown
  let breakDown: (reason: unknown) => void = () => {}
  const contradicted = new Promise<unknown>(resolve => {
    breakDown = resolve
  })

  function record(change: Change): Promise<void> {
    if (journal.isBroken || broken !== undefined) {
      throw new RelayError('CAPACITY_EXHAUSTED', 'the relay cannot store anything now')
    }
    const entry: Entry = { ...change, atMs: Math.max(state.nowMs, options.clock.now()) }
    try {
      apply(state, entry)
    } catch (error) {
      // The memory may hold half of the entry; the disk holds none of it. Only a new start is right again.
      broken = error
      breakDown(error)
      throw error
    }
    return journal.append(entry)
  }

  function account(id: string): Account {
    const found = state.accounts.get(id)
    if (found === undefined) throw new RelayError('CUSTOMER_NOT_FOUND', 'there is no such customer')
    return found
  }

  function replayOf(customer: string, asked: NonNullable<AcceptOptions['idempotency']>): Accepted | undefined {
    const name = idempotencyName(customer, asked.key)
    const known = state.idempotency.get(name)
    if (known === undefined || known.atMs <= options.clock.now() - LIMITS.idempotencyLifeMs) return undefined
    if (known.body !== asked.body) {
      throw new RelayError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key came with another request before')
    }
    if (inProgress.has(name)) {
      throw new RelayError('IDEMPOTENCY_IN_PROGRESS', 'the first request with this Idempotency-Key still runs', {
        retryAfter: 1,
      })
    }
    return { kind: 'replay', id: known.task, task: task(known.task) }
  }

  function task(id: string): Task | undefined {
    const found = state.open.get(id) ?? state.finished.get(id)
    if (found !== undefined && 'endedMs' in found.stage) {
      if (found.stage.endedMs <= options.clock.now() - LIMITS.resultLifeMs) return undefined
    }
    return found
  }

  return {
    get state() {
      return state
    },
    failed: Promise.race([journal.failed, contradicted]),
    get isBroken() {
      return journal.isBroken || broken !== undefined
    },
    account,
    task,
    async addCustomer({ name, tier }) {
      if (state.accounts.size >= LIMITS.customersMax) {
        throw new RelayError('CAPACITY_EXHAUSTED', 'the relay has as many customers as it keeps')
      }
      const id = `cus_${randomUUID()}`
      await record({ kind: 'customer', id, name, tier })
      return account(id)
    },
    async topUp({ customer, microUsd, reference }) {
      const target = account(customer)
      const known = target.references.get(reference)
      if (known !== undefined && known !== microUsd) {
        throw new RelayError('AMOUNT_MISMATCH', `this reference was a top-up of ${usdText(known)} USD before`)
      }
      if (known !== undefined) return { account: target, isReplay: true }
      if (target.balanceMicroUsd + microUsd > LIMITS.balanceMax) {
        throw new RelayError('VALIDATION_ERROR', 'the balance would exceed its bound')
      }
      await record({ kind: 'topup', customer, microUsd, reference })
      return { account: target, isReplay: false }
    },
    async createKey({ customer, name, budgetMicroUsd }) {
      const { tier } = account(customer)
      const active = [...state.keys.values()].filter(key => key.customer === customer && key.revokedMs === null)
      const { keysMax } = TIERS[tier]
      if (active.length >= keysMax) {
        throw new RelayError('KEY_LIMIT_REACHED', `the ${tier} tier has at most ${keysMax} active keys`)
      }
      const id = `key_${randomUUID()}`
      const secret = makeApiKey()
      const hash = hashOf(secret)
      await record({ kind: 'key', id, customer, name, hash, hint: hintOf(secret), budgetMicroUsd })
      return { key: state.keysByHash.get(hash) as Key, secret }
    },
    async revokeKey({ customer, id }) {
      const key = state.keys.get(id)
      if (key === undefined) throw new RelayError('KEY_NOT_FOUND', 'there is no such key')
      if (key.customer !== customer) throw new RelayError('KEY_NOT_OWNED', 'the key belongs to another customer')
      if (key.revokedMs === null) await record({ kind: 'key-revoked', id })
      return key
    },
    async accept({ key, model, microUsd, input, idempotency }) {
      const { customer } = key
      const replay = idempotency === undefined ? undefined : replayOf(customer, idempotency)
      if (replay !== undefined) return replay
      const available = availableOf(account(customer))
      if (microUsd > available) {
        throw new RelayError(
          'INSUFFICIENT_CREDITS',
          `the model costs ${usdText(microUsd)} USD, ${usdText(available)} USD are left`,
          { data: { required_micro_usd: microUsd, available_micro_usd: available } },
        )
      }
      if (microUsd > budgetLeftOf(key)) throw new RelayError('KEY_BUDGET_EXHAUSTED', 'the budget of this key is spent')
      if (state.open.size >= LIMITS.openTasksMax || state.idempotency.size >= LIMITS.idempotencyKeysMax) {
        throw new RelayError('CAPACITY_EXHAUSTED', 'as many tasks are open as the relay takes', { retryAfter: 5 })
      }
      const id = `opengpu:${randomUUID()}`
      const name = idempotency === undefined ? undefined : idempotencyName(customer, idempotency.key)
      if (name !== undefined) inProgress.add(name)
      try {
        await record({
          kind: 'accepted',
          task: id,
          customer,
          key: key.id,
          model,
          microUsd,
          input: Buffer.from(input).toString('base64'),
          idempotency: idempotency ?? null,
        })
      } finally {
        if (name !== undefined) inProgress.delete(name)
      }
      return { kind: 'new', task: state.open.get(id) as Task }
    },
    markPublishing: async (id, plan) => record({ kind: 'publishing', task: id, ...plan }),
    markPublished: async (id, { address, block }) => record({ kind: 'published', task: id, address, block }),
    complete: async (id, answer) => record({ kind: 'completed', task: id, answer }),
    fail: async (id, { code, message }) => record({ kind: 'failed', task: id, code, message }),
    depositedWei: () =>
      state.deposits
        .filter(({ atMs }) => atMs > options.clock.now() - 24 * 60 * 60 * 1_000)
        .reduce((sum, { wei }) => sum + wei, 0n),
    markDeposit: async wei => record({ kind: 'deposit', wei: wei.toString() }),
    async close() {
      await journal.close()
      await unlock()
    },
  }
}
