import type { Address, Transaction } from '#types'

/** A decoded transaction; the sender is set once it is recovered. */
export type Decoded = Transaction & { sender?: Address }

/** What a decoded transaction takes beside its bytes, rounded up. */
const ENTRY_BYTES = 1_024
/** Memory of one generation; there are two. A second of transfers at full load is about 10 MB. */
const GENERATION_BYTES = 32 * 1024 * 1024

/**
 * Decoded transactions by the identity of their bytes: pool, vertex and block hold the same array, so that between
 * its arrival and its execution a transaction is decoded and hashed once. Two generations, the older one dropped when the younger
 * is full. Bounded by bytes, not entries: an array keeps the whole buffer alive that it is a view of, and the buffer of a
 * hostile vertex may be large and hold one transaction.
 */
export class DecodedCache {
  readonly #generationBytes: number
  #young = new Map<Uint8Array, Decoded>()
  #old = new Map<Uint8Array, Decoded>()
  #bytes = 0
  #lastBuffer: ArrayBufferLike | undefined

  constructor(generationBytes = GENERATION_BYTES) {
    this.#generationBytes = generationBytes
  }

  get(raw: Uint8Array): Decoded | undefined {
    return this.#young.get(raw) ?? this.#old.get(raw)
  }

  set(transaction: Decoded): void {
    const { buffer } = transaction.raw
    this.#bytes += ENTRY_BYTES
    // Transactions of one vertex come together and share its buffer.
    if (buffer !== this.#lastBuffer) this.#bytes += buffer.byteLength
    this.#lastBuffer = buffer
    this.#young.set(transaction.raw, transaction)
    if (this.#bytes < this.#generationBytes) return
    this.#old = this.#young
    this.#young = new Map()
    this.#bytes = 0
    this.#lastBuffer = undefined
  }

  /** Its bytes still count until its generation is full: others may be views of the same buffer. */
  delete(raw: Uint8Array): void {
    this.#young.delete(raw)
    this.#old.delete(raw)
  }
}
