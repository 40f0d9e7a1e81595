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

  room(): { readonly transactions: number; readonly bytes: number } {
    return {
      transactions: PAYLOAD_VERTICES * this.#params.transactionsPerVertexMax - this.#queue.length,
      bytes: PAYLOAD_VERTICES * this.#params.payloadBytesPerVertexMax - this.#bytes,
    }
  }

  /** Takes what fits; returns what does not. */
  offer(transactions: readonly Uint8Array[]): readonly Uint8Array[] {
    const refused: Uint8Array[] = []
    for (const transaction of transactions) {
      const room = this.room()
      const fits = room.transactions > 0 && transaction.length <= room.bytes
      if (fits && transaction.length > 0 && transaction.length <= this.#params.transactionBytesMax) {
        this.#queue.push(transaction)
        this.#bytes += transaction.length
      } else refused.push(transaction)
    }
    return refused
  }

  /** The next vertex full, in order. */
  take(bytesMax: number = this.#params.payloadBytesPerVertexMax): readonly Uint8Array[] {
    let count = 0
    let bytes = 0
    while (count < this.#queue.length && count < this.#params.transactionsPerVertexMax) {
      const size = (this.#queue[count] as Uint8Array).length
      if (bytes + size > Math.max(bytesMax, this.#params.transactionBytesMax)) break
      bytes += size
      count++
    }
    this.#bytes -= bytes
    const taken = this.#queue.slice(0, count)
    this.#queue = this.#queue.slice(count)
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
