import type { VerifiedVertex } from '#types'
import { broadcast, type Strategy } from '../adversary.ts'
import type { SimNode } from '../node.ts'

/** Sends old vertices of everybody again and again, in a random order. */
export class Replayer implements Strategy {
  readonly name = 'replayer'
  readonly runsCore = true

  publish(node: SimNode, vertex: VerifiedVertex): void {
    broadcast(node, [vertex])
  }

  idle(node: SimNode): void {
    broadcast(node, node.random.shuffle([...node.disk.vertices.values()].slice(-300)).slice(0, 30))
  }
}
