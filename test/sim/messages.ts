import type { Commit, Digest, VerifiedVertex, VertexRef } from '#types'

/** A vertex on the wire: verified when an honest node passes it on, bare bytes when a liar made it. */
export type Carried = VerifiedVertex | Uint8Array

/** What simulated nodes say to each other; mirrors the protocols of section 2.27. */
export type Message =
  | { readonly kind: 'vertices'; readonly items: readonly Carried[] }
  | { readonly kind: 'fetch'; readonly id: number; readonly refs: readonly VertexRef[] }
  | { readonly kind: 'fetched'; readonly id: number; readonly items: readonly Carried[] }
  | { readonly kind: 'syncCommits'; readonly id: number; readonly from: number; readonly upTo: number }
  | {
      readonly kind: 'commits'
      readonly id: number
      readonly commits: readonly Commit[]
      readonly items: readonly Carried[]
      readonly certifiers: readonly Carried[]
    }
  | { readonly kind: 'askOwnLast' }
  | {
      readonly kind: 'ownLast'
      readonly highestRound: number
      readonly ownRound: number
      readonly proof: readonly Carried[]
    }
  /** Asks a member of an epoch for its signature of the epoch's record. */
  | { readonly kind: 'askRecord' }
  | {
      readonly kind: 'record'
      readonly digest: Digest
      /** By authority of the epoch that ended. */
      readonly signatures: readonly (readonly [author: number, signature: Uint8Array])[]
    }

const MESSAGE_KINDS = [
  'vertices',
  'fetch',
  'fetched',
  'syncCommits',
  'commits',
  'askOwnLast',
  'ownLast',
  'askRecord',
  'record',
] as const

/** A number for the trace. */
export function kindNumber(message: Message): number {
  return MESSAGE_KINDS.indexOf(message.kind)
}

function carriedBytes(items: readonly Carried[]): number {
  let bytes = 0
  for (const item of items) bytes += item instanceof Uint8Array ? item.length : item.bytes.length
  return bytes
}

/** About what the message weighs on the wire. */
export function messageBytes(message: Message): number {
  switch (message.kind) {
    case 'vertices':
    case 'fetched':
      return 8 + carriedBytes(message.items)
    case 'fetch':
      return 8 + 38 * message.refs.length
    case 'commits':
      return (
        8 +
        carriedBytes(message.items) +
        carriedBytes(message.certifiers) +
        message.commits.reduce((sum, c) => sum + 128 + 38 * c.vertices.length, 0)
      )
    case 'syncCommits':
    case 'askOwnLast':
    case 'askRecord':
      return 24
    case 'record':
      return 40 + 66 * message.signatures.length
    case 'ownLast':
      return 24 + carriedBytes(message.proof)
  }
}
