import type { Round } from '#types'
import { WAVE_LENGTH } from './decision.ts'

/** What the core must know of transactions to keep commits near the gas limit; it looks at nothing else of them. */
export interface PayloadGas {
  /** Gas limit that a raw transaction names; 0 for bytes that will never run. Pure. */
  readonly gasOf: (transaction: Uint8Array) => number
  readonly blockGasLimit: number
}

/** Rounds until an own vertex is committed when all goes well: the wave, and one for a leader to pick it up. */
const ROUNDS_IN_FLIGHT = WAVE_LENGTH + 1

/**
 * Gas limits of the own payload that is in vertices but in no commit yet. Their sum stays at or below our share of what
 * the commits under way can hold (twice the block gas limit for each round in flight), so that a commit is not many blocks
 * long. A single transaction is never too large for it. Local policy.
 */
export class GasInFlight {
  readonly #gas: PayloadGas | undefined
  readonly #budget: number
  readonly #byRound = new Map<Round, number>()
  #total = 0

  constructor(gas: PayloadGas | undefined, committeeSize: number) {
    this.#gas = gas
    this.#budget =
      gas === undefined
        ? Number.POSITIVE_INFINITY
        : Math.floor((2 * gas.blockGasLimit * ROUNDS_IN_FLIGHT) / committeeSize)
  }

  /** How many of `waiting`, from the front, the next own vertex may carry. */
  fitting(waiting: readonly Uint8Array[]): number {
    if (this.#gas === undefined) return waiting.length
    let total = this.#total
    for (const [at, transaction] of waiting.entries()) {
      const gas = this.#gas.gasOf(transaction)
      if (total > 0 && total + gas > this.#budget) return at
      total += gas
    }
    return waiting.length
  }

  /** An own vertex of `round` is accepted and in no commit. */
  add(round: Round, transactions: readonly Uint8Array[]): void {
    if (this.#gas === undefined || transactions.length === 0) return
    let gas = 0
    for (const transaction of transactions) gas += this.#gas.gasOf(transaction)
    this.remove(round)
    this.#byRound.set(round, gas)
    this.#total += gas
  }

  /** It is committed, or never will be. */
  remove(round: Round): void {
    const gas = this.#byRound.get(round)
    if (gas === undefined) return
    this.#byRound.delete(round)
    this.#total -= gas
  }
}
