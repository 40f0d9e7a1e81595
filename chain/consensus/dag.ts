import { assert } from '#lib/assert'
import { equalBytes } from '#lib/bytes'
import type { AuthorityIndex, Round, Vertex, VertexRef } from '#types'
import type { Stakes } from './committee.ts'

/** What the commit rule looks at. Scenario tests build these without bytes or signatures. */
export type DagVertex = Pick<Vertex, 'round' | 'author' | 'digest' | 'parents' | 'timestampMs'>

/** An accepted vertex and what is remembered about it. */
export interface Entry<V extends DagVertex = DagVertex> {
  readonly vertex: V
  /** Local time of acceptance; decides only what is pushed to peers. */
  readonly acceptedMs: number
  /** Already in the output order. */
  committed: boolean
  /** Number of the last history walk that met this entry. */
  mark: number
}

interface RoundIndex<V extends DagVertex> {
  /** The first accepted vertex of each author. */
  readonly first: (Entry<V> | undefined)[]
  /** Later ones of the same slots. */
  readonly twins: Entry<V>[]
  /** All, in order of acceptance. */
  readonly all: Entry<V>[]
  /** Stake of the authors with a vertex here. */
  weight: number
}

const NONE: readonly never[] = []

/**
 * Accepted vertices above the garbage-collected round, indexed by round and author. Nothing here hashes or compares
 * more than the one digest that a lookup is about. Causally complete: a parent above {@link collected} of a vertex in it
 * is in it too (the vertex manager's duty; scenario tests may feed other shapes).
 */
export class Dag<V extends DagVertex = DagVertex> {
  readonly committee: Stakes
  #rounds: (RoundIndex<V> | undefined)[] = []
  #base = 0
  #walks = 0
  #size = 0
  readonly #latest: (Entry<V> | undefined)[]
  highestRound: Round = 0

  constructor(committee: Stakes) {
    this.committee = committee
    this.#latest = new Array(committee.size).fill(undefined)
  }

  /** Number of vertices held. */
  get size(): number {
    return this.#size
  }

  /** Highest round that was dropped; −1 while round 0 is still here. */
  get collected(): Round {
    return this.#base - 1
  }

  /** Adds an accepted vertex; the caller made sure that it is new and above {@link collected}. */
  insert(vertex: V, nowMs = 0): Entry<V> {
    const index = vertex.round - this.#base
    assert(index >= 0, 'a collected round takes no vertex')
    let round = this.#rounds[index]
    if (round === undefined) {
      while (this.#rounds.length < index) this.#rounds.push(undefined)
      round = { first: new Array(this.committee.size).fill(undefined), twins: [], all: [], weight: 0 }
      this.#rounds[index] = round
    }
    const entry: Entry<V> = { vertex, acceptedMs: nowMs, committed: false, mark: 0 }
    if (round.first[vertex.author] === undefined) {
      round.first[vertex.author] = entry
      round.weight += this.committee.stakes[vertex.author] as number
      const latest = this.#latest[vertex.author]
      if (latest === undefined || latest.vertex.round < vertex.round) this.#latest[vertex.author] = entry
    } else round.twins.push(entry)
    round.all.push(entry)
    if (vertex.round > this.highestRound) this.highestRound = vertex.round
    this.#size++
    return entry
  }

  #at(round: Round): RoundIndex<V> | undefined {
    const index = round - this.#base
    return index < 0 || index >= this.#rounds.length ? undefined : this.#rounds[index]
  }

  get(ref: VertexRef): Entry<V> | undefined {
    return this.#lookUp(this.#at(ref.round), ref)
  }

  #lookUp(round: RoundIndex<V> | undefined, ref: VertexRef): Entry<V> | undefined {
    if (round === undefined) return undefined
    const first = round.first[ref.author]
    if (first === undefined) return undefined
    if (first.vertex.digest === ref.digest || equalBytes(first.vertex.digest, ref.digest)) return first
    if (round.twins.length === 0) return undefined
    return round.twins.find(twin => twin.vertex.author === ref.author && equalBytes(twin.vertex.digest, ref.digest))
  }

  /**
   * Visits the parents of rounds above `floor` with their entries, or `undefined` for those that are not here. Most parents
   * are of one round, so the round is looked up once per run of them: this loop is the hottest of the core.
   */
  forEachParent(vertex: V, floor: Round, visit: (entry: Entry<V> | undefined, ref: VertexRef) => void): void {
    let at = -1
    let round: RoundIndex<V> | undefined
    for (const ref of vertex.parents) {
      if (ref.round <= floor) continue
      if (ref.round !== at) {
        at = ref.round
        round = this.#at(at)
      }
      visit(this.#lookUp(round, ref), ref)
    }
  }

  /** Every accepted vertex of one slot, in order of acceptance. */
  slot(round: Round, author: AuthorityIndex): readonly Entry<V>[] {
    const index = this.#at(round)
    const first = index?.first[author]
    if (index === undefined || first === undefined) return NONE
    if (index.twins.length === 0) return [first]
    return [first, ...index.twins.filter(twin => twin.vertex.author === author)]
  }

  /** The first accepted vertex of a slot. */
  first(round: Round, author: AuthorityIndex): Entry<V> | undefined {
    return this.#at(round)?.first[author]
  }

  /** Vertices of a round in order of acceptance. */
  round(round: Round): readonly Entry<V>[] {
    return this.#at(round)?.all ?? NONE
  }

  hasTwins(round: Round): boolean {
    return (this.#at(round)?.twins.length ?? 0) > 0
  }

  /** Stake of the authors with an accepted vertex in this round. */
  weight(round: Round): number {
    return this.#at(round)?.weight ?? 0
  }

  /** The first accepted vertex of the author's highest round, unless collected. */
  latest(author: AuthorityIndex): Entry<V> | undefined {
    return this.#latest[author]
  }

  /** A number that no entry carries as its mark yet: start of a new walk over histories. */
  newWalk(): number {
    return ++this.#walks
  }

  /** Drops every round up to and including `round`. Returns the dropped entries in order of acceptance per round. */
  collect(round: Round): readonly Entry<V>[] {
    const count = Math.min(round + 1 - this.#base, this.#rounds.length)
    if (round < this.#base) return NONE
    const dropped: Entry<V>[] = []
    for (const index of this.#rounds.splice(0, count)) {
      if (index === undefined) continue
      for (const entry of index.all) dropped.push(entry)
    }
    this.#base = round + 1
    this.#size -= dropped.length
    for (const [author, entry] of this.#latest.entries())
      if (entry !== undefined && entry.vertex.round <= round) this.#latest[author] = undefined
    return dropped
  }
}
