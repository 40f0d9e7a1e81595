import { equalBytes } from '#lib/bytes'
import { DecodeError, Reader, Writer } from '#lib/codec'
import { accept, reject, type Verdict } from '#lib/verdict'
import {
  type AuthorityIndex,
  type Epoch,
  headerBytesOf,
  headerDigest,
  type Round,
  readHeader,
  SYSTEM_ITEM,
  type SystemItem,
  type Vertex,
  vertexSigningBytes,
} from '#types'
import type { Committee } from './committee.ts'
import { importPublicKey, verifySignature } from './keys.ts'
import { EVIDENCE_QUEUE_MAX } from './limits.ts'

/** Bytes of proof that one author signed two headers of one slot: both headers with their signatures. */
export function encodeEvidence(first: Vertex, second: Vertex): Uint8Array {
  const out = new Writer(1024)
  for (const vertex of [first, second]) {
    const header = headerBytesOf(vertex)
    out.u32(header.length).bytes(header).bytes(vertex.signature)
  }
  return out.finish()
}

export interface Equivocation {
  readonly epoch: Epoch
  readonly author: AuthorityIndex
  readonly round: Round
}

/**
 * Checks evidence of equivocation: same chain, epoch, author and round, different headers, both correctly signed. Two
 * signatures over one header are no evidence.
 */
export function verifyEvidence(
  bytes: Uint8Array,
  committee: Committee,
  chainId: number,
): Verdict<Equivocation, 'malformed' | 'author' | 'other slot' | 'same header' | 'signature'> {
  try {
    const reader = new Reader(bytes)
    const [first, second] = [0, 1].map(() => {
      const raw = reader.bytes(reader.u32())
      const inner = new Reader(raw)
      const header = readHeader(inner)
      inner.end()
      return { header, digest: headerDigest(raw), signature: reader.bytes(64) }
    }) as [Signed, Signed]
    reader.end()
    const { epoch, author, round } = first.header
    const authority = committee.authorities[author]
    if (authority === undefined) return reject('author')
    const other = second.header
    if (first.header.chainId !== chainId || other.chainId !== chainId) return reject('other slot')
    if (other.epoch !== epoch || other.author !== author || other.round !== round) return reject('other slot')
    if (equalBytes(first.digest, second.digest)) return reject('same header')
    const key = importPublicKey(authority.consensusKey)
    for (const signed of [first, second])
      if (!verifySignature(key, vertexSigningBytes(signed.digest), signed.signature)) return reject('signature')
    return accept({ epoch, author, round })
  } catch (error) {
    if (error instanceof DecodeError) return reject('malformed', error.message)
    throw error
  }
}

interface Signed {
  readonly header: ReturnType<typeof readHeader>
  readonly digest: Uint8Array
  readonly signature: Uint8Array
}

/** Evidence waiting for an own vertex: one item per author and epoch, bounded. */
export class EvidenceQueue {
  readonly #reported = new Set<AuthorityIndex>()
  #waiting: SystemItem[] = []

  /** True when this is the first equivocation of its author that we saw. */
  note(first: Vertex, second: Vertex): boolean {
    if (equalBytes(first.headerDigest, second.headerDigest)) return false
    if (this.#reported.has(first.author)) return false
    this.#reported.add(first.author)
    if (this.#waiting.length >= EVIDENCE_QUEUE_MAX) return true
    const bytes = encodeEvidence(first, second)
    if (bytes.length <= 0xffff) this.#waiting.push({ kind: SYSTEM_ITEM.equivocation, bytes })
    return true
  }

  /** The next item for an own vertex: one at a time, since two headers may be large. */
  take(): readonly SystemItem[] {
    const [item] = this.#waiting.splice(0, 1)
    return item === undefined ? [] : [item]
  }
}
