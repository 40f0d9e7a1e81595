import type { DagVertex, Stakes } from '#consensus'
import { defined } from '#lib/assert'
import { sha256 } from '#lib/hash'
import type { VertexRef } from '#types'

/** A small deterministic generator, so that a failing case is one number. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export function shuffle<T>(items: readonly T[], random: (below: number) => number): T[] {
  const mixed = [...items]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = random(i + 1)
    const [a, b] = [mixed[i] as T, mixed[j] as T]
    mixed[i] = b
    mixed[j] = a
  }
  return mixed
}

export function refNamed(round: number, author: number, twin = 0): VertexRef {
  return { round, author, digest: sha256(new Uint8Array([round >> 8, round & 255, author, twin])) }
}

/**
 * A valid DAG of `rounds` rounds in topological order: every vertex names a quorum of the round before it, one parent of
 * each author; authors below `equivocators` sometimes make two vertices; some vertices are missing and some arrive late.
 */
export function randomDag(
  committee: Stakes,
  rounds: number,
  equivocators: number,
  random: (below: number) => number,
): readonly DagVertex[] {
  const vertices: DagVertex[] = []
  let previous: DagVertex[] = Array.from({ length: committee.size }, (_, author) => ({
    ...refNamed(0, author),
    parents: [],
    timestampMs: 0,
  }))
  const last = new Map<number, DagVertex>(previous.map(vertex => [vertex.author, vertex]))
  vertices.push(...previous)
  for (let round = 1; round <= rounds; round++) {
    const current: DagVertex[] = []
    const authors = shuffle(
      Array.from({ length: committee.size }, (_, author) => author),
      random,
    )
    let weight = 0
    for (const author of authors) {
      // The last authors of a round that already has its quorum sometimes stay away.
      if (weight >= committee.quorum && random(4) === 0) continue
      const copies = author < equivocators && random(3) === 0 ? 2 : 1
      for (let twin = 0; twin < copies; twin++) {
        const parents = chooseParents(committee, author, previous, last, vertices, random)
        if (parents === undefined) continue
        current.push({ ...refNamed(round, author, twin), parents, timestampMs: 1_000 * round + random(900) })
      }
      weight += defined(committee.stakes[author], 'a stake')
    }
    for (const vertex of current) last.set(vertex.author, vertex)
    vertices.push(...current)
    previous = current
  }
  return vertices
}

function chooseParents(
  committee: Stakes,
  author: number,
  previous: readonly DagVertex[],
  last: ReadonlyMap<number, DagVertex>,
  all: readonly DagVertex[],
  random: (below: number) => number,
): readonly VertexRef[] | undefined {
  const own = shuffle(
    previous.filter(vertex => vertex.author === author),
    random,
  )[0]
  const parents: VertexRef[] = [own ?? defined(last.get(author), 'everybody has a genesis vertex')]
  const named = new Set([author])
  let weight = own === undefined ? 0 : defined(committee.stakes[author], 'a stake')
  for (const vertex of shuffle(previous, random)) {
    if (named.has(vertex.author) || (weight >= committee.quorum && random(2) === 0)) continue
    parents.push(vertex)
    named.add(vertex.author)
    weight += defined(committee.stakes[vertex.author], 'a stake')
  }
  if (weight < committee.quorum) return undefined
  const late = all[random(all.length)]
  const [first] = parents
  if (late !== undefined && !named.has(late.author) && first !== undefined && late.round < (previous[0]?.round ?? 0))
    parents.push(late)
  return parents.map(({ round, author: by, digest }) => ({ round, author: by, digest }))
}

/** A causally complete part of the DAG: everything below some randomly chosen tips, in topological order. */
export function partialView(vertices: readonly DagVertex[], random: (below: number) => number): readonly DagVertex[] {
  const byKey = new Map(vertices.map(vertex => [keyOf(vertex), vertex]))
  const keep = new Set<string>()
  const todo = vertices.filter(() => random(3) === 0)
  for (let vertex = todo.pop(); vertex !== undefined; vertex = todo.pop()) {
    if (keep.has(keyOf(vertex))) continue
    keep.add(keyOf(vertex))
    for (const parent of vertex.parents) todo.push(defined(byKey.get(keyOf(parent)), 'a parent is in the DAG'))
  }
  return vertices.filter(vertex => keep.has(keyOf(vertex)))
}

export function keyOf(ref: VertexRef): string {
  return `${ref.round}/${ref.author}/${Buffer.from(ref.digest).toString('hex')}`
}

/** The same vertices in another order that keeps parents before children. */
export function topologicalShuffle(
  vertices: readonly DagVertex[],
  random: (below: number) => number,
): readonly DagVertex[] {
  const done = new Set<string>()
  let left = [...vertices]
  const ordered: DagVertex[] = []
  while (left.length > 0) {
    const waiting: DagVertex[] = []
    for (const vertex of shuffle(left, random)) {
      if (vertex.parents.every(parent => done.has(keyOf(parent)))) {
        ordered.push(vertex)
        done.add(keyOf(vertex))
      } else waiting.push(vertex)
    }
    left = waiting
  }
  return ordered
}
