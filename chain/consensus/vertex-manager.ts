import { assert, defined } from '#lib/assert'
import { equalBytes } from '#lib/bytes'
import type { AuthorityIndex, Round, VerifiedVertex, VertexRef } from '#types'
import type { Dag, DagVertex } from './dag.ts'
import { FETCH_CANDIDATES_MAX, SUSPENDED_BYTES_PER_AUTHOR_MAX, SUSPENDED_PER_AUTHOR_FACTOR } from './limits.ts'

/** A vertex that some suspended vertex names and that is not accepted. */
export interface Wanted<V extends DagVertex = VerifiedVertex> {
  readonly ref: VertexRef
  /** Suspended vertices that wait for this one. */
  readonly children: Suspended<V>[]
  /** Present when it is here itself, suspended; absent when it is missing. */
  body: Suspended<V> | undefined
  /** Peers that delivered or made a vertex that names this one, so they should have it; each is listed once. */
  readonly holders: AuthorityIndex[]
  /** How many of the holders were asked. */
  holdersAsked: number
  /** Passes of the rotation over everybody. */
  attempts: number
  askAtMs: number
}

export interface Suspended<V extends DagVertex = VerifiedVertex> {
  readonly vertex: V
  /** Parents that are not accepted. */
  pending: number
  /** False once it was dropped or accepted. */
  held: boolean
}

export interface VertexManagerOptions<V extends DagVertex> {
  readonly dag: Dag<V>
  readonly maxRoundLookahead: number
  /** Called for each vertex whose parents are all accepted, parents before children; inserts it into the DAG. */
  readonly accept: (vertex: V, nowMs: number) => void
  /** Size of a vertex for the byte bound. */
  readonly sizeOf: (vertex: V) => number
}

export type AddOutcome = 'accepted' | 'suspended' | 'duplicate' | 'collected' | 'evicted'

/**
 * Holds vertices back until all their parents above the collected round are accepted. Memory is bounded per author and
 * in total; at a bound the author who makes us wait for most loses its highest round, because low rounds are what others
 * wait for. Cascades are loops,
 * never recursion.
 */
export class VertexManager<V extends DagVertex = VerifiedVertex> {
  readonly #options: VertexManagerOptions<V>
  readonly #wanted = new Map<number, Wanted<V>[]>()
  readonly #suspendedBy: readonly Set<Wanted<V>>[]
  readonly #bytesBy: Float64Array
  /** Parents that suspended vertices of each author wait for. */
  readonly #pendingBy: Int32Array
  #suspended = 0
  #missing = 0
  #gcRound: Round = 0

  constructor(options: VertexManagerOptions<V>) {
    this.#options = options
    const { size } = options.dag.committee
    this.#suspendedBy = Array.from({ length: size }, () => new Set())
    this.#bytesBy = new Float64Array(size)
    this.#pendingBy = new Int32Array(size)
  }

  get suspendedCount(): number {
    return this.#suspended
  }

  get missingCount(): number {
    return this.#missing
  }

  /** Takes a vertex; accepts it and everything that waited for it, or suspends it. */
  add(vertex: V, from: AuthorityIndex | undefined, nowMs: number, fetchGraceMs: number): AddOutcome {
    if (vertex.round <= this.#gcRound) return 'collected'
    if (this.#options.dag.get(vertex) !== undefined) return 'duplicate'
    const own = this.#find(vertex)
    if (own?.body !== undefined) return 'duplicate'
    const absent: VertexRef[] = []
    this.#options.dag.forEachParent(vertex, this.#gcRound, (entry, ref) => {
      if (entry === undefined) absent.push(ref)
    })
    if (absent.length === 0) {
      this.#acceptCascade(vertex, nowMs)
      return 'accepted'
    }
    const suspended: Suspended<V> = { vertex, pending: absent.length, held: false }
    this.#hold(suspended, from, nowMs)
    for (const parent of absent) {
      const wanted = this.#want(parent)
      wanted.children.push(suspended)
      if (wanted.body !== undefined) continue
      const [sender, author] = [addHolder(wanted, from), addHolder(wanted, vertex.author)]
      // Somebody new who should have it is asked soon, whatever pause earlier failures brought.
      if (sender || author) wanted.askAtMs = Math.min(wanted.askAtMs, nowMs + fetchGraceMs)
    }
    return this.#enforceBounds(vertex.author, suspended) ? 'suspended' : 'evicted'
  }

  /** True when a suspended vertex names it and it is not here. */
  isMissing(ref: VertexRef): boolean {
    const wanted = this.#find(ref)
    return wanted !== undefined && wanted.body === undefined
  }

  /** Accepted or suspended. */
  isKnown(ref: VertexRef): boolean {
    return this.#options.dag.get(ref) !== undefined || this.#find(ref)?.body !== undefined
  }

  /** Suspended vertices of one slot. */
  suspendedInSlot(ref: Pick<VertexRef, 'round' | 'author'>): number {
    return this.#wanted.get(keyOf(ref))?.filter(wanted => wanted.body !== undefined).length ?? 0
  }

  /**
   * Missing vertices that are due to be asked for, lowest round first, at most {@link FETCH_CANDIDATES_MAX}; and when
   * others become due. One look at each missing reference: a flood of invented ones costs no sorting.
   */
  due(nowMs: number): { readonly missing: readonly Wanted<V>[]; readonly nextAtMs: number | undefined } {
    let nextAtMs: number | undefined
    if (this.#missing === 0) return { missing: [], nextAtMs }
    const byRound = new Map<Round, Wanted<V>[]>()
    for (const slot of this.#wanted.values())
      for (const wanted of slot) {
        if (wanted.body !== undefined) continue
        if (wanted.askAtMs > nowMs) {
          if (nextAtMs === undefined || wanted.askAtMs < nextAtMs) nextAtMs = wanted.askAtMs
          continue
        }
        const { round } = wanted.ref
        const known = byRound.get(round)
        if (known === undefined) byRound.set(round, [wanted])
        else known.push(wanted)
      }
    const missing: Wanted<V>[] = []
    for (const round of [...byRound.keys()].sort((a, b) => a - b)) {
      if (missing.length >= FETCH_CANDIDATES_MAX) {
        nextAtMs = nowMs
        break
      }
      const ofRound = byRound.get(round) as Wanted<V>[]
      for (const wanted of ofRound.sort((a, b) => a.ref.author - b.ref.author)) missing.push(wanted)
    }
    if (missing.length > FETCH_CANDIDATES_MAX) {
      missing.length = FETCH_CANDIDATES_MAX
      nextAtMs = nowMs
    }
    return { missing, nextAtMs }
  }

  /** Rounds up to `gcRound` no longer matter: forgets what is there and accepts what waited only for it. */
  collect(gcRound: Round, nowMs: number): void {
    this.#gcRound = gcRound
    const released: Suspended<V>[] = []
    for (const slot of [...this.#wanted.values()]) {
      for (const wanted of [...slot]) {
        if (wanted.ref.round > gcRound) continue
        if (wanted.body !== undefined) this.#dropBody(wanted, wanted.body)
        this.#forget(wanted)
        for (const child of wanted.children) {
          if (this.#parentSettled(child) && child.vertex.round > gcRound) released.push(child)
        }
      }
    }
    released.sort((a, b) => a.vertex.round - b.vertex.round || a.vertex.author - b.vertex.author)
    for (const child of released) {
      const wanted = this.#find(child.vertex)
      if (wanted?.body !== child) continue
      this.#acceptCascade(child.vertex, nowMs)
    }
  }

  #acceptCascade(first: V, nowMs: number): void {
    const ready = [first]
    for (let at = 0; at < ready.length; at++) {
      const vertex = ready[at] as V
      const wanted = this.#find(vertex)
      if (wanted !== undefined) {
        if (wanted.body !== undefined) this.#dropBody(wanted, wanted.body)
        this.#forget(wanted)
      }
      this.#options.accept(vertex, nowMs)
      for (const child of wanted?.children ?? []) if (this.#parentSettled(child)) ready.push(child.vertex)
    }
  }

  /** True when it was the last parent that `child` waited for. */
  #parentSettled(child: Suspended<V>): boolean {
    child.pending--
    if (child.held) this.#charge(child.vertex.author, -1)
    return child.pending === 0
  }

  #suspendedOf(author: AuthorityIndex): Set<Wanted<V>> {
    return this.#suspendedBy[author] as Set<Wanted<V>>
  }

  /** Missing parents are charged to the author whose vertices name them. */
  #charge(author: AuthorityIndex, parents: number): void {
    this.#pendingBy[author] = (this.#pendingBy[author] as number) + parents
  }

  #hold(suspended: Suspended<V>, from: AuthorityIndex | undefined, nowMs: number): void {
    const wanted = this.#want(suspended.vertex)
    assert(wanted.body === undefined, 'a vertex is suspended once')
    wanted.body = suspended
    addHolder(wanted, from)
    wanted.askAtMs = nowMs
    this.#missing--
    this.#suspended++
    const { author } = suspended.vertex
    suspended.held = true
    this.#charge(author, suspended.pending)
    this.#suspendedOf(author).add(wanted)
    this.#bytesBy[author] = (this.#bytesBy[author] as number) + this.#options.sizeOf(suspended.vertex)
  }

  #dropBody(wanted: Wanted<V>, body: Suspended<V>): void {
    wanted.body = undefined
    this.#missing++
    this.#suspended--
    const { author } = body.vertex
    body.held = false
    this.#charge(author, -body.pending)
    this.#suspendedOf(author).delete(wanted)
    this.#bytesBy[author] = (this.#bytesBy[author] as number) - this.#options.sizeOf(body.vertex)
  }

  #find(ref: VertexRef): Wanted<V> | undefined {
    if (this.#wanted.size === 0) return undefined
    return this.#wanted.get(keyOf(ref))?.find(wanted => equalBytes(wanted.ref.digest, ref.digest))
  }

  #want(ref: VertexRef): Wanted<V> {
    const key = keyOf(ref)
    const slot = this.#wanted.get(key) ?? []
    const known = slot.find(wanted => equalBytes(wanted.ref.digest, ref.digest))
    if (known !== undefined) return known
    const wanted: Wanted<V> = {
      ref: { round: ref.round, author: ref.author, digest: ref.digest },
      children: [],
      body: undefined,
      holders: [],
      holdersAsked: 0,
      attempts: 0,
      askAtMs: Number.POSITIVE_INFINITY,
    }
    slot.push(wanted)
    this.#wanted.set(key, slot)
    this.#missing++
    return wanted
  }

  #forget(wanted: Wanted<V>): void {
    assert(wanted.body === undefined, 'a suspended vertex is dropped before it is forgotten')
    const key = keyOf(wanted.ref)
    const slot = defined(this.#wanted.get(key), 'a wanted vertex is indexed')
    if (slot.length === 1) this.#wanted.delete(key)
    else slot.splice(slot.indexOf(wanted), 1)
    this.#missing--
  }

  /** False when `added` itself had to go. */
  #enforceBounds(author: AuthorityIndex, added: Suspended<V>): boolean {
    const { dag, maxRoundLookahead } = this.#options
    const countMax = SUSPENDED_PER_AUTHOR_FACTOR * maxRoundLookahead
    const missingMax = dag.committee.size * maxRoundLookahead
    let kept = true
    while (
      this.#suspendedOf(author).size > countMax ||
      (this.#bytesBy[author] as number) > SUSPENDED_BYTES_PER_AUTHOR_MAX
    )
      kept = this.#evictHighest(author) !== added && kept
    while (this.#missing > missingMax) kept = this.#evictHighest(this.#greediest()) !== added && kept
    return kept
  }

  /** Who makes us wait for most: so invented parents of one author cannot push out what others wait for. */
  #greediest(): AuthorityIndex {
    let greediest = 0
    for (const [author, pending] of this.#pendingBy.entries())
      if (pending > (this.#pendingBy[greediest] as number)) greediest = author
    return greediest
  }

  #evictHighest(author: AuthorityIndex): Suspended<V> {
    let highest: Wanted<V> | undefined
    for (const wanted of this.#suspendedOf(author))
      if (highest === undefined || wanted.ref.round >= highest.ref.round) highest = wanted
    const victim = defined(highest, 'a bound is exceeded by what is suspended')
    const body = defined(victim.body, 'a suspended vertex has a body')
    this.#dropBody(victim, body)
    if (victim.children.length === 0) this.#forget(victim)
    for (const parent of body.vertex.parents) {
      const wanted = this.#find(parent)
      if (wanted === undefined) continue
      const at = wanted.children.indexOf(body)
      if (at >= 0) wanted.children.splice(at, 1)
      if (wanted.children.length === 0 && wanted.body === undefined) this.#forget(wanted)
    }
    return body
  }
}

function addHolder(wanted: { readonly holders: AuthorityIndex[] }, peer: AuthorityIndex | undefined): boolean {
  if (peer === undefined || wanted.holders.includes(peer)) return false
  wanted.holders.push(peer)
  return true
}

/** Slots as numbers: rounds are below 2^32 and authors below 2^16. */
function keyOf(ref: Pick<VertexRef, 'round' | 'author'>): number {
  return ref.round * 65_536 + ref.author
}
