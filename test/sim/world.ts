import type { Consensus, LeaderSchedule, LogRecord, VertexRules } from '#consensus'
import { assert, defined } from '#lib/assert'
import { toRawHex } from '#lib/bytes'
import {
  type Authority,
  type ConsensusParams,
  DEFAULT_CONSENSUS_PARAMS,
  decodeVertex,
  genesisVertices,
  type OrderedCommit,
  type VerifiedVertex,
  vertexSigningBytes,
} from '#types'
import { strategyByName } from './adversaries/index.ts'
import type { Strategy } from './adversary.ts'
import { Checker } from './checker.ts'
import { EPOCH_MS } from './clock.ts'
import type { CoreModule } from './core.ts'
import type { Executed } from './execution.ts'
import { EventHeap } from './heap.ts'
import { CHAIN_ID, EPOCH_SEED } from './identity.ts'
import { SimKeys, simAuthorities } from './keys.ts'
import { type Carried, kindNumber, type Message, messageBytes } from './messages.ts'
import { latencyBoundUs, Network } from './network.ts'
import { SimNode } from './node.ts'
import type { Plan } from './plan.ts'
import { Random } from './prng.ts'
import { Registry } from './registry.ts'
import { schedulerByName } from './schedulers.ts'
import { Stats } from './stats.ts'
import { Trace } from './trace.ts'

type Event =
  | { readonly kind: 'deliver'; readonly to: SimNode; readonly from: number; readonly message: Message }
  | { readonly kind: 'drain'; readonly node: SimNode; readonly life: number }
  | { readonly kind: 'wake'; readonly node: SimNode; readonly life: number }
  | { readonly kind: 'persisted'; readonly node: SimNode; readonly life: number }
  | { readonly kind: 'executed'; readonly node: SimNode; readonly life: number }
  | { readonly kind: 'call'; readonly run: () => void }

export interface Submitted {
  readonly key: string
  readonly node: number
  readonly atUs: number
}

export interface WorldOptions {
  readonly core: CoreModule
  /** Keep text for a report; slower. */
  readonly verbose?: boolean
  /** Record delays of vertices created after this much virtual time. */
  readonly measureAfterMs?: number
  /** Stop once this round was created by somebody. */
  readonly stopAtRound?: number
}

/** One run: all nodes, the network between them and the virtual clock. Deterministic in the plan. */
export class World {
  readonly plan: Plan
  readonly params: ConsensusParams
  readonly core: CoreModule
  readonly random: Random
  readonly keys = new SimKeys()
  readonly authorities: readonly Authority[]
  readonly registry = new Registry()
  readonly checker: Checker
  readonly trace: Trace
  readonly stats = new Stats()
  readonly nodes: SimNode[] = []
  readonly quorum: number
  readonly submitted: Submitted[] = []
  /** True time at which each transaction first ran anywhere honest. */
  readonly ran = new Map<string, number>()
  readonly alarmsSeen: { readonly node: number; readonly code: string; readonly fatal: boolean }[] = []
  nowUs = 0
  highestCreated = 0
  readonly #options: WorldOptions
  readonly #heap = new EventHeap<Event>()
  readonly #network: Network
  readonly #workload: Random
  readonly #verdicts = new WeakMap<Uint8Array, VerifiedVertex | false>()
  readonly #rules: VertexRules
  readonly #schedule: LeaderSchedule
  readonly #committeeDigest: Uint8Array
  readonly #doubles = new Map<number, SimNode>()
  #transactions = 0

  constructor(plan: Plan, options: WorldOptions) {
    this.plan = plan
    this.#options = options
    this.core = options.core
    this.params = { ...DEFAULT_CONSENSUS_PARAMS, ...plan.params }
    this.random = new Random(plan.seed)
    this.#workload = this.random.stream('workload')
    this.authorities = simAuthorities(this.keys, plan.stakes)
    const total = plan.stakes.reduce((sum, s) => sum + s, 0)
    this.quorum = total - Math.floor((total - 1) / 3)
    this.trace = new Trace(options.verbose ?? false)
    const committee = this.core.createCommittee(this.authorities)
    this.#committeeDigest = committee.digest
    this.#rules = {
      chainId: CHAIN_ID,
      epoch: 0,
      committee,
      params: this.params,
      genesis: this.genesis().map(v => v.digest),
    }
    this.#schedule =
      plan.leaders === 'roundRobin'
        ? this.core.createRoundRobin(plan.stakes.length, this.params.leadersPerRound)
        : this.core.createStakeSchedule(
            committee,
            { chainId: CHAIN_ID, epoch: 0, epochSeed: EPOCH_SEED },
            this.params.leadersPerRound,
          )
    const byzantine = new Map<number, Strategy>()
    for (const fault of plan.faults) {
      if (fault.kind === 'byzantine') byzantine.set(fault.node, strategyByName(fault.strategy))
    }
    this.checker = new Checker({
      registry: this.registry,
      isHonest: node => !byzantine.has(node),
      stakes: plan.stakes,
      gcDepth: this.params.gcDepth,
      maxSuspended: 2 * this.params.maxRoundLookahead * plan.stakes.length,
      maxMissing: this.params.maxRoundLookahead * plan.stakes.length,
    })
    const schedulers = plan.faults.flatMap(f =>
      f.kind === 'scheduler'
        ? [{ fromUs: f.fromMs * 1000, toUs: f.toMs * 1000, scheduler: schedulerByName(f.name, this) }]
        : [],
    )
    this.#network = new Network(plan.network, plan.faults, this.random.stream('network'), schedulers)
    for (let i = 0; i < plan.stakes.length; i++) this.nodes.push(new SimNode(this, i, byzantine.get(i)))
    for (const [node, strategy] of byzantine) {
      if (strategy.hasDouble === true) this.#doubles.set(node, new SimNode(this, node, strategy))
    }
    for (const author of this.genesis()) this.registry.infoOf(author)
    this.#schedulePlan()
  }

  /** The genesis vertices of the epoch. */
  genesis(): ReturnType<typeof genesisVertices> {
    return genesisVertices({
      chainId: CHAIN_ID,
      epoch: 0,
      size: this.plan.stakes.length,
      committeeDigest: this.#committeeDigest,
      previousEpochRecord: new Uint8Array(32),
    })
  }

  get requestTimeoutUs(): number {
    return Math.max(100_000, 4 * latencyBoundUs(this.plan.network.latency))
  }

  #schedulePlan(): void {
    const late = new Set(this.plan.faults.flatMap(f => (f.kind === 'crash' && f.atMs <= 0 ? [f.node] : [])))
    for (const node of this.nodes) {
      if (!late.has(node.index)) this.at(0, () => node.start(true))
    }
    for (const double of this.#doubles.values()) this.at(0, () => double.start(true))
    for (const fault of this.plan.faults) {
      if (fault.kind === 'crash') {
        const node = defined(this.nodes[fault.node], 'a planned node')
        if (fault.atMs > 0) this.at(fault.atMs * 1000, () => node.crash(fault.disk))
        else node.wasDown = true
        if (fault.upAtMs !== undefined) {
          this.at(fault.upAtMs * 1000, () => {
            if (node.isAlive) return
            node.start(fault.atMs <= 0 || fault.disk === 'keep' || fault.disk === 'torn')
            this.peerChanged(node.index, true)
          })
        }
      }
      if (fault.kind === 'partition' || fault.kind === 'cut') {
        this.at(fault.fromMs * 1000, () => this.#linksChanged())
        this.at(fault.toMs * 1000, () => this.#linksChanged())
      }
    }
    const { everyMs } = this.plan.workload
    if (everyMs > 0) {
      for (const node of this.nodes) this.at(this.#workload.below(everyMs * 1000), () => this.#submit(node))
    }
    for (const node of this.nodes) {
      if (node.strategy?.idle !== undefined) this.at(100_000, () => this.#idle(node))
    }
  }

  #idle(node: SimNode): void {
    if (node.isAlive) node.strategy?.idle?.(node)
    if (this.nowUs < this.plan.durationMs * 1000) this.at(this.nowUs + 100_000, () => this.#idle(node))
  }

  #submit(node: SimNode): void {
    const { everyMs, bytes, doublePpm } = this.plan.workload
    this.#transactions += 1
    const transaction = this.#workload.bytes(Math.max(8, bytes))
    new DataView(transaction.buffer).setUint32(0, this.#transactions)
    const targets = [node]
    if (this.#workload.below(1_000_000) < doublePpm) targets.push(this.#workload.pick(this.nodes))
    for (const target of targets) {
      if (target.offer(transaction) && target.isHonest)
        this.submitted.push({ key: toRawHex(transaction), node: target.index, atUs: this.nowUs })
    }
    const next = this.nowUs + everyMs * 1000
    if (next < this.plan.durationMs * 1000) this.at(next, () => this.#submit(node))
  }

  // ————— what nodes use —————

  at(timeUs: number, run: () => void): void {
    this.#heap.push(Math.max(timeUs, this.nowUs), 0, { kind: 'call', run })
  }

  drainLater(node: SimNode): void {
    this.#heap.push(this.nowUs, 1, { kind: 'drain', node, life: node.life })
  }

  wakeLater(node: SimNode, atUs: number): void {
    this.#heap.push(atUs, 0, { kind: 'wake', node, life: node.life })
  }

  persistedLater(node: SimNode, us: number): void {
    this.#heap.push(this.nowUs + us, 0, { kind: 'persisted', node, life: node.life })
  }

  executedLater(node: SimNode, us: number): void {
    this.#heap.push(this.nowUs + us, 0, { kind: 'executed', node, life: node.life })
  }

  send(from: number, to: number, message: Message): void {
    this.stats.messages += 1
    const bytes = messageBytes(message)
    this.stats.bytes += bytes
    const receiver = defined(this.nodes[to], 'a node')
    for (const arrival of this.#network.arrivals(from, to, bytes, message, this.nowUs))
      this.#heap.push(arrival, 0, { kind: 'deliver', to: receiver, from, message })
    const double = this.#doubles.get(to)
    if (double === undefined || from === to) return
    for (const arrival of this.#network.arrivals(from, to, bytes, message, this.nowUs))
      this.#heap.push(arrival, 0, { kind: 'deliver', to: double, from, message })
  }

  /** What a verifier says of a carried vertex; the same bytes have the same answer everywhere. */
  verify(item: Carried): VerifiedVertex | undefined {
    if (!(item instanceof Uint8Array)) return item
    let verdict = this.#verdicts.get(item)
    if (verdict === undefined) {
      verdict = this.#verifyBytes(item) ?? false
      this.#verdicts.set(item, verdict)
    }
    return verdict === false ? undefined : verdict
  }

  #verifyBytes(bytes: Uint8Array): VerifiedVertex | undefined {
    const decoded = decodeVertex(bytes)
    if (decoded.kind !== 'accept') return undefined
    const checked = this.core.checkVertex(decoded.value, this.#rules)
    if (checked.kind !== 'accept') return undefined
    const vertex = checked.value
    const author = this.authorities[vertex.author]
    if (author === undefined) return undefined
    if (!this.keys.verify(author.consensusKey, vertexSigningBytes(vertex.headerDigest), vertex.signature))
      return undefined
    for (const vote of vertex.execVotes) {
      const message = this.core.execVoteSigningBytes(CHAIN_ID, 0, vote.height, vote.blockHash)
      if (!this.keys.verify(author.checkpointKey, message, vote.signature)) return undefined
    }
    this.checker.timestamps.set(this.registry.infoOf(vertex).id, vertex.timestampMs)
    // The simulation's verifier stands where `createVertexVerifier` stands in a node; only its signatures differ.
    return vertex as VerifiedVertex
  }

  sign(node: number, headerDigest: Uint8Array): Uint8Array {
    return this.keys.sign(defined(this.authorities[node], 'a node').consensusKey, vertexSigningBytes(headerDigest))
  }

  signCheckpoint(node: number, height: number, blockHash: Uint8Array): Uint8Array {
    const key = defined(this.authorities[node], 'a node').checkpointKey
    return this.keys.sign(key, this.core.execVoteSigningBytes(CHAIN_ID, 0, height, blockHash))
  }

  createCore(node: SimNode, log: readonly LogRecord[], trustLog: boolean): Consensus {
    return this.core.createConsensus({
      chainId: CHAIN_ID,
      epoch: 0,
      authorities: this.authorities,
      epochSeed: EPOCH_SEED,
      epochStartMs: EPOCH_MS,
      previousEpochRecord: new Uint8Array(32),
      params: this.params,
      ...(node.strategy !== undefined && !node.strategy.runsCore
        ? {}
        : { own: { index: node.index, signer: { sign: (_round, digest) => this.sign(node.index, digest) } } }),
      log,
      trustLog,
      redeliverFrom: node.execution.lastExecuted + 1,
      ...(this.plan.leaders === 'roundRobin' ? { leaderSchedule: this.#schedule } : {}),
    })
  }

  /** The latest time that an honest clock shows; no commit is older than the start of its epoch. */
  maxHonestClockMs(): number {
    let max = EPOCH_MS
    for (const node of this.nodes) if (node.isHonest) max = Math.max(max, node.nowMs)
    return max
  }

  diskFails(node: number): boolean {
    return this.plan.faults.some(f => f.kind === 'diskError' && f.node === node && this.nowUs >= f.atMs * 1000)
  }

  peerChanged(who: number, up: boolean): void {
    for (const node of this.nodes) {
      if (node.index !== who && node.isAlive) node.step({ kind: 'peer', who, up, nowMs: node.nowMs })
    }
  }

  #linksChanged(): void {
    for (const node of this.nodes) {
      for (const other of this.nodes) {
        if (node === other || !node.isAlive || !other.isAlive) continue
        const up = !this.#network.isCut(other.index, node.index, this.nowUs)
        if (!up) node.wasDown = true
        node.step({ kind: 'peer', who: other.index, up, nowMs: node.nowMs })
      }
    }
  }

  // ————— what nodes report —————

  created(node: SimNode, vertex: VerifiedVertex): void {
    const info = this.registry.infoOf(vertex)
    if (info.createdUs < 0) {
      info.createdUs = this.nowUs
      this.stats.created += 1
      this.checker.timestamps.set(info.id, vertex.timestampMs)
    }
    this.highestCreated = Math.max(this.highestCreated, vertex.round)
    this.trace.add(this.nowUs, node.index, 100, vertex.round, vertex.digest)
    if (this.trace.wantsText) this.trace.say(this.nowUs, node.index, `publish ${node.describe(vertex)}`)
  }

  committed(node: SimNode, ordered: OrderedCommit, isNew: boolean): void {
    const { commit } = ordered
    this.trace.add(this.nowUs, node.index, 101, commit.index, ordered.digest)
    if (this.trace.wantsText)
      this.trace.say(
        this.nowUs,
        node.index,
        `commit ${commit.index}: leader ${commit.leader.round}/${commit.leader.author}, ${commit.vertices.length} vertices`,
      )
    if (!isNew) return
    if (this.stats.commits < commit.index) {
      this.stats.commits = commit.index
      this.stats.commitTimesUs.push(this.nowUs)
    }
    const after = this.#options.measureAfterMs
    if (after === undefined) return
    for (const vertex of ordered.vertices) {
      const { createdUs } = this.registry.infoOf(vertex)
      if (createdUs < after * 1000) continue
      this.stats.allDelaysUs.push(this.nowUs - createdUs)
      if (vertex.digest === ordered.vertices.at(-1)?.digest) this.stats.leaderDelaysUs.push(this.nowUs - createdUs)
    }
  }

  executedCommit(node: SimNode, done: Executed): void {
    for (const key of done.ran) if (!this.ran.has(key)) this.ran.set(key, this.nowUs)
    this.trace.add(this.nowUs, node.index, 102, done.index, done.state)
  }

  alarmed(node: SimNode, code: string, fatal: boolean, data: Readonly<Record<string, unknown>>): void {
    this.trace.say(this.nowUs, node.index, `alarm ${code}${fatal ? ' (fatal)' : ''} ${JSON.stringify(data)}`)
    if (node.isHonest) this.alarmsSeen.push({ node: node.index, code, fatal })
  }

  // ————— the run —————

  /** Runs to the end of the plan. Throws {@link Violation} at the first broken invariant. */
  run(): void {
    const endUs = this.plan.durationMs * 1000
    for (;;) {
      const next = this.#heap.nextTimeUs()
      if (next === undefined || next > endUs) break
      const event = defined(this.#heap.pop(), 'an event')
      assert(event.timeUs >= this.nowUs, 'virtual time only grows')
      this.nowUs = event.timeUs
      this.#perform(event.item)
      const { stopAtRound } = this.#options
      if (stopAtRound !== undefined && this.highestCreated >= stopAtRound) break
    }
  }

  #perform(event: Event): void {
    switch (event.kind) {
      case 'deliver':
        this.trace.add(this.nowUs, event.to.index, kindNumber(event.message), event.from)
        event.to.receive(event.from, event.message)
        return
      case 'drain':
        if (event.life === event.node.life) event.node.drain()
        return
      case 'wake':
        event.node.wake(event.life, this.nowUs)
        return
      case 'persisted':
        event.node.persisted(event.life)
        return
      case 'executed':
        event.node.executed(event.life)
        return
      case 'call':
        event.run()
        return
    }
  }

  /** Leaders of a round before reputation swaps: what adversaries guess. */
  leaders(round: number): readonly number[] {
    return this.#schedule.leaders(round)
  }

  /** A Byzantine node made this vertex. */
  noteByzantine(vertex: VerifiedVertex): void {
    const info = this.registry.infoOf(vertex)
    if (info.createdUs < 0) info.createdUs = this.nowUs
    this.checker.timestamps.set(info.id, vertex.timestampMs)
    this.trace.add(this.nowUs, vertex.author, 103, vertex.round, vertex.digest)
    this.trace.say(this.nowUs, vertex.author, `forges ${vertex.round}/${vertex.author}`)
  }
}
