import { DecodeError, Reader, Writer } from '#lib/codec'
import { u48 } from '#storage'
import type { BlockNumber, Digest } from '#types'

/** Questions and answers about snapshots (request word `snapshot`). An answer to `manifest` or `chunk` is the file. */
export type SnapshotRequest =
  | { readonly kind: 'list' }
  | { readonly kind: 'manifest'; readonly height: BlockNumber }
  | { readonly kind: 'chunk'; readonly height: BlockNumber; readonly index: number }

/** A snapshot that a peer has; `identity` is the same for every node (`snapshotIdentity`). */
export interface SnapshotOffer {
  readonly height: BlockNumber
  readonly identity: Digest
}

export const SNAPSHOT_OFFERS_MAX = 16

export function encodeSnapshotRequest(request: SnapshotRequest): Uint8Array {
  const out = new Writer(16)
  if (request.kind === 'list') return out.u8(1).finish()
  if (request.kind === 'manifest') return out.u8(2).bytes(u48(request.height)).finish()
  return out.u8(3).bytes(u48(request.height)).u32(request.index).finish()
}

export function decodeSnapshotRequest(bytes: Uint8Array): SnapshotRequest | undefined {
  return decoding(bytes, reader => {
    const kind = reader.u8()
    if (kind === 1) return { kind: 'list' }
    const height = readHeight(reader)
    if (kind === 2) return { kind: 'manifest', height }
    if (kind !== 3) throw new DecodeError('an unknown question')
    return { kind: 'chunk', height, index: reader.u32() }
  })
}

export function encodeSnapshotOffers(offers: readonly SnapshotOffer[]): Uint8Array {
  const out = new Writer(1 + 38 * offers.length).u8(offers.length)
  for (const { height, identity } of offers) out.bytes(u48(height)).bytes(identity)
  return out.finish()
}

export function decodeSnapshotOffers(bytes: Uint8Array): readonly SnapshotOffer[] | undefined {
  return decoding(bytes, reader => {
    const count = reader.u8()
    if (count > SNAPSHOT_OFFERS_MAX) throw new DecodeError('too many offers')
    return Array.from({ length: count }, () => ({
      height: readHeight(reader),
      identity: reader.bytes(32).slice(),
    }))
  })
}

function readHeight(reader: Reader): BlockNumber {
  return reader.u16() * 2 ** 32 + reader.u32()
}

function decoding<T>(bytes: Uint8Array, read: (reader: Reader) => T): T | undefined {
  try {
    const reader = new Reader(bytes)
    const value = read(reader)
    reader.end()
    return value
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
