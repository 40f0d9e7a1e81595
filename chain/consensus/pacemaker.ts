import type { ConsensusParams, Round } from '#types'

/** What the pacemaker asks of the accepted DAG. */
export interface PaceView {
  readonly quorum: number
  /** Stake of the authors with an accepted vertex in this round. */
  weight(round: Round): number
  /** The same without ourselves. */
  weightOfOthers(round: Round): number
  /** L1: a vertex of every leader slot of this round is accepted. */
  hasLeaders(round: Round): boolean
  /** L2: every leader slot of this round has a quorum of votes for one vertex, or the skip pattern. */
  isSettled(round: Round): boolean
}

export interface PaceState {
  /** The round that we are in. */
  readonly round: Round
  /** Highest round of an own vertex. */
  readonly created: Round
}

/**
 * Rule A: from round r to r+1 when accepted vertices of r weigh a quorum (A1) and our own vertex of r exists (A2). No
 * round is jumped over, because an adversary who makes honest validators jump keeps their votes from ever adding up.
 */
export function mayEnterNext(state: PaceState, view: PaceView): boolean {
  return state.created >= state.round && view.weight(state.round) >= view.quorum
}

export type CreateReason = 'leader' | 'timeout' | 'catch-up'

/**
 * Rule C: why the own vertex of the current round may be made now.
 * - `catch-up` (C3): others' vertices of this round already weigh a quorum; no delay applies.
 * - `leader` (C1): the leaders of the round before are here (L1) and those before them are settled (L2).
 * - `timeout` (C2).
 */
export function mayCreate(
  state: PaceState,
  view: PaceView,
  timing: { readonly timedOut: boolean; readonly delayed: boolean },
): CreateReason | undefined {
  if (state.created >= state.round) return undefined
  if (view.weightOfOthers(state.round) >= view.quorum) return 'catch-up'
  if (timing.delayed) return undefined
  if (timing.timedOut) return 'timeout'
  return view.hasLeaders(state.round - 1) && view.isSettled(state.round - 2) ? 'leader' : undefined
}

/** Rounds without a commit after which the timeout grows. */
export const BACKOFF_ROUNDS = 10

/**
 * When to enter a round and when to make a vertex: the push pacemaker of the Starfish paper (rules A, C, L), with a
 * floor between own vertices (M), a timeout that adapts (B), and jumps over decided rounds only (J).
 */
export class Pacemaker {
  readonly #params: ConsensusParams
  #round: Round = 1
  #created: Round = 0
  #enteredMs = 0
  #createdMs: number | undefined
  #timeoutMs: number
  #idleRounds = 0

  constructor(params: ConsensusParams) {
    this.#params = params
    this.#timeoutMs = params.leaderTimeoutMs
  }

  get round(): Round {
    return this.#round
  }

  get created(): Round {
    return this.#created
  }

  get timeoutMs(): number {
    return this.#timeoutMs
  }

  /** Starts the timer of the current round. */
  start(nowMs: number): void {
    this.#enteredMs = nowMs
  }

  /** Enters rounds while rule A holds. */
  enterRounds(view: PaceView, nowMs: number): void {
    while (mayEnterNext({ round: this.#round, created: this.#created }, view)) {
      this.#round++
      this.#enteredMs = nowMs
      this.#idleRounds++
      if (this.#idleRounds < BACKOFF_ROUNDS) continue
      this.#idleRounds = 0
      this.#timeoutMs = Math.min(Math.floor((this.#timeoutMs * 3) / 2), this.#params.leaderTimeoutMaxMs)
    }
  }

  reasonToCreate(view: PaceView, nowMs: number): CreateReason | undefined {
    return mayCreate({ round: this.#round, created: this.#created }, view, {
      timedOut: nowMs >= this.#enteredMs + this.#timeoutMs,
      delayed: nowMs < this.#floorMs(),
    })
  }

  /** The own vertex of the current round exists. */
  noteCreated(nowMs: number): void {
    this.#created = this.#round
    this.#createdMs = nowMs
  }

  /** A commit was decided: the timeout falls back towards its base. */
  noteCommit(): void {
    this.#idleRounds = 0
    this.#timeoutMs = Math.max(Math.floor((this.#timeoutMs * 2) / 3), this.#params.leaderTimeoutMs)
  }

  /**
   * Own vertices up to `round` exist, or must never exist: after recovery, above the amnesia floor, or by rule J (only
   * rounds whose leaders are decided may be left out).
   */
  skipTo(round: Round, nowMs: number): void {
    if (round <= this.#created) return
    this.#created = round
    if (round <= this.#round) return
    this.#round = round
    this.#enteredMs = nowMs
  }

  /** Rule M: a floor on the time between own vertices; a millisecond at least, or a lone validator would never stop. */
  #floorMs(): number {
    return this.#createdMs === undefined ? 0 : this.#createdMs + Math.max(1, this.#params.minRoundDelayMs)
  }

  /** The next instant at which time alone may change the answer; none while we wait for others. */
  deadline(view: PaceView, nowMs: number): number | undefined {
    if (this.#created >= this.#round) return undefined
    const floor = this.#floorMs()
    const timeout = Math.max(this.#enteredMs + this.#timeoutMs, floor)
    if (nowMs < floor && view.hasLeaders(this.#round - 1) && view.isSettled(this.#round - 2)) return floor
    return timeout
  }
}
