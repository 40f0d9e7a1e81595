import { toRawHex } from '#lib/bytes'
import { GenerationCache } from '#lib/cache'
import type { BlockNumber, Digest } from '#types'

/** Transactions whose life is remembered; about 200 bytes each. */
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

interface Life {
  receivedMs?: number
  passage?: Passage
  height?: BlockNumber
}

/**
 * Remembers when each recent transaction reached each stage; the first time counts. For people and benchmarks, never
 * for decisions. Stages that transactions share are kept once per vertex or block: at thousands of transactions a
 * second, one note for each stage of each of them would cost more than executing them.
 */
export class Timeline {
  readonly #lives = new GenerationCache<string, Life>(CAPACITY)
  readonly #certified = new GenerationCache<BlockNumber, number>(BLOCKS_MAX)
  #certifiedHeight: BlockNumber

  /** @param certifiedHeight up to where certificates were known before this process started */
  constructor(certifiedHeight: BlockNumber = 0) {
    this.#certifiedHeight = certifiedHeight
  }

  received(hash: Digest, atMs: number): void {
    this.#lifeOf(hash).receivedMs ??= atMs
  }

  /** The transaction is in the executed block `height`; `passage` is shared by those that came in one vertex. */
  executed(hash: Digest, height: BlockNumber, passage: Passage): void {
    const life = this.#lifeOf(hash)
    life.passage ??= passage
    life.height ??= height
  }

  /** A checkpoint certificate covers every block up to `height`. */
  certified(height: BlockNumber, atMs: number): void {
    const from = Math.max(this.#certifiedHeight + 1, height - CERTIFIED_BLOCKS_MAX)
    for (let number = from; number <= height; number++) this.#certified.set(number, atMs)
    this.#certifiedHeight = Math.max(this.#certifiedHeight, height)
  }

  /** Times in ms since 1970 by stage: receivedMs, proposedMs or acceptedMs, committedMs, executedMs, certifiedMs. */
  get(hash: Digest): Readonly<Record<string, number>> | undefined {
    const life = this.#lives.get(toRawHex(hash))
    if (life === undefined) return undefined
    const { receivedMs, passage, height } = life
    const certifiedMs = height === undefined ? undefined : this.#certified.get(height)
    return {
      ...(receivedMs === undefined ? {} : { receivedMs }),
      ...passage,
      ...(certifiedMs === undefined ? {} : { certifiedMs }),
    }
  }

  #lifeOf(hash: Digest): Life {
    const key = toRawHex(hash)
    let life = this.#lives.get(key)
    if (life === undefined) {
      life = {}
      this.#lives.set(key, life)
    }
    return life
  }
}
