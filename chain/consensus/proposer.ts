import { defined } from '#lib/assert'
import { type AuthorityIndex, type Round, refOf, type VertexRef } from '#types'
import type { Committer } from './committer.ts'
import type { Dag, DagVertex, Entry } from './dag.ts'
import type { Leaders } from './decision.ts'

/** What the own chain has referenced, by author: a later vertex names only newer ones. */
export class OwnChain {
  readonly #own: AuthorityIndex
  readonly #included: Int32Array
  #last: VertexRef
  #lastTimestampMs = 0

  constructor(own: AuthorityIndex, size: number, genesis: VertexRef) {
    this.#own = own
    this.#included = new Int32Array(size)
    this.#last = genesis
  }

  get last(): VertexRef {
    return this.#last
  }

  get lastTimestampMs(): number {
    return this.#lastTimestampMs
  }

  /** Highest round of `author` that an own vertex names. */
  included(author: AuthorityIndex): Round {
    return this.#included[author] as number
  }

  /** Records an own vertex; older ones than the last (in recovery) only add what they include. */
  append(vertex: DagVertex): void {
    for (const parent of vertex.parents)
      this.#included[parent.author] = Math.max(this.#included[parent.author] as number, parent.round)
    if (vertex.round <= this.#last.round) return
    this.#last = refOf(vertex)
    this.#included[this.#own] = vertex.round
    this.#lastTimestampMs = Math.max(this.#lastTimestampMs, vertex.timestampMs)
  }
}

export interface ParentChoice<V extends DagVertex> {
  readonly round: Round
  readonly own: AuthorityIndex
  readonly chain: OwnChain
  readonly dag: Dag<V>
  readonly leaders: Leaders
  readonly committer: Committer<V>
  readonly gcRound: Round
  readonly genesis: readonly VertexRef[]
}

/**
 * Parents of the own vertex of `round`: the own previous vertex first; then, by author, the highest accepted vertex
 * below `round` that the own chain does not include yet. Those of `round` − 1 make the quorum and carry votes and
 * certificates, older ones bring late vertices in.
 */
export function chooseParents<V extends DagVertex>(choice: ParentChoice<V>): readonly VertexRef[] {
  const { round, own, chain, dag, gcRound, genesis } = choice
  const parents: VertexRef[] = [chain.last]
  for (let author = 0; author < dag.committee.size; author++) {
    if (author === own) continue
    if (round === 1) {
      parents.push(defined(genesis[author], 'a genesis vertex of every author'))
      continue
    }
    // Others may have collected what is at or below our own limit.
    const lowest = Math.max(chain.included(author) + 1, gcRound + 1, 1)
    const latest = dag.latest(author)?.vertex.round ?? 0
    for (let at = Math.min(latest, round - 1); at >= lowest; at--) {
      const entry = chooseTwin(choice, at, author)
      if (entry === undefined) continue
      parents.push(refOf(entry.vertex))
      break
    }
  }
  return parents
}

/** The first accepted vertex of a slot, unless a twin is the one that settles a leader of the round before (L2). */
function chooseTwin<V extends DagVertex>(
  choice: ParentChoice<V>,
  round: Round,
  author: AuthorityIndex,
): Entry<V> | undefined {
  const { dag, committer, leaders } = choice
  const first = dag.first(round, author)
  if (first === undefined || round !== choice.round - 1 || !dag.hasTwins(round)) return first
  const twins = dag.slot(round, author)
  if (twins.length < 2) return first
  for (const leader of leaders(round - 1)) {
    const settled = committer.quorumLeader(round - 1, leader)
    if (settled === undefined) continue
    const witness = twins.find(twin => twin.vertex.parents.some(parent => dag.get(parent) === settled))
    if (witness !== undefined) return witness
  }
  return first
}
