import type { VertexDraft } from '#types'
import { ByzantineProposer } from '../adversary.ts'
import type { SimNode } from '../node.ts'

/** Never votes: leaves the leader of the round before out of its parents whenever a quorum is left without it. */
export class VoteWithholder extends ByzantineProposer {
  constructor() {
    super('vote-withholder')
  }

  protected override emit(node: SimNode, draft: VertexDraft): void {
    const { stakes, quorum, schedule } = node.setup
    const leaders = schedule.leaders(draft.round - 1)
    const parents = draft.parents.filter(
      (p, i) => i === 0 || p.round !== draft.round - 1 || !leaders.includes(p.author),
    )
    let weight = 0
    for (const parent of parents) if (parent.round === draft.round - 1) weight += stakes[parent.author] ?? 0
    const bytes = this.seal(node, weight >= quorum ? { ...draft, parents } : draft)
    // As leader it stays silent towards all but one.
    if (node.leads(draft.round)) return
    this.release(node, bytes)
  }
}
