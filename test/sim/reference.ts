/**
 * The independent reference model: sections 2.10 to 2.15 of the consensus note, written down as directly as possible,
 * without any index, counter or incremental state. Slow on purpose; it shares no line with `chain/consensus`.
 *
 * A block is a name, a slot and an ordered list of parents' names. Everything is recomputed from the whole DAG each time.
 */
export interface ModelBlock {
  readonly id: string
  readonly round: number
  readonly author: number
  readonly parents: readonly string[]
  readonly timestampMs?: number
}

export type ModelDag = ReadonlyMap<string, ModelBlock>

/** `slot-blame` and `author-blame` are weaker rules in use elsewhere; they may be slower but must never contradict. */
export type SkipRule = 'per-block' | 'slot-blame' | 'author-blame'

export interface ModelSlot {
  readonly round: number
  readonly author: number
}

export type ModelDecision =
  | { readonly slot: ModelSlot; readonly status: 'commit'; readonly block: string; readonly via: 'direct' | 'indirect' }
  | { readonly slot: ModelSlot; readonly status: 'skip'; readonly via: 'direct' | 'indirect' }
  | { readonly slot: ModelSlot; readonly status: 'undecided' }

export interface ModelSettings {
  readonly stakes: readonly number[]
  /** Authorities of a round's slots in rank order; empty when the round has none. */
  readonly leaders: (round: number) => readonly number[]
  readonly skipRule?: SkipRule
}

export function quorumOf(stakes: readonly number[]): number {
  const total = stakes.reduce((sum, stake) => sum + stake, 0)
  return total - Math.floor((total - 1) / 3)
}

/** Sum of stakes of a set of authors; an author counts once however many blocks it has. */
export function weightOf(stakes: readonly number[], authors: Iterable<number>): number {
  let weight = 0
  for (const author of new Set(authors)) weight += stakes[author] ?? 0
  return weight
}

function blocksOf(dag: ModelDag, round: number, author?: number): ModelBlock[] {
  return [...dag.values()].filter(b => b.round === round && (author === undefined || b.author === author))
}

function parentsOf(dag: ModelDag, block: ModelBlock): ModelBlock[] {
  return block.parents.flatMap(id => dag.get(id) ?? [])
}

/** C of round r+2 certifies L iff the authors of its parents of round r+1 that have L as parent hold a quorum. */
export function certifies(dag: ModelDag, settings: ModelSettings, c: ModelBlock, l: ModelBlock): boolean {
  const voters = parentsOf(dag, c).filter(v => v.round === l.round + 1 && v.parents.includes(l.id))
  return (
    weightOf(
      settings.stakes,
      voters.map(v => v.author),
    ) >= quorumOf(settings.stakes)
  )
}

/** Everything reachable from `from` through parents, `from` included. */
export function historyOf(dag: ModelDag, from: ModelBlock): Set<string> {
  const seen = new Set([from.id])
  const todo = [from]
  for (let block = todo.pop(); block; block = todo.pop()) {
    for (const parent of parentsOf(dag, block)) {
      if (seen.has(parent.id)) continue
      seen.add(parent.id)
      todo.push(parent)
    }
  }
  return seen
}

function skippedDirectly(dag: ModelDag, settings: ModelSettings, slot: ModelSlot): boolean {
  const quorum = quorumOf(settings.stakes)
  const voting = blocksOf(dag, slot.round + 1)
  const candidates = blocksOf(dag, slot.round, slot.author)
  const enough = (blaming: readonly ModelBlock[]) =>
    weightOf(
      settings.stakes,
      blaming.map(b => b.author),
    ) >= quorum
  switch (settings.skipRule ?? 'per-block') {
    case 'per-block':
      if (candidates.length === 0) return enough(voting)
      return candidates.every(l => enough(voting.filter(v => !v.parents.includes(l.id))))
    case 'slot-blame':
      return enough(voting.filter(v => !candidates.some(l => v.parents.includes(l.id))))
    case 'author-blame':
      return enough(voting.filter(v => !parentsOf(dag, v).some(p => p.author === slot.author)))
  }
}

function decideDirectly(dag: ModelDag, settings: ModelSettings, slot: ModelSlot): ModelDecision {
  const committed = blocksOf(dag, slot.round, slot.author).filter(l => {
    const certificates = blocksOf(dag, slot.round + 2).filter(c => certifies(dag, settings, c, l))
    return (
      weightOf(
        settings.stakes,
        certificates.map(c => c.author),
      ) >= quorumOf(settings.stakes)
    )
  })
  if (committed.length > 1) throw new Error('two blocks of one slot are certified: more than f stake is Byzantine')
  const [winner] = committed
  if (winner) return { slot, status: 'commit', block: winner.id, via: 'direct' }
  if (skippedDirectly(dag, settings, slot)) return { slot, status: 'skip', via: 'direct' }
  return { slot, status: 'undecided' }
}

function decideIndirectly(
  dag: ModelDag,
  settings: ModelSettings,
  slot: ModelSlot,
  above: readonly ModelDecision[],
): ModelDecision {
  const anchor = above.find(d => d.slot.round >= slot.round + 3 && d.status !== 'skip')
  if (anchor?.status !== 'commit') return { slot, status: 'undecided' }
  const anchorBlock = dag.get(anchor.block)
  if (!anchorBlock) throw new Error('the anchor is not in the DAG')
  const history = historyOf(dag, anchorBlock)
  const certified = blocksOf(dag, slot.round, slot.author).filter(l =>
    blocksOf(dag, slot.round + 2).some(c => history.has(c.id) && certifies(dag, settings, c, l)),
  )
  if (certified.length > 1) throw new Error('two blocks of one slot are certified: more than f stake is Byzantine')
  const [winner] = certified
  if (winner) return { slot, status: 'commit', block: winner.id, via: 'indirect' }
  return { slot, status: 'skip', via: 'indirect' }
}

/**
 * Decisions of every slot from `lastDecided` (exclusive; null for none) to the highest round that can have a
 * certificate, in order (round, rank), undecided ones included.
 */
export function decideAll(dag: ModelDag, settings: ModelSettings, lastDecided: ModelSlot | null): ModelDecision[] {
  let top = 0
  for (const block of dag.values()) top = Math.max(top, block.round)
  const decisions: ModelDecision[] = []
  const first = Math.max(1, lastDecided?.round ?? 1)
  for (let round = top - 2; round >= first; round--) {
    const authors = settings.leaders(round)
    for (let rank = authors.length - 1; rank >= 0; rank--) {
      const slot = { round, author: authors[rank] as number }
      const direct = decideDirectly(dag, settings, slot)
      decisions.unshift(direct.status === 'undecided' ? decideIndirectly(dag, settings, slot, decisions) : direct)
    }
  }
  if (lastDecided === null) return decisions
  const at = decisions.findIndex(d => d.slot.round === lastDecided.round && d.slot.author === lastDecided.author)
  return at < 0 ? decisions.filter(d => d.slot.round > lastDecided.round) : decisions.slice(at + 1)
}

/** The output of the committer: the decided prefix, and the first undecided slot when one stopped it. */
export function decide(
  dag: ModelDag,
  settings: ModelSettings,
  lastDecided: ModelSlot | null,
): { sequence: Exclude<ModelDecision, { status: 'undecided' }>[]; firstUndecided: ModelSlot | null } {
  const sequence: Exclude<ModelDecision, { status: 'undecided' }>[] = []
  for (const decision of decideAll(dag, settings, lastDecided)) {
    if (decision.status === 'undecided') return { sequence, firstUndecided: decision.slot }
    sequence.push(decision)
  }
  return { sequence, firstUndecided: null }
}

export interface ModelSubDag {
  readonly leader: string
  readonly gcRoundUsed: number
  /** Sorted by (round, author, name). */
  readonly blocks: readonly string[]
}

/** Section 2.13 over a list of committed leaders from the beginning of the epoch. */
export function linearize(dag: ModelDag, leaders: readonly string[], gcDepth: number): ModelSubDag[] {
  const committed = new Set<string>()
  const out: ModelSubDag[] = []
  let previousRound = 0
  for (const id of leaders) {
    const leader = dag.get(id)
    if (!leader) throw new Error(`leader ${id} is not in the DAG`)
    const gcRoundUsed = Math.max(0, previousRound - gcDepth)
    const blocks: ModelBlock[] = []
    const todo = [leader]
    committed.add(leader.id)
    for (let block = todo.pop(); block; block = todo.pop()) {
      blocks.push(block)
      for (const parent of parentsOf(dag, block)) {
        if (parent.round <= gcRoundUsed || parent.round === 0 || committed.has(parent.id)) continue
        committed.add(parent.id)
        todo.push(parent)
      }
    }
    blocks.sort((a, b) => a.round - b.round || a.author - b.author || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    out.push({ leader: id, gcRoundUsed, blocks: blocks.map(b => b.id) })
    previousRound = leader.round
  }
  return out
}

/** Section 2.16: of every slot only the first block in the total order executes its payload. */
export function payloadExcluded(dag: ModelDag, order: readonly string[]): string[] {
  const slots = new Set<string>()
  return order.filter(id => {
    const block = dag.get(id)
    if (!block) throw new Error(`block ${id} is not in the DAG`)
    const slot = `${block.round}/${block.author}`
    if (slots.has(slot)) return true
    slots.add(slot)
    return false
  })
}

/** Section 2.15: the first timestamp, in ascending order, whose cumulative stake exceeds half of the total. */
export function medianTimestamp(values: readonly (readonly [timestampMs: number, stake: number])[]): number {
  const total = values.reduce((sum, [, stake]) => sum + stake, 0)
  let cumulative = 0
  for (const [timestampMs, stake] of [...values].sort((a, b) => a[0] - b[0])) {
    cumulative += stake
    if (cumulative > Math.floor(total / 2)) return timestampMs
  }
  throw new Error('a median needs a value')
}

/** Section 2.15 for one commit: never below the previous commit's. */
export function commitTimestamp(
  dag: ModelDag,
  stakes: readonly number[],
  leader: ModelBlock,
  previousMs: number,
): number {
  const votes = parentsOf(dag, leader).filter(p => p.round === leader.round - 1)
  return Math.max(previousMs, medianTimestamp(votes.map(p => [p.timestampMs ?? 0, stakes[p.author] ?? 0] as const)))
}
