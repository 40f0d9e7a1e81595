import { createHash } from 'node:crypto'
import { toRawHex } from '#lib/bytes'
import { type OrderedCommit, SYSTEM_ITEM } from '#types'
import type { EpochSetup } from './epochs.ts'
import type { SimKeys } from './keys.ts'
import type { Fault } from './plan.ts'
import { convicted, type Seat, Staking } from './staking.ts'

export interface Executed {
  readonly index: number
  readonly timestampMs: number
  readonly state: Uint8Array
  /** Transactions that ran for the first time, as text keys. */
  readonly ran: readonly string[]
}

/** What the state after an epoch's last commit says. */
export interface Closing {
  readonly epoch: number
  readonly lastIndex: number
  readonly lastDigest: Uint8Array
  readonly timestampMs: number
  /** Commits executed since the beginning: stands for the number of the last block. */
  readonly height: number
  readonly state: Uint8Array
  readonly seats: readonly Seat[]
}

/**
 * A stand-in for the EVM: the state is a hash chain over commits and the transactions that count, and the stakes of the
 * staking contract. Idempotent by commit index; a transaction that ran before is skipped, as its nonce would be too low.
 */
export class SimExecution {
  readonly #faults: readonly Fault[]
  readonly #throws = new Map<number, number>()
  readonly #seen = new Set<string>()
  readonly #staking: Staking
  readonly #keys: SimKeys
  #state = new Uint8Array(32)
  #height = 0
  /** The epoch whose commits are executed now. */
  epoch = 0
  /** In this epoch. */
  lastExecuted = 0
  /** The present epoch's last commit was executed. */
  closing: Closing | undefined
  /** True once this node computes something else than the others (a planned fault). */
  isWrong = false

  constructor(node: number, faults: readonly Fault[], stakes: readonly number[], keys: SimKeys) {
    this.#keys = keys
    this.#staking = new Staking(stakes)
    this.#faults = faults.filter(f => 'node' in f && f.node === node)
    for (const fault of this.#faults) {
      if (fault.kind === 'executionThrows') this.#throws.set(fault.commit, fault.times)
    }
  }

  /** Time that the commit takes here. */
  costUs(baseUs: number, nowUs: number): number {
    let cost = baseUs
    for (const fault of this.#faults) {
      if (fault.kind === 'slowExecution' && nowUs >= fault.fromMs * 1000 && nowUs < fault.toMs * 1000)
        cost = Math.max(cost, fault.us)
    }
    return cost
  }

  /** Runs one commit; undefined when execution threw, in which case the same commit comes again. */
  run(ordered: OrderedCommit, setup: EpochSetup): Executed | undefined {
    const { index, endsEpoch, timestampMs } = ordered.commit
    const left = this.#throws.get(index) ?? 0
    if (left > 0) {
      this.#throws.set(index, left - 1)
      return undefined
    }
    const hash = createHash('sha256').update(this.#state).update(ordered.digest)
    const ran: string[] = []
    for (const [i, vertex] of ordered.vertices.entries()) {
      if (ordered.executes[i] !== true) continue
      for (const item of vertex.system) {
        if (item.kind !== SYSTEM_ITEM.equivocation) continue
        const machine = convicted(item.bytes, setup, this.#keys)
        if (machine !== undefined) this.#staking.jail(machine)
      }
      for (const transaction of vertex.transactions) {
        const key = toRawHex(transaction)
        if (this.#seen.has(key)) continue
        this.#seen.add(key)
        ran.push(key)
        hash.update(transaction)
        this.#staking.apply(transaction)
      }
    }
    for (const fault of this.#faults) {
      if (fault.kind === 'wrongState' && index >= fault.fromCommit) {
        this.isWrong = true
        hash.update('wrong')
      }
    }
    this.#state = new Uint8Array(hash.digest())
    this.#height += 1
    this.lastExecuted = index
    if (endsEpoch)
      this.closing = {
        epoch: setup.epoch,
        lastIndex: index,
        lastDigest: ordered.digest,
        timestampMs,
        height: this.#height,
        state: this.#state,
        seats: this.#staking.elect(setup.seats),
      }
    return { index, timestampMs, state: this.#state, ran }
  }

  /** The next epoch's commits follow. */
  begin(epoch: number): void {
    this.epoch = epoch
    this.lastExecuted = 0
    this.closing = undefined
  }

  /** A new disk: everything is executed again. */
  reset(): void {
    this.#seen.clear()
    this.#staking.reset()
    this.#state = new Uint8Array(32)
    this.#height = 0
    this.begin(0)
  }
}
