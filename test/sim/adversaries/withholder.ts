import type { VerifiedVertex } from '#types'
import { broadcast, othersOf, type Strategy } from '../adversary.ts'
import type { SimNode } from '../node.ts'

/** Sends its vertices to f+1 nodes only, or to a few at once and to the rest much later. */
export class Withholder implements Strategy {
  readonly name = 'withholder'
  readonly runsCore = true

  publish(node: SimNode, vertex: VerifiedVertex): void {
    const others = othersOf(node)
    const few = Math.floor((others.length - 1) / 3) + 1
    const style = node.random.below(3)
    if (style === 0) broadcast(node, [vertex], others.slice(0, few))
    else {
      broadcast(node, [vertex], others.slice(0, style === 1 ? few : others.length - 1))
      node.world.at(node.world.nowUs + node.random.between(100_000, 900_000), () => broadcast(node, [vertex]))
    }
  }

  /** It also keeps what others ask it for to itself, half of the time. */
  serve(node: SimNode, _to: number, honest: import('../messages.ts').Message) {
    return node.random.chance(0.5) ? honest : undefined
  }
}
