import { assert, defined } from '#lib/assert'
import { Writer } from '#lib/codec'
import { taggedHash } from '#lib/hash'
import {
  COMMIT_VERSION,
  type Commit,
  type CommitIndex,
  type ConsensusParams,
  commitDigest,
  type Digest,
  type Epoch,
  type OrderedCommit,
  type Round,
  refOf,
  sameRef,
  type Vertex,
  type VertexRef,
} from '#types'
import type { Committee } from './committee.ts'
import type { Dag, Entry } from './dag.ts'
import { applySwaps, type ScheduleHistory, type ScheduleSeed } from './leader-schedule.ts'
import { gcRoundAfter, linearize } from './linearizer.ts'
import { createSwapTable, NO_SWAPS } from './reputation.ts'
import { commitTimestamp } from './timestamp.ts'
import type { FinalizerState, LeaderSchedule, SwapTable } from './types.ts'

export interface FinalizerOptions<V extends Vertex> {
  readonly dag: Dag<V>
  readonly committee: Committee
  readonly params: ConsensusParams
  readonly seed: ScheduleSeed
  readonly epochStartMs: number
  readonly genesisCommitDigest: Digest
  /** The schedule without swaps. */
  readonly base: LeaderSchedule
  readonly schedule: ScheduleHistory
  /** False when tests fix the schedule: scores are counted, nobody is swapped. */
  readonly swaps: boolean
}

/** What stands in for the digest of "commit 0": binds the chain of commits to this epoch of this chain. */
export function genesisCommitDigest(options: {
  readonly chainId: number
  readonly epoch: Epoch
  readonly committeeDigest: Digest
  readonly previousEpochRecord: Digest
}): Digest {
  const out = new Writer(96).u64(options.chainId).u64(options.epoch)
  out.bytes(options.committeeDigest).bytes(options.previousEpochRecord)
  return taggedHash('dag/commit-genesis/1', out.finish())
}

/**
 * Turns committed leaders into commits: linearises, stamps, scores, switches the leader schedule at the end of a window
 * and recognises the end of the epoch. Reads committed data only, so every node makes byte-identical commits.
 */
export class Finalizer<V extends Vertex> {
  readonly #options: FinalizerOptions<V>
  #index: CommitIndex = 0
  #digest: Digest
  #timestampMs: number
  #leader: VertexRef | undefined
  #swaps: SwapTable = NO_SWAPS
  #scores: number[]
  /** Committed leaders by round, for the scores of the votes on them. */
  #leaders = new Map<Round, VertexRef[]>()
  #ended = false

  constructor(options: FinalizerOptions<V>) {
    this.#options = options
    this.#digest = options.genesisCommitDigest
    this.#timestampMs = options.epochStartMs
    this.#scores = new Array<number>(options.committee.size).fill(0)
  }

  get index(): CommitIndex {
    return this.#index
  }
  get digest(): Digest {
    return this.#digest
  }
  get timestampMs(): number {
    return this.#timestampMs
  }
  get leader(): VertexRef | undefined {
    return this.#leader
  }
  get ended(): boolean {
    return this.#ended
  }
  get gcRound(): Round {
    return this.#leader === undefined ? 0 : gcRoundAfter(this.#leader.round, this.#options.params.gcDepth)
  }
  /** Scores of the window so far. */
  get scores(): readonly number[] {
    return this.#scores
  }
  get swaps(): SwapTable {
    return this.#swaps
  }

  state(): FinalizerState {
    return {
      index: this.#index,
      digest: this.#digest,
      timestampMs: this.#timestampMs,
      ...(this.#leader === undefined ? {} : { leader: this.#leader }),
      swaps: this.#swaps,
      scores: [...this.#scores],
      leaders: [...this.#leaders.values()].flat(),
      ended: this.#ended,
    }
  }

  /** Continues from a stored state; only before the first commit. */
  load(state: FinalizerState): void {
    assert(this.#index === 0, 'a state is loaded into a fresh finalizer')
    this.#index = state.index
    this.#digest = state.digest
    this.#timestampMs = state.timestampMs
    this.#leader = state.leader
    this.#scores = [...state.scores]
    this.#ended = state.ended
    for (const leader of state.leaders) this.#remember(leader)
    this.#install(state.swaps, state.leader?.round ?? 0)
  }

  /**
   * The commit of `leader`, next in order. Marks its vertices as committed. The caller collects the DAG up to
   * {@link gcRound} afterwards, and when `windowEnded` forgets decisions for later rounds: another schedule rules them.
   */
  commit(leader: Entry<V>): { readonly ordered: OrderedCommit; readonly windowEnded: boolean } {
    assert(!this.#ended, 'nothing is committed after the end of the epoch')
    const { dag, params, epochStartMs } = this.#options
    const subDag = linearize(dag, leader, this.gcRound)
    const index = this.#index + 1
    const timestampMs = commitTimestamp(dag, leader.vertex, this.#timestampMs)
    this.#remember(refOf(leader.vertex))
    for (const [at, entry] of subDag.entries.entries()) if (subDag.executes[at] === true) this.#score(entry.vertex)
    const windowEnded = index % params.scheduleWindowCommits === 0
    const endsEpoch = timestampMs >= epochStartMs + params.epochDurationMs
    const commit: Commit = {
      version: COMMIT_VERSION,
      epoch: this.#options.seed.epoch,
      index,
      previousDigest: this.#digest,
      timestampMs,
      leader: refOf(leader.vertex),
      vertices: subDag.entries.map(entry => refOf(entry.vertex)),
      ...(windowEnded ? { scores: [...this.#scores] } : {}),
      endsEpoch,
    }
    this.#index = index
    this.#digest = commitDigest(commit)
    this.#timestampMs = timestampMs
    this.#leader = commit.leader
    this.#ended = endsEpoch
    for (const round of this.#leaders.keys()) if (round <= this.gcRound) this.#leaders.delete(round)
    if (windowEnded) this.#endWindow(index, leader.vertex.round)
    const ordered: OrderedCommit = {
      commit,
      digest: this.#digest,
      vertices: subDag.entries.map(entry => entry.vertex),
      executes: subDag.executes,
    }
    return { ordered, windowEnded }
  }

  #remember(leader: VertexRef): void {
    const known = this.#leaders.get(leader.round)
    if (known === undefined) this.#leaders.set(leader.round, [leader])
    else known.push(leader)
  }

  /** A committed vertex earns a point for each committed leader of the round before that it votes for. */
  #score(vertex: V): void {
    const leaders = this.#leaders.get(vertex.round - 1)
    if (leaders === undefined) return
    for (const leader of leaders)
      if (vertex.parents.some(parent => sameRef(parent, leader)))
        this.#scores[vertex.author] = defined(this.#scores[vertex.author], 'a score of every author') + 1
  }

  #endWindow(index: CommitIndex, round: Round): void {
    const { committee, params } = this.#options
    const swaps = createSwapTable(this.#scores, committee, params.scheduleBadStakePercent, index)
    this.#scores = new Array<number>(committee.size).fill(0)
    this.#install(swaps, round)
  }

  #install(swaps: SwapTable, after: Round): void {
    this.#swaps = swaps
    const { schedule, base, committee, seed } = this.#options
    if (this.#options.swaps) schedule.switchAfter(after, applySwaps(base, swaps, committee, seed))
  }
}
