import { bytesToBigint } from '#lib/bytes'
import { sha256 } from '#lib/hash'

/** A stream of choices that a seed and a round decide (xorshift128+ on the words of a hash). */
export class Choices {
  #a: bigint
  #b: bigint

  constructor(seed: string, round: number) {
    const start = sha256(new TextEncoder().encode(`${seed}/${round}`))
    this.#a = bytesToBigint(start.subarray(0, 8)) | 1n
    this.#b = bytesToBigint(start.subarray(8, 16))
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    let x = this.#a
    const y = this.#b
    this.#a = y
    x ^= (x << 23n) & MASK
    this.#b = x ^ y ^ (x >> 17n) ^ (y >> 26n)
    return Number(((this.#b + y) & MASK) % BigInt(count))
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }
}

const MASK = 0xffff_ffff_ffff_ffffn
