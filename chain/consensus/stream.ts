import { Writer } from '#lib/codec'
import { sha256 } from '#lib/hash'
import type { AuthorityIndex, Digest } from '#types'
import type { Stakes } from './committee.ts'

const WORDS = 1n << 64n

/**
 * A pseudo-random stream that is the same in every implementation: word i is bytes 8·(i mod 4) … +8 of
 * SHA-256(seed ‖ u32 ⌊i/4⌋), big-endian. Pinned by golden vectors; never replaced by a library generator.
 */
export class HashStream {
  readonly #seed: Digest
  #block: DataView | undefined
  #next = 0

  constructor(seed: Digest) {
    this.#seed = seed
  }

  /** The next 64 bits. */
  word(): bigint {
    const at = this.#next % 4
    if (at === 0 || this.#block === undefined) {
      const block = sha256(this.#seed, new Writer(4).u32(Math.floor(this.#next / 4)).finish())
      this.#block = new DataView(block.buffer, block.byteOffset, block.byteLength)
    }
    this.#next++
    return this.#block.getBigUint64(8 * at)
  }

  /** Uniform integer below `bound`; words of the biased tail are thrown away. */
  below(bound: number): number {
    const size = BigInt(bound)
    const limit = WORDS - (WORDS % size)
    let word = this.word()
    while (word >= limit) word = this.word()
    return Number(word % size)
  }
}

/** Draws up to `count` different authorities, each with a chance proportional to its stake among those left. */
export function drawByStake(
  stream: HashStream,
  committee: Stakes,
  count: number,
  among?: readonly AuthorityIndex[],
): AuthorityIndex[] {
  const pool = among === undefined ? Array.from({ length: committee.size }, (_, index) => index) : [...among]
  let left = 0
  for (const author of pool) left += committee.stakes[author] as number
  const drawn: AuthorityIndex[] = []
  while (drawn.length < count && pool.length > 0) {
    let ticket = stream.below(left)
    const at = pool.findIndex(author => {
      ticket -= committee.stakes[author] as number
      return ticket < 0
    })
    const [author] = pool.splice(at, 1) as [AuthorityIndex]
    left -= committee.stakes[author] as number
    drawn.push(author)
  }
  return drawn
}
