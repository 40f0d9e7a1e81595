import { type AuthorityIndex, type ConsensusParams, type Round, refOf, type VertexRef } from '#types'
import type { Dag, DagVertex, Entry } from './dag.ts'
import { PUSH_ROUNDS, PUSH_VERTICES_MAX } from './limits.ts'
import type { Effect } from './types.ts'

/**
 * Lazy push of history: a vertex that only few validators reference (its author crashed in mid-send, or withholds it) is
 * sent on by those who hold it, so that others need no extra round trip when somebody builds on it. Only to peers that
 * go on making vertices without it, once each, and late enough (1.5 leader timeouts, about 3Δ) that nothing is sent
 * which is on its way anyway.
 */
export class HistoryPush<V extends DagVertex> {
  readonly #dag: Dag<V>
  readonly #own: AuthorityIndex
  readonly #delayMs: number
  /** known[peer · N + author]: highest round of `author` that `peer` names, or that we pushed to it. */
  readonly #known: Int32Array
  #doneUpTo: Round = 0

  constructor(dag: Dag<V>, own: AuthorityIndex, params: ConsensusParams) {
    this.#dag = dag
    this.#own = own
    this.#delayMs = Math.floor((params.leaderTimeoutMs * 3) / 2)
    this.#known = new Int32Array(dag.committee.size ** 2)
  }

  /** Learns what the author of an accepted vertex has. */
  observe(vertex: V): void {
    const base = vertex.author * this.#dag.committee.size
    const known = this.#known
    for (const parent of vertex.parents)
      if (parent.round > (known[base + parent.author] as number)) known[base + parent.author] = parent.round
    if (vertex.round > (known[base + vertex.author] as number)) known[base + vertex.author] = vertex.round
  }

  /** Own vertices that `peer` does not seem to have: the newest ones, in order of round. */
  ownFor(peer: AuthorityIndex): readonly VertexRef[] {
    const at = peer * this.#dag.committee.size + this.#own
    const first = Math.max((this.#known[at] as number) + 1, this.#dag.collected + 1, 1)
    const last = this.#dag.latest(this.#own)?.vertex.round ?? 0
    const vertices: VertexRef[] = []
    for (let round = Math.max(first, last - PUSH_VERTICES_MAX + 1); round <= last; round++) {
      const entry = this.#dag.first(round, this.#own)
      if (entry !== undefined) vertices.push(refOf(entry.vertex))
    }
    return vertices
  }

  /** Vertices to push now. Called when an own vertex was made, that is once per round. */
  plan(nowMs: number, down: ReadonlySet<AuthorityIndex>): readonly Effect[] {
    const rare = this.#rareVertices(nowMs)
    if (rare.length === 0) return []
    const { size } = this.#dag.committee
    const effects: Effect[] = []
    for (let peer = 0; peer < size; peer++) {
      if (peer === this.#own || down.has(peer)) continue
      const latest = this.#dag.latest(peer)
      if (latest === undefined) continue
      const vertices: VertexRef[] = []
      for (const { vertex } of rare) {
        const at = peer * size + vertex.author
        if (vertex.author === peer || vertex.round + 2 > latest.vertex.round) continue
        if ((this.#known[at] as number) >= vertex.round) continue
        vertices.push(refOf(vertex))
        this.#known[at] = vertex.round
        if (vertices.length === PUSH_VERTICES_MAX) break
      }
      if (vertices.length > 0) effects.push({ kind: 'push', to: peer, vertices })
    }
    return effects
  }

  /** Vertices old enough, not looked at before, that authors of less than validity weight reference. */
  #rareVertices(nowMs: number): readonly Entry<V>[] {
    const last = this.#dag.highestRound - 2
    const rare: Entry<V>[] = []
    for (let round = Math.max(this.#doneUpTo + 1, last - PUSH_ROUNDS, 1); round <= last; round++) {
      const entries = this.#dag.round(round)
      if (entries.some(entry => entry.acceptedMs > nowMs - this.#delayMs)) break
      this.#doneUpTo = round
      const support = this.#supportOf(round)
      for (const entry of entries)
        if ((support[entry.vertex.author] as number) < this.#dag.committee.validity) rare.push(entry)
    }
    return rare
  }

  /** Stake of the authors that reference each author's vertex of `round` from the next round. A heuristic: twins share. */
  #supportOf(round: Round): Float64Array {
    const { stakes, size } = this.#dag.committee
    const support = new Float64Array(size)
    for (const child of this.#dag.round(round + 1)) {
      const stake = stakes[child.vertex.author] as number
      for (const parent of child.vertex.parents)
        if (parent.round === round) support[parent.author] = (support[parent.author] as number) + stake
    }
    return support
  }
}
