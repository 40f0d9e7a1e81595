import { assert } from '#lib/assert'
import { messageOf } from '#lib/errors'
import {
  type AuthorityIndex,
  type Commit,
  type CommitVote,
  type Digest,
  type ExecVote,
  type Round,
  refOf,
  type SystemItem,
  sealVertex,
  VERTEX_VERSION,
  type VerifiedVertex,
  type VertexDraft,
} from '#types'
import { AmnesiaFloor } from './amnesia.ts'
import { Tally } from './committee.ts'
import type { Entry } from './dag.ts'
import { GasInFlight } from './gas-in-flight.ts'
import { HistoryPush } from './history-push.ts'
import { OWN_LAST_RETRY_MS, REPUBLISH_MS, SYSTEM_ITEMS_MAX } from './limits.ts'
import type { Outbox } from './outbox.ts'
import { Pacemaker, type PaceView } from './pacemaker.ts'
import { PayloadQueue } from './payload.ts'
import { PayloadCap } from './payload-cap.ts'
import { chooseParents, OwnChain } from './proposer.ts'
import type { Replica, ReplicaListener } from './replica.ts'
import type { ConsensusOptions, Effect } from './types.ts'
import { trustVertex } from './verify-vertex.ts'
import { carriesVersionSupport, versionSupportItem } from './version-support.ts'

/** Local time twice: `wall` for timestamps, `mono` for durations (it never goes back). */
export interface Moment {
  readonly wall: number
  readonly mono: number
}

/** What a vertex says besides who made it and what it names. */
type VertexContent = Pick<VertexDraft, 'timestampMs' | 'commitVotes' | 'execVotes' | 'system' | 'transactions'>

/**
 * The part of a validator that speaks: decides when to make the own vertex and what is in it. Holds every rule that
 * keeps the validator from signing twice: rounds only rise, nothing at or below what may have been signed, and full stop
 * when somebody else uses our key.
 */
export class Producer implements ReplicaListener {
  readonly own: AuthorityIndex
  readonly #options: ConsensusOptions
  readonly #signer: NonNullable<ConsensusOptions['own']>['signer']
  readonly #replica: Replica
  readonly #outbox: Outbox
  readonly #chain: OwnChain
  readonly #pace: Pacemaker
  readonly #view: PaceView
  readonly #payload: PayloadQueue
  readonly #cap: PayloadCap
  readonly #gas: GasInFlight
  readonly #push: HistoryPush<VerifiedVertex>
  readonly #amnesia: AmnesiaFloor | undefined
  #askOwnLastMs = 0
  #publishAgainMs = 0
  /** Own vertices that were foreseen or recovered lie at or below this round. */
  #recoveredUpTo: Round = 0
  #last: VerifiedVertex | undefined
  #pendingVotes: CommitVote[] = []
  #lastVoted = 0
  #pendingExec: ExecVote[] = []
  #pendingSystem: SystemItem[]
  #backpressure = false
  #started = false
  #halted = false

  constructor(options: ConsensusOptions, replica: Replica, outbox: Outbox) {
    assert(options.own !== undefined, 'a producer needs a signer')
    this.own = options.own.index
    assert(this.own < replica.committee.size, 'the own index is in the committee')
    this.#options = options
    this.#signer = options.own.signer
    this.#replica = replica
    this.#outbox = outbox
    this.#chain = new OwnChain(this.own, replica.committee.size, refOf(replica.genesis[this.own] as VerifiedVertex))
    this.#pace = new Pacemaker(options.params)
    this.#payload = new PayloadQueue(options.params)
    this.#cap = new PayloadCap(options.params)
    this.#gas = new GasInFlight(options.payloadGas, replica.committee.size)
    this.#push = new HistoryPush(replica.dag, this.own, options.params)
    this.#amnesia = options.trustLog ? undefined : new AmnesiaFloor(replica.committee, this.own)
    this.#pendingSystem = [...(options.systemItems ?? [])]
    assert(this.#pendingSystem.length <= SYSTEM_ITEMS_MAX / 2, 'few system items are given')
    for (const item of this.#pendingSystem) assert(item.bytes.length <= 1_024, 'a given system item is short')
    const { committee, dag, committer, schedule } = replica
    const ownStake = committee.stakes[this.own] as number
    this.#view = {
      quorum: committee.quorum,
      weight: round => (round === 0 ? committee.totalStake : dag.weight(round)),
      weightOfOthers: round => dag.weight(round) - (dag.first(round, this.own) === undefined ? 0 : ownStake),
      hasLeaders: round => round < 1 || schedule.leaders(round).every(leader => dag.first(round, leader) !== undefined),
      isSettled: round => round < 1 || committer.isSettled(round),
    }
  }

  get round(): Round {
    return this.#pace.round
  }

  get timeoutMs(): number {
    return this.#pace.timeoutMs
  }

  get payloadCapBytes(): number {
    return this.#cap.bytes
  }

  get isHalted(): boolean {
    return this.#halted
  }

  /** True while the amnesia floor is unknown. */
  get isSilent(): boolean {
    return this.#amnesia !== undefined && this.#amnesia.floor === undefined
  }

  // What the replica tells.

  accepted(entry: Entry<VerifiedVertex>): void {
    this.#push.observe(entry.vertex)
    if (entry.vertex.author !== this.own) return
    const { vertex } = entry
    this.#chain.append(vertex)
    if (!entry.committed) this.#gas.add(vertex.round, vertex.transactions)
    if (this.#last === undefined || vertex.round > this.#last.round) this.#last = vertex
    for (const vote of vertex.commitVotes) this.#lastVoted = Math.max(this.#lastVoted, vote.index)
    this.#pendingVotes = this.#pendingVotes.filter(vote => vote.index > this.#lastVoted)
  }

  committed(commit: Commit, digest: Digest): void {
    this.#pace.noteCommit()
    for (const ref of commit.vertices) if (ref.author === this.own) this.#gas.remove(ref.round)
    if (commit.endsEpoch) this.#releasePayload()
    if (commit.index <= this.#lastVoted) return
    this.#pendingVotes.push({ index: commit.index, digest })
    // Far behind, only the newest matter: older commits have their certificates from others.
    if (this.#pendingVotes.length > this.#options.params.commitVotesPerVertexMax) this.#pendingVotes.shift()
  }

  collected(entries: readonly Entry<VerifiedVertex>[]): void {
    for (const { vertex, committed } of entries) {
      if (vertex.author !== this.own || committed) continue
      this.#gas.remove(vertex.round)
      if (!this.#replica.finalizer.ended) this.#requeue(vertex.transactions)
    }
  }

  /** The epoch is over: what is in no commit of it goes back to the pool. */
  #releasePayload(): void {
    this.#requeue(this.#payload.drain())
    const { dag } = this.#replica
    for (let round = dag.collected + 1; round <= dag.highestRound; round++)
      for (const entry of dag.slot(round, this.own)) if (!entry.committed) this.#requeue(entry.vertex.transactions)
  }

  // Inputs.

  /** After recovery and before the first step: continues above everything that may have been signed. */
  resume(): void {
    const signed = Math.max(this.#last?.round ?? 0, this.#options.own?.lastSignedRound ?? 0)
    this.#recoveredUpTo = this.#options.own?.lastSignedRound ?? 0
    this.#pace.skipTo(signed, 0)
  }

  start(now: Moment): void {
    this.#started = true
    this.#pace.start(now.mono)
    this.#publish(this.#last, now)
    if (!this.isSilent) return
    this.#askOwnLast(now)
    if (this.#amnesia?.isReachable === false)
      this.#outbox.add({ kind: 'alarm', code: 'amnesia floor unreachable', fatal: false, data: {} })
  }

  /**
   * A vertex with our name that the DAG does not hold. Expected while we recover; otherwise somebody else signs with our
   * key, and the only safe thing is to be silent. It is accepted like any other, since others may build on it.
   */
  admitOwn(vertex: VerifiedVertex): void {
    const expected = this.isSilent || vertex.round <= this.#recoveredUpTo
    if (!expected) this.halt('own equivocation', { round: vertex.round })
  }

  offerPayload(transactions: readonly Uint8Array[]): void {
    this.#requeue(this.#isMute() ? transactions : this.#payload.offer(transactions, this.#cap.bytes))
  }

  payloadRoom(): { readonly transactions: number; readonly bytes: number } {
    const { execVotes } = this.#replica
    return this.#isMute() || this.#backpressure || execVotes.isDoubtful || execVotes.isBehind
      ? { transactions: 0, bytes: 0 }
      : this.#payload.room(this.#cap.bytes)
  }

  setBackpressure(on: boolean): void {
    this.#backpressure = on
  }

  executed(vote: ExecVote): void {
    const last = this.#pendingExec.at(-1)
    if (last !== undefined && vote.height <= last.height) return
    this.#pendingExec.push(vote)
    if (this.#pendingExec.length > this.#options.params.execVotesPerVertexMax) this.#pendingExec.shift()
  }

  ownLast(from: AuthorityIndex, highestRound: Round, ownRound: Round): void {
    this.#amnesia?.reply(from, highestRound, ownRound)
  }

  halt(code: string, data: Readonly<Record<string, unknown>>): void {
    if (this.#halted) return
    this.stop()
    this.#outbox.add({ kind: 'alarm', code, fatal: true, data })
  }

  /** Proposes nothing any more; the payload goes back. */
  stop(): void {
    this.#halted = true
    this.#requeue(this.#payload.drain())
  }

  // Making vertices.

  /** Makes the own vertex of the current round when the rules allow it. True when one was made. */
  produce(now: Moment): boolean {
    if (!this.#started || this.#halted || this.#replica.isBroken) return false
    if (this.#amnesia?.update(this.#replica.dag.highestRound, now.mono) === true) {
      const floor = Math.max(this.#amnesia.floor as Round, this.#chain.last.round)
      this.#recoveredUpTo = Math.max(this.#recoveredUpTo, floor)
      this.#pace.skipTo(floor, now.mono)
    }
    if (this.isSilent || this.#isClosed()) return false
    this.#jump(now)
    this.#pace.enterRounds(this.#view, now.mono)
    if (this.#pace.reasonToCreate(this.#view, now.mono) === undefined) return false
    return this.#create(now)
  }

  /** After the certified commits of a sync, or when our rounds were collected: rule J. */
  #jump(now: Moment): void {
    const { gcRound, committer } = this.#replica
    const decided = committer.cursor?.round ?? 0
    if (gcRound === 0 || this.#pace.round > gcRound + 1) return
    this.#pace.skipTo(decided, now.mono)
  }

  #create(now: Moment): boolean {
    const { replica, round } = { replica: this.#replica, round: this.#pace.round }
    const parents = chooseParents({
      round,
      own: this.own,
      chain: this.#chain,
      dag: replica.dag,
      leaders: at => replica.schedule.leaders(at),
      committer: replica.committer,
      gcRound: replica.gcRound,
      genesis: replica.genesis,
    })
    const previous = new Tally(replica.committee)
    for (const parent of parents) if (parent.round === round - 1) previous.add(parent.author)
    // After a skipped round our own previous vertex is older; then the others must make the quorum.
    if (previous.weight < replica.committee.quorum) return false
    const { chainId, epoch } = this.#options
    const content = round === 1 ? this.#firstContent() : this.#content(now)
    try {
      const sealed = sealVertex(
        { version: VERTEX_VERSION, chainId, epoch, round, author: this.own, parents, ...content },
        digest => this.#signer.sign(round, digest),
      )
      const vertex = trustVertex(sealed)
      this.#cap.noteVertex(now.mono, round - this.#chain.last.round)
      this.#pace.noteCreated(now.mono)
      this.#publish(vertex, now)
      replica.observeVotes(vertex)
      replica.insert(vertex, this.own, now.mono, 0)
      return true
    } catch (error) {
      this.#requeue(content.transactions)
      this.halt('signer refused', { round, reason: messageOf(error) })
      return false
    }
  }

  #versionSupport(): readonly SystemItem[] {
    const { protocolVersion } = this.#options
    if (protocolVersion === undefined || !carriesVersionSupport(this.#pace.round)) return []
    return [versionSupportItem(protocolVersion)]
  }

  #content(now: Moment): VertexContent {
    const { params } = this.#options
    const { evidence, execVotes, finalizer } = this.#replica
    const carriesPayload = !this.#backpressure && !finalizer.ended && !execVotes.isDoubtful && !execVotes.isBehind
    return {
      timestampMs: Math.max(now.wall, this.#chain.lastTimestampMs),
      commitVotes: this.#pendingVotes.slice(0, params.commitVotesPerVertexMax),
      execVotes: this.#pendingExec.splice(0, params.execVotesPerVertexMax),
      system: [...this.#pendingSystem.splice(0), ...evidence.take(), ...this.#versionSupport()],
      transactions: carriesPayload ? this.#payload.take(this.#cap.bytes, waiting => this.#gas.fitting(waiting)) : [],
    }
  }

  /**
   * The vertex of round 1 is a function of the epoch: a validator that lost its memory before the network began signs the
   * same bytes again, and not a twin. Nobody can tell it that it signed round 1 while all others are as fresh as it is.
   */
  #firstContent(): VertexContent {
    return {
      timestampMs: this.#options.epochStartMs,
      commitVotes: [],
      execVotes: [],
      system: [],
      transactions: [],
    }
  }

  /** Vertices to send on to peers that lack them; once per own round. */
  pushHistory(now: Moment, down: ReadonlySet<AuthorityIndex>): readonly Effect[] {
    return this.#push.plan(now.mono, down)
  }

  /** Repeats the amnesia question when it is due. */
  askAgain(now: Moment): void {
    if (this.#started && this.isSilent && now.mono >= this.#askOwnLastMs) this.#askOwnLast(now)
  }

  /** When to call {@link produce} again although nothing arrives, in monotone time. */
  deadline(now: Moment): number | undefined {
    if (!this.#started || this.#halted || this.#replica.isBroken) return undefined
    if (this.isSilent) return Math.min(this.#askOwnLastMs, this.#amnesia?.readyMs ?? Number.POSITIVE_INFINITY)
    if (this.#isClosed()) return undefined
    const paceMs = this.#pace.deadline(this.#view, now.mono)
    if (this.#last === undefined || this.#replica.committee.size === 1) return paceMs
    return Math.min(paceMs ?? this.#publishAgainMs, this.#publishAgainMs)
  }

  /** Repeats the own last vertex while nothing moves: without it, lost messages can stop everybody for ever. */
  publishAgain(now: Moment): void {
    if (!this.#started || this.#halted || this.isSilent || this.#isClosed() || now.mono < this.#publishAgainMs) return
    if (this.#replica.committee.size > 1) this.#publish(this.#last, now)
  }

  /** A peer's stream is open (again): send the own vertices that it does not seem to have. */
  peerUp(who: AuthorityIndex): void {
    if (!this.#started || who === this.own || who >= this.#replica.committee.size) return
    const vertices = this.#push.ownFor(who)
    if (vertices.length > 0) this.#outbox.add({ kind: 'push', to: who, vertices })
  }

  #publish(vertex: VerifiedVertex | undefined, now: Moment): void {
    this.#publishAgainMs = now.mono + REPUBLISH_MS
    if (vertex !== undefined) this.#outbox.add({ kind: 'publish', vertex })
  }

  /** The epoch ended and a quorum knows: there is nothing left to say. */
  #isClosed(): boolean {
    return this.#replica.isClosed
  }

  #isMute(): boolean {
    return this.#halted || this.isSilent || this.#replica.isBroken || this.#replica.finalizer.ended
  }

  #askOwnLast(now: Moment): void {
    this.#askOwnLastMs = now.mono + OWN_LAST_RETRY_MS
    this.#outbox.add({ kind: 'askOwnLast' })
  }

  #requeue(transactions: readonly Uint8Array[]): void {
    if (transactions.length > 0) this.#outbox.add({ kind: 'requeue', transactions })
  }
}
