import { compareBytes, equalBytes } from '#lib/bytes'
import type { Reader, Writer } from '#lib/codec'
import type { VertexRef } from './vertex.ts'

/** Bytes of one encoded reference: author u16, round u32, digest. */
export const REF_BYTES = 38

export function writeRef(out: Writer, ref: VertexRef): void {
  out.u16(ref.author).u32(ref.round).bytes(ref.digest)
}

export function readRef(reader: Reader): VertexRef {
  const author = reader.u16()
  const round = reader.u32()
  return { round, author, digest: reader.bytes(32) }
}

/** Order by (round, author, digest): the order of references wherever one is needed. */
export function compareRefs(a: VertexRef, b: VertexRef): number {
  return a.round - b.round || a.author - b.author || compareBytes(a.digest, b.digest)
}

export function sameRef(a: VertexRef, b: VertexRef): boolean {
  return a.round === b.round && a.author === b.author && (a.digest === b.digest || equalBytes(a.digest, b.digest))
}

/** The reference of a vertex, without the rest of it. */
export function refOf(vertex: VertexRef): VertexRef {
  return { round: vertex.round, author: vertex.author, digest: vertex.digest }
}
