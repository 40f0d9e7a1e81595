import type { VerifiedVertex } from '#types'
import { broadcast, type Strategy } from '../adversary.ts'
import type { SimNode } from '../node.ts'

/** Two machines run with the same key (a forbidden hot standby). Each of them is honest. */
export class DoubleKey implements Strategy {
  readonly name = 'double-key'
  readonly runsCore = true
  readonly hasDouble = true

  publish(node: SimNode, vertex: VerifiedVertex): void {
    broadcast(node, [vertex])
  }
}
