import type { VertexDraft } from '#types'
import { ByzantineProposer } from '../adversary.ts'
import type { SimNode } from '../node.ts'

/** Claims commits that do not exist, checkpoints of states that nobody has, and times of its own choice. */
export class Liar extends ByzantineProposer {
  #claimed = 0

  constructor() {
    super('liar')
  }

  protected override emit(node: SimNode, draft: VertexDraft): void {
    const { random, world } = node
    const first = this.#claimed + 1
    this.#claimed = first + (random.chance(0.1) ? 1_000_000 : 3)
    const commitVotes = [first, this.#claimed].map(index => ({ index, digest: random.bytes(32) }))
    const height = draft.round
    const blockHash = random.bytes(32)
    const execVotes = [
      { height, blockHash, signature: world.signCheckpoint(node.index, height, blockHash, draft.epoch) },
    ]
    const timestampMs = random.pick([0, draft.timestampMs - 60_000, draft.timestampMs + 400, draft.timestampMs])
    this.release(node, this.seal(node, { ...draft, commitVotes, execVotes, timestampMs }))
  }

  override idle(node: SimNode): void {
    super.idle(node)
    // Also claims before anybody asks, with rounds that do not exist.
    for (const other of node.world.nodes) {
      if (other.index !== node.index)
        node.world.send(node.index, other.index, {
          kind: 'ownLast',
          highestRound: 4_000_000_000,
          ownRound: 0,
          proof: [],
        })
    }
  }

  serve(node: SimNode, _to: number, honest: import('../messages.ts').Message) {
    if (honest.kind !== 'ownLast') return honest
    return node.random.chance(0.5) ? { ...honest, ownRound: 0, highestRound: 0, proof: [] } : honest
  }
}
