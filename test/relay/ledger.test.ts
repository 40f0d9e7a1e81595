import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionError } from '#lib/assert'
import type { Answer, Entry } from '../../relay/ledger/entries.ts'
import { dump, load } from '../../relay/ledger/snapshot.ts'
import { apply, availableOf, budgetLeftOf, createState, type LedgerState } from '../../relay/ledger/state.ts'
import { LIMITS } from '../../relay/limits.ts'
import { parseUsd, usdText } from '../../relay/money.ts'

const ANSWER: Answer = {
  text: 'German',
  details: {},
  outputBytes: 6,
  resultHash: '',
  provider: '0x1',
  checkedBy: 'digest',
}
const CUSTOMERS = ['a', 'b']
const TASKS = ['t0', 't1', 't2', 't3', 't4']
const KEYS = ['k0', 'k1', 'k2']

const entry = fc.oneof(
  fc.record({
    kind: fc.constant('customer'),
    id: fc.constantFrom(...CUSTOMERS),
    name: fc.constant('n'),
    tier: fc.constant('pro'),
  }),
  fc.record({
    kind: fc.constant('topup'),
    customer: fc.constantFrom(...CUSTOMERS),
    microUsd: fc.integer({ min: -5, max: 1_000 }),
    reference: fc.string({ maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('key'),
    id: fc.constantFrom(...KEYS),
    customer: fc.constantFrom(...CUSTOMERS),
    name: fc.constant('n'),
    hash: fc.constantFrom('h0', 'h1', 'h2'),
    hint: fc.constant('…'),
    budgetMicroUsd: fc.option(fc.integer({ min: 1, max: 500 })),
  }),
  fc.record({ kind: fc.constant('key-revoked'), id: fc.constantFrom(...KEYS) }),
  fc.record({
    kind: fc.constant('accepted'),
    task: fc.constantFrom(...TASKS),
    customer: fc.constantFrom(...CUSTOMERS),
    key: fc.constantFrom(...KEYS),
    model: fc.constant('m'),
    microUsd: fc.integer({ min: -2, max: 400 }),
    input: fc.constant('aGk='),
    idempotency: fc.option(fc.record({ key: fc.constantFrom('i0', 'i1'), body: fc.constant('b') })),
  }),
  fc.record({
    kind: fc.constant('published'),
    task: fc.constantFrom(...TASKS),
    address: fc.constant('0x2'),
    block: fc.nat(),
  }),
  fc.record({ kind: fc.constant('completed'), task: fc.constantFrom(...TASKS), answer: fc.constant(ANSWER) }),
  fc.record({
    kind: fc.constant('failed'),
    task: fc.constantFrom(...TASKS),
    code: fc.constant('PROVIDER_UNAVAILABLE'),
    message: fc.constant('m'),
  }),
) as fc.Arbitrary<Omit<Entry, 'atMs'>>

const script = fc.array(fc.record({ entry, afterMs: fc.constantFrom(0, 1_000, 30 * 60_000, 13 * 3_600_000) }), {
  maxLength: 80,
})

/** Applies what may be applied; returns the entries that were. */
function play(steps: readonly { readonly entry: Omit<Entry, 'atMs'>; readonly afterMs: number }[]): {
  readonly state: LedgerState
  readonly applied: readonly Entry[]
} {
  let state = createState()
  const applied: Entry[] = []
  let nowMs = 1_000_000_000_000
  for (const step of steps) {
    nowMs += step.afterMs
    const full = { ...step.entry, atMs: nowMs } as Entry
    const trial = load(structuredClone(dump(state)))
    try {
      apply(trial, full)
    } catch (error) {
      if (error instanceof AssertionError) continue
      throw error
    }
    state = trial
    applied.push(full)
  }
  return { state, applied }
}

describe('the ledger as a fold', () => {
  it('keeps every balance and budget at or above its reservations, whatever entries come', () => {
    fc.assert(
      fc.property(script, steps => {
        const { state, applied } = play(steps)
        for (const account of state.accounts.values()) {
          const open = [...state.open.values()].filter(task => task.customer === account.id)
          expect(account.reservedMicroUsd).toBe(open.reduce((sum, task) => sum + task.microUsd, 0))
          expect(availableOf(account)).toBeGreaterThanOrEqual(0)
          const added = applied.reduce(
            (sum, e) => sum + (e.kind === 'topup' && e.customer === account.id ? e.microUsd : 0),
            0,
          )
          // Nothing appears and nothing is lost: what was added is there or was charged.
          expect(account.balanceMicroUsd + account.chargedMicroUsd).toBe(added)
        }
        for (const key of state.keys.values()) {
          expect(budgetLeftOf(key)).toBeGreaterThanOrEqual(0)
          expect(key.reservedMicroUsd).toBeGreaterThanOrEqual(0)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('is the same after a snapshot, and goes on in the same way', () => {
    fc.assert(
      fc.property(script, fc.nat(80), (steps, cut) => {
        const { applied, state } = play(steps)
        let other = createState()
        for (const [i, each] of applied.entries()) {
          if (i === cut) other = load(JSON.parse(JSON.stringify(dump(other))))
          apply(other, each)
        }
        expect(dump(other)).toEqual(dump(state))
      }),
      { numRuns: 100 },
    )
  })

  it('charges a task once, and gives a reservation back once', () => {
    const base = { atMs: 1 }
    const state = createState()
    const add = (more: object): void => apply(state, { ...base, ...more } as Entry)
    add({ kind: 'customer', id: 'a', name: 'n', tier: 'basic' })
    add({ kind: 'topup', customer: 'a', microUsd: 100, reference: 'r' })
    add({ kind: 'key', id: 'k', customer: 'a', name: 'n', hash: 'h', hint: '', budgetMicroUsd: null })
    const accept = (task: string): void =>
      add({ kind: 'accepted', task, customer: 'a', key: 'k', model: 'm', microUsd: 60, input: '', idempotency: null })
    accept('t1')
    expect(() => accept('t2')).toThrow(AssertionError)
    add({ kind: 'failed', task: 't1', code: 'PROVIDER_UNAVAILABLE', message: '' })
    expect(() => add({ kind: 'failed', task: 't1', code: 'PROVIDER_UNAVAILABLE', message: '' })).toThrow(AssertionError)
    accept('t2')
    add({ kind: 'completed', task: 't2', answer: ANSWER })
    expect(() => add({ kind: 'completed', task: 't2', answer: ANSWER })).toThrow(AssertionError)
    const account = state.accounts.get('a')
    expect(account).toMatchObject({ balanceMicroUsd: 40, reservedMicroUsd: 0, chargedMicroUsd: 60, chargedTasks: 1 })
    expect(account?.movements.map(movement => movement.kind)).toEqual(['topup', 'refund', 'charge'])
  })

  it('forgets results after an hour and idempotency keys after a day, and keeps its bounds', () => {
    const state = createState()
    const add = (atMs: number, more: object): void => apply(state, { atMs, ...more } as Entry)
    add(1, { kind: 'customer', id: 'a', name: 'n', tier: 'basic' })
    add(1, { kind: 'key', id: 'k', customer: 'a', name: 'n', hash: 'h', hint: '', budgetMicroUsd: null })
    const run = (atMs: number, task: string): void => {
      const idempotency = { key: task, body: 'b' }
      add(atMs, { kind: 'accepted', task, customer: 'a', key: 'k', model: 'm', microUsd: 0, input: '', idempotency })
      add(atMs, { kind: 'completed', task, answer: ANSWER })
    }
    for (let i = 0; i < LIMITS.finishedTasksMax + 5; i++) run(2, `t${i}`)
    expect(state.finished.size).toBe(LIMITS.finishedTasksMax)
    expect(state.accounts.get('a')?.movements.length).toBe(LIMITS.movementsMax)
    run(2 + LIMITS.resultLifeMs, 'later')
    expect([...state.finished.keys()]).toEqual(['later'])
    expect(state.finishedBytes).toBe(ANSWER.text.length)
    expect(state.idempotency.size).toBe(LIMITS.finishedTasksMax + 6)
    run(2 + LIMITS.idempotencyLifeMs, 'last')
    expect([...state.idempotency.keys()]).toEqual(['a later', 'a last'])
  })
})

describe('amounts', () => {
  it('are read and written without loss', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e14 }), microUsd => {
        expect(parseUsd(usdText(microUsd))).toBe(microUsd)
      }),
    )
    expect(usdText(1_500_000)).toBe('1.50')
    expect(usdText(-250)).toBe('-0.00025')
    for (const wrong of ['', '-1', '1e3', '1.0000001', '1.', '.5', '1,5', '0x10'])
      expect(parseUsd(wrong)).toBeUndefined()
  })
})
