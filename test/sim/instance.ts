import type { Consensus, Effect, Input, LogRecord } from '#consensus'
import { assert, defined } from '#lib/assert'
import { messageOf } from '#lib/errors'
import type { Commit, OrderedCommit, VerifiedVertex, Vertex, VertexRef } from '#types'
import { type Checker, Violation } from './checker.ts'
import type { Disk } from './disk.ts'
import type { EpochSetup } from './epochs.ts'
import type { Carried, Message } from './messages.ts'
import type { SimNode } from './node.ts'
import { short } from './trace.ts'
import type { World } from './world.ts'

/** Commits between consensus and execution at which own vertices become empty, and at which they fill again. */
const BACKPRESSURE_ON = 64
const BACKPRESSURE_OFF = 32
/** Ticks of one node in one instant before we call it a busy loop. */
const TICKS_PER_INSTANT = 50
const FETCH_REFS_MAX = 200

interface Request {
  /** Machines, best first. */
  readonly to: readonly number[]
  next: number
  readonly message: (id: number) => Message
}

/**
 * The consensus of one epoch on one machine between two crashes: the real core, and around it the simulated driver that
 * performs its effects in order, with a disk that takes time and timers on a local clock. A crash ends the instance; what
 * the disk holds starts another one.
 */
export class Instance {
  readonly node: SimNode
  readonly world: World
  readonly setup: EpochSetup
  readonly disk: Disk
  readonly checker: Checker
  /** Our place in the committee; absent when we only follow. */
  readonly own: number | undefined
  core: Consensus | undefined
  /** False after the crash: events for it are void. */
  isRunning = true
  readonly #inbox: { from: number; message: Message }[] = []
  #drainScheduled = false
  #ticksDue = false
  #ticksNow = 0
  #tickInstantUs = -1
  readonly #wakes = new Set<number>()
  readonly #effects: Effect[] = []
  #writing: readonly LogRecord[] | undefined
  readonly #toExecute: OrderedCommit[] = []
  #executing = false
  #backpressure = false
  #lastCheckpointMs = 0
  readonly #requests = new Map<number, Request>()
  #nextRequest = 1
  #steps = 0
  #polls = 0
  lastCommitUs: number
  /** Since when nothing is left to do here but to serve. */
  closedUs: number | undefined

  constructor(node: SimNode, setup: EpochSetup, disk: Disk) {
    this.node = node
    this.world = node.world
    this.setup = setup
    this.disk = disk
    this.checker = node.world.checkerOf(setup.epoch)
    const own = setup.members.indexOf(node.index)
    this.own = own < 0 ? undefined : own
    this.lastCommitUs = node.world.nowUs
  }

  // ————— life —————

  start(log: readonly LogRecord[], trustLog: boolean): void {
    this.core = this.#guard(() => this.world.createCore(this, log, trustLog))
    if (this.world.trace.wantsText)
      this.#say(`start epoch ${this.setup.epoch} with ${log.length} records as ${this.own ?? 'follower'}`)
    this.step({ kind: 'start', nowMs: this.node.nowMs })
    for (const [who, machine] of this.setup.members.entries()) {
      const other = this.world.nodes[machine]
      if (other !== this.node && other?.isAlive === true)
        this.step({ kind: 'peer', who, up: true, nowMs: this.node.nowMs })
    }
  }

  /** The machine went down. */
  end(): void {
    this.isRunning = false
    this.core = undefined
  }

  /** The core has nothing left to say; the disk is served on. */
  retire(): void {
    this.core = undefined
    this.#effects.length = 0
    this.#requests.clear()
  }

  /** The write that a crash interrupted. */
  get writing(): readonly LogRecord[] | undefined {
    return this.#writing
  }

  // ————— input —————

  receive(from: number, message: Message): void {
    this.#inbox.push({ from, message })
    this.#scheduleDrain()
  }

  wake(atUs: number): void {
    if (!this.isRunning) return
    this.#wakes.delete(atUs)
    this.#ticksDue = true
    this.#scheduleDrain()
  }

  #scheduleDrain(): void {
    if (this.#drainScheduled) return
    this.#drainScheduled = true
    this.world.drainLater(this)
  }

  /** Everything that arrived in this instant enters the core, vertices of all peers as one input (rule G). */
  drain(): void {
    if (!this.isRunning) return
    this.#drainScheduled = false
    const inbox = this.#inbox.splice(0)
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
    if (vertices.length > 0) this.step({ kind: 'vertices', vertices, nowMs: this.node.nowMs, ...this.#sender(from) })
    for (const item of rest) if (this.isRunning) this.#handle(item.from, item.message)
    if (this.isRunning && this.#ticksDue) {
      this.#ticksDue = false
      this.#countTick()
      this.step({ kind: 'tick', nowMs: this.node.nowMs })
    }
    if (this.isRunning) this.feedPayload()
  }

  /** The sender as the core knows it: members by their place, others not at all. */
  #sender(machine: number | undefined): { from?: number } {
    const from = machine === undefined ? -1 : this.setup.members.indexOf(machine)
    return from < 0 ? {} : { from }
  }

  #countTick(): void {
    if (this.#tickInstantUs !== this.world.nowUs) {
      this.#tickInstantUs = this.world.nowUs
      this.#ticksNow = 0
    }
    this.#ticksNow += 1
    if (this.#ticksNow > TICKS_PER_INSTANT)
      throw new Violation('I9', this.node.index, `${this.#ticksNow} wakes in one instant: a busy loop`)
  }

  #verified(items: readonly Carried[], into: VerifiedVertex[]): void {
    for (const item of items) {
      const vertex = this.world.verify(item, this.setup)
      if (vertex !== undefined) into.push(vertex)
    }
  }

  #handle(from: number, message: Message): void {
    const { nowMs } = this.node
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
        const { commits } = message
        this.step({ kind: 'commits', commits, vertices, certifiers, nowMs, ...this.#sender(from) })
        return
      }
      case 'askOwnLast':
        this.#serveOwnLast(from)
        return
      case 'ownLast': {
        const sender = this.setup.members.indexOf(from)
        if (sender < 0) return
        const proof: VerifiedVertex[] = []
        this.#verified(message.proof, proof)
        if (proof.length > 0) this.step({ kind: 'vertices', vertices: proof, from: sender, nowMs })
        const { highestRound, ownRound } = message
        this.step({ kind: 'ownLast', from: sender, highestRound, ownRound, nowMs })
        return
      }
      default:
        assert(false, 'vertices are handled together, and records by the machine')
    }
  }

  /** Gives the core what it takes of the machine's pool. */
  feedPayload(): void {
    const { pool } = this.node
    if (pool.length === 0 || this.core === undefined || this.node.current !== this) return
    const room = this.core.payloadRoom()
    const batch: Uint8Array[] = []
    let bytes = 0
    while (pool.length > 0 && batch.length < room.transactions) {
      const next = pool[0] as Uint8Array
      if (bytes + next.length > room.bytes) break
      bytes += next.length
      batch.push(next)
      pool.shift()
    }
    if (batch.length > 0) this.step({ kind: 'payload', transactions: batch, nowMs: this.node.nowMs })
  }

  /** One input into the core, its effects into the queue. */
  step(input: Input): void {
    const { core, world, node } = this
    if (core === undefined) return
    const effects = this.#guard(() => core.step(input))
    world.stats.steps += 1
    this.#steps += 1
    // In large committees a look at every state would cost more than the states.
    if (node.isHonest && (world.nodes.length <= 20 || this.#steps % 64 === 0))
      this.checker.stepped(
        node.index,
        this.#guard(() => core.status()),
      )
    const isGiven = input.kind === 'commits' || input.kind === 'start'
    for (const effect of effects) {
      if (effect.kind === 'commit' && isGiven) this.checker.given(node.index, effect.ordered.commit.index)
      if (effect.kind === 'persist' && node.isHonest)
        this.checker.accepting(node.index, effect.records, () => core.status().gcRound)
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
      const where = stack.split('\n').slice(1, 6).join('\n')
      throw new Violation('crash', this.node.index, `${messageOf(error)}\n${where}`)
    }
  }

  // ————— effects —————

  #pump(): void {
    while (this.isRunning && this.#writing === undefined && this.#effects.length > 0) {
      const effect = this.#effects.shift() as Effect
      this.#perform(effect)
    }
  }

  #perform(effect: Effect): void {
    const { world, node } = this
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
        if (world.trace.wantsText) this.#say(`asks for commits ${effect.from}–${effect.upTo} from ${effect.to.join()}`)
        this.#request(effect.to, id => ({ kind: 'syncCommits', id, from: effect.from, upTo: effect.upTo }))
        return
      case 'askOwnLast':
        this.#toOthers({ kind: 'askOwnLast' })
        return
      case 'wake': {
        const atUs = node.clock.fireUs(effect.atMs, world.nowUs)
        if (this.#wakes.has(atUs)) return
        this.#wakes.add(atUs)
        world.wakeLater(this, atUs)
        return
      }
      case 'commit':
        this.#commit(effect.ordered)
        return
      case 'requeue':
        node.requeue(effect.transactions)
        return
      case 'certified':
        if (node.isHonest) this.checker.certified(node.index, effect.certificate)
        return
      case 'alarm':
        node.alarms.push(effect.code)
        world.alarmed(node, effect.code, effect.fatal, effect.data)
        return
    }
  }

  #toOthers(message: Message): void {
    for (const machine of this.setup.members)
      if (machine !== this.node.index) this.world.send(this.node.index, machine, message, this.setup.epoch)
  }

  #persist(records: readonly LogRecord[]): void {
    const { world, node } = this
    const hasOwn = records.some(r => r.kind === 'vertex' && r.own)
    const hasCommit = records.some(r => r.kind === 'commit')
    if (hasOwn && node.passes('before-own-persist')) return
    if (hasCommit && node.passes('before-commit-persist')) return
    const { lowUs, highUs } = world.plan.disk
    const latency = highUs === 0 ? 0 : node.random.between(lowUs, highUs)
    this.#writing = records
    if (world.diskFails(node.index)) {
      node.stop('storage error')
      return
    }
    if (latency === 0) this.persisted()
    else world.persistedLater(this, latency)
  }

  persisted(): void {
    const { node } = this
    if (!this.isRunning || this.#writing === undefined) return
    const records = this.#writing
    this.#writing = undefined
    this.store(records)
    if (node.isHonest) this.checker.durable(node.index, records)
    if (records.some(r => r.kind === 'vertex' && r.own) && node.passes('after-own-persist')) return
    if (records.some(r => r.kind === 'commit') && node.passes('after-commit-persist')) return
    this.#pump()
  }

  store(records: readonly LogRecord[]): void {
    const accepted = this.disk.store(records, this.world.registry)
    if (this.node.current === this) this.node.strategy?.accepted?.(this.node, accepted)
  }

  #publish(vertex: VerifiedVertex): void {
    const { world, node } = this
    world.created(node, vertex)
    node.published(vertex)
    if (node.strategy !== undefined) {
      node.strategy.publish?.(node, vertex)
      return
    }
    const own = defined(this.own, 'only members publish')
    this.checker.sending(node.index, own, vertex, () => this.core?.status().gcRound ?? 0)
    let first = true
    for (const machine of this.setup.members) {
      if (machine === node.index) continue
      world.send(node.index, machine, { kind: 'vertices', items: [vertex] }, this.setup.epoch)
      if (first && node.passes('after-first-send')) return
      first = false
    }
    node.passes('after-publish')
  }

  #push(to: number, refs: readonly VertexRef[]): void {
    const items = this.disk.lookUp(refs, this.world.registry)
    if (items.length > 0) this.#send(this.#machine(to), { kind: 'vertices', items })
  }

  #machine(authority: number): number {
    return defined(this.setup.members[authority], 'a member')
  }

  #send(machine: number, message: Message): void {
    this.world.send(this.node.index, machine, message, this.setup.epoch)
  }

  #request(authorities: readonly number[], message: (id: number) => Message): void {
    const id = this.#nextRequest++
    this.#requests.set(id, { to: authorities.map(one => this.#machine(one)), next: 0, message })
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
    this.#send(peer, request.message(id))
    this.world.at(this.world.nowUs + this.world.requestTimeoutUs, () => {
      if (this.isRunning) this.#ask(id)
    })
  }

  /** What a follower does, or a validator whose epoch is over for the others: asks one after the other for commits. */
  poll(): void {
    const status = this.core?.status()
    if (status === undefined || status.ended) return
    const { members } = this.setup
    this.#polls += 1
    const order = members
      .map((_, i) => (this.#polls + i) % members.length)
      .filter(i => this.#machine(i) !== this.node.index)
    const from = status.lastCommitIndex + 1
    const upTo = from + this.world.params.commitSyncBatch - 1
    if (order.length > 0) this.#request(order.slice(0, 1), id => ({ kind: 'syncCommits', id, from, upTo }))
  }

  #commit(ordered: OrderedCommit): void {
    const { world, node } = this
    this.lastCommitUs = world.nowUs
    if (node.isHonest) {
      const isNew = this.checker.delivering(node.index, ordered, world.maxHonestClockMs())
      world.committed(this, ordered, isNew)
      if (isNew && this.core !== undefined) this.checker.deciding(node.index, this.core, ordered)
    }
    if (node.execution.epoch === this.setup.epoch && ordered.commit.index > node.execution.lastExecuted)
      this.#toExecute.push(ordered)
    this.#updateBackpressure()
    this.#executeNext()
    node.passes('after-commit')
  }

  // ————— execution —————

  #executeNext(): void {
    if (this.#toExecute.length === 0 || this.#executing || !this.isRunning) return
    const cost = this.node.execution.costUs(this.world.plan.executionUs, this.world.nowUs)
    this.#executing = true
    if (cost === 0) this.executed()
    else this.world.executedLater(this, cost)
  }

  executed(): void {
    const { node, world } = this
    if (!this.isRunning) return
    this.#executing = false
    const next = this.#toExecute[0]
    if (next === undefined) return
    if (next.commit.index <= node.execution.lastExecuted) {
      this.#toExecute.shift()
      this.#executeNext()
      return
    }
    const done = node.execution.run(next, this.setup)
    if (done === undefined) {
      // Execution threw: the commit stays in the queue and is tried again; it is never passed over.
      this.#executing = true
      world.executedLater(this, 100_000)
      return
    }
    this.#toExecute.shift()
    if (node.isHonest) {
      if (!node.execution.isWrong) this.checker.executedCommit(node.index, done.index, done.state)
      world.executedCommit(node, done)
    }
    this.#updateBackpressure()
    const { checkpointIntervalMs } = world.params
    if (this.own !== undefined && done.timestampMs >= this.#lastCheckpointMs + checkpointIntervalMs) {
      this.#lastCheckpointMs = done.timestampMs
      const blockHash = node.strategy?.blockHash?.(node, done.index, done.state) ?? done.state
      const signature = world.signCheckpoint(node.index, done.index, blockHash, this.setup.epoch)
      this.step({ kind: 'executed', height: done.index, blockHash, signature, nowMs: node.nowMs })
    }
    if (node.execution.closing !== undefined) node.epochExecuted()
    else this.#executeNext()
  }

  #updateBackpressure(): void {
    const lag = this.#toExecute.length
    const wanted = this.#backpressure ? lag > BACKPRESSURE_OFF : lag > BACKPRESSURE_ON
    if (wanted === this.#backpressure) return
    this.#backpressure = wanted
    this.step({ kind: 'backpressure', on: wanted, nowMs: this.node.nowMs })
  }

  get executionLag(): number {
    return this.#toExecute.length
  }

  // ————— serving, from the disk —————

  #answer(to: number, honest: Message): void {
    const { strategy } = this.node
    const said = strategy?.serve === undefined ? honest : strategy.serve(this.node, to, honest)
    if (said !== undefined) this.#send(to, said)
  }

  #serveFetch(from: number, id: number, refs: readonly VertexRef[]): void {
    const items = this.disk.lookUp(refs.slice(0, FETCH_REFS_MAX), this.world.registry)
    if (this.world.trace.wantsText) this.#say(`serves ${items.map(nameOf).join(' ')} of ${refs.length} to ${from}`)
    const reply: Message = { kind: 'fetched', id, items }
    const lied = this.node.strategy?.serve === undefined ? reply : this.node.strategy.serve(this.node, from, reply)
    if (lied !== undefined && (lied !== reply || items.length > 0)) this.#send(from, lied)
  }

  #serveCommits(from: number, id: number, first: number, upTo: number): void {
    const last = Math.min(upTo, first + this.world.params.commitSyncBatch - 1, this.disk.commits.length)
    if (last < first) return
    this.#answer(from, this.#commitRange(id, first, last))
  }

  /** The longest proven part of first..last; where nothing is proven all of it without proof, as a node does. */
  #commitRange(id: number, first: number, last: number): Message {
    const { disk } = this
    const { registry } = this.world
    let end = last
    let certifiers: readonly VerifiedVertex[] = []
    for (let j = last; j >= first && certifiers.length === 0; j--) {
      certifiers = disk.lookUp(disk.certifiers.get(j) ?? [], registry)
      if (certifiers.length > 0) end = j
    }
    const commits: Commit[] = []
    const items: VerifiedVertex[] = []
    for (let i = first; i <= end; i++) {
      const commit = defined(disk.commits[i - 1], 'commits have no gaps')
      commits.push(commit)
      items.push(...disk.lookUp(commit.vertices, registry))
    }
    return { kind: 'commits', id, commits, items, certifiers }
  }

  #serveOwnLast(from: number): void {
    const author = this.setup.members.indexOf(from)
    const own = author < 0 ? undefined : this.disk.lastOf(author)
    this.#answer(from, {
      kind: 'ownLast',
      highestRound: this.disk.highest?.round ?? 0,
      ownRound: own?.round ?? 0,
      proof: [this.disk.highest, own].filter(vertex => vertex !== undefined),
    })
  }

  #say(text: string): void {
    this.world.trace.say(this.world.nowUs, this.node.index, text)
  }
}

export function describeVertex(vertex: Vertex): string {
  return `${nameOf(vertex)} ← ${vertex.parents.map(p => `${p.round}/${p.author}`).join(' ')}`
}

function nameOf(ref: VertexRef): string {
  return `${ref.round}/${ref.author}/${short(ref.digest)}`
}
