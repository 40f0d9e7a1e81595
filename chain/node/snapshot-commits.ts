import {
  checkCommitRange,
  checkpointFromCommits,
  createVertexVerifier,
  decodeRangeAnswer,
  encodeRangeRequest,
  firstCommitNeeded,
  type LogRecord,
  windowEndBefore,
} from '#consensus'
import { equalBytes, toRawHex } from '#lib/bytes'
import type { Log } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import type { Network, PeerId } from '#p2p'
import { type Commit, type CommitIndex, commitDigest, type Digest, type VerifiedVertex } from '#types'
import type { ConsensusLog } from './consensus-log.ts'
import type { TransactionCheck } from './epoch.ts'
import type { EpochSetup } from './epoch-store.ts'

const REQUEST_TIMEOUT_MS = 30_000
const FORGED_POINTS = -60
const ROUNDS_MAX = 20
const PAUSE_MS = 500

/**
 * Fetches what the consensus of an epoch goes on from after commit `last` (whose digest a certified header names): the
 * commits back to the window before, their vertices, and the checkpoint that follows from them; writes it all into the
 * log, from which a node then starts as after any stop. Every commit is proven by its hash chain to `last` or to a quorum's
 * votes, every vertex by its author's signature. CodedError `no commits` when nobody gives them.
 */
export async function fetchCommitsBefore(options: {
  readonly network: Network
  readonly setup: EpochSetup
  readonly chainId: number
  readonly checkTransaction: TransactionCheck
  readonly last: CommitIndex
  readonly lastDigest: Digest
  readonly consensusLog: ConsensusLog
  readonly log: Log
}): Promise<void> {
  const { network, setup, chainId, checkTransaction, last, lastDigest, consensusLog, log } = options
  const { epoch, committee, params, previousEpochRecord } = setup
  const verifier = createVertexVerifier({ chainId, epoch, committee, params, previousEpochRecord, checkTransaction })
  const commits: Commit[] = []
  const vertices: VerifiedVertex[] = []
  const first = firstCommitNeeded(last, params)

  /** Takes a peer's range when all of it is proven; the reason otherwise. */
  function take(answer: Uint8Array): string | undefined {
    const decoded = decodeRangeAnswer(answer)
    if (decoded.kind !== 'accept') return 'malformed commit range'
    const range = decoded.value
    const [start] = range.commits
    const previous = commits.at(-1)
    if (start === undefined || start.index !== first + commits.length) return 'another range than the wanted one'
    const end = range.commits.findIndex(commit => commit.index === last)
    const wanted = end < 0 ? range.commits : range.commits.slice(0, end + 1)
    const certifiers = verified(range.certifiers)
    const bodies = verified(range.vertices)
    if (certifiers === undefined || bodies === undefined) return 'a forged vertex'
    const reachesLast = end >= 0 && equalBytes(commitDigest(wanted.at(-1) as Commit), lastDigest)
    const checked = checkCommitRange(wanted, reachesLast ? votesFor(wanted.at(-1) as Commit) : certifiers, {
      epoch,
      committee,
      localIndex: start.index - 1,
      localDigest: previous === undefined ? start.previousDigest : commitDigest(previous),
    })
    if (checked.kind !== 'accept') return `commit range: ${checked.reason}`
    if (end >= 0 && !reachesLast) return 'another commit than the certified one'
    const known = new Map(bodies.map(vertex => [toRawHex(vertex.digest), vertex]))
    const taken: VerifiedVertex[] = []
    for (const commit of wanted) {
      for (const { digest } of commit.vertices) {
        const vertex = known.get(toRawHex(digest))
        if (vertex === undefined) return 'a commit without its vertices'
        taken.push(vertex)
      }
    }
    commits.push(...wanted)
    vertices.push(...taken)
    return undefined
  }

  /** The last commit's digest is in a certified header: that is as good as votes of everybody. */
  function votesFor(commit: Commit) {
    const commitVotes = [{ index: commit.index, digest: lastDigest }]
    return committee.authorities.map(({ index }) => ({ author: index, commitVotes }))
  }

  function verified(blobs: readonly Uint8Array[]): VerifiedVertex[] | undefined {
    const found: VerifiedVertex[] = []
    for (const bytes of blobs) {
      const verdict = verifier.verify(bytes)
      if (verdict.kind !== 'accept') return undefined
      found.push(verdict.value)
    }
    return found
  }

  async function ask(peer: PeerId): Promise<boolean> {
    const body = encodeRangeRequest({ epoch, from: first + commits.length, upTo: last })
    try {
      const fault = take(await network.request(peer, 'commits', body, { timeoutMs: REQUEST_TIMEOUT_MS }))
      if (fault === undefined) return true
      // A range without votes on its last commit is an honest answer that does not help here.
      if (fault !== 'commit range: uncertified') network.report(peer, FORGED_POINTS, fault)
      log.warn('a range of commits is of no use', { peer, fault })
    } catch (error) {
      log.debug('no commits from a peer', { peer, error: messageOf(error) })
    }
    return false
  }

  for (let round = 0; first + commits.length <= last; ) {
    let isAnswered = false
    for (const { id } of network.peers()) {
      isAnswered = await ask(id)
      if (isAnswered) break
    }
    if (isAnswered) continue
    if (++round === ROUNDS_MAX) throw new CodedError('no commits', `nobody gives the commits up to ${last}`)
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  }
  await store()

  async function store(): Promise<void> {
    const seed = { chainId, epoch, epochSeed: setup.epochSeed }
    const checkpoint = checkpointFromCommits({ commits, index: last, committee, params, seed })
    const records: LogRecord[] = vertices.map(vertex => ({ kind: 'vertex', vertex, own: false }))
    for (const commit of commits) records.push({ kind: 'commit', commit, digest: commitDigest(commit) })
    if (checkpoint !== undefined) records.push({ kind: 'checkpoint', checkpoint })
    await consensusLog.append(records, { durable: true })
    log.info('commits before the snapshot stored', { epoch, first, last, window: windowEndBefore(last, params) })
  }
}
