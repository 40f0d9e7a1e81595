import type { AuthorityIndex, VertexRef } from '#types'
import type { DagVertex } from './dag.ts'
import { FETCH_PEERS, FETCH_REFS_MAX, FETCH_RETRY_MAX_MS, FETCH_RETRY_MS, FETCHES_PER_PEER_MAX } from './limits.ts'
import type { Effect } from './types.ts'
import type { Wanted } from './vertex-manager.ts'

/** The part of a wanted vertex that the synchroniser reads and writes. */
type Missing = Pick<Wanted<DagVertex>, 'ref' | 'holders' | 'holdersAsked' | 'attempts' | 'askAtMs'>

/**
 * Peers to ask for a missing vertex now, best first: who delivered or made a vertex that names it and was not asked yet
 * (it must have it), at the first attempt its author, then everybody else in turn. Peers that are down come
 * last, never never: a reference above the collected round is not given up.
 */
export function peersToAsk(
  missing: Pick<Missing, 'ref' | 'holders' | 'holdersAsked' | 'attempts'>,
  size: number,
  own: AuthorityIndex | undefined,
  down: ReadonlySet<AuthorityIndex>,
): readonly AuthorityIndex[] {
  const { ref, holders, holdersAsked, attempts } = missing
  const order: AuthorityIndex[] = []
  let reachable = 0
  /** True when there are enough. */
  const add = (peer: AuthorityIndex | undefined) => {
    if (peer !== undefined && peer !== own && peer < size && !order.includes(peer)) {
      order.push(peer)
      if (!down.has(peer)) reachable++
    }
    return reachable >= FETCH_PEERS
  }
  // Rotation by round, author and attempt spreads requests over the committee without a random source.
  const start = (ref.round + ref.author + attempts * FETCH_PEERS) % size
  let enough = holders.slice(holdersAsked).some(add) || (attempts === 0 && add(ref.author))
  for (let step = 0; step < size && !enough; step++) enough = add((start + step) % size)
  return (reachable > 0 ? order.filter(peer => !down.has(peer)) : order).slice(0, FETCH_PEERS)
}

/**
 * Fetch requests that are due now, lowest rounds first, at most {@link FETCH_REFS_MAX} references each and
 * {@link FETCHES_PER_PEER_MAX} requests to one peer; what does not fit is due at the next call. Updates the attempts and
 * the time of the next one (doubling pauses).
 */
export function planFetches(
  missing: readonly Missing[],
  nowMs: number,
  size: number,
  own: AuthorityIndex | undefined,
  down: ReadonlySet<AuthorityIndex>,
): { readonly effects: readonly Effect[]; readonly nextAtMs: number | undefined } {
  const byPeers = new Map<string, { readonly to: readonly AuthorityIndex[]; readonly refs: VertexRef[] }>()
  const requests = new Map<AuthorityIndex, number>()
  const effects: Effect[] = []
  let nextAtMs: number | undefined
  const flush = (group: { readonly to: readonly AuthorityIndex[]; readonly refs: VertexRef[] }) => {
    effects.push({ kind: 'fetch', refs: [...group.refs], to: group.to })
    group.refs.length = 0
  }
  for (const wanted of missing) {
    if (wanted.askAtMs <= nowMs) {
      const to = peersToAsk(wanted, size, own, down)
      const [first] = to
      if (first === undefined) continue
      const key = to.join()
      let group = byPeers.get(key)
      const opensRequest = group === undefined || group.refs.length === 0
      const count = requests.get(first) ?? 0
      if (opensRequest && count >= FETCHES_PER_PEER_MAX) wanted.askAtMs = nowMs + FETCH_RETRY_MS
      else {
        if (opensRequest) requests.set(first, count + 1)
        if (group === undefined) {
          group = { to, refs: [] }
          byPeers.set(key, group)
        }
        group.refs.push(wanted.ref)
        if (group.refs.length === FETCH_REFS_MAX) flush(group)
        noteAsked(wanted, to, nowMs, size)
      }
    }
    if (nextAtMs === undefined || wanted.askAtMs < nextAtMs) nextAtMs = wanted.askAtMs
  }
  for (const group of byPeers.values()) if (group.refs.length > 0) flush(group)
  return { effects, nextAtMs }
}

/**
 * The next attempt is due after a pause that doubles with every whole turn over the committee, so that a single holder is
 * met soon however large the committee is.
 */
function noteAsked(wanted: Missing, to: readonly AuthorityIndex[], nowMs: number, size: number): void {
  const before = wanted.holdersAsked
  while (wanted.holdersAsked < wanted.holders.length && wanted.holdersAsked - before < to.length) wanted.holdersAsked++
  const turns = Math.min(Math.floor((wanted.attempts * FETCH_PEERS) / size), 10)
  wanted.askAtMs = nowMs + Math.min(FETCH_RETRY_MS * 2 ** turns, FETCH_RETRY_MAX_MS)
  wanted.attempts++
}
