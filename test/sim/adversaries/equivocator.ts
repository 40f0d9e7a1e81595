import type { VertexDraft } from '#types'
import { ByzantineProposer, othersOf } from '../adversary.ts'
import type { SimNode } from '../node.ts'

/** Makes twins: two different vertices of one round for two halves of the network, now and then one for each node. */
export class Equivocator extends ByzantineProposer {
  constructor() {
    super('equivocator')
  }

  protected override emit(node: SimNode, draft: VertexDraft): void {
    const others = othersOf(node)
    const style = node.random.below(4)
    if (style === 0) {
      this.release(node, this.seal(node, draft))
      return
    }
    const twins = style === 3 ? others.length : 2
    for (let k = 0; k < twins; k++) {
      const changed = { ...draft, timestampMs: draft.timestampMs + k, transactions: k === 0 ? draft.transactions : [] }
      const bytes = this.seal(node, k % 2 === 1 ? withoutOne(node, changed) : changed)
      const to =
        style === 3
          ? others.slice(k, k + 1)
          : k === 0
            ? others.slice(0, others.length >> 1)
            : others.slice(others.length >> 1)
      this.release(node, bytes, to)
    }
  }
}

/** The same draft without one parent when a quorum is left: twins that differ in what they vote for. */
function withoutOne(node: SimNode, draft: VertexDraft): VertexDraft {
  const { stakes, quorum } = node.setup
  const at = 1 + node.random.below(Math.max(1, draft.parents.length - 1))
  const parents = draft.parents.filter((_, i) => i !== at)
  let weight = 0
  for (const parent of parents) if (parent.round === draft.round - 1) weight += stakes[parent.author] ?? 0
  return weight >= quorum ? { ...draft, parents } : draft
}
