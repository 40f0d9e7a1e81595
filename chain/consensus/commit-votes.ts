import type { AuthorityIndex, CommitIndex } from '#types'
import type { Stakes } from './committee.ts'

/**
 * Highest commit index that each authority voted for in signed vertices, and the index that a quorum reached. One
 * author's inflated claim moves nothing; claims never go back.
 */
export class CommitVoteMonitor {
  readonly #committee: Stakes
  readonly #highest: Float64Array
  #quorumIndex = 0
  /** Stake of the authors whose highest vote is above the quorum index. */
  #weightAbove = 0

  constructor(committee: Stakes) {
    this.#committee = committee
    this.#highest = new Float64Array(committee.size)
  }

  /** Highest index i such that authorities with a vote for i or above weigh a quorum; 0 for none. */
  get quorumIndex(): CommitIndex {
    return this.#quorumIndex
  }

  highest(author: AuthorityIndex): CommitIndex {
    return this.#highest[author] ?? 0
  }

  observe(author: AuthorityIndex, index: CommitIndex): void {
    const before = this.#highest[author] as number
    if (index <= before) return
    this.#highest[author] = index
    if (index <= this.#quorumIndex || before > this.#quorumIndex) return
    this.#weightAbove += this.#committee.stakes[author] as number
    if (this.#weightAbove >= this.#committee.quorum) this.#recount()
  }

  #recount(): void {
    const { stakes, quorum, size } = this.#committee
    const order = Array.from({ length: size }, (_, author) => author)
    order.sort((a, b) => (this.#highest[b] as number) - (this.#highest[a] as number))
    let weight = 0
    for (const author of order) {
      weight += stakes[author] as number
      if (weight < quorum) continue
      this.#quorumIndex = this.#highest[author] as number
      break
    }
    this.#weightAbove = 0
    for (let author = 0; author < size; author++)
      if ((this.#highest[author] as number) > this.#quorumIndex) this.#weightAbove += stakes[author] as number
  }
}
