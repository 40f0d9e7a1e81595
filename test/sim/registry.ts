import { toRawHex } from '#lib/bytes'
import type { Digest, Vertex, VertexRef } from '#types'

export interface VertexInfo {
  /** Small number that stands for the digest in this run. */
  readonly id: number
  readonly parents: Int32Array
  readonly vertex: Vertex
  /** True time of creation in microseconds; −1 when it was not made by a core in this run. */
  createdUs: number
}

/** Numbers for digests, so that the checks of a hundred nodes cost bits and not text. One per run. */
export class Registry {
  readonly #ids = new Map<string, number>()
  /** The nodes of a run share their vertices: most digests come back as the same object. */
  readonly #known = new WeakMap<Digest, number>()
  readonly #infos = new WeakMap<object, VertexInfo>()
  readonly #byId: (VertexInfo | undefined)[] = []

  idOf(digest: Digest): number {
    const known = this.#known.get(digest)
    if (known !== undefined) return known
    const key = toRawHex(digest)
    const id = this.#ids.get(key) ?? this.#ids.size
    this.#ids.set(key, id)
    this.#known.set(digest, id)
    return id
  }

  infoOf(vertex: Vertex): VertexInfo {
    let info = this.#infos.get(vertex)
    if (info === undefined) {
      const id = this.idOf(vertex.digest)
      info = this.#byId[id]
      if (info === undefined) {
        info = { id, vertex, parents: Int32Array.from(vertex.parents, p => this.idOf(p.digest)), createdUs: -1 }
        this.#byId[id] = info
      }
      this.#infos.set(vertex, info)
    }
    return info
  }

  /** The vertex of a number, once some node has met it. */
  byId(id: number): VertexInfo | undefined {
    return this.#byId[id]
  }

  refId(ref: VertexRef): number {
    return this.idOf(ref.digest)
  }
}

/** A growing set of small numbers. */
export class BitSet {
  #words = new Uint8Array(1024)

  add(id: number): void {
    if (id >= this.#words.length) {
      const grown = new Uint8Array(Math.max(id + 1, this.#words.length * 2))
      grown.set(this.#words)
      this.#words = grown
    }
    this.#words[id] = 1
  }

  has(id: number): boolean {
    return this.#words[id] === 1
  }

  /** In ascending order. */
  *ids(): Generator<number> {
    for (let id = 0; id < this.#words.length; id++) if (this.#words[id] === 1) yield id
  }

  clear(): void {
    this.#words.fill(0)
  }
}
