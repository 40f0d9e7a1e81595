import type { Consensus, Effect, Input, LogRecord } from '#consensus'
import { assert } from '#lib/assert'
import { messageOf } from '#lib/errors'
import type { Commit, OrderedCommit, VerifiedVertex, Vertex, VertexRef } from '#types'
import type { Strategy } from './adversary.ts'
import { Violation } from './checker.ts'
import { SimClock } from './clock.ts'
import { SimExecution } from './execution.ts'
import type { Carried, Message } from './messages.ts'
import type { CrashPoint, DiskFate } from './plan.ts'
import type { Random } from './prng.ts'
import { short } from './trace.ts'
import type { World } from './world.ts'

/** Commits between consensus and execution at which own vertices become empty, and at which they fill again. */
const BACKPRESSURE_ON = 64
const BACKPRESSURE_OFF = 32
/** Ticks of one node in one instant before we call it a busy loop. */
const TICKS_PER_INSTANT = 50
const FETCH_REFS_MAX = 200
const POOL_MAX = 10_000

interface Request {
  readonly to: readonly number[]
  next: number
  readonly message: (id: number) => Message
}

/** The disk of a node: what survives a crash. */
interface Disk {
  log: LogRecord[]
  /** By the run's number for the digest. */
  vertices: Map<number, VerifiedVertex>
  commits: Commit[]
  /** By commit index: vertices that carry a quorum of votes for it. */
  certifiers: Map<number, readonly VertexRef[]>
  own: VerifiedVertex | undefined
  highest: VerifiedVertex | undefined
}

function emptyDisk(): Disk {
  return { log: [], vertices: new Map(), commits: [], certifiers: new Map(), own: undefined, highest: undefined }
}

/**
 * One validator: the real core, and around it the simulated driver that performs its effects in order, with a disk that
 * takes time, timers on a local clock, and crashes at named places.
 */
export class SimNode {
  readonly index: number
  readonly world: World
  readonly clock: SimClock
  readonly execution: SimExecution
  readonly random: Random
  readonly strategy: Strategy | undefined
  core: Consensus | undefined
  disk: Disk = emptyDisk()
  isAlive = false
  /** Counts starts; events of an earlier life are void. */
  life = 0
  /** A storage error or a fatal alarm stopped it; it stays down. */
  isStopped = false
  /** Went down at least once, or was cut off: liveness bounds do not hold for it. */
  wasDown = false
  readonly alarms: string[] = []
  readonly pool: Uint8Array[] = []
  /** Every own vertex that it published. */
  readonly ownVertices: VerifiedVertex[] = []
  inbox: { from: number; message: Message }[] = []
  #drainScheduled = false
  #ticksDue = false
  #ticksNow = 0
  #tickInstantUs = -1
  readonly #wakes = new Set<number>()
  #effects: Effect[] = []
  #writing: readonly LogRecord[] | undefined
  #toExecute: OrderedCommit[] = []
  #executing = false
  #backpressure = false
  #lastCheckpointMs = 0
  readonly #requests = new Map<number, Request>()
  #nextRequest = 1
  #steps = 0
  readonly #crashPoints = new Map<CrashPoint, { occurrence: number; downMs: number; disk: DiskFate }[]>()

  constructor(world: World, index: number, strategy: Strategy | undefined) {
    this.world = world
    this.index = index
    this.strategy = strategy
    this.clock = new SimClock(index, world.plan.faults)
    this.execution = new SimExecution(index, world.plan.faults)
    this.random = world.random.stream(`node/${index}`)
    for (const fault of world.plan.faults) {
      if (fault.kind !== 'crashAt' || fault.node !== index) continue
      this.#crashPoints.set(fault.point, [
        ...(this.#crashPoints.get(fault.point) ?? []),
        { occurrence: fault.occurrence, downMs: fault.downMs, disk: fault.disk },
      ])
    }
  }

  get isHonest(): boolean {
    return this.strategy === undefined
  }

  get nowMs(): number {
    return this.clock.nowMs(this.world.nowUs)
  }

  // ————— life and death —————

  /** Starts the node on what its disk holds. `trustLog` is false when it may have signed more than the disk knows. */
  start(trustLog: boolean): void {
    assert(!this.isAlive, 'a running node is not started')
    if (this.isStopped) return
    this.isAlive = true
    this.life += 1
    this.#wakes.clear()
    this.#toExecute = []
    this.#executing = false
    this.#backpressure = false
    this.core = this.#guard(() => this.world.createCore(this, this.#logForStart(), trustLog))
    this.world.trace.say(this.world.nowUs, this.index, `start with ${this.disk.log.length} records`)
    this.step({ kind: 'start', nowMs: this.nowMs })
    for (const other of this.world.nodes) {
      if (other !== this && other.isAlive) this.step({ kind: 'peer', who: other.index, up: true, nowMs: this.nowMs })
    }
  }

  /** The whole log, or from its last checkpoint on, as a store that prunes would give it. */
  #logForStart(): readonly LogRecord[] {
    const { log } = this.disk
    const at = log.findLastIndex(r => r.kind === 'checkpoint')
    const last = log[at]
    if (last?.kind !== 'checkpoint' || this.random.chance(0.5)) return log
    const { state, gcRound } = last.checkpoint
    if (this.execution.lastExecuted < state.index) return log
    return [
      last,
      ...log.filter(
        r =>
          (r.kind === 'vertex' && r.vertex.round > gcRound) ||
          (r.kind === 'commit' && r.commit.index > state.index) ||
          (r.kind === 'certifiers' && r.index > state.index),
      ),
    ]
  }

  /** Everything that was not durable is gone. */
  crash(fate: DiskFate): void {
    if (!this.isAlive) return
    this.wasDown = true
    this.isAlive = false
    this.core = undefined
    this.inbox = []
    this.#drainScheduled = false
    this.#ticksDue = false
    this.#requests.clear()
    if (fate === 'torn' && this.#writing !== undefined)
      this.#store(this.#writing.slice(0, this.random.below(this.#writing.length + 1)))
    this.#writing = undefined
    this.#effects = []
    this.pool.length = 0
    if (fate === 'lose') {
      this.disk = emptyDisk()
      this.execution.reset()
    }
    if (fate === 'snapshot') {
      const kept = this.disk.log.slice(0, this.random.below(this.disk.log.length + 1))
      this.disk = emptyDisk()
      this.#store(kept)
      this.execution.reset()
    }
    if (this.isHonest) this.world.checker.crashed(this.index, fate === 'lose' || fate === 'snapshot', this.disk.log)
    this.world.trace.say(this.world.nowUs, this.index, `crash, disk ${fate}`)
    this.world.peerChanged(this.index, false)
  }

  /** Stops for good; what a fail-stop validator does on a storage error. */
  stop(reason: string): void {
    this.crash('keep')
    this.isStopped = true
    this.world.trace.say(this.world.nowUs, this.index, `stopped: ${reason}`)
  }

  #passes(point: CrashPoint): boolean {
    const plans = this.#crashPoints.get(point)
    if (plans === undefined) return false
    for (const plan of plans) {
      plan.occurrence -= 1
      if (plan.occurrence !== 0) continue
      this.crash(plan.disk)
      this.world.at(this.world.nowUs + plan.downMs * 1000, () => {
        if (!this.isAlive) {
          this.start(plan.disk === 'keep' || plan.disk === 'torn')
          this.world.peerChanged(this.index, true)
        }
      })
      return true
    }
    return false
  }

  // ————— input —————

  receive(from: number, message: Message): void {
    if (!this.isAlive) return
    this.inbox.push({ from, message })
    this.#scheduleDrain()
  }

  wake(life: number, atUs: number): void {
    if (!this.isAlive || life !== this.life) return
    this.#wakes.delete(atUs)
    this.#ticksDue = true
    this.#scheduleDrain()
  }

  offer(transaction: Uint8Array): boolean {
    if (!this.isAlive || this.pool.length >= POOL_MAX) return false
    this.pool.push(transaction)
    this.#feedPayload()
    return true
  }

  #scheduleDrain(): void {
    if (this.#drainScheduled) return
    this.#drainScheduled = true
    this.world.drainLater(this)
  }

  /** Everything that arrived in this instant enters the core, vertices of all peers as one input (rule G). */
  drain(): void {
    if (!this.isAlive) return
    this.#drainScheduled = false
    const inbox = this.inbox
    this.inbox = []
    const vertices: VerifiedVertex[] = []
    let from: number | undefined
    const rest: { from: number; message: Message }[] = []
    for (const item of inbox) {
      if (item.message.kind === 'vertices' || item.message.kind === 'fetched') {
        if (item.message.kind === 'fetched') this.#requests.delete(item.message.id)
        const before = vertices.length
        this.#verified(item.message.items, vertices)
        if (vertices.length > before) from = before === 0 ? item.from : from === item.from ? from : undefined
      } else rest.push(item)
    }
    if (vertices.length > 0) {
      const input: Input = { kind: 'vertices', vertices, nowMs: this.nowMs }
      this.step(from === undefined ? input : { ...input, from })
    }
    for (const item of rest) if (this.isAlive) this.#handle(item.from, item.message)
    if (this.isAlive && this.#ticksDue) {
      this.#ticksDue = false
      this.#countTick()
      this.step({ kind: 'tick', nowMs: this.nowMs })
    }
    if (this.isAlive) this.#feedPayload()
  }

  #countTick(): void {
    if (this.#tickInstantUs !== this.world.nowUs) {
      this.#tickInstantUs = this.world.nowUs
      this.#ticksNow = 0
    }
    this.#ticksNow += 1
    if (this.#ticksNow > TICKS_PER_INSTANT)
      throw new Violation('I9', this.index, `${this.#ticksNow} wakes in one instant: a busy loop`)
  }

  #verified(items: readonly Carried[], into: VerifiedVertex[]): void {
    for (const item of items) {
      const vertex = this.world.verify(item)
      if (vertex !== undefined) into.push(vertex)
    }
  }

  #handle(from: number, message: Message): void {
    switch (message.kind) {
      case 'fetch':
        this.#serveFetch(from, message.id, message.refs)
        return
      case 'syncCommits':
        this.#serveCommits(from, message.id, message.from, message.upTo)
        return
      case 'commits': {
        this.#requests.delete(message.id)
        const vertices: VerifiedVertex[] = []
        const certifiers: VerifiedVertex[] = []
        this.#verified(message.items, vertices)
        this.#verified(message.certifiers, certifiers)
        this.step({ kind: 'commits', commits: message.commits, vertices, certifiers, from, nowMs: this.nowMs })
        return
      }
      case 'askOwnLast':
        this.#serveOwnLast(from)
        return
      case 'ownLast': {
        const proof: VerifiedVertex[] = []
        this.#verified(message.proof, proof)
        if (proof.length > 0) this.step({ kind: 'vertices', vertices: proof, from, nowMs: this.nowMs })
        if (!this.isAlive) return
        const { highestRound, ownRound } = message
        this.step({ kind: 'ownLast', from, highestRound, ownRound, nowMs: this.nowMs })
        return
      }
      default:
        assert(false, 'vertices are handled together')
    }
  }

  #feedPayload(): void {
    if (this.pool.length === 0 || !this.isAlive || this.core === undefined) return
    const room = this.core.payloadRoom()
    const batch: Uint8Array[] = []
    let bytes = 0
    while (this.pool.length > 0 && batch.length < room.transactions) {
      const next = this.pool[0] as Uint8Array
      if (bytes + next.length > room.bytes) break
      bytes += next.length
      batch.push(next)
      this.pool.shift()
    }
    if (batch.length > 0) this.step({ kind: 'payload', transactions: batch, nowMs: this.nowMs })
  }

  /** One input into the core, its effects into the queue. */
  step(input: Input): void {
    if (!this.isAlive || this.core === undefined) return
    const { core, world } = this
    const effects = this.#guard(() => core.step(input))
    world.stats.steps += 1
    this.#steps += 1
    // In large committees a look at every state would cost more than the states.
    if (this.isHonest && (world.nodes.length <= 20 || this.#steps % 64 === 0))
      world.checker.stepped(
        this.index,
        this.#guard(() => core.status()),
      )
    for (const effect of effects) {
      if (effect.kind === 'persist' && this.isHonest)
        world.checker.accepting(this.index, effect.records, () => core.status().gcRound)
      this.#effects.push(effect)
    }
    this.#pump()
  }

  #guard<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (error instanceof Violation) throw error
      const stack = error instanceof Error ? (error.stack ?? '') : ''
      throw new Violation('crash', this.index, `${messageOf(error)}\n${stack.split('\n').slice(1, 6).join('\n')}`)
    }
  }

  // ————— effects —————

  #pump(): void {
    while (this.isAlive && this.#writing === undefined && this.#effects.length > 0) {
      const effect = this.#effects.shift() as Effect
      this.#perform(effect)
    }
  }

  #perform(effect: Effect): void {
    const { world } = this
    switch (effect.kind) {
      case 'persist':
        this.#persist(effect.records)
        return
      case 'publish':
        this.#publish(effect.vertex)
        return
      case 'push':
        this.#push(effect.to, effect.vertices)
        return
      case 'fetch':
        if (world.trace.wantsText) this.#say(`fetches ${effect.refs.map(nameOf).join(' ')} from ${effect.to.join()}`)
        for (let i = 0; i < effect.refs.length; i += FETCH_REFS_MAX) {
          const refs = effect.refs.slice(i, i + FETCH_REFS_MAX)
          this.#request(effect.to, id => ({ kind: 'fetch', id, refs }))
        }
        return
      case 'syncCommits':
        this.#say(`asks for commits ${effect.from}–${effect.upTo} from ${effect.to.join()}`)
        this.#request(effect.to, id => ({ kind: 'syncCommits', id, from: effect.from, upTo: effect.upTo }))
        return
      case 'askOwnLast':
        for (const other of world.nodes) if (other !== this) world.send(this.index, other.index, { kind: 'askOwnLast' })
        return
      case 'wake': {
        const atUs = this.clock.fireUs(effect.atMs, world.nowUs)
        if (this.#wakes.has(atUs)) return
        this.#wakes.add(atUs)
        world.wakeLater(this, atUs)
        return
      }
      case 'commit':
        this.#commit(effect.ordered)
        return
      case 'requeue':
        for (const transaction of effect.transactions) if (this.pool.length < POOL_MAX) this.pool.push(transaction)
        return
      case 'certified':
        if (this.isHonest) world.checker.certified(this.index, effect.certificate)
        return
      case 'alarm':
        this.alarms.push(effect.code)
        world.alarmed(this, effect.code, effect.fatal, effect.data)
        return
    }
  }

  #persist(records: readonly LogRecord[]): void {
    const { world } = this
    const hasOwn = records.some(r => r.kind === 'vertex' && r.own)
    const hasCommit = records.some(r => r.kind === 'commit')
    if (hasOwn && this.#passes('before-own-persist')) return
    if (hasCommit && this.#passes('before-commit-persist')) return
    const { lowUs, highUs } = world.plan.disk
    const latency = highUs === 0 ? 0 : this.random.between(lowUs, highUs)
    this.#writing = records
    if (world.diskFails(this.index)) {
      this.stop('storage error')
      return
    }
    if (latency === 0) this.persisted(this.life)
    else world.persistedLater(this, latency)
  }

  persisted(life: number): void {
    if (!this.isAlive || life !== this.life || this.#writing === undefined) return
    const records = this.#writing
    this.#writing = undefined
    this.#store(records)
    if (this.isHonest) this.world.checker.durable(this.index, records)
    if (records.some(r => r.kind === 'vertex' && r.own) && this.#passes('after-own-persist')) return
    if (records.some(r => r.kind === 'commit') && this.#passes('after-commit-persist')) return
    this.#pump()
  }

  #store(records: readonly LogRecord[]): void {
    const { disk } = this
    const accepted: VerifiedVertex[] = []
    for (const record of records) {
      disk.log.push(record)
      if (record.kind === 'commit') {
        disk.commits[record.commit.index - 1] = record.commit
        continue
      }
      if (record.kind === 'certifiers') {
        disk.certifiers.set(record.index, record.vertices)
        continue
      }
      if (record.kind === 'checkpoint') continue
      // The core hands out what it accepted; everything that it accepts was verified.
      const vertex = record.vertex as VerifiedVertex
      disk.vertices.set(this.world.registry.infoOf(vertex).id, vertex)
      if (record.own && (disk.own === undefined || disk.own.round < vertex.round)) disk.own = vertex
      if (disk.highest === undefined || disk.highest.round < vertex.round) disk.highest = vertex
      accepted.push(vertex)
    }
    this.strategy?.accepted?.(this, accepted)
  }

  #publish(vertex: VerifiedVertex): void {
    const { world } = this
    world.created(this, vertex)
    this.ownVertices.push(vertex)
    if (this.strategy !== undefined) {
      this.strategy.publish?.(this, vertex)
      return
    }
    world.checker.sending(this.index, vertex, () => this.core?.status().gcRound ?? 0)
    let first = true
    for (const other of world.nodes) {
      if (other === this) continue
      world.send(this.index, other.index, { kind: 'vertices', items: [vertex] })
      if (first && this.#passes('after-first-send')) return
      first = false
    }
    this.#passes('after-publish')
  }

  #push(to: number, refs: readonly VertexRef[]): void {
    const items = this.#lookUp(refs)
    if (items.length > 0) this.world.send(this.index, to, { kind: 'vertices', items })
  }

  #lookUp(refs: readonly VertexRef[]): VerifiedVertex[] {
    return refs.flatMap(ref => this.disk.vertices.get(this.world.registry.refId(ref)) ?? [])
  }

  #request(to: readonly number[], message: (id: number) => Message): void {
    const id = this.#nextRequest++
    this.#requests.set(id, { to, next: 0, message })
    this.#ask(id)
  }

  /** Asks the next peer; after the timeout the one after it, until somebody answered or nobody is left. */
  #ask(id: number): void {
    const request = this.#requests.get(id)
    if (request === undefined) return
    const peer = request.to[request.next]
    if (peer === undefined) {
      this.#requests.delete(id)
      return
    }
    request.next += 1
    this.world.send(this.index, peer, request.message(id))
    const life = this.life
    this.world.at(this.world.nowUs + this.world.requestTimeoutUs, () => {
      if (this.isAlive && this.life === life) this.#ask(id)
    })
  }

  #commit(ordered: OrderedCommit): void {
    const { world } = this
    if (this.isHonest) {
      const isNew = world.checker.delivering(this.index, ordered, world.maxHonestClockMs())
      world.committed(this, ordered, isNew)
    }
    if (ordered.commit.index > this.execution.lastExecuted) this.#toExecute.push(ordered)
    this.#updateBackpressure()
    this.#executeNext()
    this.#passes('after-commit')
  }

  // ————— execution —————

  #executeNext(): void {
    const next = this.#toExecute[0]
    if (next === undefined || this.#executing || !this.isAlive) return
    const cost = this.execution.costUs(this.world.plan.executionUs, this.world.nowUs)
    this.#executing = true
    if (cost === 0) this.executed(this.life)
    else this.world.executedLater(this, cost)
  }

  executed(life: number): void {
    if (!this.isAlive || life !== this.life) return
    this.#executing = false
    const next = this.#toExecute[0]
    if (next === undefined) return
    if (next.commit.index <= this.execution.lastExecuted) {
      this.#toExecute.shift()
      this.#executeNext()
      return
    }
    const done = this.execution.run(next)
    if (done === undefined) {
      // Execution threw: the commit stays in the queue and is tried again; it is never passed over.
      this.#executing = true
      this.world.executedLater(this, 100_000)
      return
    }
    this.#toExecute.shift()
    if (this.isHonest) {
      if (!this.execution.isWrong) this.world.checker.executedCommit(this.index, done.index, done.state)
      this.world.executedCommit(this, done)
    }
    this.#updateBackpressure()
    const { checkpointIntervalMs } = this.world.params
    if (done.timestampMs >= this.#lastCheckpointMs + checkpointIntervalMs) {
      this.#lastCheckpointMs = done.timestampMs
      const blockHash = this.strategy?.blockHash?.(this, done.index, done.state) ?? done.state
      this.step({
        kind: 'executed',
        height: done.index,
        blockHash,
        signature: this.world.signCheckpoint(this.index, done.index, blockHash),
        nowMs: this.nowMs,
      })
    }
    this.#executeNext()
  }

  #updateBackpressure(): void {
    const lag = this.#toExecute.length
    const wanted = this.#backpressure ? lag > BACKPRESSURE_OFF : lag > BACKPRESSURE_ON
    if (wanted === this.#backpressure) return
    this.#backpressure = wanted
    this.step({ kind: 'backpressure', on: wanted, nowMs: this.nowMs })
  }

  get executionLag(): number {
    return this.#toExecute.length
  }

  // ————— serving —————

  #serveFetch(from: number, id: number, refs: readonly VertexRef[]): void {
    const items = this.#lookUp(refs.slice(0, FETCH_REFS_MAX))
    if (this.world.trace.wantsText) this.#say(`serves ${items.map(nameOf).join(' ')} of ${refs.length} to ${from}`)
    const reply: Message = { kind: 'fetched', id, items }
    const lied = this.strategy?.serve === undefined ? reply : this.strategy.serve(this, from, reply)
    if (lied !== undefined && (lied !== reply || items.length > 0)) this.world.send(this.index, from, lied)
  }

  /** Commits from..j for the highest j that a quorum of the vertices here votes for. */
  #serveCommits(from: number, id: number, first: number, upTo: number): void {
    const reply = this.#commitRange(id, first, Math.min(upTo, first + this.world.params.commitSyncBatch - 1))
    if (reply === undefined) return
    const lied = this.strategy?.serve === undefined ? reply : this.strategy.serve(this, from, reply)
    if (lied !== undefined) this.world.send(this.index, from, lied)
  }

  #commitRange(id: number, first: number, last: number): Message | undefined {
    const { disk } = this
    for (let j = Math.min(last, disk.commits.length); j >= first; j--) {
      const commit = disk.commits[j - 1]
      if (commit === undefined) continue
      const certifiers = this.#lookUp(disk.certifiers.get(j) ?? [])
      if (certifiers.length === 0) continue
      const commits: Commit[] = []
      const items: VerifiedVertex[] = []
      for (let i = first; i <= j; i++) {
        const each = disk.commits[i - 1]
        if (each === undefined) return undefined
        commits.push(each)
        items.push(...this.#lookUp(each.vertices))
      }
      return { kind: 'commits', id, commits, items, certifiers }
    }
    return undefined
  }

  #serveOwnLast(from: number): void {
    let own: VerifiedVertex | undefined
    for (const vertex of this.disk.vertices.values())
      if (vertex.author === from && (own === undefined || own.round < vertex.round)) own = vertex
    const proof = [this.disk.highest, own].filter(v => v !== undefined)
    const reply: Message = {
      kind: 'ownLast',
      highestRound: this.disk.highest?.round ?? 0,
      ownRound: own?.round ?? 0,
      proof,
    }
    const lied = this.strategy?.serve === undefined ? reply : this.strategy.serve(this, from, reply)
    if (lied !== undefined) this.world.send(this.index, from, lied)
  }

  #say(text: string): void {
    this.world.trace.say(this.world.nowUs, this.index, text)
  }

  describe(vertex: Vertex): string {
    return `${nameOf(vertex)} ← ${vertex.parents.map(p => `${p.round}/${p.author}`).join(' ')}`
  }
}

function nameOf(ref: VertexRef): string {
  return `${ref.round}/${ref.author}/${short(ref.digest)}`
}
