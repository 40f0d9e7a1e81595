import { equalBytes } from '#lib/bytes'
import {
  type AuthorityIndex,
  type CommitIndex,
  type CommitVote,
  type Digest,
  refOf,
  type Vertex,
  type VertexRef,
} from '#types'
import { type Stakes, Tally } from './committee.ts'
import { COMMIT_DIGESTS_PER_AUTHOR_MAX } from './limits.ts'

interface DigestVotes {
  readonly digest: Digest
  readonly tally: Tally
  readonly vertices: VertexRef[]
}

interface IndexVotes {
  readonly digests: DigestVotes[]
  /** Votes for different digests by author. */
  readonly cast: Uint8Array
}

export type CertifierEvent =
  /** A quorum voted for this commit, in these vertices. */
  | {
      readonly kind: 'certified'
      readonly index: CommitIndex
      readonly digest: Digest
      readonly vertices: readonly VertexRef[]
    }
  /** A quorum voted for another commit than ours: agreement is broken. */
  | { readonly kind: 'conflict'; readonly index: CommitIndex; readonly ours: Digest; readonly theirs: Digest }

/**
 * Collects commit votes of accepted vertices into proofs for commit sync, and compares them with our own commits. An author
 * may vote for {@link COMMIT_DIGESTS_PER_AUTHOR_MAX} digests of one index, so that liars fill no memory.
 */
export class CommitCertifiers {
  readonly #committee: Stakes
  readonly #window: number
  readonly #votes = new Map<CommitIndex, IndexVotes>()
  readonly #ours = new Map<CommitIndex, Digest>()
  #local: CommitIndex = 0

  /** `window`: commits before and after our own last one whose votes are kept. */
  constructor(committee: Stakes, window: number) {
    this.#committee = committee
    this.#window = window
  }

  committed(index: CommitIndex, digest: Digest): readonly CertifierEvent[] {
    this.#local = index
    this.#ours.set(index, digest)
    const old = index - this.#window
    for (const known of this.#votes.keys()) if (known <= old) this.#votes.delete(known)
    this.#ours.delete(old)
    return (this.#votes.get(index)?.digests ?? []).flatMap(votes => this.#compare(index, votes))
  }

  /** True when accepted vertices of a quorum vote for our own commit of this index: its proof exists here. */
  isCertified(index: CommitIndex): boolean {
    const ours = this.#ours.get(index)
    if (ours === undefined) return false
    const votes = this.#votes.get(index)?.digests ?? []
    return votes.some(one => one.tally.weight >= this.#committee.quorum && equalBytes(one.digest, ours))
  }

  observe(vertex: Vertex): readonly CertifierEvent[] {
    const events: CertifierEvent[] = []
    for (const vote of vertex.commitVotes) {
      if (vote.index <= this.#local - this.#window || vote.index > this.#local + this.#window) continue
      const votes = this.#cast(vertex.author, vote)
      if (votes === undefined) continue
      votes.vertices.push(refOf(vertex))
      if (votes.tally.weight < this.#committee.quorum) continue
      events.push({ kind: 'certified', index: vote.index, digest: vote.digest, vertices: votes.vertices })
      events.push(...this.#compare(vote.index, votes))
    }
    return events
  }

  /** The votes that this one was added to, unless it changes nothing. */
  #cast(author: AuthorityIndex, { index, digest }: CommitVote): DigestVotes | undefined {
    let known = this.#votes.get(index)
    if (known === undefined) {
      known = { digests: [], cast: new Uint8Array(this.#committee.size) }
      this.#votes.set(index, known)
    }
    let votes = known.digests.find(one => equalBytes(one.digest, digest))
    if (votes?.tally.has(author) === true || (votes?.tally.weight ?? 0) >= this.#committee.quorum) return undefined
    if ((known.cast[author] as number) >= COMMIT_DIGESTS_PER_AUTHOR_MAX) return undefined
    if (votes === undefined) {
      votes = { digest, tally: new Tally(this.#committee), vertices: [] }
      known.digests.push(votes)
    }
    known.cast[author] = (known.cast[author] as number) + 1
    votes.tally.add(author)
    return votes
  }

  #compare(index: CommitIndex, votes: DigestVotes): readonly CertifierEvent[] {
    const ours = this.#ours.get(index)
    if (ours === undefined || votes.tally.weight < this.#committee.quorum || equalBytes(ours, votes.digest)) return []
    return [{ kind: 'conflict', index, ours, theirs: votes.digest }]
  }
}
