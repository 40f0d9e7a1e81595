import { assert } from '#lib/assert'
import { equalBytes, toHex, toRawHex } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import {
  type AuthorityIndex,
  type Commit,
  type CommitIndex,
  type Digest,
  genesisVertices,
  type OrderedCommit,
  type Round,
  refOf,
  type VerifiedVertex,
  type VertexRef,
} from '#types'
import { type CertifierEvent, CommitCertifiers } from './commit-certifiers.ts'
import { type CheckedCommit, type CommitRangeReason, checkCommitRange } from './commit-range.ts'
import { CommitVoteMonitor } from './commit-votes.ts'
import { type Committee, createCommittee } from './committee.ts'
import { Committer } from './committer.ts'
import { Dag, type Entry } from './dag.ts'
import type { Cursor } from './decision.ts'
import { EvidenceQueue } from './equivocation.ts'
import { ExecVoteCounter } from './exec-votes.ts'
import { Finalizer, genesisCommitDigest } from './finalizer.ts'
import { createStakeSchedule, ScheduleHistory } from './leader-schedule.ts'
import type { Outbox } from './outbox.ts'
import { ThresholdClock } from './threshold-clock.ts'
import type { ConsensusCheckpoint, ConsensusOptions, LogRecord } from './types.ts'
import { trustVertex } from './verify-vertex.ts'
import { type AddOutcome, VertexManager } from './vertex-manager.ts'

/** Told what happens in the replica; a validator's producer listens, a follower has none. */
export interface ReplicaListener {
  accepted(entry: Entry<VerifiedVertex>): void
  committed(commit: Commit, digest: Digest): void
  /** Rounds fell under garbage collection. */
  collected(entries: readonly Entry<VerifiedVertex>[]): void
}

/**
 * What every node does, validator or not: accept vertices, decide leaders, make commits, count votes. All changes to the
 * DAG go through one path, own vertices included.
 */
export class Replica {
  readonly committee: Committee
  readonly genesis: readonly VerifiedVertex[]
  readonly dag: Dag<VerifiedVertex>
  readonly manager: VertexManager
  readonly schedule: ScheduleHistory
  readonly committer: Committer<VerifiedVertex>
  readonly finalizer: Finalizer<VerifiedVertex>
  readonly clock: ThresholdClock
  readonly votes: CommitVoteMonitor
  readonly certifiers: CommitCertifiers
  readonly execVotes: ExecVoteCounter
  readonly evidence = new EvidenceQueue()
  listener: ReplicaListener | undefined
  readonly #options: ConsensusOptions
  readonly #outbox: Outbox
  /** Committed vertices of a loaded checkpoint that were not met yet. */
  readonly #committedBefore = new Map<string, VertexRef>()
  #replaying = false
  #broken = false
  #redeliver: OrderedCommit[] = []

  constructor(options: ConsensusOptions, outbox: Outbox) {
    const { chainId, epoch, params, previousEpochRecord } = options
    this.#options = options
    this.#outbox = outbox
    this.committee = createCommittee(options.authorities)
    const identity = { chainId, epoch, committeeDigest: this.committee.digest, previousEpochRecord }
    this.genesis = genesisVertices({ ...identity, size: this.committee.size }).map(trustVertex)
    this.dag = new Dag(this.committee)
    for (const vertex of this.genesis) this.dag.insert(vertex)
    this.clock = new ThresholdClock(this.committee, 1)
    this.manager = new VertexManager({
      dag: this.dag,
      maxRoundLookahead: params.maxRoundLookahead,
      accept: (vertex, nowMs) => this.#accept(vertex, nowMs),
      sizeOf: vertex => vertex.bytes.length,
    })
    const seed = { chainId, epoch, epochSeed: options.epochSeed }
    const base = options.leaderSchedule ?? createStakeSchedule(this.committee, seed, params.leadersPerRound)
    this.schedule = new ScheduleHistory(base)
    this.committer = new Committer(this.dag, this.committee, round => this.schedule.leaders(round))
    this.finalizer = new Finalizer({
      dag: this.dag,
      committee: this.committee,
      params,
      seed,
      epochStartMs: options.epochStartMs,
      genesisCommitDigest: genesisCommitDigest(identity),
      base,
      schedule: this.schedule,
      swaps: options.leaderSchedule === undefined,
    })
    this.votes = new CommitVoteMonitor(this.committee)
    this.certifiers = new CommitCertifiers(this.committee, params.commitSyncBatch)
    this.execVotes = new ExecVoteCounter(epoch, this.committee)
  }

  get gcRound(): Round {
    return this.finalizer.gcRound
  }

  /**
   * The epoch ended, and a quorum voted for its last commit in vertices that are here: whoever is behind can be given the
   * proof. The index alone says nothing: a liar's claim of a later one would close the epoch one honest vote too early.
   */
  get isClosed(): boolean {
    return this.finalizer.ended && this.certifiers.isCertified(this.finalizer.index)
  }

  /** Agreement is broken (more than f Byzantine, or a local fault): nothing is committed any more. */
  get isBroken(): boolean {
    return this.#broken
  }

  insert(vertex: VerifiedVertex, from: AuthorityIndex | undefined, nowMs: number, fetchGraceMs: number): AddOutcome {
    return this.manager.add(vertex, from, nowMs, fetchGraceMs)
  }

  /** Counts a vertex's commit votes; done for verified vertices even when they are not accepted (yet). */
  observeVotes(vertex: VerifiedVertex): void {
    for (const vote of vertex.commitVotes) this.votes.observe(vertex.author, vote.index)
  }

  /** Decides and commits all that can be. True when something was committed. */
  decide(nowMs: number): boolean {
    const before = this.finalizer.index
    while (!this.#broken && !this.finalizer.ended) {
      const result = this.committer.decide()
      if (result.conflict !== undefined) {
        this.#break('two leaders certified', { slot: result.conflict })
        break
      }
      if (result.decided.length === 0) break
      for (const decision of result.decided) {
        if (decision.kind === 'skip') this.committer.advance(decision.slot)
        else if (this.#commit(decision.leader, decision.slot, nowMs).stop) break
      }
    }
    return this.finalizer.index > before
  }

  /**
   * Applies a range of certified commits from a peer: leaders and vertices are taken as given, nothing is decided, and
   * every commit is recomputed and compared. `vertices` need verified signatures like all others.
   */
  applyRange(
    commits: readonly Commit[],
    vertices: readonly VerifiedVertex[],
    certifiers: readonly VerifiedVertex[],
    nowMs: number,
  ): CommitRangeReason | undefined {
    const checked = checkCommitRange(commits, certifiers, {
      epoch: this.#options.epoch,
      committee: this.committee,
      localIndex: this.finalizer.index,
      localDigest: this.finalizer.digest,
    })
    if (checked.kind !== 'accept') return checked.reason
    const bodies = new Map<string, VerifiedVertex>()
    for (const vertex of vertices) bodies.set(toRawHex(vertex.digest), vertex)
    for (const { commit } of checked.value)
      for (const ref of commit.vertices)
        if (!this.manager.isKnown(ref) && !bodies.has(toRawHex(ref.digest))) return 'incomplete'
    for (const one of checked.value) {
      if (this.#broken || this.finalizer.ended) return undefined
      const reason = this.#applyCertified(one, bodies, nowMs)
      if (reason !== undefined) return reason
    }
    return undefined
  }

  #applyCertified(
    { commit, digest }: CheckedCommit,
    bodies: ReadonlyMap<string, VerifiedVertex>,
    nowMs: number,
  ): CommitRangeReason | undefined {
    for (const ref of commit.vertices) {
      const body = bodies.get(toRawHex(ref.digest))
      if (body !== undefined) this.insert(body, undefined, nowMs, 0)
    }
    const leader = this.dag.get(commit.leader)
    if (leader === undefined) return 'incomplete'
    const cursor = this.#slotOf(leader)
    if (leader.committed || cursor === undefined) return 'leader'
    const made = this.#commit(leader, cursor, nowMs)
    if (!equalBytes(made.digest, digest))
      this.#break('certified commit differs', { index: commit.index, ours: toHex(made.digest), theirs: toHex(digest) })
    return undefined
  }

  /** The slot of a leader vertex, when it is after the cursor. */
  #slotOf(leader: Entry<VerifiedVertex>): Cursor | undefined {
    const { round, author } = leader.vertex
    const rank = this.schedule.leaders(round).indexOf(author)
    const last = this.committer.cursor
    if (rank < 0) return undefined
    if (last !== undefined && (round < last.round || (round === last.round && rank <= last.rank))) return undefined
    return { round, rank }
  }

  /** Rebuilds the state from what was persisted. CodedError `log broken` when records contradict each other. */
  replay(log: Iterable<LogRecord>): void {
    this.#replaying = true
    const records = [...log]
    const commits = records.filter(record => record.kind === 'commit')
    let next = 0
    let round = 0
    // A store gives all vertices first. Commits are repeated as soon as they can be, as they were made: they collect
    // rounds, and vertices wait for nothing below the collected round. Else one vertex that only its author ever had
    // makes everything after it wait, until the bounds of what may wait drop the leaders.
    const repeatBelow = (above: number) => {
      for (let record = commits[next]; record !== undefined; record = commits[++next]) {
        const { index, leader } = record.commit
        if (index <= this.finalizer.index) continue
        if (index !== this.finalizer.index + 1 || leader.round >= above || this.dag.get(leader) === undefined) return
        this.#replayCommit(record)
      }
    }
    for (const record of records) {
      if (record.kind === 'vertex') {
        if (record.vertex.round > round) {
          round = record.vertex.round
          repeatBelow(round)
        }
        const vertex = trustVertex(record.vertex)
        this.observeVotes(vertex)
        this.insert(vertex, undefined, 0, 0)
      } else if (record.kind === 'checkpoint') this.#load(record.checkpoint)
      else if (record.kind === 'commit' && record.commit.index > this.finalizer.index) this.#replayCommit(record)
    }
    this.#replaying = false
  }

  #replayCommit({ commit, digest }: { readonly commit: Commit; readonly digest: Digest }): void {
    const broken = (what: string) => new CodedError('log broken', what, { data: { index: commit.index } })
    if (commit.index !== this.finalizer.index + 1) throw broken('the log has a gap between commits')
    const leader = this.dag.get(commit.leader)
    if (leader === undefined) throw broken('the log has a commit without its vertices')
    const cursor = this.#slotOf(leader)
    if (cursor === undefined || leader.committed) throw broken('the log commits a leader out of order')
    if (!equalBytes(this.#commit(leader, cursor, 0).digest, digest)) throw broken('a commit replays differently')
  }

  #load(checkpoint: ConsensusCheckpoint): void {
    if (this.finalizer.index > 0) return
    this.schedule.remember(checkpoint.cursor.round, checkpoint.roundLeaders)
    this.finalizer.load(checkpoint.state)
    this.certifiers.committed(checkpoint.state.index, checkpoint.state.digest)
    this.committer.advance(checkpoint.cursor)
    for (const ref of checkpoint.committed) this.#committedBefore.set(refKey(ref), ref)
    for (let round = checkpoint.gcRound + 1; round <= this.dag.highestRound; round++)
      for (const entry of this.dag.round(round)) this.#markCommittedBefore(entry)
    this.#collect(checkpoint.gcRound, 0)
  }

  /** Commits that the log held from `redeliverFrom` on; handed out once. */
  takeRedeliveries(): readonly OrderedCommit[] {
    const commits = this.#redeliver
    this.#redeliver = []
    return commits
  }

  #accept(vertex: VerifiedVertex, nowMs: number): void {
    const [twin] = this.dag.slot(vertex.round, vertex.author)
    const entry = this.dag.insert(vertex, nowMs)
    this.#markCommittedBefore(entry)
    this.committer.accept(entry)
    this.clock.accept(vertex)
    if (!this.#replaying)
      this.#outbox.record({ kind: 'vertex', vertex, own: vertex.author === this.#options.own?.index })
    if (twin !== undefined && this.evidence.note(twin.vertex, vertex) && !this.#replaying) {
      const data = { author: vertex.author, round: vertex.round }
      this.#outbox.add({ kind: 'alarm', code: 'equivocation', fatal: false, data })
    }
    for (const event of this.certifiers.observe(vertex)) this.#handleCertifiers(event)
    this.listener?.accepted(entry)
  }

  #markCommittedBefore(entry: Entry<VerifiedVertex>): void {
    if (this.#committedBefore.size > 0 && this.#committedBefore.delete(refKey(entry.vertex))) entry.committed = true
  }

  #handleCertifiers(event: CertifierEvent): void {
    if (event.kind === 'conflict')
      this.#break('commit digest conflict', {
        index: event.index,
        ours: toHex(event.ours),
        theirs: toHex(event.theirs),
      })
    else if (!this.#replaying)
      this.#outbox.record({
        kind: 'certifiers',
        index: event.index,
        digest: event.digest,
        vertices: event.vertices,
      })
  }

  /** Makes the next commit. `stop`: later decisions of the same round of deciding are void. */
  #commit(
    leader: Entry<VerifiedVertex>,
    slot: Cursor,
    nowMs: number,
  ): { readonly digest: Digest; readonly stop: boolean } {
    const { ordered, windowEnded } = this.finalizer.commit(leader)
    const { commit, digest } = ordered
    this.committer.advance(slot)
    if (windowEnded) this.committer.forgetAbove(slot.round)
    if (this.#replaying) this.#stashRedelivery(ordered)
    else {
      this.#outbox.record({ kind: 'commit', commit, digest })
      this.#outbox.add({ kind: 'commit', ordered })
    }
    for (const vertex of ordered.vertices)
      for (const vote of vertex.execVotes)
        for (const effect of this.execVotes.observe(vertex.author, vote)) if (!this.#replaying) this.#outbox.add(effect)
    for (const event of this.certifiers.committed(commit.index, digest)) this.#handleCertifiers(event)
    this.listener?.committed(commit, digest)
    this.#collect(this.gcRound, nowMs)
    if (windowEnded && !this.#replaying) this.#outbox.record({ kind: 'checkpoint', checkpoint: this.#checkpoint(slot) })
    return { digest, stop: windowEnded || this.finalizer.ended || this.#broken }
  }

  #stashRedelivery(ordered: OrderedCommit): void {
    const from: CommitIndex | undefined = this.#options.redeliverFrom
    if (from !== undefined && ordered.commit.index >= from) this.#redeliver.push(ordered)
  }

  #collect(gcRound: Round, nowMs: number): void {
    if (gcRound === 0 || gcRound <= this.dag.collected) return
    const dropped = this.dag.collect(gcRound)
    this.schedule.collect(gcRound)
    this.listener?.collected(dropped)
    this.manager.collect(gcRound, nowMs)
  }

  #checkpoint(slot: Cursor): ConsensusCheckpoint {
    const committed: VertexRef[] = []
    for (let round = this.gcRound + 1; round <= slot.round; round++)
      for (const entry of this.dag.round(round)) if (entry.committed) committed.push(refOf(entry.vertex))
    for (const ref of this.#committedBefore.values()) if (ref.round > this.gcRound) committed.push(ref)
    return {
      state: this.finalizer.state(),
      cursor: slot,
      roundLeaders: this.schedule.leaders(slot.round),
      gcRound: this.gcRound,
      committed,
    }
  }

  #break(code: string, data: Readonly<Record<string, unknown>>): void {
    if (this.#broken) return
    assert(!this.#replaying, `the own log contradicts a quorum: ${code}`)
    this.#broken = true
    this.#outbox.add({ kind: 'alarm', code, fatal: true, data })
  }
}

function refKey(ref: VertexRef): string {
  return `${ref.round}/${ref.author}/${toRawHex(ref.digest)}`
}
