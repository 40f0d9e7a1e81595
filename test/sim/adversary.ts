import { sealVertex, VERTEX_VERSION, type VerifiedVertex, type VertexDraft, type VertexRef } from '#types'
import { CHAIN_ID } from './identity.ts'
import type { Carried, Message } from './messages.ts'
import type { SimNode } from './node.ts'

/**
 * How a Byzantine validator deviates. With `runsCore` it runs the honest core with its own key and changes what leaves
 * the machine; without, a core without a key follows the DAG and the strategy makes the vertices (an honest core stops
 * as soon as it sees a twin of its own vertex). It signs with its own key only: forging is not possible here.
 */
export interface Strategy {
  readonly name: string
  readonly runsCore: boolean
  /** Two machines with this key, both honest otherwise. */
  readonly hasDouble?: boolean
  /** Called instead of the broadcast of an own vertex (only with `runsCore`). */
  publish?(node: SimNode, vertex: VerifiedVertex): void
  /** Vertices were accepted and are durable. */
  accepted?(node: SimNode, vertices: readonly VerifiedVertex[]): void
  /** Changes an answer to a request; `undefined` keeps silent. Absent: honest answers. */
  serve?(node: SimNode, to: number, honest: Message): Message | undefined
  /** Called every 100 ms of virtual time. */
  idle?(node: SimNode): void
  /** The hash that it claims for an executed block. */
  blockHash?(node: SimNode, height: number, honest: Uint8Array): Uint8Array
}

/** Sends to every other node, or only to some. */
export function broadcast(node: SimNode, items: readonly Carried[], to?: readonly number[]): void {
  for (const other of node.world.nodes) {
    if (other.index !== node.index && (to === undefined || to.includes(other.index)))
      node.world.send(node.index, other.index, { kind: 'vertices', items })
  }
}

/** Everybody else, in a random order. */
export function othersOf(node: SimNode): number[] {
  return node.random.shuffle(node.world.nodes.map(n => n.index).filter(i => i !== node.index))
}

export function sealAs(node: SimNode, draft: VertexDraft): Uint8Array {
  return sealVertex(draft, digest => node.world.sign(node.index, digest)).bytes
}

/** Follows the DAG and makes one valid vertex per round; strategies override {@link emit}. */
export class ByzantineProposer implements Strategy {
  readonly name: string
  readonly runsCore = false
  readonly #rounds = new Map<number, Map<number, VerifiedVertex>>()
  #epoch = 0
  readonly #secret = new Map<string, Uint8Array>()
  protected tip: VertexRef | undefined
  protected proposed = 0

  constructor(name: string) {
    this.name = name
  }

  accepted(node: SimNode, vertices: readonly VerifiedVertex[]): void {
    this.#follow(node)
    for (const vertex of vertices) {
      let round = this.#rounds.get(vertex.round)
      if (round === undefined) {
        round = new Map()
        this.#rounds.set(vertex.round, round)
      }
      if (!round.has(vertex.author)) round.set(vertex.author, vertex)
      this.#rounds.delete(vertex.round - 100)
    }
    this.#proposeSoon(node)
  }

  idle(node: SimNode): void {
    this.#follow(node)
    this.#proposeSoon(node)
  }

  /** Begins anew in each epoch. */
  #follow(node: SimNode): void {
    if (node.epoch === this.#epoch) return
    this.#epoch = node.epoch
    this.#rounds.clear()
    this.tip = undefined
    this.proposed = 0
  }

  /** A short pause, as other vertices of the round arrive at about the same time. */
  #proposeSoon(node: SimNode): void {
    const round = this.#nextRound(node)
    if (round === undefined) return
    const { life, epoch } = node
    node.world.at(node.world.nowUs + 2_000, () => {
      if (node.isAlive && node.life === life && node.epoch === epoch && this.#nextRound(node) === round)
        this.#propose(node, round)
    })
  }

  /** The highest round above all proposed ones that has a quorum below it. */
  #nextRound(node: SimNode): number | undefined {
    const { stakes, quorum } = node.setup
    let best: number | undefined = this.proposed === 0 ? 1 : undefined
    for (const [round, authors] of this.#rounds) {
      if (round < this.proposed || (best !== undefined && round + 1 <= best)) continue
      let weight = 0
      for (const author of authors.keys()) weight += stakes[author] ?? 0
      if (weight >= quorum) best = round + 1
    }
    return best !== undefined && best > this.proposed ? best : undefined
  }

  #propose(node: SimNode, round: number): void {
    const { genesis, epoch } = node.setup
    const { authority } = node
    this.proposed = round
    if (authority === undefined) return
    const before: VertexRef[] = round === 1 ? [...genesis] : [...(this.#rounds.get(round - 1)?.values() ?? [])]
    const own = this.tip ?? genesis[authority]
    if (own === undefined) return
    const others = before.filter(p => p.author !== authority)
    const ref = (v: VertexRef): VertexRef => ({ round: v.round, author: v.author, digest: v.digest })
    const pool = node.pool.splice(0, 5)
    this.emit(node, {
      version: VERTEX_VERSION,
      chainId: CHAIN_ID,
      epoch,
      round,
      author: authority,
      timestampMs: node.nowMs,
      parents: [ref(own), ...others.map(ref)],
      commitVotes: [],
      execVotes: [],
      system: [],
      transactions: pool,
    })
  }

  /** What is done with the vertex of a round. The default is honest. */
  protected emit(node: SimNode, draft: VertexDraft): void {
    this.release(node, this.seal(node, draft))
  }

  /** Signs a draft and keeps it for later fetches. */
  protected seal(node: SimNode, draft: VertexDraft): Uint8Array {
    const vertex = sealVertex(draft, digest => node.world.sign(node.index, digest))
    this.#secret.set(Buffer.from(vertex.digest).toString('hex'), vertex.bytes)
    this.tip = { round: vertex.round, author: vertex.author, digest: vertex.digest }
    const verified = node.world.verify(vertex.bytes, node.setup)
    if (verified !== undefined) {
      node.world.noteByzantine(verified)
      // It enters the own follower as if it came over the network, never inside a step of it.
      const { life, current } = node
      node.world.at(node.world.nowUs, () => {
        if (node.isAlive && node.life === life)
          current?.step({ kind: 'vertices', vertices: [verified], from: verified.author, nowMs: node.nowMs })
      })
    }
    return vertex.bytes
  }

  protected release(node: SimNode, bytes: Uint8Array, to?: readonly number[]): void {
    broadcast(node, [bytes], to)
  }
}
