import type { AuthorityIndex, CommitIndex, ConsensusParams } from '#types'
import type { CommitVoteMonitor } from './commit-votes.ts'
import { COMMIT_STALL_MS, COMMIT_SYNC_LAG_BATCHES, COMMIT_SYNC_RETRY_MS } from './limits.ts'
import type { Effect } from './types.ts'

/**
 * Decides when to fetch ranges of commits instead of single vertices: far behind what an honest authority committed,
 * outpaced, or stalled while others commit. Mostly a quorum's votes prove a range. Where the faulty keep silent they
 * cannot, since those who are behind did not vote yet; then the vertices of the range are taken like any others, and decided on.
 * One range at a time, of at most a batch, each from another peer.
 */
export class CommitSync {
  readonly #params: ConsensusParams
  readonly #size: number
  readonly #own: AuthorityIndex | undefined
  #active = false
  #askAtMs = 0
  #attempts = 0
  /** Since when we are behind without a commit of our own. */
  #behindSinceMs: number | undefined
  #replacesFetch = false
  #lastIndex: CommitIndex = 0

  constructor(params: ConsensusParams, size: number, own: AuthorityIndex | undefined) {
    this.#params = params
    this.#size = size
    this.#own = own
  }

  get active(): boolean {
    return this.#active
  }

  /** So far behind that fetching single vertices is of no use meanwhile. */
  get replacesFetch(): boolean {
    return this.#active && this.#replacesFetch
  }

  /** The answer to a range came, good or not: the next peer is asked at once. */
  answered(nowMs: number): void {
    this.#askAtMs = nowMs
  }

  /** We have what others have. */
  rest(): void {
    this.#active = false
    this.#behindSinceMs = undefined
  }

  /**
   * The range to ask for now, if any, while an honest authority has commits beyond `localIndex`. `outpaced`: authors of validity
   * weight make vertices beyond our look-ahead, so streams cannot help any more.
   */
  plan(
    localIndex: CommitIndex,
    votes: Pick<CommitVoteMonitor, 'validityIndex' | 'highest'>,
    outpaced: boolean,
    nowMs: number,
    down: ReadonlySet<AuthorityIndex>,
  ): Effect | undefined {
    const lag = votes.validityIndex - localIndex
    if (this.#behindSinceMs === undefined || localIndex > this.#lastIndex) this.#behindSinceMs = nowMs
    this.#lastIndex = localIndex
    const far = outpaced || lag > this.#params.commitSyncBatch * (this.#active ? 1 : COMMIT_SYNC_LAG_BATCHES)
    const stalled = nowMs - this.#behindSinceMs >= COMMIT_STALL_MS
    this.#replacesFetch = far
    if (!far && !stalled) {
      this.#active = false
      return undefined
    }
    if (!this.#active) {
      this.#active = true
      this.#askAtMs = nowMs
    }
    if (nowMs < this.#askAtMs) return undefined
    const from = localIndex + 1
    const upTo = Math.min(votes.validityIndex, localIndex + this.#params.commitSyncBatch)
    const able: AuthorityIndex[] = []
    for (let step = 0; step < this.#size; step++) {
      const peer = (from + this.#attempts + step) % this.#size
      if (peer !== this.#own && votes.highest(peer) >= from) able.push(peer)
    }
    const reachable = able.filter(peer => !down.has(peer))
    this.#askAtMs = nowMs + COMMIT_SYNC_RETRY_MS
    this.#attempts++
    return { kind: 'syncCommits', from, upTo, to: reachable.length > 0 ? reachable : able }
  }

  /** When {@link plan} should be called again although nothing arrives. */
  deadline(): number | undefined {
    if (this.#active) return this.#askAtMs
    return this.#behindSinceMs === undefined ? undefined : this.#behindSinceMs + COMMIT_STALL_MS
  }
}
