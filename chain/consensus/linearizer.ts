import { assert } from '#lib/assert'
import { compareBytes } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import type { Digest, Round } from '#types'
import type { Dag, DagVertex, Entry } from './dag.ts'

/** How vertices of one round are ordered inside a commit. */
export type InRoundOrder =
  /** By H(leader digest ‖ vertex digest): no author has a constant advantage. What the protocol uses. */
  | 'fair'
  /** By author and digest; for scenarios. */
  | 'author'

export interface SubDag<V extends DagVertex = DagVertex> {
  readonly leader: Entry<V>
  /** Vertices of this round and below are never ordered by this commit or a later one. */
  readonly gcRound: Round
  /** The leader last. */
  readonly entries: readonly Entry<V>[]
  /** False for a vertex whose slot was already ordered: its payload counts for nothing. */
  readonly executes: readonly boolean[]
}

/**
 * Highest round that is collected once a leader of `leaderRound` was committed: inclusive, and 0 while the DAG is
 * younger than `gcDepth`.
 */
export function gcRoundAfter(leaderRound: Round, gcDepth: number): Round {
  return Math.max(0, leaderRound - gcDepth)
}

/**
 * What a committed leader brings in: its whole history that is above `gcRound` and not committed yet. `gcRound` comes
 * from the *previous* commit, so every node uses the same one. Membership is an exact flag per vertex, not a watermark
 * per author: a vertex that becomes reachable late is still ordered. Marks the entries as committed.
 */
export function linearize<V extends DagVertex>(
  dag: Dag<V>,
  leader: Entry<V>,
  gcRound: Round,
  order: InRoundOrder = 'fair',
): SubDag<V> {
  assert(!leader.committed, 'a leader is committed once')
  const entries: Entry<V>[] = []
  const todo = [leader]
  leader.committed = true
  for (let entry = todo.pop(); entry !== undefined; entry = todo.pop()) {
    entries.push(entry)
    // Round 0 is at or below every collected round.
    dag.forEachParent(entry.vertex, gcRound, parent => {
      assert(parent !== undefined, 'the history of a committed leader is accepted')
      if (parent.committed) return
      parent.committed = true
      todo.push(parent)
    })
  }
  const sorted = sortEntries(entries, leader.vertex.digest, order)
  const executes = sorted.map((entry, at) => {
    const { round, author } = entry.vertex
    if (!dag.hasTwins(round)) return true
    return !dag
      .slot(round, author)
      .some(twin => twin !== entry && twin.committed && !sorted.slice(at + 1).includes(twin))
  })
  return { leader, gcRound, entries: sorted, executes }
}

function sortEntries<V extends DagVertex>(
  entries: readonly Entry<V>[],
  leaderDigest: Digest,
  order: InRoundOrder,
): readonly Entry<V>[] {
  if (order === 'author')
    return [...entries].sort(
      (a, b) =>
        a.vertex.round - b.vertex.round ||
        a.vertex.author - b.vertex.author ||
        compareBytes(a.vertex.digest, b.vertex.digest),
    )
  return entries
    .map(entry => ({ entry, key: sha256(leaderDigest, entry.vertex.digest) }))
    .sort((a, b) => a.entry.vertex.round - b.entry.vertex.round || compareBytes(a.key, b.key))
    .map(keyed => keyed.entry)
}
