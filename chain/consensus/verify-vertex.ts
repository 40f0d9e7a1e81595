import type { KeyObject } from 'node:crypto'
import { accept, reject, type Verdict } from '#lib/verdict'
import {
  type ConsensusParams,
  type Digest,
  decodeVertex,
  type Epoch,
  genesisVertices,
  type VerifiedVertex,
  type Vertex,
  vertexSigningBytes,
} from '#types'
import type { Committee } from './committee.ts'
import { execVoteSigningBytes, importPublicKey, verifySignature } from './keys.ts'
import { checkVertex, type VertexReason, type VertexRules } from './validity.ts'

export interface VertexVerifierOptions {
  readonly chainId: number
  readonly epoch: Epoch
  readonly committee: Committee
  readonly params: ConsensusParams
  /** Digest of the previous epoch's record; zero for epoch 0. */
  readonly previousEpochRecord: Digest
  /** See {@link VertexRules.checkTransaction}. */
  readonly checkTransaction?: (raw: Uint8Array) => string | undefined
}

export interface VertexVerifier {
  /** Bytes from anywhere → a vertex that may enter the core, or why not. Never throws. */
  verify(bytes: Uint8Array): Verdict<VerifiedVertex, VertexReason>
}

/**
 * Everything that is checked before a vertex may enter the core: encoding, static validity and signatures, cheapest
 * first. The only place that mints `VerifiedVertex`. Pure; may run in any thread.
 */
export function createVertexVerifier(options: VertexVerifierOptions): VertexVerifier {
  const { chainId, epoch, committee } = options
  const rules: VertexRules = {
    chainId,
    epoch,
    committee,
    params: options.params,
    genesis: genesisVertices({
      chainId,
      epoch,
      size: committee.size,
      committeeDigest: committee.digest,
      previousEpochRecord: options.previousEpochRecord,
    }).map(vertex => vertex.digest),
    ...(options.checkTransaction === undefined ? {} : { checkTransaction: options.checkTransaction }),
  }
  const consensusKeys = committee.authorities.map(authority => importPublicKey(authority.consensusKey))
  const checkpointKeys = committee.authorities.map(authority => importPublicKey(authority.checkpointKey))
  return {
    verify(bytes) {
      const decoded = decodeVertex(bytes)
      if (decoded.kind !== 'accept') return decoded
      const checked = checkVertex(decoded.value, rules)
      if (checked.kind !== 'accept') return checked
      const vertex = checked.value
      const key = consensusKeys[vertex.author] as KeyObject
      if (!verifySignature(key, vertexSigningBytes(vertex.headerDigest), vertex.signature)) return reject('signature')
      const checkpointKey = checkpointKeys[vertex.author] as KeyObject
      for (const vote of vertex.execVotes) {
        const message = execVoteSigningBytes(chainId, epoch, vote.height, vote.blockHash)
        if (!verifySignature(checkpointKey, message, vote.signature)) return reject('exec vote signature')
      }
      return accept(trustVertex(vertex))
    },
  }
}

/** Own vertices and those of the own log need no check. Not exported by the folder. */
export function trustVertex(vertex: Vertex): VerifiedVertex {
  return vertex as VerifiedVertex
}
