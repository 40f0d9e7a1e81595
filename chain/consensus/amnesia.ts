import type { AuthorityIndex, Round } from '#types'
import { type Stakes, Tally } from './committee.ts'
import { FRESH_START_WAIT_MS } from './limits.ts'

/**
 * The floor below which a validator without its database must not sign: it may have signed there before. Everybody else
 * is asked for its highest accepted round; with replies of a quorum *not counting ourselves*, the floor is one above the
 * highest. Proof: a vertex of round x needed a quorum of round x−1; with 2Q > S + f one of its honest authors is among
 * the honest repliers, and it reports at least x−1.
 *
 * When all of them say 0 the network has not begun, not even they have: the floor is 0 then, for a fresh network in which
 * everybody left out round 1 would never start. Round 1 may have been signed before all the same; the producer makes its
 * vertex of round 1 a function of the epoch, so that it is the same vertex again. The start is held back for a while, in
 * which we go on answering 0: everybody who asks now gets the same floor, and none of them leaves out rounds that the others
 * cannot make without it.
 *
 * A reply counts only once our own DAG reached the round that it names: a Byzantine peer can claim any number.
 */
export class AmnesiaFloor {
  readonly #committee: Stakes
  readonly #own: AuthorityIndex
  readonly #replies = new Map<AuthorityIndex, Round>()
  #floor: Round | undefined
  #freshUntilMs: number | undefined

  constructor(committee: Stakes, own: AuthorityIndex) {
    this.#committee = committee
    this.#own = own
  }

  /** False when the others together are no quorum: then only the operator can say what was signed. */
  get isReachable(): boolean {
    return this.#committee.totalStake - (this.#committee.stakes[this.#own] as number) >= this.#committee.quorum
  }

  /** Own vertices are made only above this round; unknown until enough replies count. */
  get floor(): Round | undefined {
    return this.#floor
  }

  reply(from: AuthorityIndex, highestRound: Round, ownRound: Round): void {
    if (from === this.#own || from >= this.#committee.size) return
    const claim = Math.max(highestRound, ownRound)
    // Any answer given after our restart suffices for the proof, so the lowest is kept: the network runs on meanwhile.
    this.#replies.set(from, Math.min(claim, this.#replies.get(from) ?? claim))
  }

  /** When {@link update} should look again, if replies alone do not decide. */
  get readyMs(): number | undefined {
    return this.#freshUntilMs
  }

  /** Looks again; true when the floor became known. */
  update(highestAcceptedRound: Round, nowMs: number): boolean {
    if (this.#floor !== undefined) return false
    const counted = new Tally(this.#committee)
    let highest = 0
    for (const [from, round] of this.#replies) {
      if (round > highestAcceptedRound) continue
      counted.add(from)
      highest = Math.max(highest, round)
    }
    if (counted.weight < this.#committee.quorum) return false
    if (highest === 0) {
      this.#freshUntilMs ??= nowMs + FRESH_START_WAIT_MS
      if (nowMs < this.#freshUntilMs) return false
    }
    this.#floor = highest === 0 ? 0 : highest + 1
    return true
  }
}
