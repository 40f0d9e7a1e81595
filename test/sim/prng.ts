import { createHash } from 'node:crypto'
import { assert } from '#lib/assert'

/**
 * One stream of pseudo-random numbers (xoshiro128**, 32-bit arithmetic only, so it is the same on every machine).
 * Streams are named: a draw added to one never shifts another (consensus note 6.2).
 */
export class Random {
  readonly name: string
  readonly #seed: string
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: string, name = 'root') {
    this.name = name
    this.#seed = seed
    const state = createHash('sha256').update(`sim/1\0${seed}\0${name}`).digest()
    this.#a = state.readUInt32BE(0)
    this.#b = state.readUInt32BE(4)
    this.#c = state.readUInt32BE(8)
    this.#d = state.readUInt32BE(12) | 1
  }

  /** Another stream of the same seed. Independent of how much was drawn here. */
  stream(name: string): Random {
    return new Random(this.#seed, `${this.name}/${name}`)
  }

  /** 32 random bits as an unsigned number. */
  u32(): number {
    const b = this.#b
    const product = Math.imul(b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const t = b << 9
    this.#c ^= this.#a
    this.#d ^= b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= t
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    assert(Number.isSafeInteger(bound) && bound >= 1 && bound <= 2 ** 32, 'a bound between 1 and 2^32')
    const limit = 2 ** 32 - (2 ** 32 % bound)
    for (;;) {
      const word = this.u32()
      if (word < limit) return word % bound
    }
  }

  /** Uniform integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True once in `1 / probability` draws. */
  chance(probability: number): boolean {
    return this.u32() < probability * 2 ** 32
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items]
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const held = shuffled[i] as T
      shuffled[i] = shuffled[j] as T
      shuffled[j] = held
    }
    return shuffled
  }

  /** `count` different members, in the order of `items`. */
  sample<T>(items: readonly T[], count: number): T[] {
    const chosen = new Set(this.shuffle(items.map((_, i) => i)).slice(0, count))
    return items.filter((_, i) => chosen.has(i))
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = this.u32() >>> 24
    return bytes
  }

  /** Exponentially distributed integer with the given mean, from a table-free inversion on 24 bits; at most 16 means. */
  exponential(mean: number): number {
    // Math.log differs between engines in the last bit; rounding to an integer of microseconds on a 2^-10 grid hides it.
    const uniform = ((this.u32() >>> 8) + 0.5) / 2 ** 24
    const grid = Math.round(-Math.log(uniform) * 1024) / 1024
    return Math.min(16 * mean, Math.round(grid * mean))
  }
}
