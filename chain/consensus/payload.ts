import type { ConsensusParams } from '#types'
import { PAYLOAD_VERTICES } from './limits.ts'

/** Transactions that wait for an own vertex. Bounded: `room` says what it takes, `offer` gives back the rest. */
export class PayloadQueue {
  readonly #params: ConsensusParams
  #queue: Uint8Array[] = []
  #bytes = 0

  constructor(params: ConsensusParams) {
    this.#params = params
  }

  /** What it takes when a vertex carries at most `capBytes`; a transaction of the largest size always fits into an empty queue. */
  room(capBytes: number): { readonly transactions: number; readonly bytes: number } {
    const bytesMax = Math.max(PAYLOAD_VERTICES * capBytes, this.#params.transactionBytesMax)
    return {
      transactions: PAYLOAD_VERTICES * this.#params.transactionsPerVertexMax - this.#queue.length,
      bytes: Math.max(0, bytesMax - this.#bytes),
    }
  }

  /** Takes what fits; returns what does not. */
  offer(transactions: readonly Uint8Array[], capBytes: number): readonly Uint8Array[] {
    const refused: Uint8Array[] = []
    for (const transaction of transactions) {
      const room = this.room(capBytes)
      const fits = room.transactions > 0 && transaction.length <= room.bytes
      if (fits && transaction.length > 0 && transaction.length <= this.#params.transactionBytesMax) {
        this.#queue.push(transaction)
        this.#bytes += transaction.length
      } else refused.push(transaction)
    }
    return refused
  }

  /** The next vertex full, in order: at most `capBytes` (one transaction may be larger), and what `fitting` lets through. */
  take(capBytes: number, fitting: (waiting: readonly Uint8Array[]) => number): readonly Uint8Array[] {
    let count = 0
    let bytes = 0
    while (count < this.#queue.length && count < this.#params.transactionsPerVertexMax) {
      const size = (this.#queue[count] as Uint8Array).length
      if (count > 0 && bytes + size > capBytes) break
      bytes += size
      count++
    }
    const taken = this.#queue.slice(0, count)
    taken.length = fitting(taken)
    for (const transaction of taken) this.#bytes -= transaction.length
    this.#queue = this.#queue.slice(taken.length)
    return taken
  }

  /** Everything, when no own vertex will carry it any more. */
  drain(): readonly Uint8Array[] {
    const all = this.#queue
    this.#queue = []
    this.#bytes = 0
    return all
  }
}
