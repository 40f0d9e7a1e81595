import type { CheckpointCertificate, Consensus, ConsensusStatus, LogRecord } from '#consensus'
import { equalBytes, toRawHex } from '#lib/bytes'
import type { OrderedCommit, Vertex } from '#types'
import { decide, type ModelBlock } from './reference.ts'
import { BitSet, type Registry } from './registry.ts'
import { short } from './trace.ts'

/** The invariants of section 6.3 by number; `crash` is a core that threw. */
export type InvariantId = `I${number}` | 'crash' | 'alarm' | 'expected'

export class Violation extends Error {
  override name = 'Violation'
  readonly invariant: InvariantId
  readonly node: number

  constructor(invariant: InvariantId, node: number, message: string) {
    super(`${invariant} at node ${node}: ${message}`)
    this.invariant = invariant
    this.node = node
  }
}

/** Of so many commits that nodes decided one is checked against the reference model; fewer in large committees. */
const SAMPLE = 40
/** Above this size only every eighth vertex is checked for its parents at each node: all nodes together see every one. */
const LARGE = 20

/** What all honest nodes must agree on, by commit index. */
interface AgreedCommit {
  readonly digest: Uint8Array
  readonly executes: string
  readonly endsEpoch: boolean
  readonly timestampMs: number
  readonly leaderRound: number
  readonly leader: number
}

/** Per honest node: what it has accepted, made durable and delivered. Survives crashes as the disk does. */
interface NodeView {
  /** Accepted by the running core (persist was asked for). */
  readonly accepted: BitSet
  /** On disk. */
  readonly durable: BitSet
  delivered: number
  durableCommits: number
  gcRound: number
  round: number
  lastCommitIndex: number
}

export interface CheckerOptions {
  readonly epoch: number
  readonly registry: Registry
  /** By authority. */
  readonly isHonest: (author: number) => boolean
  readonly stakes: readonly number[]
  readonly windowCommits: number
  readonly gcDepth: number
  readonly maxSuspended: number
  readonly maxMissing: number
}

/**
 * Watches every honest node of one epoch. Each method is told what a node just did and throws {@link Violation} when
 * an invariant of section 6.3 broke.
 */
export class Checker {
  readonly #o: CheckerOptions
  readonly #commits: AgreedCommit[] = []
  readonly #views = new Map<number, NodeView>()
  /** Vertex sent by an honest author, by slot, over the whole run (I5). */
  readonly #sent = new Map<number, Uint8Array>()
  readonly #made = new BitSet()
  readonly #executedSlots = new Map<number, number>()
  readonly #ordered = new BitSet()
  readonly #certificates = new Map<number, Uint8Array>()
  readonly executed = new Map<number, Uint8Array>()
  /** Digest of the epoch's record, as the first honest node made it. */
  #record: Uint8Array | undefined
  /** Commits that a node did not decide itself: taken over with proof, or told again by its log. */
  readonly #given = new Map<number, Set<number>>()
  #decided = 0
  readonly #sample: number
  /** Outcome of each slot that was looked at, by the model (I4). */
  readonly #slots = new Map<string, string>()
  checks = 0

  constructor(options: CheckerOptions) {
    this.#o = options
    this.#sample = SAMPLE * Math.ceil(options.stakes.length / 10)
  }

  get epoch(): number {
    return this.#o.epoch
  }

  /** True time at which the first honest node made the epoch's record. */
  endedUs: number | undefined

  /** Some honest node executed the epoch's last commit and made its record. */
  get hasEnded(): boolean {
    return this.#record !== undefined
  }

  /** A node made the epoch's record from what it executed (I13). */
  epochEnded(node: number, record: Uint8Array, lastIndex: number, nowUs: number): void {
    this.endedUs ??= nowUs
    const last = this.#commits.at(-1)
    if (last?.endsEpoch !== true || this.#commits.length !== lastIndex)
      this.#fail('I13', node, `epoch ${this.epoch} ends with commit ${lastIndex}, which is not its last one`)
    if (this.#record !== undefined && !equalBytes(this.#record, record))
      this.#fail('I13', node, `the record of epoch ${this.epoch} is ${short(record)}, elsewhere ${short(this.#record)}`)
    this.#record = record
  }

  get commitCount(): number {
    return this.#commits.length
  }

  commit(index: number): AgreedCommit | undefined {
    return this.#commits[index - 1]
  }

  /** True when the vertex is part of some commit. */
  isOrdered(id: number): boolean {
    return this.#ordered.has(id)
  }

  view(node: number): NodeView {
    let view = this.#views.get(node)
    if (view === undefined) {
      view = {
        accepted: new BitSet(),
        durable: new BitSet(),
        delivered: 0,
        durableCommits: 0,
        gcRound: 0,
        round: 0,
        lastCommitIndex: 0,
      }
      this.#views.set(node, view)
    }
    return view
  }

  #fail(invariant: InvariantId, node: number, message: string): never {
    throw new Violation(invariant, node, message)
  }

  /** A persist effect was emitted: its vertices are now accepted (I6). */
  accepting(node: number, records: readonly LogRecord[], gcRound: () => number): void {
    const view = this.view(node)
    for (const record of records) {
      if (record.kind !== 'vertex') continue
      const info = this.#o.registry.infoOf(record.vertex)
      const isLooked = this.#o.stakes.length <= LARGE || (info.id + node) % 8 === 0
      const parents = isLooked ? record.vertex.parents : []
      for (let i = 0; i < parents.length; i++) {
        const parent = parents[i]
        if (parent === undefined || parent.round === 0 || view.accepted.has(info.parents[i] ?? -1)) continue
        if (parent.round > gcRound())
          this.#fail(
            'I6',
            node,
            `accepted ${name(record.vertex)} before its parent ${parent.round}/${parent.author} (gc round ${gcRound()})`,
          )
      }
      view.accepted.add(info.id)
      this.checks += 1
    }
  }

  /** Records reached the disk. */
  durable(node: number, records: readonly LogRecord[]): void {
    const view = this.view(node)
    for (const record of records) {
      if (record.kind === 'vertex') view.durable.add(this.#o.registry.infoOf(record.vertex).id)
      else if (record.kind === 'commit') view.durableCommits = Math.max(view.durableCommits, record.commit.index)
    }
  }

  /** An honest node starts to send its own vertex (I5, I7). */
  sending(node: number, own: number, vertex: Vertex, gcRound: () => number): void {
    const slot = vertex.round * 4096 + vertex.author
    const before = this.#sent.get(slot)
    if (vertex.author !== own || vertex.epoch !== this.epoch)
      this.#fail('I3', node, `publishes a vertex of ${vertex.author}`)
    if (before !== undefined && !equalBytes(before, vertex.digest))
      this.#fail('I5', node, `two vertices in round ${vertex.round}: ${short(before)} and ${short(vertex.digest)}`)
    this.#sent.set(slot, vertex.digest)
    const info = this.#o.registry.infoOf(vertex)
    this.#made.add(info.id)
    const view = this.view(node)
    if (!view.durable.has(info.id)) this.#fail('I7', node, `sends ${name(vertex)} before it is durable`)
    for (let i = 0; i < vertex.parents.length; i++) {
      const parent = vertex.parents[i]
      if (parent === undefined || parent.round === 0 || view.durable.has(info.parents[i] ?? -1)) continue
      if (parent.round > gcRound())
        this.#fail('I7', node, `sends ${name(vertex)} before parent ${parent.round}/${parent.author} is durable`)
    }
    for (const vote of vertex.commitVotes) {
      if (vote.index > view.durableCommits)
        this.#fail('I7', node, `votes for commit ${vote.index} before it is durable`)
    }
    this.checks += 1
  }

  /** A node hands a commit to execution (I1 to I4, I7, I8). Returns true when it is new to this node. */
  delivering(node: number, ordered: OrderedCommit, maxHonestClockMs: number): boolean {
    const { commit, digest, vertices, executes } = ordered
    const view = this.view(node)
    this.checks += 1
    if (commit.index > view.durableCommits)
      this.#fail('I7', node, `delivers commit ${commit.index} before it is durable`)
    if (commit.index > view.delivered + 1)
      this.#fail('I2', node, `delivers commit ${commit.index} after ${view.delivered}`)
    const flags = executes.map(e => (e ? '1' : '0')).join('')
    const agreed = this.#commits[commit.index - 1]
    if (agreed === undefined) {
      this.#admitNew(node, ordered, flags, maxHonestClockMs)
    } else {
      if (!equalBytes(agreed.digest, digest))
        this.#fail(
          'I1',
          node,
          `commit ${commit.index} is ${short(digest)} (leader ${commit.leader.round}/${commit.leader.author}), others have ${short(agreed.digest)}`,
        )
      if (agreed.executes !== flags)
        this.#fail('I2', node, `commit ${commit.index} executes other vertices than elsewhere`)
    }
    if (vertices.length !== commit.vertices.length) this.#fail('I3', node, 'a commit without some of its vertices')
    if (commit.index <= view.delivered) return false
    view.delivered = commit.index
    return true
  }

  /** The core did not decide on this commit itself. */
  given(node: number, index: number): void {
    const known = this.#given.get(node)
    if (known === undefined) this.#given.set(node, new Set([index]))
    else known.add(index)
  }

  /**
   * I4 and I14 on the node's own DAG, for a sample of the commits that it decided: the reference model, fed with what the
   * node has accepted, commits the same vertex next, and decides no slot otherwise than at another node.
   */
  deciding(node: number, core: Pick<Consensus, 'leaders' | 'status'>, { commit }: OrderedCommit): void {
    const { index } = commit
    if (this.#given.get(node)?.has(index) === true || this.#decided++ % this.#sample !== 0) return
    const { lastCommitIndex, gcRound } = core.status()
    const window = this.#o.windowCommits
    // Decisions are those of the schedule that was in force; it may have changed since.
    if (Math.floor((index - 1) / window) !== Math.floor(lastCommitIndex / window)) return
    const previous = this.#commits[index - 2]
    const from = previous?.leaderRound ?? 1
    if (from <= gcRound) return
    const { registry, stakes } = this.#o
    const dag = new Map<string, ModelBlock>()
    for (const id of this.view(node).accepted.ids()) {
      const info = registry.byId(id)
      if (info === undefined || info.vertex.epoch !== this.epoch || info.vertex.round < from) continue
      const { round, author } = info.vertex
      dag.set(String(id), { id: String(id), round, author, parents: Array.from(info.parents, String) })
    }
    const settings = { stakes, leaders: (round: number) => core.leaders(round) }
    const last = previous === undefined ? null : { round: previous.leaderRound, author: previous.leader }
    const { sequence } = decide(dag, settings, last)
    this.checks += 1
    const at = sequence.findIndex(decision => decision.status === 'commit')
    const first = sequence[at]
    const wanted = String(registry.refId(commit.leader))
    if (first?.status !== 'commit' || first.block !== wanted)
      this.#fail(
        'I14',
        node,
        `commit ${index} has leader ${commit.leader.round}/${commit.leader.author}; the model ${first === undefined ? 'decides nothing' : `commits ${first.slot.round}/${first.slot.author}`}`,
      )
    for (const decision of sequence.slice(0, at + 1)) {
      const slot = `${decision.slot.round}/${decision.slot.author}`
      const outcome = decision.status === 'commit' ? decision.block : 'skip'
      const before = this.#slots.get(slot)
      if (before !== undefined && before !== outcome) this.#fail('I4', node, `slot ${slot} is ${before} and ${outcome}`)
      this.#slots.set(slot, outcome)
    }
  }

  #admitNew(node: number, ordered: OrderedCommit, flags: string, maxHonestClockMs: number): void {
    const { commit, digest, vertices, executes } = ordered
    const { registry } = this.#o
    if (commit.index !== this.#commits.length + 1)
      this.#fail('I1', node, `commit ${commit.index} follows ${this.#commits.length}`)
    const previous = this.#commits.at(-1)
    if (previous) {
      if (!equalBytes(previous.digest, commit.previousDigest))
        this.#fail('I1', node, `commit ${commit.index} names another predecessor`)
      if (commit.timestampMs < previous.timestampMs)
        this.#fail(
          'I8',
          node,
          `commit ${commit.index} goes back in time by ${previous.timestampMs - commit.timestampMs} ms`,
        )
      if (commit.leader.round <= previous.leaderRound && this.#leaderRankUnknown(commit.leader, previous))
        this.#fail(
          'I8',
          node,
          `commit ${commit.index} has leader round ${commit.leader.round} after ${previous.leaderRound}`,
        )
      if (previous.endsEpoch) this.#fail('I13', node, `commit ${commit.index} after the end of the epoch`)
    }
    if (commit.timestampMs > maxHonestClockMs)
      this.#fail('I8', node, `commit time ${commit.timestampMs} is ahead of every honest clock (${maxHonestClockMs})`)
    const gcRound = Math.max(0, (previous?.leaderRound ?? 0) - this.#o.gcDepth)
    for (const [i, vertex] of vertices.entries()) {
      const info = registry.infoOf(vertex)
      if (registry.refId(commit.vertices[i] ?? vertex) !== info.id)
        this.#fail('I3', node, `commit ${commit.index} carries a vertex that it does not name`)
      if (vertex.round <= gcRound)
        this.#fail('I8', node, `commit ${commit.index} orders ${name(vertex)} below gc round ${gcRound}`)
      if (this.#ordered.has(info.id)) this.#fail('I3', node, `${name(vertex)} is ordered twice`)
      this.#ordered.add(info.id)
      if (this.#o.isHonest(vertex.author) && !this.#made.has(info.id))
        this.#fail('I3', node, `${name(vertex)} was never made by its honest author`)
      const slot = vertex.round * 4096 + vertex.author
      const first = this.#executedSlots.get(slot)
      if (first === undefined) this.#executedSlots.set(slot, info.id)
      if (executes[i] !== (first === undefined))
        this.#fail(
          'I3',
          node,
          `payload of slot ${vertex.round}/${vertex.author} ${executes[i] ? 'executes twice' : 'never executes'}`,
        )
    }
    this.#checkHistory(node, ordered, gcRound)
    this.#checkTime(node, ordered, previous?.timestampMs ?? 0)
    if (
      vertices.at(-1) !== undefined &&
      registry.refId(commit.leader) !== registry.infoOf(vertices.at(-1) as Vertex).id
    )
      this.#fail('I3', node, 'the leader is not the last vertex of its commit')
    this.#commits.push({
      digest,
      executes: flags,
      endsEpoch: commit.endsEpoch,
      timestampMs: commit.timestampMs,
      leaderRound: commit.leader.round,
      leader: commit.leader.author,
    })
  }

  /** With several leaders per round two commits may share a round. */
  #leaderRankUnknown(leader: { round: number; author: number }, previous: AgreedCommit): boolean {
    return leader.round < previous.leaderRound || leader.author === previous.leader
  }

  /** I14: the commit brings in exactly the leader's history above the GC round that no commit had (section 2.13). */
  #checkHistory(node: number, { commit, vertices }: OrderedCommit, gcRound: number): void {
    const { registry } = this.#o
    const members = new Set(vertices.map(v => registry.infoOf(v).id))
    const leader = registry.byId(registry.refId(commit.leader))
    if (leader === undefined) this.#fail('I3', node, 'a leader that nobody made')
    const reached = new Set([leader.id])
    const todo = [leader]
    for (let info = todo.pop(); info !== undefined; info = todo.pop()) {
      for (const [i, ref] of info.vertex.parents.entries()) {
        const id = info.parents[i] ?? -1
        if (ref.round === 0 || ref.round <= gcRound || reached.has(id)) continue
        const parent = registry.byId(id)
        if (parent === undefined) this.#fail('I6', node, `commit ${commit.index} has a history that nobody made`)
        if (this.#ordered.has(id) && !members.has(id)) continue
        reached.add(id)
        todo.push(parent)
        if (!members.has(id))
          this.#fail('I14', node, `commit ${commit.index} leaves out ${name(parent.vertex)} of its history`)
      }
    }
    for (const id of members) {
      if (!reached.has(id)) this.#fail('I14', node, `commit ${commit.index} has a vertex outside its leader's history`)
    }
  }

  /** The commit time lies between the honest timestamps among the leader's parents, or is the previous commit's. */
  #checkTime(node: number, { commit, vertices }: OrderedCommit, previousMs: number): void {
    if (commit.timestampMs === previousMs) return
    const leader = vertices.at(-1)
    if (!leader || leader.round < 2) return
    let low = Number.POSITIVE_INFINITY
    let high = 0
    for (const parent of leader.parents) {
      if (parent.round !== leader.round - 1 || !this.#o.isHonest(parent.author)) continue
      const timestampMs = this.timestamps.get(this.#o.registry.refId(parent))
      if (timestampMs === undefined) return
      low = Math.min(low, timestampMs)
      high = Math.max(high, timestampMs)
    }
    if (commit.timestampMs < low || commit.timestampMs > high)
      this.#fail('I8', node, `commit time ${commit.timestampMs} is outside the honest range ${low}–${high}`)
  }

  /** Timestamps of vertices that were made, by id. */
  readonly timestamps = new Map<number, number>()

  /** A checkpoint certificate appeared somewhere (I12). */
  certified(node: number, certificate: CheckpointCertificate): void {
    const before = this.#certificates.get(certificate.height)
    if (before !== undefined && !equalBytes(before, certificate.blockHash))
      this.#fail('I12', node, `two certificates at height ${certificate.height}`)
    this.#certificates.set(certificate.height, certificate.blockHash)
    const authors = new Set(certificate.signatures.map(s => s.author))
    const total = this.#o.stakes.reduce((sum, s) => sum + s, 0)
    let weight = 0
    for (const author of authors) weight += this.#o.stakes[author] ?? 0
    if (weight < total - Math.floor((total - 1) / 3))
      this.#fail('I12', node, `a certificate at height ${certificate.height} with weight ${weight}`)
  }

  get certificateCount(): number {
    return this.#certificates.size
  }

  /** Execution of a commit by a node whose execution is right (I2). */
  executedCommit(node: number, index: number, state: Uint8Array): void {
    const before = this.executed.get(index)
    if (before === undefined) this.executed.set(index, state)
    else if (!equalBytes(before, state))
      this.#fail('I2', node, `state after commit ${index} is ${toRawHex(state.subarray(0, 4))}, elsewhere another`)
  }

  /** After each step: what never goes back, and what is bounded (I8, I9). */
  stepped(node: number, status: ConsensusStatus): void {
    const view = this.view(node)
    if (status.gcRound < view.gcRound) this.#fail('I8', node, `gc round fell from ${view.gcRound} to ${status.gcRound}`)
    if (status.round < view.round) this.#fail('I8', node, `round fell from ${view.round} to ${status.round}`)
    if (status.lastCommitIndex < view.lastCommitIndex)
      this.#fail('I8', node, `last commit fell from ${view.lastCommitIndex} to ${status.lastCommitIndex}`)
    view.gcRound = status.gcRound
    view.round = status.round
    view.lastCommitIndex = status.lastCommitIndex
    if (status.suspended > this.#o.maxSuspended) this.#fail('I9', node, `${status.suspended} suspended vertices`)
    if (status.missing > this.#o.maxMissing) this.#fail('I9', node, `${status.missing} missing references`)
  }

  /** The node went down: memory is what was durable; with `lost` the disk is new. */
  crashed(node: number, lost: boolean, log: readonly LogRecord[]): void {
    const view = this.view(node)
    view.accepted.clear()
    view.durable.clear()
    view.durableCommits = 0
    for (const record of log) {
      if (record.kind === 'vertex') {
        const { id } = this.#o.registry.infoOf(record.vertex)
        view.accepted.add(id)
        view.durable.add(id)
      } else if (record.kind === 'commit') view.durableCommits = Math.max(view.durableCommits, record.commit.index)
    }
    view.gcRound = 0
    view.round = 0
    view.lastCommitIndex = 0
    if (lost) view.delivered = 0
  }
}

function name(vertex: { round: number; author: number; digest: Uint8Array }): string {
  return `${vertex.round}/${vertex.author}/${short(vertex.digest)}`
}
