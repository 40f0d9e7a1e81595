import type { Consensus, LogRecord } from '#consensus'
import { assert, defined } from '#lib/assert'
import { equalBytes, toRawHex } from '#lib/bytes'
import {
  type Authority,
  type ConsensusParams,
  DEFAULT_CONSENSUS_PARAMS,
  type Digest,
  decodeVertex,
  type OrderedCommit,
  type VerifiedVertex,
  vertexSigningBytes,
} from '#types'
import { strategyByName } from './adversaries/index.ts'
import type { Strategy } from './adversary.ts'
import { Checker, Violation } from './checker.ts'
import { EPOCH_MS } from './clock.ts'
import type { CoreModule } from './core.ts'
import { buildSetup, type EpochIdentity, type EpochSetup } from './epochs.ts'
import type { Executed } from './execution.ts'
import { EventHeap } from './heap.ts'
import { CHAIN_ID, EPOCH_SEED } from './identity.ts'
import { describeVertex, type Instance } from './instance.ts'
import { SimKeys, simAuthorities } from './keys.ts'
import { type Carried, kindNumber, type Message, messageBytes } from './messages.ts'
import { latencyBoundUs, Network } from './network.ts'
import { SimNode } from './node.ts'
import type { Plan } from './plan.ts'
import { Random } from './prng.ts'
import { Registry } from './registry.ts'
import { schedulerByName } from './schedulers.ts'
import { stakeTransaction } from './staking.ts'
import { Stats } from './stats.ts'
import { Trace } from './trace.ts'

type Event =
  | {
      readonly kind: 'deliver'
      readonly to: SimNode
      readonly from: number
      readonly epoch: number
      readonly message: Message
    }
  | { readonly kind: 'drain' | 'wake' | 'persisted' | 'executed'; readonly instance: Instance }
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
  /** Keys of every machine, with its stake in epoch 0. */
  readonly machines: readonly Authority[]
  readonly firstSetup: EpochSetup
  readonly chainId = CHAIN_ID
  /** Epochs end within the run. */
  readonly hasEpochs: boolean
  readonly registry = new Registry()
  /** One for each epoch that began somewhere. */
  readonly checkers: Checker[] = []
  readonly trace: Trace
  readonly stats = new Stats()
  readonly nodes: SimNode[] = []
  readonly submitted: Submitted[] = []
  /** True time at which each transaction first ran anywhere honest. */
  readonly ran = new Map<string, number>()
  readonly alarmsSeen: { readonly node: number; readonly code: string; readonly fatal: boolean }[] = []
  nowUs = 0
  highestCreated = 0
  highestEpoch = 0
  readonly #options: WorldOptions
  readonly #heap = new EventHeap<Event>()
  readonly #network: Network
  readonly #workload: Random
  readonly #byzantine: ReadonlyMap<number, Strategy>
  readonly #verdicts = new WeakMap<EpochSetup, WeakMap<Uint8Array, VerifiedVertex | false>>()
  readonly #setups = new Map<string, EpochSetup>()
  /** The epochs as the first honest node had them. */
  readonly #agreedSetups: EpochSetup[] = []
  readonly #certifiedRecords = new Map<number, Digest>()
  readonly #doubles = new Map<number, SimNode>()
  #transactions = 0

  constructor(plan: Plan, options: WorldOptions) {
    this.plan = plan
    this.#options = options
    this.core = options.core
    this.params = { ...DEFAULT_CONSENSUS_PARAMS, ...plan.params }
    this.random = new Random(plan.seed)
    this.#workload = this.random.stream('workload')
    this.machines = simAuthorities(this.keys, plan.stakes)
    this.hasEpochs = this.params.epochDurationMs < plan.durationMs
    this.trace = new Trace(options.verbose ?? false)
    const seats = plan.stakes.flatMap((stake, machine) => (stake > 0 ? [{ machine, stake }] : []))
    this.firstSetup = buildSetup(
      this.core,
      this.machines,
      { epoch: 0, seats, epochSeed: EPOCH_SEED, startMs: EPOCH_MS, previousRecord: new Uint8Array(32) },
      this.params,
      plan.leaders,
    )
    const byzantine = new Map<number, Strategy>()
    for (const fault of plan.faults) {
      if (fault.kind === 'byzantine') byzantine.set(fault.node, strategyByName(fault.strategy))
    }
    this.#byzantine = byzantine
    this.#admitSetup(this.firstSetup)
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
    this.#schedulePlan()
  }

  #admitSetup(setup: EpochSetup): void {
    for (const vertex of setup.genesis) this.registry.infoOf(vertex)
    if (this.#agreedSetups[setup.epoch] !== undefined) return
    this.#agreedSetups[setup.epoch] = setup
    this.checkers[setup.epoch] = new Checker({
      epoch: setup.epoch,
      registry: this.registry,
      isHonest: author => !this.#byzantine.has(setup.members[author] ?? -1),
      stakes: setup.stakes,
      windowCommits: this.params.scheduleWindowCommits,
      gcDepth: this.params.gcDepth,
      maxSuspended: 2 * this.params.maxRoundLookahead * setup.members.length,
      maxMissing: this.params.maxRoundLookahead * setup.members.length,
    })
  }

  /** The epoch that follows a record; the same object for the same record. */
  setupAfter(record: Digest, identity: Omit<EpochIdentity, 'previousRecord'>): EpochSetup {
    const key = toRawHex(record)
    let setup = this.#setups.get(key)
    if (setup === undefined) {
      setup = buildSetup(
        this.core,
        this.machines,
        { ...identity, previousRecord: record },
        this.params,
        this.plan.leaders,
      )
      this.#setups.set(key, setup)
      this.#admitSetup(setup)
    }
    return setup
  }

  /** The epoch as honest nodes agree on it; undefined before it began anywhere. */
  setupOf(epoch: number): EpochSetup | undefined {
    return this.#agreedSetups[epoch]
  }

  checkerOf(epoch: number): Checker {
    return defined(this.checkers[epoch], 'a checker of every epoch that began')
  }

  /** The checker of the newest epoch. */
  get checker(): Checker {
    return this.checkerOf(this.highestEpoch)
  }

  epochBegan(epoch: number): void {
    this.highestEpoch = Math.max(this.highestEpoch, epoch)
  }

  get requestTimeoutUs(): number {
    return Math.max(100_000, 4 * latencyBoundUs(this.plan.network.latency))
  }

  #schedulePlan(): void {
    const late = new Set(this.plan.faults.flatMap(f => (f.kind === 'crash' && f.atMs <= 0 ? [f.node] : [])))
    for (const node of this.nodes) {
      if (!late.has(node.index)) this.at(0, () => node.start(this.plan.coldStart !== true))
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
    for (const { machine, stake, atMs } of this.plan.staking ?? []) this.#changeStake(machine, stake, atMs)
    for (const node of this.nodes) {
      if (node.strategy?.idle !== undefined) this.at(100_000, () => this.#idle(node))
    }
  }

  /** Any honest validator that is up takes the transaction; all of them get it, as gossip would bring it to them. */
  #changeStake(machine: number, stake: number, atMs: number): void {
    const transaction = stakeTransaction(machine, stake)
    this.at(atMs * 1000, () => {
      for (const node of this.nodes) if (node.isHonest && node.authority !== undefined) node.offer(transaction)
    })
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

  drainLater(instance: Instance): void {
    this.#heap.push(this.nowUs, 1, { kind: 'drain', instance })
  }

  wakeLater(instance: Instance, atUs: number): void {
    this.#heap.push(atUs, 0, { kind: 'wake', instance })
  }

  persistedLater(instance: Instance, us: number): void {
    this.#heap.push(this.nowUs + us, 0, { kind: 'persisted', instance })
  }

  executedLater(instance: Instance, us: number): void {
    this.#heap.push(this.nowUs + us, 0, { kind: 'executed', instance })
  }

  /** `epoch`: the one that the message belongs to; by default the sender's present one. */
  send(from: number, to: number, message: Message, epoch = this.nodes[from]?.epoch ?? 0): void {
    this.stats.messages += 1
    const bytes = messageBytes(message)
    this.stats.bytes += bytes
    const receivers = [defined(this.nodes[to], 'a node')]
    const double = this.#doubles.get(to)
    if (double !== undefined && from !== to) receivers.push(double)
    for (const receiver of receivers)
      for (const arrival of this.#network.arrivals(from, to, bytes, message, this.nowUs))
        this.#heap.push(arrival, 0, { kind: 'deliver', to: receiver, from, epoch, message })
  }

  /** What a verifier says of a carried vertex; the same bytes have the same answer everywhere. */
  verify(item: Carried, setup: EpochSetup): VerifiedVertex | undefined {
    if (!(item instanceof Uint8Array)) return item.epoch === setup.epoch ? item : undefined
    let verdicts = this.#verdicts.get(setup)
    if (verdicts === undefined) {
      verdicts = new WeakMap()
      this.#verdicts.set(setup, verdicts)
    }
    let verdict = verdicts.get(item)
    if (verdict === undefined) {
      verdict = this.#verifyBytes(item, setup) ?? false
      verdicts.set(item, verdict)
    }
    return verdict === false ? undefined : verdict
  }

  #verifyBytes(bytes: Uint8Array, setup: EpochSetup): VerifiedVertex | undefined {
    const decoded = decodeVertex(bytes)
    if (decoded.kind !== 'accept') return undefined
    const checked = this.core.checkVertex(decoded.value, setup.rules)
    if (checked.kind !== 'accept') return undefined
    const vertex = checked.value
    const author = setup.authorities[vertex.author]
    if (author === undefined) return undefined
    if (!this.keys.verify(author.consensusKey, vertexSigningBytes(vertex.headerDigest), vertex.signature))
      return undefined
    for (const vote of vertex.execVotes) {
      const message = this.core.execVoteSigningBytes(CHAIN_ID, setup.epoch, vote.height, vote.blockHash)
      if (!this.keys.verify(author.checkpointKey, message, vote.signature)) return undefined
    }
    this.checkerOf(setup.epoch).timestamps.set(this.registry.infoOf(vertex).id, vertex.timestampMs)
    // The simulation's verifier stands where `createVertexVerifier` stands in a node; only its signatures differ.
    return vertex as VerifiedVertex
  }

  #machine(index: number): Authority {
    return defined(this.machines[index], 'a machine')
  }

  sign(node: number, headerDigest: Uint8Array): Uint8Array {
    return this.keys.sign(this.#machine(node).consensusKey, vertexSigningBytes(headerDigest))
  }

  signCheckpoint(node: number, height: number, blockHash: Uint8Array, epoch: number): Uint8Array {
    const message = this.core.execVoteSigningBytes(CHAIN_ID, epoch, height, blockHash)
    return this.keys.sign(this.#machine(node).checkpointKey, message)
  }

  signRecord(node: number, record: Digest): Uint8Array {
    return this.keys.sign(this.#machine(node).checkpointKey, this.core.epochRecordSigningBytes(record))
  }

  verifyRecord(authority: Authority, record: Digest, signature: Uint8Array): boolean {
    return this.keys.verify(authority.checkpointKey, this.core.epochRecordSigningBytes(record), signature)
  }

  /** A quorum of an epoch's committee signed its record, somewhere (I12). */
  recordCertified(node: number, epoch: number, record: Digest): void {
    const before = this.#certifiedRecords.get(epoch)
    if (before !== undefined && !equalBytes(before, record))
      throw new Violation('I12', node, `two certified records of epoch ${epoch}`)
    this.#certifiedRecords.set(epoch, record)
  }

  createCore({ node, setup, own }: Instance, log: readonly LogRecord[], trustLog: boolean): Consensus {
    const follows = own === undefined || (node.strategy !== undefined && !node.strategy.runsCore)
    const { execution } = node
    return this.core.createConsensus({
      chainId: CHAIN_ID,
      epoch: setup.epoch,
      authorities: setup.authorities,
      epochSeed: setup.epochSeed,
      epochStartMs: setup.startMs,
      previousEpochRecord: setup.previousRecord,
      params: this.params,
      ...(follows
        ? {}
        : {
            own: {
              index: own,
              signer: { sign: (_round: number, digest: Uint8Array) => this.sign(node.index, digest) },
            },
          }),
      log,
      trustLog,
      ...(execution.epoch === setup.epoch ? { redeliverFrom: execution.lastExecuted + 1 } : {}),
      ...(this.plan.leaders === 'roundRobin' ? { leaderSchedule: setup.schedule } : {}),
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
      if (node.index !== who && node.isAlive) node.peer(who, up)
    }
  }

  #linksChanged(): void {
    for (const node of this.nodes) {
      for (const other of this.nodes) {
        if (node === other || !node.isAlive || !other.isAlive) continue
        const up = !this.#network.isCut(other.index, node.index, this.nowUs)
        if (!up) node.wasDown = true
        node.peer(other.index, up)
      }
    }
  }

  // ————— what nodes report —————

  created(node: SimNode, vertex: VerifiedVertex): void {
    const info = this.registry.infoOf(vertex)
    if (info.createdUs < 0) {
      info.createdUs = this.nowUs
      this.stats.created += 1
      this.checkerOf(vertex.epoch).timestamps.set(info.id, vertex.timestampMs)
    }
    this.highestCreated = Math.max(this.highestCreated, vertex.round)
    this.trace.add(this.nowUs, node.index, 100, vertex.round, vertex.digest)
    if (this.trace.wantsText) this.trace.say(this.nowUs, node.index, `publish ${describeVertex(vertex)}`)
  }

  committed({ node, setup }: Instance, ordered: OrderedCommit, isNew: boolean): void {
    const { commit } = ordered
    this.trace.add(this.nowUs, node.index, 101, commit.index, ordered.digest)
    if (this.trace.wantsText)
      this.trace.say(
        this.nowUs,
        node.index,
        `commit ${commit.index}: leader ${commit.leader.round}/${commit.leader.author}, ${commit.vertices.length} vertices`,
      )
    if (!isNew) return
    const before = this.checkers.reduce((sum, one) => sum + (one.epoch < setup.epoch ? one.commitCount : 0), 0)
    if (this.stats.commits < before + commit.index) {
      this.stats.commits = before + commit.index
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
        event.to.receive(event.from, event.epoch, event.message)
        return
      case 'drain':
        event.instance.drain()
        return
      case 'wake':
        event.instance.wake(this.nowUs)
        return
      case 'persisted':
        event.instance.persisted()
        return
      case 'executed':
        event.instance.executed()
        return
      case 'call':
        event.run()
        return
    }
  }

  /** Machines that lead a round before reputation swaps: what adversaries guess. */
  leaders(round: number, epoch: number): readonly number[] {
    const setup = this.#agreedSetups[epoch]
    return setup === undefined ? [] : setup.schedule.leaders(round).map(author => setup.members[author] ?? -1)
  }

  /** A Byzantine node made this vertex. */
  noteByzantine(vertex: VerifiedVertex): void {
    const info = this.registry.infoOf(vertex)
    if (info.createdUs < 0) info.createdUs = this.nowUs
    this.checkerOf(vertex.epoch).timestamps.set(info.id, vertex.timestampMs)
    this.trace.add(this.nowUs, vertex.author, 103, vertex.round, vertex.digest)
    this.trace.say(this.nowUs, vertex.author, `forges ${vertex.round}/${vertex.author}`)
  }
}
