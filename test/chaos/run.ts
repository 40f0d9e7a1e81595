import { defined } from '#lib/assert'
import { messageOf } from '#lib/errors'
import { fundedLoadAccounts } from '../load/accounts.ts'
import { ComparedChain, findAlarms, findUnknown, headOf, SeenVertices } from './check.ts'
import { CHAIN_ID, type Cluster, createCluster, type NodeProcess } from './cluster.ts'
import { forbidWrites } from './disk.ts'
import { sendJunk } from './junk.ts'
import { ChaosLoad } from './load.ts'
import { metric, ownVertices, sleep, spreadOf } from './measure.ts'
import { join, leave, membershipOf } from './membership.ts'
import type { ChaosOptions, ChaosSummary } from './options.ts'
import { faultyOf, type PlannedPoint, type Step } from './plan.ts'

/** The promise: with no more faulty validators than tolerated, the network moves again within this time of healing. */
const PROGRESS_MS = 10_000
const CATCH_UP_MS = 60_000
const ASK_MS = 1_000
/** A node whose round is further behind than this catches up, and is as good as away. */
const BEHIND_ROUNDS = 100
const GAP_MS = 300
/** A fail point that is not reached by then (no certificate, no epoch) is made up for by a plain kill. */
const FAIL_POINT_MS = 12_000
const FULL_DISK_MS = 15_000
/** Blocks and receipts are compared every so many steps, besides at the end. */
const CHECK_EVERY = 20

/** Runs a network of real processes under load, disturbs it by the plan, and asks every node whether all is as it must be. */
export async function runChaos(options: ChaosOptions): Promise<ChaosSummary> {
  const clients = options.clients ?? 8
  const cluster = await createCluster({
    validators: options.validators,
    ...(options.epochDurationMs === undefined ? {} : { spares: 1, epochDurationMs: options.epochDurationMs }),
    funded: fundedLoadAccounts(clients + 1),
    seed: [...options.seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7),
  })
  let violated = true
  try {
    const summary = await new Chaos(cluster, options, clients).run()
    violated = summary.violations.length > 0
    return summary
  } finally {
    await cluster.close(violated || options.keep === true)
  }
}

type StepOf<K extends Step['kind']> = Extract<Step, { readonly kind: K }>

class Chaos {
  readonly #cluster: Cluster
  readonly #options: ChaosOptions
  readonly #load: ChaosLoad
  readonly #seen = new SeenVertices()
  readonly #violations: string[] = []
  readonly #steps: Record<string, number> = {}
  readonly #failPoints: Record<string, number> = {}
  readonly #plannedPoints: Record<string, number> = {}
  readonly #skipped: string[] = []
  readonly #silencesMs: number[] = []
  readonly #startTimesMs: number[] = []
  readonly #recoveriesMs: number[] = []
  readonly #startedMs = performance.now()
  #kills = 0
  #oldRuns = 0
  #protocolVersion = 1
  readonly #chain = new ComparedChain()
  #comparedTransactions = 0
  /** Nodes whose disk is full: they are expected to stop. */
  readonly #endsByItself = new Set<NodeProcess>()
  /** Was wiped last, and may still be asking what it had signed. */
  #wiped: NodeProcess | undefined
  /**
   * Until then a validator whose clock was ahead says nothing that others accept: its timestamps never fall, and theirs
   * have not caught up. It is one of the faulty ones that the protocol promises to survive.
   */
  #aheadUntilMs = 0

  constructor(cluster: Cluster, options: ChaosOptions, clients: number) {
    this.#cluster = cluster
    this.#options = options
    this.#load = new ChaosLoad(this.#urls, CHAIN_ID, clients)
  }

  get #urls(): readonly string[] {
    return this.#cluster.nodes.map(({ rpcUrl }) => rpcUrl)
  }

  async run(): Promise<ChaosSummary> {
    const { plan } = this.#options
    try {
      await Promise.all(this.#cluster.nodes.map(node => this.#start(node)))
      if ((await this.#awaitReceipt(CATCH_UP_MS)) === undefined) this.#violate('the network does not start')
      for (const [index, step] of plan.entries()) {
        if (this.#violations.length > 0) break
        this.#print(`step ${index + 1} of ${plan.length}: ${describe(step)}`)
        this.#steps[step.kind] = (this.#steps[step.kind] ?? 0) + 1
        const steady = await this.#isSteady()
        this.#load.watchSilence()
        await this.#disturb(step)
        if (steady && (faultyOf(step) ?? Infinity) <= this.#tolerated) this.#expectNoSilence(step.kind)
        await this.#expectProgress(step.kind)
        if (index % CHECK_EVERY === CHECK_EVERY - 1) await this.#compare()
        await sleep(GAP_MS)
      }
      await this.#awaitRejoined()
      await this.#load.stop()
      await this.#compare()
    } catch (error) {
      this.#violate(messageOf(error))
    }
    await this.#load.stop()
    const epochs = await this.#epoch()
    await Promise.all(this.#cluster.nodes.map(node => (this.#violations.length > 0 ? node.stop() : this.#stop(node))))
    for (const [point, planned] of Object.entries(this.#plannedPoints)) {
      if (planned > 1 && this.#failPoints[point] === undefined && this.#violations.length === 0)
        this.#violate(`no process ever got to ${point}, which was planned ${planned} times`)
    }
    for (const { folder } of this.#cluster.nodes) await this.#seen.addStore(folder)
    for (const violation of this.#seen.violations) this.#violate(violation)
    for (const alarm of findAlarms(this.#cluster.nodes.map(({ logFile }) => logFile))) this.#violate(alarm)
    return {
      violations: this.#violations,
      kills: this.#kills,
      failPoints: this.#failPoints,
      steps: this.#steps,
      skipped: this.#skipped,
      oldRuns: this.#oldRuns,
      blocks: this.#chain.length,
      vertices: this.#seen.count,
      epochs,
      acknowledged: this.#load.acknowledged.length,
      recoveryMs: spreadOf(this.#recoveriesMs),
      silenceMs: { ...spreadOf(this.#silencesMs), steps: this.#silencesMs.length },
      startMs: spreadOf(this.#startTimesMs),
      seconds: Math.round((performance.now() - this.#startedMs) / 1_000),
      dataDir: this.#cluster.root,
    }
  }

  #print(line: string): void {
    const seconds = ((performance.now() - this.#startedMs) / 1_000).toFixed(1).padStart(6)
    this.#options.print?.(`${seconds} s  ${line}`)
  }

  #violate(what: string): void {
    this.#violations.push(what)
    this.#print(`VIOLATION: ${what}`)
  }

  get #tolerated(): number {
    return Math.floor((this.#options.validators - 1) / 3)
  }

  #node(index: number): NodeProcess {
    return defined(this.#cluster.nodes[index], 'the plan names nodes of the network')
  }

  async #disturb(step: Step): Promise<void> {
    switch (step.kind) {
      case 'kill': {
        const victims = step.victims.map(index => this.#node(index))
        await Promise.all(victims.map(node => this.#kill(node)))
        await sleep(step.downMs)
        await Promise.all(victims.map(node => this.#start(node)))
        return
      }
      case 'kill storm':
        return this.#killAgainAndAgain(step)
      case 'fail point':
        return this.#failAt(this.#node(step.victim), step.points)
      case 'pause':
        return this.#pause(step)
      case 'partition':
        return this.#partition(step)
      case 'bad weather':
        return this.#worsenWeather(step)
      case 'clock skew':
        if (step.offsetMs > 0) await this.#awaitRejoined()
        await this.#runOtherwise(step.victim, { OGPU_CLOCK_OFFSET_MS: String(step.offsetMs) }, step.ms, node =>
          this.#expectClock(node, step.offsetMs),
        )
        this.#aheadUntilMs = Math.max(this.#aheadUntilMs, performance.now() + step.offsetMs)
        return
      case 'mixed versions':
        return this.#mixVersions(step)
      case 'full disk':
        return this.#fillDisk(this.#node(step.victim))
      case 'wipe':
        return this.#wipe(step)
      case 'rolling restart':
        for (const node of this.#cluster.nodes) {
          await this.#stop(node)
          await this.#start(node)
        }
        return
      case 'restart all':
        await Promise.all(this.#cluster.nodes.map(node => this.#stop(node)))
        await Promise.all(this.#cluster.nodes.map(node => this.#start(node)))
        return
      case 'junk peers': {
        const connected = await sendJunk(this.#node(step.victim).p2pPort, step.peers, step.ms, this.#options.seed)
        if (connected < step.peers / 2) this.#violate(`only ${connected} of ${step.peers} junk peers got through`)
        return
      }
      case 'join':
        return this.#changeMembership(join, 1)
      case 'leave':
        return this.#changeMembership(leave, 0)
      case 'upgrade':
        return this.#upgrade()
    }
  }

  /** Kills validators several times on their way up. */
  async #killAgainAndAgain(step: StepOf<'kill storm'>): Promise<void> {
    const storm = async (node: NodeProcess) => {
      await this.#kill(node)
      for (const afterMs of step.afterMs) await this.#startAndKill(node, afterMs)
      await this.#start(node)
    }
    await Promise.all(step.victims.map(index => storm(this.#node(index))))
  }

  /** Stops validators as the kernel does, and lets them go on. */
  async #pause(step: StepOf<'pause'>): Promise<void> {
    const victims = step.victims.map(index => this.#node(index))
    for (const node of victims) node.signal('SIGSTOP')
    await sleep(step.ms)
    for (const node of victims)
      if (node.isStopped === false) this.#violate(`SIGSTOP left validator ${node.index} running`)
    for (const node of victims) node.signal('SIGCONT')
  }

  /** Cuts a group off from the others, in one direction or in both. */
  async #partition(step: StepOf<'partition'>): Promise<void> {
    const { links } = this.#cluster
    const before = links.disturbed
    const others = this.#cluster.nodes.map(({ index }) => index).filter(index => !step.group.includes(index))
    for (const inside of step.group) {
      for (const outside of others) {
        const block = step.how === 'cut' ? 'cut' : 'hole'
        if (step.how !== 'mute') links.block(outside, inside, block)
        if (step.how !== 'deaf') links.block(inside, outside, block)
      }
    }
    await sleep(step.ms)
    if (links.disturbed === before) this.#violate('nothing was cut off by the partition')
    return links.heal()
  }

  /** Makes all wires slow and unsteady, and lets a validator catch up over them. */
  async #worsenWeather(step: StepOf<'bad weather'>): Promise<void> {
    const { links } = this.#cluster
    const before = links.disturbed
    links.setConditions(step.conditions)
    await this.#kill(this.#node(step.victim))
    await this.#start(this.#node(step.victim))
    await sleep(step.ms)
    if (links.disturbed === before) this.#violate('nothing passed through the bad weather')
    return links.heal()
  }

  /** Takes everything but its keys from a validator. */
  async #wipe(step: StepOf<'wipe'>): Promise<void> {
    // Two validators without memory are two faulty ones, more than the protocol promises to survive.
    await this.#awaitRejoined()
    await sleep(Math.max(0, this.#aheadUntilMs - performance.now()))
    const node = this.#node(step.victim)
    await this.#kill(node)
    await this.#seen.addStore(node.folder)
    node.wipe()
    this.#wiped = node
    await this.#startAndKill(node, step.killAfterMs)
    return this.#start(node)
  }

  /** After a step everybody is back: transactions must get receipts again in time. */
  async #expectProgress(after: string): Promise<void> {
    if (this.#violations.length > 0) return
    const ms = await this.#awaitReceipt(PROGRESS_MS, true)
    if (ms === undefined) this.#violate(`no receipt within ${PROGRESS_MS / 1_000} s after: ${after}`)
    else this.#recoveriesMs.push(ms)
  }

  /** As long as no more than the tolerated number are faulty, the others must not fall silent. */
  #expectNoSilence(during: string): void {
    const { silenceMs } = this.#load
    this.#silencesMs.push(silenceMs)
    if (silenceMs > PROGRESS_MS)
      this.#violate(`no receipt for ${(silenceMs / 1_000).toFixed(1)} s during: ${during}, which the network tolerates`)
  }

  /** Whether nobody is faulty of an earlier step's: all take part, with clocks that the others accept. */
  async #isSteady(): Promise<boolean> {
    if (performance.now() < this.#aheadUntilMs) return false
    const members = this.#cluster.nodes.slice(0, this.#options.validators)
    try {
      if (this.#wiped !== undefined) {
        if ((await ownVertices(this.#wiped)) === 0) return false
        this.#print(`validator ${this.#wiped.index} takes part again after its wipe`)
        this.#wiped = undefined
      }
      const asking = Promise.all(members.map(node => metric(node, 'ogpu_consensus_round')))
      const rounds = await Promise.race([asking, sleep(ASK_MS)])
      return rounds !== undefined && Math.max(...rounds) - Math.min(...rounds) <= BEHIND_ROUNDS
    } catch {
      return false
    }
  }

  /** The time of a node's last commit, by its own clock, must be off by what it was told. */
  async #expectClock(node: NodeProcess, offsetMs: number): Promise<void> {
    const name = 'ogpu_consensus_last_commit_timestamp_seconds'
    if (!(await this.#until(async () => (await metric(node, name)) > 0)))
      return this.#violate(`validator ${node.index} sees no commit while its clock is wrong`)
    const offMs = (await metric(node, name)) * 1_000 - Date.now()
    if (Math.abs(offMs - offsetMs) > Math.abs(offsetMs) / 2 + PROGRESS_MS / 10)
      this.#violate(`the clock of validator ${node.index} is off by ${Math.round(offMs)} ms, not ${offsetMs}`)
  }

  async #kill(node: NodeProcess): Promise<void> {
    this.#countKill(node, await node.kill())
  }

  /** Only what SIGKILL ended is a kill; anything else ended before, for a reason of its own. */
  #countKill(node: NodeProcess, reason: string): void {
    if (reason.includes('SIGKILL')) this.#kills += 1
    else this.#violate(`validator ${node.index} was to be killed, and had ended: ${reason}`)
  }

  /** SIGTERM: the process must end in order, in time, with exit code 0. */
  async #stop(node: NodeProcess): Promise<void> {
    const reason = await node.stop()
    if (reason !== 'exit code 0') this.#violate(`validator ${node.index} was asked to stop: ${reason}`)
  }

  async #start(node: NodeProcess, env?: Readonly<Record<string, string>>): Promise<void> {
    const startedMs = performance.now()
    await node.start({ env: { ...this.#release(), ...env } })
    this.#startTimesMs.push(performance.now() - startedMs)
    if (env?.OGPU_FAIL_POINT !== undefined) return
    void node.ended.then(reason => {
      if (!this.#endsByItself.has(node)) this.#violate(`ended by itself: ${reason}`)
    })
  }

  /** Starts a node and kills it so long after its fork, ready or not. */
  async #startAndKill(node: NodeProcess, afterMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    let killed = false
    const dead = new Promise<string>((resolve, reject) => {
      node
        .start({
          env: this.#release(),
          onSpawn: pid => {
            timer = setTimeout(() => {
              killed = true
              process.kill(pid, 'SIGKILL')
            }, afterMs)
          },
        })
        .then(
          async () => resolve(await node.ended),
          error => (killed ? resolve(messageOf(error)) : reject(error)),
        )
    })
    try {
      this.#countKill(node, await dead)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Lets a node end itself at one point after the other, and then run. */
  async #failAt(node: NodeProcess, points: readonly PlannedPoint[]): Promise<void> {
    await this.#kill(node)
    for (const planned of points) await this.#startAndFail(node, planned)
    await this.#start(node)
  }

  async #startAndFail(node: NodeProcess, { point, count }: PlannedPoint): Promise<void> {
    this.#plannedPoints[point] = (this.#plannedPoints[point] ?? 0) + 1
    let reason: string | undefined
    try {
      await this.#start(node, { OGPU_FAIL_POINT: `${point}:${count}` })
      reason = await Promise.race([node.ended, sleep(FAIL_POINT_MS)])
    } catch (error) {
      // It got there before it served, or died of something else: the reason tells.
      reason = messageOf(error)
    }
    if (reason === undefined) {
      this.#print(`${point} was not reached ${count} times in ${FAIL_POINT_MS / 1_000} s`)
      return this.#kill(node)
    }
    this.#countKill(node, reason)
    this.#failPoints[point] = (this.#failPoints[point] ?? 0) + 1
  }

  /** Restarts a validator in an odd way, and then in the usual one. */
  async #runOtherwise(
    index: number,
    env: Readonly<Record<string, string>>,
    ms: number,
    hasEffect: (node: NodeProcess) => Promise<void>,
  ): Promise<void> {
    const node = this.#node(index)
    await this.#stop(node)
    await this.#start(node, env)
    await sleep(ms)
    await this.#expectProgress(`${Object.entries(env).join()} (while it lasts)`)
    await hasEffect(node)
    await this.#stop(node)
    await this.#start(node)
  }

  /** A validator runs another release for a while: an older one where there is one, else one that knows a later version. */
  #mixVersions({ victim, ms }: StepOf<'mixed versions'>): Promise<void> {
    const { oldRelease } = this.#options
    if (oldRelease !== undefined) return this.#runOldRelease(victim, ms, oldRelease)
    const version = this.#protocolVersion + 1
    const env = { OGPU_BUILD_NAME: '99.0.0-chaos', OGPU_PROTOCOL_VERSION: String(version) }
    return this.#runOtherwise(victim, env, ms, async node => {
      const known = await metric(node, 'ogpu_node_protocol_version_known')
      if (known !== version) this.#violate(`validator ${node.index} does not know a later version`)
    })
  }

  /** A validator goes back to an older release, on the same data, and then to this one again. */
  async #runOldRelease(index: number, ms: number, entry: URL): Promise<void> {
    const node = this.#node(index)
    await this.#stop(node)
    await node.start({ entry })
    await sleep(ms)
    await this.#expectProgress('an older release (while it runs)')
    if (!(await this.#until(async () => (await ownVertices(node)) > 0)))
      this.#violate(`validator ${index} takes no part with the older release`)
    this.#oldRuns += 1
    await this.#stop(node)
    await this.#start(node)
    if (!(await this.#until(async () => (await ownVertices(node)) > 0)))
      this.#violate(`validator ${index} takes no part after the older release`)
  }

  /** A node that cannot write must end by itself, refuse to start, and be whole once there is room again. */
  async #fillDisk(node: NodeProcess): Promise<void> {
    this.#endsByItself.add(node)
    if (node.disk === undefined) {
      if (!forbidWrites(node.pid)) {
        this.#endsByItself.delete(node)
        this.#skipped.push('full disk: neither a mount nor prlimit')
        return
      }
    } else node.disk.fill()
    const reason = await Promise.race([node.ended, sleep(FULL_DISK_MS)])
    if (reason === undefined) this.#violate(`validator ${node.index} goes on although it cannot write`)
    else if (reason.includes('signal')) this.#violate(`validator ${node.index} broke on a full disk: ${reason}`)
    if (node.disk !== undefined) {
      // As a supervisor would, into the same full disk.
      const outcome = await node.start({ env: this.#release() }).then(
        () => node.ended,
        error => messageOf(error).split('. The end of')[0] ?? '',
      )
      if (outcome.includes('signal')) this.#violate(`validator ${node.index} broke on a full disk: ${outcome}`)
      node.disk.free()
    }
    await node.kill()
    this.#endsByItself.delete(node)
    await this.#start(node)
  }

  /** What every process is told of the release that it plays. */
  #release(): Readonly<Record<string, string>> {
    return this.#protocolVersion === 1 ? {} : { OGPU_PROTOCOL_VERSION: String(this.#protocolVersion) }
  }

  /** Rolls the next protocol version out; when the network has switched, the old release must refuse to run. */
  async #upgrade(): Promise<void> {
    this.#protocolVersion += 1
    for (const node of this.#cluster.nodes) {
      await this.#stop(node)
      await this.#start(node)
    }
    // The epoch in which the last one was restarted may end without a quorum's word; the next one cannot.
    const ready = (await this.#epoch()) + 2
    if (!(await this.#until(async () => (await this.#epoch()) >= ready))) return this.#violate('epochs do not go on')
    const node = this.#node(0)
    await this.#stop(node)
    const outcome = await node
      .start({ env: { OGPU_PROTOCOL_VERSION: String(this.#protocolVersion - 1) } })
      .then(() => 'it runs', messageOf)
    if (!outcome.includes('protocol version')) this.#violate(`a release that is too old: ${outcome}`)
    await node.kill()
    await this.#start(node)
  }

  /** The spare validator stakes or leaves; waits until the committee has so many members more than at the genesis. */
  async #changeMembership(
    change: (cluster: Cluster, node: NodeProcess, through: string) => Promise<void>,
    more: number,
  ): Promise<void> {
    const spare = this.#node(this.#options.validators)
    const through = defined(this.#urls[0], 'a validator')
    await change(this.#cluster, spare, through)
    const wanted = this.#options.validators + more
    const changed = await this.#until(async () => (await membershipOf(through)).committeeSize === wanted)
    if (!changed) return this.#violate(`the committee does not have ${wanted} members`)
    if (more === 0) return
    const takesPart = await this.#until(async () => (await ownVertices(spare)) > 0)
    if (!takesPart) this.#violate('the elected validator makes no vertices')
  }

  /** Waits until the validator that was wiped makes vertices again. */
  async #awaitRejoined(): Promise<void> {
    const wiped = this.#wiped
    if (wiped === undefined) return
    this.#wiped = undefined
    const rejoined = await this.#until(async () => (await ownVertices(wiped)) > 0)
    if (rejoined) this.#print(`validator ${wiped.index} takes part again after its wipe`)
    else this.#violate(`validator ${wiped.index} was wiped and does not take part again`)
  }

  async #until(holds: () => Promise<boolean>): Promise<boolean> {
    const deadlineMs = performance.now() + CATCH_UP_MS
    while (performance.now() < deadlineMs) {
      if (await holds()) return true
      await sleep(100)
    }
    return false
  }

  /**
   * Milliseconds until a receipt comes; undefined when none came by then. A `new` one is of a block above all that any node
   * has now, so that one of before, which is only told of late, does not count.
   */
  async #awaitReceipt(timeoutMs: number, isNew = false): Promise<number | undefined> {
    const startedMs = performance.now()
    const { acknowledged } = this.#load
    let looked = acknowledged.length
    const above = isNew ? await this.#highestHead() : -1
    while (performance.now() - startedMs < timeoutMs) {
      for (; looked < acknowledged.length; looked++) {
        if (Number(acknowledged[looked]?.blockNumber) > above) return performance.now() - startedMs
      }
      await sleep(20)
    }
    return undefined
  }

  async #highestHead(): Promise<number> {
    const asking = this.#urls.map(url => Promise.race([headOf(url).catch(() => -1), sleep(ASK_MS)]))
    return Math.max(...(await Promise.all(asking)).map(head => head ?? -1))
  }

  /** Waits until every node has the highest head that any has now; then compares what was not compared before. */
  async #compare(): Promise<void> {
    const acknowledged = this.#load.acknowledged.slice(this.#comparedTransactions)
    const heads = await Promise.all(this.#urls.map(headOf))
    const wanted = Math.max(...heads)
    this.#print(`heads: ${heads.join(', ')}`)
    for (const { index, rpcUrl } of this.#cluster.nodes) {
      if (!(await this.#until(async () => (await headOf(rpcUrl)) >= wanted)))
        this.#violate(`node ${index} does not reach block ${wanted}, which another one has`)
    }
    for (const violation of await this.#chain.extend(this.#urls)) this.#violate(violation)
    for (const violation of this.#chain.findLost(acknowledged)) this.#violate(violation)
    for (const violation of await findUnknown(this.#urls, acknowledged)) this.#violate(violation)
    this.#comparedTransactions += acknowledged.length
    this.#print(`${this.#chain.length} blocks and ${this.#comparedTransactions} transactions are the same everywhere`)
  }

  async #epoch(): Promise<number> {
    try {
      return (await membershipOf(defined(this.#urls[0], 'a validator'))).epoch
    } catch {
      return 0
    }
  }
}

function describe({ kind, ...details }: Step): string {
  return `${kind} ${JSON.stringify(details).replaceAll('"', '')}`
}
