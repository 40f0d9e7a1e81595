import { toRawHex } from '#lib/bytes'
import { GenerationCache } from '#lib/cache'
import type { BlockNumber, Digest } from '#types'

/** Transactions whose life is remembered, the latest ones; about 150 bytes each. */
const CAPACITY = 50_000
/** Blocks whose certification time is remembered. */
const BLOCKS_MAX = 20_000
/** Blocks that one certificate may newly cover here; more lie behind only after a long outage. */
const CERTIFIED_BLOCKS_MAX = 1_000

/** What the transactions of one vertex went through together, when this node saw it. */
export interface Passage {
  /** The node put them into its own vertex … */
  readonly proposedMs?: number
  /** … or accepted another's vertex with them. */
  readonly acceptedMs?: number
  readonly committedMs?: number
  readonly executedMs: number
}

/**
 * Remembers when each recent transaction reached each stage; the first time counts. For people and benchmarks, never
 * for decisions. Stages that transactions share are kept once per vertex or block: at thousands of transactions a
 * second, one note for each stage of each of them would cost more than executing them. A life is a place in columns that
 * are filled round and round, not an object: each object that stays costs every full collection of garbage.
 */
export class Timeline {
  readonly #places = new Map<string, number>()
  readonly #keys = new Array<string | undefined>(CAPACITY).fill(undefined)
  /** Zero stands for not known. */
  readonly #receivedMs = new Float64Array(CAPACITY)
  readonly #heights = new Float64Array(CAPACITY)
  readonly #passages = new Array<Passage | undefined>(CAPACITY).fill(undefined)
  #next = 0
  readonly #certified = new GenerationCache<BlockNumber, number>(BLOCKS_MAX)
  #certifiedHeight: BlockNumber

  /** @param certifiedHeight up to where certificates were known before this process started */
  constructor(certifiedHeight: BlockNumber = 0) {
    this.#certifiedHeight = certifiedHeight
  }

  received(hash: Digest, atMs: number): void {
    this.#receivedMs[this.#placeOf(hash)] ||= atMs
  }

  /** The transaction is in the executed block `height`; `passage` is shared by those that came in one vertex. */
  executed(hash: Digest, height: BlockNumber, passage: Passage): void {
    const place = this.#placeOf(hash)
    this.#passages[place] ??= passage
    this.#heights[place] ||= height
  }

  /** A checkpoint certificate covers every block up to `height`. */
  certified(height: BlockNumber, atMs: number): void {
    const from = Math.max(this.#certifiedHeight + 1, height - CERTIFIED_BLOCKS_MAX)
    for (let number = from; number <= height; number++) this.#certified.set(number, atMs)
    this.#certifiedHeight = Math.max(this.#certifiedHeight, height)
  }

  /** Times in ms since 1970 by stage: receivedMs, proposedMs or acceptedMs, committedMs, executedMs, certifiedMs. */
  get(hash: Digest): Readonly<Record<string, number>> | undefined {
    const place = this.#places.get(toRawHex(hash))
    if (place === undefined) return undefined
    const receivedMs = this.#receivedMs[place] ?? 0
    const height = this.#heights[place] ?? 0
    const certifiedMs = height === 0 ? undefined : this.#certified.get(height)
    return {
      ...(receivedMs === 0 ? {} : { receivedMs }),
      ...this.#passages[place],
      ...(certifiedMs === undefined ? {} : { certifiedMs }),
    }
  }

  #placeOf(hash: Digest): number {
    const key = toRawHex(hash)
    const known = this.#places.get(key)
    if (known !== undefined) return known
    const place = this.#next
    this.#next = (place + 1) % CAPACITY
    const oldest = this.#keys[place]
    if (oldest !== undefined) this.#places.delete(oldest)
    this.#places.set(key, place)
    this.#keys[place] = key
    this.#receivedMs[place] = 0
    this.#heights[place] = 0
    this.#passages[place] = undefined
    return place
  }
}
