import { type EpochRecordReason, verifyEpochRecord } from '#consensus'
import { equalBytes } from '#lib/bytes'
import type { Log } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import { reject, type Verdict } from '#lib/verdict'
import type { Network, PeerId } from '#p2p'
import type { Epoch } from '#types'
import { encodeEndedRequest } from './epoch-signatures.ts'
import { decodeEndedEpoch, type EndedEpoch, type EpochSetup, type EpochStore } from './epoch-store.ts'

const REQUEST_TIMEOUT_MS = 5_000
const BROKEN_ANSWER_POINTS = -20

/**
 * Fetches the records of ended epochs that this node lacks, from the first missing one on, and stores those that a quorum
 * of their own committee signed: from the genesis committee to the present one without executing anything. Returns the
 * newest epoch whose committee is known; call it again while that is not far enough.
 */
export async function fetchEpochRecords(options: {
  readonly network: Network
  readonly store: EpochStore
  readonly chainId: number
  readonly log: Log
  /** Nothing is asked for from this epoch on; default: as far as anybody knows. */
  readonly upTo?: Epoch
}): Promise<Epoch> {
  const { network, store, chainId, log, upTo = Number.POSITIVE_INFINITY } = options
  let epoch = 0
  while (epoch < upTo && store.get(epoch) !== undefined) epoch += 1

  async function ask(peer: PeerId, setup: EpochSetup): Promise<EndedEpoch | undefined> {
    const answer = await network
      .request(peer, 'status', encodeEndedRequest(epoch), { timeoutMs: REQUEST_TIMEOUT_MS })
      .catch(error => {
        log.debug('no epoch record from a peer', { epoch, peer, error: messageOf(error) })
      })
    if (answer === undefined) return undefined
    const ended = decodeEndedEpoch(answer)
    const checked = ended.kind === 'accept' ? checkFollows(ended.value, setup, chainId) : reject('malformed')
    if (ended.kind === 'accept' && checked.kind === 'accept') return ended.value
    // Who has not collected all signatures yet has done nothing wrong.
    const reason = checked.kind === 'accept' ? 'malformed' : checked.reason
    if (reason !== 'quorum') network.report(peer, BROKEN_ANSWER_POINTS, `epoch record: ${reason}`)
    return undefined
  }

  for (; epoch < upTo; epoch++) {
    const setup = store.setupOf(epoch)
    let found: EndedEpoch | undefined
    for (const { id } of network.peers()) {
      found = await ask(id, setup)
      if (found !== undefined) break
    }
    if (found === undefined) return epoch
    await store.put(found)
  }
  return epoch
}

const ATTEMPT_PAUSE_MS = 500

/**
 * Makes up for records that are gone although the chain is here (a consensus store that was lost): starts the network and
 * asks until all before `epoch` are known. Returns at once when nothing is missing. CodedError `epoch record missing`
 * after `timeoutMs` without an answer that helps.
 */
export async function ensureEpochRecords(options: {
  readonly network: Network
  readonly store: EpochStore
  readonly chainId: number
  readonly epoch: Epoch
  readonly connect: (setup: EpochSetup) => void
  readonly log: Log
  readonly timeoutMs?: number
}): Promise<void> {
  const { network, store, epoch, log, timeoutMs = 120_000 } = options
  if (epoch === 0 || store.get(epoch - 1) !== undefined) return
  log.warn('records of epochs are missing: the other nodes are asked', { before: epoch })
  options.connect(store.setupOf(0))
  await network.start()
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const known = await fetchEpochRecords({ ...options, upTo: epoch })
    if (known >= epoch) return
    if (performance.now() > deadlineMs) {
      throw new CodedError(
        'epoch record missing',
        `nobody gives the record of epoch ${known}; start when other nodes are up, or with a new data directory`,
        { data: { epoch: known } },
      )
    }
    options.connect(store.setupOf(known))
    await new Promise(resolve => setTimeout(resolve, ATTEMPT_PAUSE_MS))
  }
}

/** Whether this is how `setup`'s epoch ended, by the signatures of its committee. */
function checkFollows(
  ended: EndedEpoch,
  setup: EpochSetup,
  chainId: number,
): Verdict<unknown, EpochRecordReason | 'malformed'> {
  if (ended.record.epoch !== setup.epoch) return reject('epoch')
  if (!equalBytes(ended.record.previousRecordDigest, setup.previousEpochRecord)) return reject('previous record')
  return verifyEpochRecord(ended, setup.committee, chainId)
}
