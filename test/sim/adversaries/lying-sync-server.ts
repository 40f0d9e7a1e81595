import type { VerifiedVertex } from '#types'
import { broadcast, type Strategy } from '../adversary.ts'
import type { Message } from '../messages.ts'
import type { SimNode } from '../node.ts'

/** Honest in the DAG, a liar when asked: other vertices, truncated ranges, stale answers, certifiers without a quorum, no answer. */
export class LyingSyncServer implements Strategy {
  readonly name = 'lying-sync-server'
  readonly runsCore = true
  #stale: Message | undefined

  publish(node: SimNode, vertex: VerifiedVertex): void {
    broadcast(node, [vertex])
  }

  serve(node: SimNode, _to: number, honest: Message): Message | undefined {
    const { random } = node
    if (random.chance(0.2)) return undefined
    switch (honest.kind) {
      case 'fetched':
        return {
          ...honest,
          items: random.chance(0.5) ? [] : random.shuffle([...node.disk.vertices.values()]).slice(0, 3),
        }
      case 'commits': {
        const lie = random.below(6)
        const previous = this.#stale
        this.#stale = honest
        if (lie === 0) return { ...honest, certifiers: honest.certifiers.slice(0, 1) }
        if (lie === 1) return { ...honest, commits: honest.commits.slice(0, -1) }
        if (lie === 2) return { ...honest, items: honest.items.slice(1) }
        if (lie === 3 && previous?.kind === 'commits') return { ...previous, id: honest.id }
        if (lie === 4)
          return { ...honest, commits: honest.commits.map(c => ({ ...c, timestampMs: c.timestampMs + 1 })) }
        return { ...honest, commits: honest.commits.map(c => ({ ...c, vertices: c.vertices.slice(1) })) }
      }
      case 'ownLast':
        return { ...honest, highestRound: random.below(5), ownRound: 0, proof: [] }
      default:
        return honest
    }
  }
}
