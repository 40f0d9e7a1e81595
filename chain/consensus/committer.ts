import { assert } from '#lib/assert'
import { equalBytes } from '#lib/bytes'
import type { AuthorityIndex, Round, VertexRef } from '#types'
import { type Stakes, Tally } from './committee.ts'
import type { Dag, DagVertex, Entry } from './dag.ts'
import { type Cursor, type DecideResult, type Decision, type Leaders, type Slot, slotsOfRound } from './decision.ts'

/** Vertices of one round with the weight of their authors; membership by author and digest. */
class RefSet {
  readonly #first: (VertexRef | undefined)[]
  readonly #twins: VertexRef[] = []
  readonly tally: Tally

  constructor(committee: Stakes) {
    this.#first = new Array(committee.size).fill(undefined)
    this.tally = new Tally(committee)
  }

  add(ref: VertexRef): void {
    if (this.tally.add(ref.author)) this.#first[ref.author] = ref
    else this.#twins.push(ref)
  }

  has(ref: VertexRef): boolean {
    const first = this.#first[ref.author]
    if (first === undefined) return false
    if (first.digest === ref.digest || equalBytes(first.digest, ref.digest)) return true
    return this.#twins.some(twin => twin.author === ref.author && equalBytes(twin.digest, ref.digest))
  }
}

interface Candidate<V extends DagVertex> {
  readonly entry: Entry<V>
  readonly votes: RefSet
  /** Authors with a vertex of the voting round that does not vote for this candidate. */
  readonly against: Tally
  readonly certificates: RefSet
}

interface SlotCount<V extends DagVertex> {
  readonly slot: Slot
  readonly candidates: Candidate<V>[]
  /** Authors with any vertex of the voting round. */
  readonly voters: Tally
  decision: Decision<V> | undefined
}

/**
 * The commit rule with counters: each accepted vertex updates the slots of its own round and of the two before it, so a
 * decision is a comparison of numbers. Same result as `decide` (see there for the rule). Counts are built from the DAG
 * when a slot is first asked for, which makes a change of schedule a matter of forgetting them.
 */
export class Committer<V extends DagVertex = DagVertex> {
  readonly #dag: Dag<V>
  readonly #committee: Stakes
  readonly #leaders: Leaders
  readonly #slots = new Map<Round, readonly SlotCount<V>[]>()
  readonly #scratch: Tally
  #cursor: Cursor | undefined

  constructor(dag: Dag<V>, committee: Stakes, leaders: Leaders) {
    this.#dag = dag
    this.#committee = committee
    this.#leaders = leaders
    this.#scratch = new Tally(committee)
  }

  /** The last slot that was output; it moves over skips as well as commits. */
  get cursor(): Cursor | undefined {
    return this.#cursor
  }

  /** Moves the cursor to a slot whose outcome was used. Counts below its round are dropped. */
  advance(slot: Cursor): void {
    assert(
      this.#cursor === undefined ||
        slot.round > this.#cursor.round ||
        (slot.round === this.#cursor.round && slot.rank > this.#cursor.rank),
      'the cursor moves forward only',
    )
    for (const round of this.#slots.keys()) if (round < slot.round) this.#slots.delete(round)
    this.#cursor = { round: slot.round, rank: slot.rank }
  }

  /** Forgets what was counted for rounds above `round`, because another schedule rules them from now on. */
  forgetAbove(round: Round): void {
    for (const counted of this.#slots.keys()) if (counted > round) this.#slots.delete(counted)
  }

  /** Counts a vertex that was just inserted into the DAG. */
  accept(entry: Entry<V>): void {
    const round = entry.vertex.round
    for (const count of this.#slots.get(round) ?? []) this.#addCandidate(count, entry)
    for (const count of this.#slots.get(round - 1) ?? []) this.#addVoter(count, entry)
    for (const count of this.#slots.get(round - 2) ?? []) this.#addCertifier(count, entry)
  }

  /** The longest decided prefix after the cursor. Moves nothing: the caller advances slot by slot. */
  decide(): DecideResult<V> {
    const last = this.#dag.highestRound - 2
    const counts: SlotCount<V>[] = []
    for (let round = Math.max(1, this.#cursor?.round ?? 1); round <= last; round++)
      for (const count of this.#counts(round))
        if (this.#cursor === undefined || round > this.#cursor.round || count.slot.rank > this.#cursor.rank)
          counts.push(count)
    for (let at = counts.length - 1; at >= 0; at--) {
      const count = counts[at] as SlotCount<V>
      if (count.decision !== undefined) continue
      const status = this.#direct(count) ?? this.#indirect(counts, at)
      if (status === 'conflict') return { decided: [], conflict: count.slot }
      count.decision = status
    }
    const decided: Decision<V>[] = []
    for (const count of counts) {
      if (count.decision === undefined) return { decided, firstUndecided: count.slot }
      decided.push(count.decision)
    }
    return { decided }
  }

  /**
   * True when for every leader slot of `round` a quorum votes for one vertex of it, or the skip pattern holds: what
   * pacemaker rule L2 waits for. Slots up to the cursor are settled.
   */
  isSettled(round: Round): boolean {
    if (this.#cursor !== undefined && round < this.#cursor.round) return true
    return this.#counts(round).every(
      count => this.#isSkipped(count) || count.candidates.some(one => one.votes.tally.weight >= this.#committee.quorum),
    )
  }

  /** The accepted vertex of a slot of `round` that a quorum votes for, when there is one. */
  quorumLeader(round: Round, author: AuthorityIndex): Entry<V> | undefined {
    for (const count of this.#slots.get(round) ?? [])
      if (count.slot.author === author)
        return count.candidates.find(one => one.votes.tally.weight >= this.#committee.quorum)?.entry
    return undefined
  }

  #counts(round: Round): readonly SlotCount<V>[] {
    const known = this.#slots.get(round)
    if (known !== undefined) return known
    const counts = slotsOfRound(this.#leaders, round).map(slot => {
      const count: SlotCount<V> = {
        slot,
        candidates: [],
        voters: new Tally(this.#committee),
        decision: undefined,
      }
      for (const entry of this.#dag.round(round)) this.#addCandidate(count, entry)
      for (const entry of this.#dag.round(round + 1)) this.#addVoter(count, entry)
      for (const entry of this.#dag.round(round + 2)) this.#addCertifier(count, entry)
      return count
    })
    this.#slots.set(round, counts)
    return counts
  }

  #addCandidate(count: SlotCount<V>, entry: Entry<V>): void {
    if (entry.vertex.author !== count.slot.author) return
    count.candidates.push({
      entry,
      votes: new RefSet(this.#committee),
      // Nobody votes for a vertex before it is accepted, so all voters so far are against it.
      against: new Tally(this.#committee).copyFrom(count.voters),
      certificates: new RefSet(this.#committee),
    })
  }

  #addVoter(count: SlotCount<V>, entry: Entry<V>): void {
    const { author, parents } = entry.vertex
    count.voters.add(author)
    if (count.candidates.length === 0) return
    const { slot } = count
    for (const candidate of count.candidates) {
      let votes = false
      for (const parent of parents) {
        if (parent.author !== slot.author || parent.round !== slot.round) continue
        if (!equalBytes(parent.digest, candidate.entry.vertex.digest)) continue
        votes = true
        break
      }
      if (votes) candidate.votes.add(entry.vertex)
      else candidate.against.add(author)
    }
  }

  #addCertifier(count: SlotCount<V>, entry: Entry<V>): void {
    const votingRound = count.slot.round + 1
    for (const candidate of count.candidates) {
      if (candidate.votes.tally.weight < this.#committee.quorum) continue
      this.#scratch.clear()
      for (const parent of entry.vertex.parents)
        if (parent.round === votingRound && candidate.votes.has(parent)) this.#scratch.add(parent.author)
      if (this.#scratch.weight >= this.#committee.quorum) candidate.certificates.add(entry.vertex)
    }
  }

  #isSkipped(count: SlotCount<V>): boolean {
    const { quorum } = this.#committee
    return count.voters.weight >= quorum && count.candidates.every(one => one.against.weight >= quorum)
  }

  #direct(count: SlotCount<V>): Decision<V> | 'conflict' | undefined {
    const committed = count.candidates.filter(one => one.certificates.tally.weight >= this.#committee.quorum)
    if (committed.length > 1) return 'conflict'
    const [leader] = committed
    if (leader !== undefined) return { kind: 'commit', slot: count.slot, leader: leader.entry, via: 'direct' }
    return this.#isSkipped(count) ? { kind: 'skip', slot: count.slot, via: 'direct' } : undefined
  }

  #indirect(counts: readonly SlotCount<V>[], at: number): Decision<V> | 'conflict' | undefined {
    const count = counts[at] as SlotCount<V>
    for (let later = at + 1; later < counts.length; later++) {
      const { slot, decision } = counts[later] as SlotCount<V>
      if (slot.round < count.slot.round + 3) continue
      if (decision === undefined) return undefined
      if (decision.kind === 'skip') continue
      const certified = count.candidates.filter(one =>
        this.#reaches(decision.leader, one.certificates, count.slot.round + 2),
      )
      if (certified.length > 1) return 'conflict'
      const [leader] = certified
      return leader === undefined
        ? { kind: 'skip', slot: count.slot, via: 'indirect' }
        : { kind: 'commit', slot: count.slot, leader: leader.entry, via: 'indirect' }
    }
    return undefined
  }

  /** True when the history of `anchor` holds one of these certificates, which are all of round `lowest`. */
  #reaches(anchor: Entry<V>, certificates: RefSet, lowest: Round): boolean {
    if (certificates.tally.weight === 0) return false
    const walk = this.#dag.newWalk()
    anchor.mark = walk
    const todo = [anchor]
    for (let entry = todo.pop(); entry !== undefined; entry = todo.pop()) {
      for (const ref of entry.vertex.parents) {
        if (ref.round < lowest) continue
        if (ref.round === lowest) {
          if (certificates.has(ref)) return true
          continue
        }
        const parent = this.#dag.get(ref)
        if (parent === undefined || parent.mark === walk) continue
        parent.mark = walk
        todo.push(parent)
      }
    }
    return false
  }
}
