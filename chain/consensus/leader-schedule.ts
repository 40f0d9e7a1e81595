import { Writer } from '#lib/codec'
import { taggedHash } from '#lib/hash'
import type { AuthorityIndex, Digest, Round } from '#types'
import type { Stakes } from './committee.ts'
import { drawByStake, HashStream } from './stream.ts'
import type { LeaderSchedule, SwapTable } from './types.ts'

export interface ScheduleSeed {
  readonly chainId: number
  readonly epoch: number
  readonly epochSeed: Digest
}

function seedBytes(seed: ScheduleSeed, tag: string, ...numbers: readonly number[]): Digest {
  const out = new Writer(96).u64(seed.chainId).u64(seed.epoch).bytes(seed.epochSeed)
  for (const number of numbers) out.u32(number)
  return taggedHash(tag, out.finish())
}

/** The base schedule: for each round a stake-weighted draw without replacement. */
export function createStakeSchedule(committee: Stakes, seed: ScheduleSeed, leadersPerRound: number): LeaderSchedule {
  return {
    leaders: round =>
      round < 1 ? [] : drawByStake(new HashStream(seedBytes(seed, 'dag/leader/1', round)), committee, leadersPerRound),
  }
}

/** leader(r, k) = (r + k) mod N, for tests and scenarios. */
export function createRoundRobin(size: number, leadersPerRound = 1): LeaderSchedule {
  return {
    leaders: round => (round < 1 ? [] : Array.from({ length: leadersPerRound }, (_, rank) => (round + rank) % size)),
  }
}

/** An explicit table, for scenarios: rounds that it does not name have no slot. */
export function createExplicitSchedule(table: Readonly<Record<number, readonly AuthorityIndex[]>>): LeaderSchedule {
  return { leaders: round => table[round] ?? [] }
}

/**
 * `base` with the authorities of bad reputation replaced: a leader in `bad` gives its slot to a draw from `good`, seeded
 * by round and rank, without authorities that already lead in that round.
 */
export function applySwaps(
  base: LeaderSchedule,
  swaps: SwapTable,
  committee: Stakes,
  seed: ScheduleSeed,
): LeaderSchedule {
  if (swaps.bad.length === 0 || swaps.good.length === 0) return base
  return {
    leaders: round => {
      const chosen = [...base.leaders(round)]
      for (const [rank, author] of chosen.entries()) {
        if (!swaps.bad.includes(author)) continue
        const free = swaps.good.filter(candidate => !chosen.includes(candidate))
        const stream = new HashStream(seedBytes(seed, 'dag/swap/1', round, rank))
        const [substitute] = drawByStake(stream, committee, 1, free)
        if (substitute !== undefined) chosen[rank] = substitute
      }
      return chosen
    },
  }
}

/**
 * Schedules in force by round: each rules from its first round on. Answers are remembered, since every accepted vertex
 * asks about three rounds.
 */
export class ScheduleHistory implements LeaderSchedule {
  #segments: { readonly from: Round; readonly schedule: LeaderSchedule }[]
  readonly #cache = new Map<Round, readonly AuthorityIndex[]>()

  constructor(first: LeaderSchedule) {
    this.#segments = [{ from: 0, schedule: first }]
  }

  leaders(round: Round): readonly AuthorityIndex[] {
    const known = this.#cache.get(round)
    if (known !== undefined) return known
    const segment = this.#segments.findLast(one => one.from <= round) ?? this.#segments[0]
    const leaders = segment?.schedule.leaders(round) ?? []
    this.#cache.set(round, leaders)
    return leaders
  }

  /** From round `after` + 1 on, `schedule` rules. */
  switchAfter(after: Round, schedule: LeaderSchedule): void {
    this.#segments.push({ from: after + 1, schedule })
    for (const round of this.#cache.keys()) if (round > after) this.#cache.delete(round)
  }

  /** An answer from before a restart, which the schedules known now would not give. */
  remember(round: Round, leaders: readonly AuthorityIndex[]): void {
    this.#cache.set(round, leaders)
  }

  /** Forgets rounds up to `round`, which nobody asks about any more. */
  collect(round: Round): void {
    for (const cached of this.#cache.keys()) if (cached <= round) this.#cache.delete(cached)
    const current = this.#segments.findLastIndex(one => one.from <= round)
    if (current > 0) this.#segments = this.#segments.slice(current)
  }
}
