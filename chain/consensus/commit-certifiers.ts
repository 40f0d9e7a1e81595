import { equalBytes } from '#lib/bytes'
import { type CommitIndex, type Digest, refOf, type Vertex, type VertexRef } from '#types'
import { type Stakes, Tally } from './committee.ts'

interface DigestVotes {
  readonly digest: Digest
  readonly tally: Tally
  readonly vertices: VertexRef[]
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

/** Collects commit votes of accepted vertices into proofs for commit sync, and compares them with our own commits. */
export class CommitCertifiers {
  readonly #committee: Stakes
  readonly #window: number
  readonly #votes = new Map<CommitIndex, DigestVotes[]>()
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
    return (this.#votes.get(index) ?? []).flatMap(votes => this.#compare(index, votes))
  }

  /** True when accepted vertices of a quorum vote for our own commit of this index: its proof exists here. */
  isCertified(index: CommitIndex): boolean {
    const ours = this.#ours.get(index)
    if (ours === undefined) return false
    const votes = this.#votes.get(index) ?? []
    return votes.some(one => one.tally.weight >= this.#committee.quorum && equalBytes(one.digest, ours))
  }

  observe(vertex: Vertex): readonly CertifierEvent[] {
    const events: CertifierEvent[] = []
    for (const vote of vertex.commitVotes) {
      if (vote.index <= this.#local - this.#window || vote.index > this.#local + this.#window) continue
      const known = this.#votes.get(vote.index) ?? []
      let votes = known.find(one => equalBytes(one.digest, vote.digest))
      if (votes === undefined) {
        votes = { digest: vote.digest, tally: new Tally(this.#committee), vertices: [] }
        known.push(votes)
        this.#votes.set(vote.index, known)
      }
      if (votes.tally.weight >= this.#committee.quorum || !votes.tally.add(vertex.author)) continue
      votes.vertices.push(refOf(vertex))
      if (votes.tally.weight < this.#committee.quorum) continue
      events.push({ kind: 'certified', index: vote.index, digest: vote.digest, vertices: votes.vertices })
      events.push(...this.#compare(vote.index, votes))
    }
    return events
  }

  #compare(index: CommitIndex, votes: DigestVotes): readonly CertifierEvent[] {
    const ours = this.#ours.get(index)
    if (ours === undefined || votes.tally.weight < this.#committee.quorum || equalBytes(ours, votes.digest)) return []
    return [{ kind: 'conflict', index, ours, theirs: votes.digest }]
  }
}
