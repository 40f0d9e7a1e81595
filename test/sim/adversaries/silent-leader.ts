import type { VerifiedVertex } from '#types'
import { broadcast, type Strategy } from '../adversary.ts'
import type { SimNode } from '../node.ts'

/** Takes part in everything, except that its vertices of the rounds that it leads come much later. */
export class SilentLeader implements Strategy {
  readonly name = 'silent-leader'
  readonly runsCore = true

  publish(node: SimNode, vertex: VerifiedVertex): void {
    if (!node.leads(vertex.round)) {
      broadcast(node, [vertex])
      return
    }
    node.world.at(node.world.nowUs + 1_500_000, () => broadcast(node, [vertex]))
  }
}
