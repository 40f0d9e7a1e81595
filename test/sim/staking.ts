import { equalBytes, utf8 } from '#lib/bytes'
import { DecodeError, Reader, Writer } from '#lib/codec'
import { headerDigest, readHeader, vertexSigningBytes } from '#types'
import type { EpochSetup } from './epochs.ts'
import type { SimKeys } from './keys.ts'

/** One elected validator: which machine, with what voting power. */
export interface Seat {
  readonly machine: number
  readonly stake: number
}

const TAG = utf8('stake/1/')

/** A transaction that sets the stake of a machine's validator; 0 retires it. */
export function stakeTransaction(machine: number, stake: number): Uint8Array {
  return new Writer(16).bytes(TAG).u32(machine).u32(stake).finish()
}

/**
 * A model of the staking contract: candidates and their stake, changed by ordered transactions and by ordered evidence of
 * equivocation, and an election at the end of an epoch. Part of the executed state, so every node computes the same.
 */
export class Staking {
  readonly #genesis: readonly number[]
  #stakes: number[]
  readonly #jailed = new Set<number>()

  constructor(genesis: readonly number[]) {
    this.#genesis = genesis
    this.#stakes = [...genesis]
  }

  reset(): void {
    this.#stakes = [...this.#genesis]
    this.#jailed.clear()
  }

  apply(transaction: Uint8Array): void {
    if (transaction.length !== TAG.length + 8 || !equalBytes(transaction.subarray(0, TAG.length), TAG)) return
    const reader = new Reader(transaction.subarray(TAG.length))
    const machine = reader.u32()
    if (machine < this.#stakes.length) this.#stakes[machine] = reader.u32()
  }

  /** The validator of this machine signed twice: it gets no seat any more. */
  jail(machine: number): void {
    this.#jailed.add(machine)
  }

  /** Who validates next; nobody usable keeps the present committee. */
  elect(present: readonly Seat[]): readonly Seat[] {
    const seats = this.#stakes.flatMap((stake, machine) =>
      stake > 0 && !this.#jailed.has(machine) ? [{ machine, stake }] : [],
    )
    return seats.length === 0 ? present : seats
  }
}

/** The machine that ordered evidence convicts; undefined when it convicts nobody. Byzantine authors order what they like. */
export function convicted(bytes: Uint8Array, setup: EpochSetup, keys: SimKeys): number | undefined {
  try {
    const reader = new Reader(bytes)
    const read = () => {
      const raw = reader.bytes(reader.u32())
      const inner = new Reader(raw)
      const header = readHeader(inner)
      inner.end()
      return { header, digest: headerDigest(raw), signature: reader.bytes(64) }
    }
    const [first, second] = [read(), read()]
    reader.end()
    const { epoch, author, round } = first.header
    const authority = setup.authorities[author]
    const same = second.header.epoch === epoch && second.header.author === author && second.header.round === round
    if (authority === undefined || !same || epoch !== setup.epoch || equalBytes(first.digest, second.digest))
      return undefined
    const genuine = [first, second].every(one =>
      keys.verify(authority.consensusKey, vertexSigningBytes(one.digest), one.signature),
    )
    return genuine ? setup.members[author] : undefined
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
