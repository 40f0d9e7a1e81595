import type { AuthorityIndex, CommitIndex } from '#types'
import type { Stakes } from './committee.ts'

/** The highest value that authors of at least a given weight have reached each, kept up to date cheaply. */
class ReachedIndex {
  readonly #committee: Stakes
  readonly #highest: Float64Array
  readonly #threshold: number
  #index = 0
  /** Stake of the authors above the index. */
  #weightAbove = 0

  constructor(committee: Stakes, highest: Float64Array, threshold: number) {
    this.#committee = committee
    this.#highest = highest
    this.#threshold = threshold
  }

  get index(): number {
    return this.#index
  }

  /** After an author's highest value rose from `before` to `after`. */
  raised(author: AuthorityIndex, before: number, after: number): void {
    if (after <= this.#index || before > this.#index) return
    this.#weightAbove += this.#committee.stakes[author] as number
    if (this.#weightAbove >= this.#threshold) this.#recount()
  }

  #recount(): void {
    const { stakes, size } = this.#committee
    const order = Array.from({ length: size }, (_, author) => author)
    order.sort((a, b) => (this.#highest[b] as number) - (this.#highest[a] as number))
    let weight = 0
    for (const author of order) {
      weight += stakes[author] as number
      if (weight < this.#threshold) continue
      this.#index = this.#highest[author] as number
      break
    }
    this.#weightAbove = 0
    for (let author = 0; author < size; author++)
      if ((this.#highest[author] as number) > this.#index) this.#weightAbove += stakes[author] as number
  }
}

/**
 * Highest commit index that each authority voted for in signed vertices, and the indices that a quorum and that an honest
 * authority reached. One author's inflated claim moves nothing; claims never go back.
 */
export class CommitVoteMonitor {
  readonly #highest: Float64Array
  readonly #quorum: ReachedIndex
  readonly #validity: ReachedIndex

  constructor(committee: Stakes) {
    this.#highest = new Float64Array(committee.size)
    this.#quorum = new ReachedIndex(committee, this.#highest, committee.quorum)
    this.#validity = new ReachedIndex(committee, this.#highest, committee.validity)
  }

  /** Highest index i such that authorities with a vote for i or above weigh a quorum; 0 for none. */
  get quorumIndex(): CommitIndex {
    return this.#quorum.index
  }

  /** The same for validity weight: at least one honest authority made this commit. */
  get validityIndex(): CommitIndex {
    return this.#validity.index
  }

  highest(author: AuthorityIndex): CommitIndex {
    return this.#highest[author] ?? 0
  }

  observe(author: AuthorityIndex, index: CommitIndex): void {
    const before = this.#highest[author] as number
    if (index <= before) return
    this.#highest[author] = index
    this.#quorum.raised(author, before, index)
    this.#validity.raised(author, before, index)
  }
}
