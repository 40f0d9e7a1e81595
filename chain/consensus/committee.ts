import { compareBytes } from '#lib/bytes'
import { Writer } from '#lib/codec'
import { CodedError } from '#lib/errors'
import { taggedHash } from '#lib/hash'
import type { Authority, AuthorityIndex, Digest } from '#types'
import { isWeakKey } from './keys.ts'

/** Voting power by authority and the thresholds that follow from it. All that the commit rule needs of a committee. */
export interface Stakes {
  readonly size: number
  readonly stakes: readonly number[]
  readonly totalStake: number
  /** Q = S − ⌊(S−1)/3⌋: any two sets of this weight share an honest author. */
  readonly quorum: number
  /** V = ⌊(S−1)/3⌋ + 1: any set of this weight has an honest author. */
  readonly validity: number
}

/** The validators of one epoch, in ascending order of operator address. */
export interface Committee extends Stakes {
  readonly authorities: readonly Authority[]
  /** Hash over every member's keys and stake. */
  readonly digest: Digest
}

/** Upper bound of a committee: author indices are u16 and headers carry one parent of each member. */
export const COMMITTEE_SIZE_MAX = 1_000

/** Thresholds of a list of stakes. CodedError `bad committee` unless stakes are positive integers with a safe sum. */
export function stakesOf(stakes: readonly number[]): Stakes {
  let totalStake = 0
  for (const stake of stakes) {
    if (!Number.isSafeInteger(stake) || stake < 1)
      throw new CodedError('bad committee', 'a stake is a positive integer')
    totalStake += stake
  }
  if (stakes.length === 0 || stakes.length > COMMITTEE_SIZE_MAX)
    throw new CodedError('bad committee', 'a committee has between one and a thousand members')
  if (!Number.isSafeInteger(totalStake)) throw new CodedError('bad committee', 'total stake reaches 2^53')
  const faulty = Math.floor((totalStake - 1) / 3)
  return { size: stakes.length, stakes: [...stakes], totalStake, quorum: totalStake - faulty, validity: faulty + 1 }
}

/** Checks and completes a list of authorities. CodedError `bad committee` when it is not in canonical form. */
export function createCommittee(authorities: readonly Authority[]): Committee {
  const out = new Writer(2 + 128 * authorities.length).u16(authorities.length)
  const keys = new Set<string>()
  let previous: Authority | undefined
  for (const [index, authority] of authorities.entries()) {
    if (authority.index !== index) throw new CodedError('bad committee', 'indices count from zero in order')
    if (authority.operator.length !== 20) throw new CodedError('bad committee', 'an operator is a 20-byte address')
    if (previous !== undefined && compareBytes(previous.operator, authority.operator) >= 0)
      throw new CodedError('bad committee', 'operators are in ascending order')
    previous = authority
    out.bytes(authority.operator)
    for (const key of [authority.consensusKey, authority.networkKey, authority.checkpointKey]) {
      if (key.length !== 32 || isWeakKey(key))
        throw new CodedError('bad committee', 'a key is 32 bytes and a point of full order')
      keys.add(Buffer.from(key).toString('hex'))
      out.bytes(key)
    }
    out.u64(authority.stake)
  }
  if (keys.size !== 3 * authorities.length) throw new CodedError('bad committee', 'every key is used once')
  return {
    ...stakesOf(authorities.map(authority => authority.stake)),
    authorities,
    digest: taggedHash('dag/committee/1', out.finish()),
  }
}

/**
 * Token amounts as integers that sum to `total`, by largest remainder, ties to the lower index; every member keeps at
 * least 1. All nodes get the same numbers.
 */
export function normalizeStakes(amounts: readonly bigint[], total = 10_000): readonly number[] {
  const sum = amounts.reduce((left, right) => left + right, 0n)
  if (sum <= 0n || amounts.some(amount => amount <= 0n) || amounts.length > total)
    throw new CodedError('bad committee', 'stakes are positive and no more than the total')
  const spare = BigInt(total - amounts.length)
  const shares = amounts.map((amount, index) => ({
    index,
    whole: (amount * spare) / sum,
    rest: (amount * spare) % sum,
  }))
  let left = total - amounts.length - shares.reduce((all, share) => all + Number(share.whole), 0)
  const stakes = shares.map(share => 1 + Number(share.whole))
  for (const share of [...shares].sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1))) {
    if (left === 0) break
    stakes[share.index] = (stakes[share.index] ?? 0) + 1
    left--
  }
  return stakes
}

/** Weight of a growing set of authors; an author counts once however often it is added. */
export class Tally {
  readonly #stakes: readonly number[]
  readonly #seen: Uint8Array
  weight = 0

  constructor(committee: Stakes) {
    this.#stakes = committee.stakes
    this.#seen = new Uint8Array(committee.size)
  }

  /** False when the author was counted before. */
  add(author: AuthorityIndex): boolean {
    if (this.#seen[author] !== 0) return false
    this.#seen[author] = 1
    this.weight += this.#stakes[author] as number
    return true
  }

  has(author: AuthorityIndex): boolean {
    return this.#seen[author] === 1
  }

  copyFrom(other: Tally): this {
    this.#seen.set(other.#seen)
    this.weight = other.weight
    return this
  }

  clear(): void {
    this.#seen.fill(0)
    this.weight = 0
  }
}
