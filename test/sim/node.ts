import type { EpochRecord } from '#consensus'
import { assert, defined } from '#lib/assert'
import { equalBytes, toRawHex } from '#lib/bytes'
import type { VerifiedVertex } from '#types'
import type { Strategy } from './adversary.ts'
import { Violation } from './checker.ts'
import { SimClock } from './clock.ts'
import { Disk } from './disk.ts'
import { authoritiesOf, type EndedEpoch, type EpochSetup } from './epochs.ts'
import { SimExecution } from './execution.ts'
import { Instance } from './instance.ts'
import type { Message } from './messages.ts'
import type { CrashPoint, DiskFate } from './plan.ts'
import type { Random } from './prng.ts'
import { short } from './trace.ts'
import type { World } from './world.ts'

const POOL_MAX = 10_000
/** As in the node: how often followers ask, signatures are asked for, and what a stall is. */
const POLL_US = 250_000
const SIGNATURES_US = 500_000
const STALLED_US = 2_000_000
/** An epoch that is closed goes on for so long, for those who did not hear of it. */
const LINGER_US = 2_000_000
/** A vertex of a later epoch is a sign for so long that ours is over. */
const LATER_SEEN_US = 5_000_000

/**
 * One machine: disk, clock, execution, pool, and an {@link Instance} for each epoch that it takes part in. Mostly that is
 * one; around the end of an epoch the old one runs on beside the new.
 */
export class SimNode {
  readonly index: number
  readonly world: World
  readonly clock: SimClock
  readonly execution: SimExecution
  readonly random: Random
  readonly strategy: Strategy | undefined
  isAlive = false
  /** Counts starts; timers of an earlier life are void. */
  life = 0
  /** A storage error or a fatal alarm stopped it; it stays down. */
  isStopped = false
  /** Went down at least once, or was cut off: liveness bounds do not hold for it. */
  wasDown = false
  readonly alarms: string[] = []
  readonly pool: Uint8Array[] = []
  /** Every own vertex that it published, of all epochs. */
  readonly ownVertices: VerifiedVertex[] = []
  /** How epochs ended, by epoch: durable. */
  records: EndedEpoch[] = []
  #disks: Disk[] = []
  #instances: Instance[] = []
  /** Our key may have signed what our disk does not know, in epochs up to this one. */
  #forgottenUpTo = -1
  /** Epochs among them in which the amnesia floor became known. */
  readonly #recovered = new Set<number>()
  #laterSeenUs = Number.NEGATIVE_INFINITY
  #asked = 0
  readonly #crashPoints = new Map<CrashPoint, { occurrence: number; downMs: number; disk: DiskFate }[]>()

  constructor(world: World, index: number, strategy: Strategy | undefined) {
    this.world = world
    this.index = index
    this.strategy = strategy
    this.clock = new SimClock(index, world.plan.faults)
    this.execution = new SimExecution(index, world.plan.faults, world.plan.stakes, world.keys)
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

  /** The instance of the newest epoch that began here; absent while the machine is down. */
  get current(): Instance | undefined {
    return this.#instances.at(-1)
  }

  get core() {
    return this.current?.core
  }

  get epoch(): number {
    return this.records.length
  }

  /** What is fixed in the present epoch. */
  get setup(): EpochSetup {
    return this.setupOf(this.epoch)
  }

  setupOf(epoch: number): EpochSetup {
    return epoch === 0 ? this.world.firstSetup : defined(this.records[epoch - 1], 'an epoch that began').next
  }

  /** The log of the present epoch. */
  get disk(): Disk {
    return this.diskOf(this.epoch)
  }

  diskOf(epoch: number): Disk {
    let disk = this.#disks[epoch]
    if (disk === undefined) {
      disk = new Disk()
      this.#disks[epoch] = disk
    }
    return disk
  }

  get executionLag(): number {
    return this.current?.executionLag ?? 0
  }

  /** Commits delivered since the beginning. */
  get delivered(): number {
    return this.world.checkers.reduce((sum, checker) => sum + checker.view(this.index).delivered, 0)
  }

  // ————— life and death —————

  /** Starts the node on what its disk holds. `trustLog` is false when it may have signed more than the disk knows. */
  start(trustLog: boolean): void {
    assert(!this.isAlive, 'a running node is not started')
    if (this.isStopped) return
    this.isAlive = true
    this.life += 1
    if (!trustLog) {
      this.#forgottenUpTo = this.world.highestEpoch
      this.#recovered.clear()
    }
    // What a crash left undone between the last commit of an epoch and its record.
    if (this.execution.closing !== undefined) this.#recordEnd()
    if (this.epoch > 0) this.#begin(this.epoch - 1)
    if (this.isAlive) this.#begin(this.epoch)
    if (!this.isAlive || !this.world.hasEpochs) return
    const { life } = this
    const every = (us: number, run: () => void) => {
      const again = () => {
        if (!this.isAlive || this.life !== life) return
        run()
        this.world.at(this.world.nowUs + us, again)
      }
      this.world.at(this.world.nowUs + us, again)
    }
    every(POLL_US, () => this.#poll())
    every(SIGNATURES_US, () => this.#askForSignatures())
  }

  #begin(epoch: number): void {
    const disk = this.diskOf(epoch)
    const instance = new Instance(this, this.setupOf(epoch), disk)
    this.#instances.push(instance)
    this.world.epochBegan(epoch)
    const executed = this.execution.epoch > epoch ? Number.POSITIVE_INFINITY : this.execution.lastExecuted
    const log = this.random.chance(0.5) ? disk.log : disk.logFromCheckpoint(executed)
    instance.start(log, epoch > this.#forgottenUpTo || this.#recovered.has(epoch))
  }

  /** Everything that was not durable is gone. */
  crash(fate: DiskFate): void {
    if (!this.isAlive) return
    this.wasDown = true
    this.isAlive = false
    const instances = this.#instances.splice(0)
    for (const instance of instances) {
      const { writing, disk } = instance
      instance.end()
      if (fate === 'torn' && writing !== undefined)
        disk.store(writing.slice(0, this.random.below(writing.length + 1)), this.world.registry)
    }
    this.pool.length = 0
    const isLost = fate === 'lose' || fate === 'snapshot'
    if (isLost) {
      // A backup is older than the present epoch's log: a prefix of it, and everything before when it is not the first.
      const before = this.#disks
      const kept = fate === 'snapshot' ? this.disk.log.slice(0, this.random.below(this.disk.log.length + 1)) : []
      const { epoch } = this
      this.#disks = fate === 'snapshot' ? before.slice(0, epoch) : []
      if (fate === 'snapshot') this.diskOf(epoch).store(kept, this.world.registry)
      this.records = []
      this.execution.reset()
    }
    if (this.isHonest)
      for (const checker of this.world.checkers)
        checker.crashed(this.index, isLost, this.#disks[checker.epoch]?.log ?? [])
    this.world.trace.say(this.world.nowUs, this.index, `crash, disk ${fate}`)
    this.world.peerChanged(this.index, false)
  }

  /** Stops for good; what a fail-stop validator does on a storage error. */
  stop(reason: string): void {
    this.crash('keep')
    this.isStopped = true
    this.world.trace.say(this.world.nowUs, this.index, `stopped: ${reason}`)
  }

  /** True when a planned crash happens here. */
  passes(point: CrashPoint): boolean {
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

  // ————— the end of an epoch —————

  /** The last commit of the epoch was executed: its record, and then the next epoch. */
  epochExecuted(): void {
    if (this.passes('epoch-executed')) return
    this.#recordEnd()
    if (this.passes('epoch-recorded')) return
    const { life } = this
    this.world.at(this.world.nowUs, () => {
      if (!this.isAlive || this.life !== life) return
      for (const instance of this.#instances.slice(0, -1)) instance.retire()
      this.#begin(this.epoch)
      this.current?.feedPayload()
      this.passes('epoch-begun')
    })
  }

  /** Makes the record from the executed state, and signs it. Durable at once. */
  #recordEnd(): void {
    const { core, machines, checkers } = this.world
    const closing = defined(this.execution.closing, 'the last commit was executed')
    const { setup } = this
    assert(closing.epoch === setup.epoch, 'epochs end one after the other')
    const identity = {
      epoch: setup.epoch + 1,
      seats: closing.seats,
      epochSeed: closing.state,
      startMs: closing.timestampMs,
    }
    const record: EpochRecord = {
      epoch: setup.epoch,
      lastCommitIndex: closing.lastIndex,
      lastCommitDigest: closing.lastDigest,
      lastBlockNumber: closing.height,
      lastBlockHash: closing.state,
      nextAuthorities: authoritiesOf(machines, closing.seats),
      nextEpochSeed: closing.state,
      nextEpochStartMs: closing.timestampMs,
      nextEpochDurationMs: this.world.params.epochDurationMs,
      nextProtocolVersion: 1,
      previousRecordDigest: setup.previousRecord,
    }
    const digest = core.epochRecordDigest(record, this.world.chainId)
    if (this.isHonest && !this.execution.isWrong)
      defined(checkers[setup.epoch], 'a checker').epochEnded(this.index, digest, closing.lastIndex, this.world.nowUs)
    const signatures = new Map<number, Uint8Array>()
    const own = setup.members.indexOf(this.index)
    if (own >= 0) signatures.set(own, this.world.signRecord(this.index, digest))
    this.records.push({ record, digest, signatures, next: this.world.setupAfter(digest, identity) })
    this.execution.begin(setup.epoch + 1)
    this.world.trace.say(this.world.nowUs, this.index, `epoch ${setup.epoch} ended: record ${short(digest)}`)
  }

  #poll(): void {
    const { nowUs } = this.world
    for (const instance of this.#instances.slice(0, -1)) {
      if (instance.core === undefined) continue
      if (instance.core.status().closed) instance.closedUs ??= nowUs
      if (instance.closedUs !== undefined && nowUs >= instance.closedUs + LINGER_US) instance.retire()
    }
    const { current } = this
    if (current === undefined) return
    const isOver = nowUs - this.#laterSeenUs < LATER_SEEN_US || nowUs - current.lastCommitUs > STALLED_US
    if (current.own === undefined || isOver) current.poll()
  }

  /** Signatures of the old committee travel outside of the DAG: each node asks its members until they are a quorum. */
  #askForSignatures(): void {
    for (const [epoch, ended] of this.records.entries()) {
      if (this.isCertified(epoch)) continue
      const { members } = this.setupOf(epoch)
      this.#asked += 1
      const machine = members[this.#asked % members.length]
      if (machine !== undefined && machine !== this.index && !ended.signatures.has(members.indexOf(machine)))
        this.world.send(this.index, machine, { kind: 'askRecord' }, epoch)
    }
  }

  /** Signatures of a quorum of the epoch's own committee are here. */
  isCertified(epoch: number): boolean {
    const { stakes, quorum } = this.setupOf(epoch)
    let weight = 0
    for (const author of this.records[epoch]?.signatures.keys() ?? []) weight += stakes[author] ?? 0
    return weight >= quorum
  }

  #onRecord(from: number, epoch: number, message: Extract<Message, { kind: 'record' }>): void {
    const ended = this.records[epoch]
    if (ended === undefined) return
    if (!equalBytes(ended.digest, message.digest)) {
      const other = this.world.nodes[from]
      if (this.isHonest && other?.isHonest === true && !other.execution.isWrong && !this.execution.isWrong)
        throw new Violation('I13', this.index, `epoch ${epoch} ended differently at node ${from}`)
      return
    }
    const { authorities } = this.setupOf(epoch)
    for (const [author, signature] of message.signatures) {
      const authority = authorities[author]
      if (authority !== undefined && this.world.verifyRecord(authority, ended.digest, signature))
        ended.signatures.set(author, signature)
    }
    if (this.isHonest && this.isCertified(epoch)) this.world.recordCertified(this.index, epoch, ended.digest)
  }

  // ————— input —————

  receive(from: number, epoch: number, message: Message): void {
    if (!this.isAlive) return
    if (message.kind === 'askRecord') {
      const ended = this.records[epoch]
      if (ended !== undefined) {
        const signatures = [...ended.signatures]
        this.world.send(this.index, from, { kind: 'record', digest: ended.digest, signatures }, epoch)
      }
      return
    }
    if (message.kind === 'record') {
      this.#onRecord(from, epoch, message)
      return
    }
    if (epoch > this.epoch) {
      if (message.kind === 'vertices' && this.world.nodes[from]?.isHonest === true) this.#laterSeenUs = this.world.nowUs
      return
    }
    this.#instanceFor(epoch)?.receive(from, message)
  }

  /** The running instance of an epoch, or one without a core that serves what the disk holds. */
  #instanceFor(epoch: number): Instance | undefined {
    const running = this.#instances.find(instance => instance.setup.epoch === epoch)
    if (running !== undefined || epoch >= this.epoch) return running
    const archive = new Instance(this, this.setupOf(epoch), this.diskOf(epoch))
    this.#instances.unshift(archive)
    return archive
  }

  peer(who: number, up: boolean): void {
    for (const instance of [...this.#instances]) {
      const authority = instance.setup.members.indexOf(who)
      if (authority >= 0) instance.step({ kind: 'peer', who: authority, up, nowMs: this.nowMs })
    }
  }

  offer(transaction: Uint8Array): boolean {
    if (!this.isAlive || this.pool.length >= POOL_MAX) return false
    this.pool.push(transaction)
    this.current?.feedPayload()
    return true
  }

  requeue(transactions: readonly Uint8Array[]): void {
    for (const transaction of transactions) if (this.pool.length < POOL_MAX) this.pool.push(transaction)
  }

  /** An own vertex left: what was forgotten before is no danger any more. */
  published(vertex: VerifiedVertex): void {
    this.ownVertices.push(vertex)
    if (vertex.epoch <= this.#forgottenUpTo) this.#recovered.add(vertex.epoch)
  }

  /** Our place in the present committee. */
  get authority(): number | undefined {
    const own = this.setup.members.indexOf(this.index)
    return own < 0 ? undefined : own
  }

  /** Whether we lead this round of the present epoch, before swaps: what adversaries guess. */
  leads(round: number): boolean {
    const { authority } = this
    return authority !== undefined && this.setup.schedule.leaders(round).includes(authority)
  }

  /** For traces. */
  get certifiedRecords(): readonly string[] {
    return this.records.flatMap((ended, epoch) => (this.isCertified(epoch) ? [toRawHex(ended.digest)] : []))
  }
}
