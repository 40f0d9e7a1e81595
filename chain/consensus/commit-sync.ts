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
  #progressMs = 0
  #lastIndex: CommitIndex = 0

  constructor(params: ConsensusParams, size: number, own: AuthorityIndex | undefined) {
    this.#params = params
    this.#size = size
    this.#own = own
  }

  get active(): boolean {
    return this.#active
  }

  start(nowMs: number): void {
    this.#progressMs = nowMs
  }

  /** The answer to a range came and was used or refused: ask on at once, or elsewhere. */
  answered(used: boolean, nowMs: number): void {
    this.#askAtMs = nowMs
    if (!used) this.#attempts++
  }

  /** The range to ask for now, if any. */
  plan(view: SyncView, nowMs: number, down: ReadonlySet<AuthorityIndex>): Effect | undefined {
    if (view.localIndex > this.#lastIndex) {
      this.#lastIndex = view.localIndex
      this.#progressMs = nowMs
    }
    const lag = view.quorumIndex - view.localIndex
    if (lag <= 0) {
      this.#active = false
      if (view.quorumIndex === view.localIndex) this.#progressMs = nowMs
      return undefined
    }
    const far = lag > this.#params.commitSyncBatch * COMMIT_SYNC_LAG_BATCHES
    const stalled = nowMs - this.#progressMs >= COMMIT_STALL_MS
    if (!this.#active && !far && !view.outpaced && !stalled) return undefined
    if (this.#active && lag <= this.#params.commitSyncBatch && !view.outpaced && !stalled) {
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
  deadline(view: SyncView): number | undefined {
    if (this.#active) return this.#askAtMs
    return view.quorumIndex > view.localIndex ? this.#progressMs + COMMIT_STALL_MS : undefined
  }
}
