/** The ledger's state as JSON: the first line of every journal segment after the first. */
import { defined } from '#lib/assert'
import type { Account, IdempotencyRecord, Key, LedgerState, Task } from './state.ts'

export interface Snapshot {
  readonly kind: 'state'
  readonly nowMs: number
  readonly accounts: readonly (Omit<Account, 'references'> & { readonly references: readonly [string, number][] })[]
  readonly keys: readonly Key[]
  readonly open: readonly Task[]
  readonly finished: readonly Task[]
  readonly finishedBytes: number
  readonly idempotency: readonly [string, IdempotencyRecord][]
  readonly deposits: readonly { readonly wei: string; readonly atMs: number }[]
}

export function dump(state: LedgerState): Snapshot {
  return {
    kind: 'state',
    nowMs: state.nowMs,
    accounts: [...state.accounts.values()].map(account => ({ ...account, references: [...account.references] })),
    keys: [...state.keys.values()],
    open: [...state.open.values()],
    finished: [...state.finished.values()],
    finishedBytes: state.finishedBytes,
    idempotency: [...state.idempotency],
    deposits: state.deposits.map(({ wei, atMs }) => ({ wei: wei.toString(), atMs })),
  }
}

export function load(snapshot: Snapshot): LedgerState {
  const keys = new Map(snapshot.keys.map(key => [key.id, key]))
  return {
    nowMs: snapshot.nowMs,
    accounts: new Map(
      snapshot.accounts.map(account => [account.id, { ...account, references: new Map(account.references) }]),
    ),
    keys,
    keysByHash: new Map(snapshot.keys.map(({ id, hash }) => [hash, defined(keys.get(id), 'the key just made')])),
    open: new Map(snapshot.open.map(task => [task.id, task])),
    finished: new Map(snapshot.finished.map(task => [task.id, task])),
    finishedBytes: snapshot.finishedBytes,
    idempotency: new Map(snapshot.idempotency),
    deposits: snapshot.deposits.map(({ wei, atMs }) => ({ wei: BigInt(wei), atMs })),
  }
}
