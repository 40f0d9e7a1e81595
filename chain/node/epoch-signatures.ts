import {
  decodeCertifiedRecord,
  type EpochSignature,
  encodeCertifiedRecord,
  epochRecordDigest,
  epochRecordSigningBytes,
  importPublicKey,
  Tally,
  verifySignature,
} from '#consensus'
import { equalBytes, toHex } from '#lib/bytes'
import { DecodeError, Reader, Writer } from '#lib/codec'
import type { Log } from '#lib/env'
import { messageOf } from '#lib/errors'
import type { Network, PeerId } from '#p2p'
import type { AuthorityIndex, Digest, Epoch } from '#types'
import { type EndedEpoch, type EpochSetup, type EpochStore, encodeEndedEpoch, withSignatures } from './epoch-store.ts'
import type { Ed25519Key } from './keys/index.ts'

const PULL_MS = 500
const REQUEST_TIMEOUT_MS = 2_000
/** Ended epochs whose signatures are still collected. */
const PENDING_MAX = 4
const BROKEN_ANSWER_POINTS = -20

/**
 * Collects the signatures of a quorum for each epoch record, outside of the DAG: whoever has ended an epoch asks its
 * members, one after the other, for what they have. Nothing waits for it but newcomers.
 */
export interface EpochSignatures {
  /** The epoch of `setup` ended like this on this node: signs it as a member, and collects the others' signatures. */
  collect(setup: EpochSetup, ended: EndedEpoch): Promise<void>
  /** Answers another node's question; undefined when that epoch has not ended here. */
  answer(request: Uint8Array): Uint8Array | undefined
  stop(): void
}

interface Pending {
  readonly setup: EpochSetup
  readonly digest: Digest
  ended: EndedEpoch
  /** Who is asked next. */
  next: AuthorityIndex
  isAsking: boolean
}

/** "How did this epoch end, and who signed it?" */
export function encodeRecordRequest(epoch: Epoch): Uint8Array {
  return new Writer(9).u8(1).u64(epoch).finish()
}

/** The same, with the addresses of the next committee (`decodeEndedEpoch`): what a node asks that does not know it. */
export function encodeEndedRequest(epoch: Epoch): Uint8Array {
  return new Writer(9).u8(2).u64(epoch).finish()
}

function decodeRequest(bytes: Uint8Array): { readonly epoch: Epoch; readonly withAddresses: boolean } | undefined {
  try {
    const reader = new Reader(bytes)
    const kind = reader.u8()
    const epoch = reader.u64()
    reader.end()
    return (kind === 1 || kind === 2) && epoch < 2 ** 32 ? { epoch, withAddresses: kind === 2 } : undefined
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

export function createEpochSignatures(options: {
  readonly chainId: number
  readonly network: Network
  readonly store: EpochStore
  /** The checkpoint key; absent for a node without keys. */
  readonly key: Ed25519Key | undefined
  readonly log: Log
  /** Honest nodes never end an epoch differently: operators must hear of it. */
  readonly onDiffering: (epoch: Epoch) => void
  /** Storage failed: the node must stop. */
  readonly onFailure: (error: unknown) => void
}): EpochSignatures {
  const { chainId, network, store, key, log } = options
  const pending = new Map<Epoch, Pending>()

  const isCertified = ({ setup, ended }: Pending): boolean => {
    const signers = new Tally(setup.committee)
    for (const { author } of ended.signatures) signers.add(author)
    return signers.weight >= setup.committee.quorum
  }

  /** Takes the new valid signatures of a member's answer; a broken one is the answerer's fault. */
  async function merge(one: Pending, from: PeerId, answer: Uint8Array): Promise<void> {
    const decoded = decodeCertifiedRecord(answer)
    if (decoded.kind !== 'accept') return network.report(from, BROKEN_ANSWER_POINTS, 'malformed epoch record')
    const { record, signatures } = decoded.value
    const { epoch, committee } = one.setup
    const theirs = digestOf(record, chainId)
    if (record.epoch !== epoch || theirs === undefined || !equalBytes(theirs, one.digest)) {
      log.error('another node ended the epoch differently', { epoch, peer: from, ours: toHex(one.digest) })
      options.onDiffering(epoch)
      return
    }
    const message = epochRecordSigningBytes(one.digest)
    const known = new Set(one.ended.signatures.map(({ author }) => author))
    const added: EpochSignature[] = []
    for (const { author, signature } of signatures) {
      if (known.has(author)) continue
      const authority = committee.authorities[author]
      if (authority === undefined || !verifySignature(importPublicKey(authority.checkpointKey), message, signature))
        return network.report(from, BROKEN_ANSWER_POINTS, 'forged epoch signature')
      known.add(author)
      added.push({ author, signature })
    }
    if (added.length === 0) return
    one.ended = withSignatures(
      one.ended,
      [...one.ended.signatures, ...added].sort((a, b) => a.author - b.author),
    )
    await store.put(one.ended)
  }

  async function pull(one: Pending): Promise<void> {
    const { epoch, peers } = one.setup
    const who = one.next
    one.next = (one.next + 1) % peers.length
    const peer = peers[who] as PeerId
    if (peer === network.self) return
    const answer = await network
      .request(peer, 'status', encodeRecordRequest(epoch), { timeoutMs: REQUEST_TIMEOUT_MS })
      .catch(error => {
        log.debug('no epoch record from a validator', { epoch, who, error: messageOf(error) })
      })
    if (answer !== undefined) await merge(one, peer, answer)
    settle(one)
  }

  function settle(one: Pending): void {
    const { epoch } = one.setup
    if (!isCertified(one) || pending.get(epoch) !== one) return
    pending.delete(epoch)
    log.info('epoch record certified', { epoch, record: toHex(one.digest), signatures: one.ended.signatures.length })
  }

  const timer = setInterval(() => {
    for (const one of pending.values()) {
      if (one.isAsking) continue
      one.isAsking = true
      pull(one)
        .catch(options.onFailure)
        .finally(() => {
          one.isAsking = false
        })
    }
  }, PULL_MS)
  // A node that fails to start must not live on for it.
  timer.unref()

  return {
    async collect(setup, ended) {
      const digest = epochRecordDigest(ended.record, chainId)
      const own = setup.committee.authorities.findIndex(
        ({ checkpointKey }) => key !== undefined && equalBytes(checkpointKey, key.publicKey),
      )
      const one: Pending = { setup, digest, ended, next: 0, isAsking: false }
      if (key !== undefined && own >= 0 && !ended.signatures.some(({ author }) => author === own)) {
        const signature = key.sign(epochRecordSigningBytes(digest))
        one.ended = withSignatures(ended, [...ended.signatures, { author: own, signature }])
      }
      await store.put(one.ended)
      for (const oldest of pending.keys()) if (pending.size >= PENDING_MAX) pending.delete(oldest)
      pending.set(setup.epoch, one)
      settle(one)
    },

    answer(request) {
      const asked = decodeRequest(request)
      if (asked === undefined) return undefined
      const ended = pending.get(asked.epoch)?.ended ?? store.get(asked.epoch)
      if (ended === undefined) return undefined
      return asked.withAddresses ? encodeEndedEpoch(ended) : encodeCertifiedRecord(ended)
    },

    stop: () => clearInterval(timer),
  }
}

/** Undefined when the next committee inside is none. */
function digestOf(record: EndedEpoch['record'], chainId: number): Digest | undefined {
  try {
    return epochRecordDigest(record, chainId)
  } catch {
    return undefined
  }
}
