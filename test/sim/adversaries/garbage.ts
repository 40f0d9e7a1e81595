import { sealVertex, type VerifiedVertex, type VertexDraft } from '#types'
import { broadcast, type Strategy } from '../adversary.ts'
import type { SimNode } from '../node.ts'

/** Honest vertices, and with each of them a load of rubbish: flipped bits, cut bytes, noise, signed but invalid vertices. */
export class Garbage implements Strategy {
  readonly name = 'garbage'
  readonly runsCore = true

  publish(node: SimNode, vertex: VerifiedVertex): void {
    broadcast(node, [vertex])
    const { random } = node
    const flipped = vertex.bytes.slice()
    const at = random.below(flipped.length)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8))
    const rubbish = [
      flipped,
      vertex.bytes.slice(0, random.below(vertex.bytes.length)),
      random.bytes(random.below(300)),
      ...brokenRules(node, vertex),
    ]
    broadcast(node, random.shuffle(rubbish).slice(0, 4))
  }
}

/** The same vertex with one rule of section 2.3 broken each time, properly signed. */
function brokenRules(node: SimNode, vertex: VerifiedVertex): Uint8Array[] {
  const draft: VertexDraft = { ...vertex }
  const first = vertex.parents[0]
  if (first === undefined) return []
  const broken: VertexDraft[] = [
    { ...draft, author: 60_000 },
    { ...draft, round: 0 },
    { ...draft, epoch: draft.epoch + 1 },
    { ...draft, chainId: 1 },
    { ...draft, version: 9 },
    { ...draft, parents: [] },
    { ...draft, parents: draft.parents.slice(1) },
    { ...draft, parents: [...draft.parents, first] },
    { ...draft, parents: draft.parents.map(p => ({ ...p, author: p.author + 50_000 })) },
    { ...draft, parents: draft.parents.map(p => ({ ...p, round: draft.round + 1 })) },
    { ...draft, parents: draft.parents.slice(0, 1) },
    { ...draft, commitVotes: [5, 4].map(index => ({ index, digest: node.random.bytes(32) })) },
    { ...draft, transactions: [new Uint8Array(0)] },
    { ...draft, system: [{ kind: 77, bytes: node.random.bytes(4) }] },
    { ...draft, author: (draft.author + 1) % node.setup.members.length },
  ]
  return broken.map(d => sealVertex(d, digest => node.world.sign(node.index, digest)).bytes)
}
