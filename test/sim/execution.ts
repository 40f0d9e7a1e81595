import { createHash } from 'node:crypto'
import { toRawHex } from '#lib/bytes'
import type { OrderedCommit } from '#types'
import type { Fault } from './plan.ts'

export interface Executed {
  readonly index: number
  readonly timestampMs: number
  readonly state: Uint8Array
  /** Transactions that ran for the first time, as text keys. */
  readonly ran: readonly string[]
}

/**
 * A stand-in for the EVM: the state is a hash chain over commits and the transactions that count. Idempotent by commit
 * index; a transaction that ran before is skipped, as its nonce would be too low.
 */
export class SimExecution {
  readonly #faults: readonly Fault[]
  readonly #throws = new Map<number, number>()
  readonly #seen = new Set<string>()
  #state = new Uint8Array(32)
  lastExecuted = 0
  /** True once this node computes something else than the others (a planned fault). */
  isWrong = false

  constructor(node: number, faults: readonly Fault[]) {
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
  run(ordered: OrderedCommit): Executed | undefined {
    const { index } = ordered.commit
    const left = this.#throws.get(index) ?? 0
    if (left > 0) {
      this.#throws.set(index, left - 1)
      return undefined
    }
    const hash = createHash('sha256').update(this.#state).update(ordered.digest)
    const ran: string[] = []
    for (const [i, vertex] of ordered.vertices.entries()) {
      if (ordered.executes[i] !== true) continue
      for (const transaction of vertex.transactions) {
        const key = toRawHex(transaction)
        if (this.#seen.has(key)) continue
        this.#seen.add(key)
        ran.push(key)
        hash.update(transaction)
      }
    }
    for (const fault of this.#faults) {
      if (fault.kind === 'wrongState' && index >= fault.fromCommit) {
        this.isWrong = true
        hash.update('wrong')
      }
    }
    this.#state = new Uint8Array(hash.digest())
    this.lastExecuted = index
    return { index, timestampMs: ordered.commit.timestampMs, state: this.#state, ran }
  }

  /** A new disk: everything is executed again. */
  reset(): void {
    this.#seen.clear()
    this.#state = new Uint8Array(32)
    this.lastExecuted = 0
  }
}
