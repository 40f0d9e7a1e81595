import type { VertexDraft, VertexRef } from '#types'
import { ByzantineProposer, broadcast, sealAs } from '../adversary.ts'
import type { SimNode } from '../node.ts'

/** Floods everybody with signed vertices of rounds far ahead whose parents nobody has. */
export class FarFuture extends ByzantineProposer {
  #template: VertexDraft | undefined

  constructor() {
    super('far-future')
  }

  protected override emit(node: SimNode, draft: VertexDraft): void {
    this.#template = draft
    this.release(node, this.seal(node, draft))
  }

  override idle(node: SimNode): void {
    super.idle(node)
    const template = this.#template
    // Four seconds fill every bound there is; more only makes the run long.
    if (template === undefined || template.epoch !== node.epoch || node.world.nowUs > 4_000_000) return
    const flood: Uint8Array[] = []
    for (let k = 0; k < 40; k++) {
      const round = template.round + node.random.pick([1, 5, 50, 199, 400, 1_000_000])
      const parents: VertexRef[] = template.parents.map(p => ({
        ...p,
        round: round - 1,
        digest: node.random.bytes(32),
      }))
      flood.push(sealAs(node, { ...template, round, parents, transactions: [] }))
    }
    broadcast(node, flood)
  }
}
