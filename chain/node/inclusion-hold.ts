import { inclusionDelayMs, rankValidators } from '#consensus'
import { toRawHex } from '#lib/bytes'
import type { Address } from '#types'
import type { EpochInstance } from './epoch.ts'
import type { EpochSetup } from './epoch-store.ts'

/** Whoever has none of these ranks takes a transaction one step after the last of them. */
const RANKS = 4
/** Senders whose rank is remembered. */
const SENDERS_MAX = 8_192
/** A round lasts about two of its floors, and a commit about four rounds; only the order of magnitude matters. */
const ROUND_FLOORS = 2
const COMMIT_ROUNDS = 4

/**
 * How long our validator leaves a gossiped transaction of a sender to validators that come before it: every validator
 * hears gossip, and one should order it. The ranks differ by sender and epoch; a validator that stays silent costs its
 * senders one step. Milliseconds; 0 for the first, and for nodes without vertices of their own.
 */
export function createInclusionHold(current: () => Pick<EpochInstance, 'setup' | 'own'>): (sender: Address) => number {
  const known = new Map<string, number>()
  let knownOf: EpochSetup | undefined
  return sender => {
    const { setup, own } = current()
    if (own === undefined) return 0
    if (knownOf !== setup || known.size >= SENDERS_MAX) known.clear()
    knownOf = setup
    const key = toRawHex(sender)
    let holdMs = known.get(key)
    if (holdMs === undefined) {
      const { epoch, committee, params } = setup
      const rank = rankValidators(sender, epoch, committee, Math.min(RANKS, committee.size)).indexOf(own)
      const roundMs = ROUND_FLOORS * Math.max(1, params.minRoundDelayMs)
      holdMs = inclusionDelayMs(rank < 0 ? RANKS : rank, roundMs, COMMIT_ROUNDS * roundMs)
      known.set(key, holdMs)
    }
    return holdMs
  }
}
