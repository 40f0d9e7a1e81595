import type { VertexRef } from '#types'
import { type Stakes, Tally } from './committee.ts'
import type { Dag, DagVertex, Entry } from './dag.ts'
import { type Cursor, type DecideResult, type Decision, type Leaders, type Slot, slotsAfter } from './decision.ts'

/**
 * The commit rule in its plainest form: a pure function of the accepted DAG, written to be compared with the text
 * (Mysticeti-C, wave length 3; skip rule per vertex). The node runs `Committer`, which must give the same result; a
 * property test holds them together.
 *
 * - A vertex of round r+1 *votes* for a leader of round r that it names as a parent.
 * - A vertex of round r+2 *certifies* a leader when the authors of its parents that vote for it weigh a quorum.
 * - *Direct commit*: authors of certificates weigh a quorum. *Direct skip*: for every vertex of the slot, authors with
 *   a vertex of round r+1 that does not vote for it weigh a quorum.
 * - *Indirect*: the first slot of round ≥ r+3 that is not skipped is the anchor. While it is undecided, so is this one;
 *   once committed, this one is committed exactly when the anchor's own history holds a certificate for it.
 */
export function decide<V extends DagVertex>(
  dag: Dag<V>,
  lastDecided: Cursor | undefined,
  leaders: Leaders,
  committee: Stakes,
): DecideResult<V> {
  const slots = slotsAfter(leaders, lastDecided, dag.highestRound - 2)
  const statuses: (Decision<V> | undefined)[] = new Array(slots.length).fill(undefined)
  try {
    for (let at = slots.length - 1; at >= 0; at--) {
      const slot = slots[at] as Slot
      statuses[at] = decideDirectly(dag, slot, committee) ?? decideIndirectly(dag, slot, slots, statuses, at, committee)
    }
  } catch (error) {
    if (error instanceof Conflict) return { decided: [], conflict: error.slot }
    throw error
  }
  const decided: Decision<V>[] = []
  for (const [at, slot] of slots.entries()) {
    const status = statuses[at]
    if (status === undefined) return { decided, firstUndecided: slot }
    decided.push(status)
  }
  return { decided }
}

class Conflict extends Error {
  readonly slot: Slot
  constructor(slot: Slot) {
    super('two certified vertices in one slot')
    this.slot = slot
  }
}

function isVote<V extends DagVertex>(dag: Dag<V>, vertex: V, leader: Entry<V>): boolean {
  return vertex.parents.some(parent => dag.get(parent) === leader)
}

/** True when the authors of `vertex`'s parents that vote for `leader` weigh a quorum. */
export function isCertificate<V extends DagVertex>(
  dag: Dag<V>,
  vertex: V,
  leader: Entry<V>,
  committee: Stakes,
): boolean {
  const voters = new Tally(committee)
  for (const ref of vertex.parents) {
    const parent = dag.get(ref)
    if (parent === undefined || parent.vertex.round !== leader.vertex.round + 1) continue
    if (isVote(dag, parent.vertex, leader)) voters.add(ref.author)
  }
  return voters.weight >= committee.quorum
}

function certificatesOf<V extends DagVertex>(dag: Dag<V>, leader: Entry<V>, committee: Stakes): readonly Entry<V>[] {
  return dag.round(leader.vertex.round + 2).filter(entry => isCertificate(dag, entry.vertex, leader, committee))
}

function weightOf(entries: readonly Entry[], committee: Stakes): number {
  const tally = new Tally(committee)
  for (const entry of entries) tally.add(entry.vertex.author)
  return tally.weight
}

function decideDirectly<V extends DagVertex>(dag: Dag<V>, slot: Slot, committee: Stakes): Decision<V> | undefined {
  const candidates = dag.slot(slot.round, slot.author)
  const committed = candidates.filter(
    leader => weightOf(certificatesOf(dag, leader, committee), committee) >= committee.quorum,
  )
  if (committed.length > 1) throw new Conflict(slot)
  const [leader] = committed
  if (leader !== undefined) return { kind: 'commit', slot, leader, via: 'direct' }
  const voters = dag.round(slot.round + 1)
  const skipped =
    weightOf(voters, committee) >= committee.quorum &&
    candidates.every(candidate => {
      const against = voters.filter(voter => !isVote(dag, voter.vertex, candidate))
      return weightOf(against, committee) >= committee.quorum
    })
  return skipped ? { kind: 'skip', slot, via: 'direct' } : undefined
}

function decideIndirectly<V extends DagVertex>(
  dag: Dag<V>,
  slot: Slot,
  slots: readonly Slot[],
  statuses: readonly (Decision<V> | undefined)[],
  at: number,
  committee: Stakes,
): Decision<V> | undefined {
  for (let later = at + 1; later < slots.length; later++) {
    if ((slots[later] as Slot).round < slot.round + 3) continue
    const anchor = statuses[later]
    if (anchor === undefined) return undefined
    if (anchor.kind === 'skip') continue
    const history = historyDownTo(dag, anchor.leader, slot.round + 2)
    const certified = dag
      .slot(slot.round, slot.author)
      .filter(leader => certificatesOf(dag, leader, committee).some(certificate => history.has(certificate)))
    if (certified.length > 1) throw new Conflict(slot)
    const [leader] = certified
    return leader === undefined
      ? { kind: 'skip', slot, via: 'indirect' }
      : { kind: 'commit', slot, leader, via: 'indirect' }
  }
  return undefined
}

/** `from` and everything that it descends from, of rounds ≥ `lowest`. */
function historyDownTo<V extends DagVertex>(dag: Dag<V>, from: Entry<V>, lowest: number): ReadonlySet<Entry<V>> {
  const seen = new Set([from])
  const todo = [from]
  for (let entry = todo.pop(); entry !== undefined; entry = todo.pop()) {
    for (const ref of entry.vertex.parents as readonly VertexRef[]) {
      if (ref.round < lowest) continue
      const parent = dag.get(ref)
      if (parent === undefined || seen.has(parent)) continue
      seen.add(parent)
      todo.push(parent)
    }
  }
  return seen
}
