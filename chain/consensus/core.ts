import { assert, unreachable } from '#lib/assert'
import { type AuthorityIndex, compareRefs, type Round, sameRef, type VerifiedVertex } from '#types'
import { CommitSync } from './commit-sync.ts'
import { Tally } from './committee.ts'
import { WAVE_LENGTH } from './decision.ts'
import {
  EARLY_PER_AUTHOR_MAX,
  EARLY_VERTICES_MAX,
  EARLY_WAIT_MAX_MS,
  FETCH_GRACE_DIVISOR,
  FETCH_PASS_MS,
  FETCH_PASS_STRETCH,
  TWINS_PER_SLOT_MAX,
} from './limits.ts'
import { NetworkTime } from './network-time.ts'
import { Outbox } from './outbox.ts'
import { type Moment, Producer } from './producer.ts'
import { Replica } from './replica.ts'
import { planFetches } from './synchronizer.ts'
import type { Consensus, ConsensusOptions, ConsensusStatus, Effect, Input } from './types.ts'

/**
 * Builds the consensus core of one epoch, replaying `options.log` first. CodedError `bad committee` or `log broken` when
 * the options cannot be used. See the folder's index for the contract.
 */
export function createConsensus(options: ConsensusOptions): Consensus {
  assert(options.params.waveLength === WAVE_LENGTH, 'this commit rule has waves of three rounds')
  return new Core(options)
}

class Core implements Consensus {
  readonly #options: ConsensusOptions
  readonly #outbox = new Outbox()
  readonly #replica: Replica
  readonly #producer: Producer | undefined
  readonly #sync: CommitSync
  readonly #down = new Set<AuthorityIndex>()
  readonly #graceMs: number
  /** Vertices whose time has not come, by our clock. */
  #early: { readonly vertex: VerifiedVertex; readonly from: AuthorityIndex | undefined }[] = []
  /** Authors whose vertices were beyond the look-ahead since the last accepted progress. */
  readonly #ahead: Tally
  readonly #networkTime: NetworkTime
  #clockAlarmed = false
  #fetchAtMs: number | undefined
  #offsetMs = 0
  #lastWallMs = 0
  #wakeAtMs: number | undefined

  constructor(options: ConsensusOptions) {
    this.#options = options
    this.#replica = new Replica(options, this.#outbox)
    if (options.own !== undefined) {
      this.#producer = new Producer(options, this.#replica, this.#outbox)
      this.#replica.listener = this.#producer
    }
    this.#sync = new CommitSync(options.params, this.#replica.committee.size, options.own?.index)
    this.#graceMs = Math.floor(options.params.leaderTimeoutMs / FETCH_GRACE_DIVISOR)
    this.#ahead = new Tally(this.#replica.committee)
    this.#networkTime = new NetworkTime(this.#replica.committee)
    if (options.log !== undefined) this.#replica.replay(options.log)
    this.#producer?.resume()
    // Replay says nothing to the outside; the store has it all.
    this.#outbox.take()
  }

  step(input: Input): readonly Effect[] {
    const now = this.#moment(input.nowMs)
    this.#handle(input, now)
    this.#releaseEarly(now)
    this.#settle(now)
    this.#synchronise(now)
    this.#schedule(now)
    return this.#outbox.take()
  }

  payloadRoom(): { readonly transactions: number; readonly bytes: number } {
    return this.#producer?.payloadRoom() ?? { transactions: 0, bytes: 0 }
  }

  status(): ConsensusStatus {
    const { finalizer, dag, manager, votes, clock } = this.#replica
    return {
      epoch: this.#options.epoch,
      round: this.#producer?.round ?? clock.round,
      highestAcceptedRound: dag.highestRound,
      gcRound: finalizer.gcRound,
      lastCommitIndex: finalizer.index,
      lastCommitDigest: finalizer.digest,
      ...(finalizer.leader === undefined ? {} : { lastCommittedLeader: finalizer.leader }),
      quorumCommitIndex: votes.quorumIndex,
      suspended: manager.suspendedCount,
      missing: manager.missingCount,
      syncing: this.#sync.active,
      halted: this.#replica.isBroken || (this.#producer?.isHalted ?? false),
      ended: finalizer.ended,
      closed: this.#replica.isClosed,
      swappedOut: finalizer.swaps.bad,
      scores: [...finalizer.scores],
      leaderTimeoutMs: this.#producer?.timeoutMs ?? this.#options.params.leaderTimeoutMs,
      payloadCapBytes: this.#producer?.payloadCapBytes ?? 0,
    }
  }

  leaders(round: Round): readonly AuthorityIndex[] {
    return this.#replica.schedule.leaders(round)
  }

  #handle(input: Input, now: Moment): void {
    const producer = this.#producer
    switch (input.kind) {
      case 'start':
        for (const ordered of this.#replica.takeRedeliveries()) this.#outbox.add({ kind: 'commit', ordered })
        producer?.start(now)
        return
      case 'vertices':
        for (const vertex of input.vertices) this.#admit(vertex, input.from, now)
        return
      case 'payload':
        if (producer === undefined) this.#outbox.add({ kind: 'requeue', transactions: input.transactions })
        else producer.offerPayload(input.transactions)
        return
      case 'tick':
        // It uses the outstanding wake up, whatever time it carries: a timer may fire a little early.
        this.#wakeAtMs = undefined
        return
      case 'peer':
        if (!input.up) this.#down.add(input.who)
        else {
          this.#down.delete(input.who)
          producer?.peerUp(input.who)
        }
        return
      case 'executed': {
        const { height, blockHash, signature } = input
        producer?.executed({ height, blockHash, signature })
        for (const effect of this.#replica.execVotes.executed(height, blockHash)) this.#outbox.add(effect)
        return
      }
      case 'commits':
        this.#applyRange(input, now)
        return
      case 'ownLast':
        producer?.ownLast(input.from, input.highestRound, input.ownRound)
        return
      case 'backpressure':
        producer?.setBackpressure(input.on)
        return
      default:
        unreachable(input)
    }
  }

  /** Local admission: may delay or drop a copy, never makes a vertex invalid. */
  #admit(vertex: VerifiedVertex, from: AuthorityIndex | undefined, now: Moment): void {
    const { manager, dag } = this.#replica
    const { params } = this.#options
    this.#replica.observeVotes(vertex)
    this.#networkTime.observe(vertex.author, vertex.timestampMs)
    if (vertex.round <= this.#replica.gcRound || manager.isKnown(vertex)) return
    const wanted = manager.isMissing(vertex)
    if (!wanted) {
      const local = Math.max(this.#producer?.round ?? 0, dag.highestRound)
      if (vertex.round > local + params.maxRoundLookahead) {
        this.#ahead.add(vertex.author)
        return
      }
      const inSlot = dag.slot(vertex.round, vertex.author).length + manager.suspendedInSlot(vertex)
      if (inSlot >= TWINS_PER_SLOT_MAX) return
      if (vertex.timestampMs > now.wall + params.maxClockDriftMs) {
        const ahead = vertex.timestampMs - this.#latestTime(now)
        if (ahead > params.maxClockDriftMs) {
          if (ahead <= EARLY_WAIT_MAX_MS) this.#holdEarly(vertex, from)
          return
        }
      }
    }
    if (vertex.author === this.#producer?.own) this.#producer.admitOwn(vertex)
    const outcome = this.#replica.insert(vertex, from, now.mono, this.#graceMs)
    if (outcome === 'suspended') this.#fetchBy(now.mono + this.#graceMs)
  }

  /** Our clock, or an honest validator's when that is ahead. */
  #latestTime(now: Moment): number {
    const network = this.#networkTime.read()
    const behind = network - now.wall > this.#options.params.maxClockDriftMs
    if (behind && !this.#clockAlarmed) {
      const data = { behindMs: network - now.wall }
      this.#outbox.add({ kind: 'alarm', code: 'clock behind', fatal: false, data })
    }
    this.#clockAlarmed = behind
    return Math.max(now.wall, network)
  }

  #holdEarly(vertex: VerifiedVertex, from: AuthorityIndex | undefined): void {
    if (this.#early.length >= EARLY_VERTICES_MAX) return
    const ofAuthor = this.#early.filter(held => held.vertex.author === vertex.author)
    if (ofAuthor.length >= EARLY_PER_AUTHOR_MAX || ofAuthor.some(held => sameRef(held.vertex, vertex))) return
    this.#early.push({ vertex, from })
  }

  #releaseEarly(now: Moment): void {
    if (this.#early.length === 0) return
    const due = this.#latestTime(now) + this.#options.params.maxClockDriftMs
    const released = this.#early.filter(held => held.vertex.timestampMs <= due)
    if (released.length === 0) return
    this.#early = this.#early.filter(held => held.vertex.timestampMs > due)
    for (const held of released) this.#admit(held.vertex, held.from, now)
  }

  #applyRange(input: Extract<Input, { kind: 'commits' }>, now: Moment): void {
    for (const vertex of [...input.vertices, ...input.certifiers]) this.#replica.observeVotes(vertex)
    const before = this.#replica.finalizer.index
    const refused = this.#replica.applyRange(input.commits, input.vertices, input.certifiers, now.mono)
    const used = this.#replica.finalizer.index > before
    this.#sync.answered(now.mono)
    if (used) this.#ahead.clear()
    // Without proof the vertices are still what their signatures make them: taken like those of a stream.
    if (refused === 'uncertified')
      for (const vertex of [...input.vertices].sort(compareRefs)) this.#admit(vertex, input.from, now)
    else if (refused !== undefined && refused !== 'stale')
      this.#outbox.add({
        kind: 'alarm',
        code: 'commit range refused',
        fatal: false,
        data: { reason: refused, from: input.from },
      })
    for (const vertex of input.certifiers) this.#admit(vertex, input.from, now)
  }

  /** Commits and makes vertices until nothing changes. */
  #settle(now: Moment): void {
    this.#replica.decide(now.mono)
    while (this.#producer?.produce(now)) {
      this.#replica.decide(now.mono)
      for (const effect of this.#producer.pushHistory(now, this.#down)) this.#outbox.add(effect)
    }
    if (this.#outbox.hasFatalAlarm) this.#producer?.stop()
  }

  #synchronise(now: Moment): void {
    const { finalizer, votes, manager, committee } = this.#replica
    if (this.#replica.isBroken) return
    if (votes.validityIndex > finalizer.index) {
      const outpaced = this.#ahead.weight >= committee.validity
      const range = this.#sync.plan(finalizer.index, votes, outpaced, now.mono, this.#down)
      if (range !== undefined) this.#outbox.add(range)
    } else {
      this.#sync.rest()
      if (this.#ahead.weight > 0) this.#ahead.clear()
    }
    if (this.#fetchAtMs !== undefined && now.mono >= this.#fetchAtMs && !this.#sync.replacesFetch) {
      const due = manager.due(now.mono)
      const plan = planFetches(due.missing, now.mono, committee.size, this.#producer?.own, this.#down)
      const nextAtMs = Math.min(due.nextAtMs ?? Number.POSITIVE_INFINITY, plan.nextAtMs ?? Number.POSITIVE_INFINITY)
      // A pass looks at every missing reference; the more there are, the rarer it is, so a flood of them costs little.
      const pauseMs = FETCH_PASS_MS * (1 + Math.floor(manager.missingCount / FETCH_PASS_STRETCH))
      this.#fetchAtMs = Number.isFinite(nextAtMs) ? Math.max(nextAtMs, now.mono + pauseMs) : undefined
      for (const effect of plan.effects) this.#outbox.add(effect)
    }
    this.#producer?.askAgain(now)
    this.#producer?.publishAgain(now)
  }

  /** Asks to be woken at the earliest deadline, unless an outstanding wake comes soon enough. */
  #schedule(now: Moment): void {
    let earliest: number | undefined
    const consider = (atMs: number | undefined) => {
      if (atMs !== undefined && (earliest === undefined || atMs < earliest)) earliest = atMs
    }
    consider(this.#producer?.deadline(now))
    consider(this.#sync.deadline())
    if (!this.#sync.replacesFetch) consider(this.#fetchAtMs)
    for (const { vertex } of this.#early)
      consider(vertex.timestampMs - this.#options.params.maxClockDriftMs + this.#offsetMs)
    if (earliest === undefined) return
    const atMs = Math.max(earliest, now.mono + 1)
    if (this.#wakeAtMs !== undefined && this.#wakeAtMs > now.mono && this.#wakeAtMs <= atMs) return
    this.#wakeAtMs = atMs
    this.#outbox.add({ kind: 'wake', atMs: atMs - this.#offsetMs })
  }

  #fetchBy(atMs: number): void {
    if (this.#fetchAtMs === undefined || atMs < this.#fetchAtMs) this.#fetchAtMs = atMs
  }

  /** A clock that is set back must not stop the timers. */
  #moment(wallMs: number): Moment {
    if (wallMs < this.#lastWallMs) this.#offsetMs += this.#lastWallMs - wallMs
    this.#lastWallMs = wallMs
    return { wall: wallMs, mono: wallMs + this.#offsetMs }
  }
}
