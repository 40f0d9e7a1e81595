import type { AuthorityIndex, CommitIndex, ConsensusParams } from '#types'
import { COMMIT_STALL_MS, COMMIT_SYNC_LAG_BATCHES, COMMIT_SYNC_RETRY_MS } from './limits.ts'
import type { Effect } from './types.ts'

export interface SyncView {
  readonly localIndex: CommitIndex
  readonly quorumIndex: CommitIndex
  /** Authors of validity weight make vertices beyond our look-ahead: streams cannot help any more. */
  readonly outpaced: boolean
  /** Highest commit that a peer voted for. */
  highestVote(author: AuthorityIndex): CommitIndex
}

/**
 * Decides when to fetch certified commits instead of single vertices: far behind a quorum's commit votes, outpaced, or
 * stalled while others commit. One range at a time, of at most a batch; another peer after each failure.
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

  /** The answer to a range came and was used or refused: ask on at once, or elsewhere. */
  answered(used: boolean, nowMs: number): void {
    this.#askAtMs = nowMs
    if (!used) this.#attempts++
  }

  /** The range to ask for now, if any. */
  plan(view: SyncView, nowMs: number, down: ReadonlySet<AuthorityIndex>): Effect | undefined {
    const lag = view.quorumIndex - view.localIndex
    if (lag <= 0) {
      this.#active = false
      this.#behindSinceMs = undefined
      return undefined
    }
    if (this.#behindSinceMs === undefined || view.localIndex > this.#lastIndex) this.#behindSinceMs = nowMs
    this.#lastIndex = view.localIndex
    const far = view.outpaced || lag > this.#params.commitSyncBatch * (this.#active ? 1 : COMMIT_SYNC_LAG_BATCHES)
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
    const from = view.localIndex + 1
    const upTo = Math.min(view.quorumIndex, view.localIndex + this.#params.commitSyncBatch)
    const able: AuthorityIndex[] = []
    for (let step = 0; step < this.#size; step++) {
      const peer = (from + this.#attempts + step) % this.#size
      if (peer !== this.#own && view.highestVote(peer) >= from) able.push(peer)
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
