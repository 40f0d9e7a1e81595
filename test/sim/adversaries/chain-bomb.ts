import type { VertexDraft } from '#types'
import { ByzantineProposer, broadcast } from '../adversary.ts'
import type { SimNode } from '../node.ts'

/** Makes valid vertices in secret for forty rounds, then reveals the whole chain at once, highest first. */
export class ChainBomb extends ByzantineProposer {
  #held: Uint8Array[] = []

  constructor() {
    super('chain-bomb')
  }

  protected override emit(node: SimNode, draft: VertexDraft): void {
    this.#held.push(this.seal(node, draft))
    if (this.#held.length < 40) return
    broadcast(node, this.#held.reverse())
    this.#held = []
  }
}
