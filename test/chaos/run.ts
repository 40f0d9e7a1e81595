import { defined } from '#lib/assert'
import { messageOf } from '#lib/errors'
import { fundedLoadAccounts } from '../load/accounts.ts'
import { metricOf, scrape } from '../load/observe.ts'
import { ComparedChain, findAlarms, findUnknown, headOf, SeenVertices } from './check.ts'
import { CHAIN_ID, type Cluster, createCluster, type NodeProcess } from './cluster.ts'
import { forbidWrites } from './disk.ts'
import { sendJunk } from './junk.ts'
import { ChaosLoad } from './load.ts'
import { join, leave, membershipOf } from './membership.ts'
import type { Step } from './plan.ts'

export interface ChaosOptions {
  /** Names the draws outside the plan (jitter of wires, junk). */
  readonly seed: string
  readonly plan: readonly Step[]
  readonly validators: number
  /** Absent: the committee is fixed. Else a spare validator is there to join and leave. */
  readonly epochDurationMs?: number
  readonly clients?: number
  /** Keeps the data folder also when nothing was violated. */
  readonly keep?: boolean
  readonly print?: (line: string) => void
}

export interface ChaosSummary {
  readonly violations: readonly string[]
  /** Processes ended by SIGKILL, and how many of them at a fail point. */
  readonly kills: number
  readonly failPoints: Readonly<Record<string, number>>
  readonly steps: Readonly<Record<string, number>>
  readonly blocks: number
  readonly vertices: number
  readonly epochs: number
  readonly acknowledged: number
  /** From the end of a disturbance to the first new receipt. */
  readonly recoveryMs: Spread
  /** From the fork of a process until it serves. */
  readonly startMs: Spread
  readonly seconds: number
  /** Still there when it was asked for or something was violated. */
  readonly dataDir: string
}

export interface Spread {
  readonly median: number
  readonly longest: number
}

/** The promise: with no more faulty validators than tolerated, the network moves again within this time of healing. */
const PROGRESS_MS = 10_000
const CATCH_UP_MS = 60_000
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

class Chaos {
  readonly #cluster: Cluster
  readonly #options: ChaosOptions
  readonly #load: ChaosLoad
  readonly #seen = new SeenVertices()
  readonly #violations: string[] = []
  readonly #steps: Record<string, number> = {}
  readonly #failPoints: Record<string, number> = {}
  readonly #startTimesMs: number[] = []
  readonly #recoveriesMs: number[] = []
  readonly #startedMs = performance.now()
  #kills = 0
  #protocolVersion = 1
  readonly #chain = new ComparedChain()
  #comparedTransactions = 0
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
        await this.#disturb(step)
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
    await Promise.all(this.#cluster.nodes.map(node => node.stop()))
    for (const { folder } of this.#cluster.nodes) await this.#seen.addStore(folder)
    for (const violation of this.#seen.violations) this.#violate(violation)
    for (const alarm of findAlarms(this.#cluster.nodes.map(({ logFile }) => logFile))) this.#violate(alarm)
    return {
      violations: this.#violations,
      kills: this.#kills,
      failPoints: this.#failPoints,
      steps: this.#steps,
      blocks: this.#chain.length,
      vertices: this.#seen.count,
      epochs,
      acknowledged: this.#load.acknowledged.length,
      recoveryMs: spreadOf(this.#recoveriesMs),
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

  #node(index: number): NodeProcess {
    return defined(this.#cluster.nodes[index], 'the plan names nodes of the network')
  }

  async #disturb(step: Step): Promise<void> {
    const { links } = this.#cluster
    switch (step.kind) {
      case 'kill': {
        const victims = step.victims.map(index => this.#node(index))
        await Promise.all(victims.map(node => this.#kill(node)))
        await sleep(step.downMs)
        await Promise.all(victims.map(node => this.#start(node)))
        return
      }
      case 'kill storm': {
        const node = this.#node(step.victim)
        await this.#kill(node)
        for (const afterMs of step.afterMs) await this.#startAndKill(node, afterMs)
        return this.#start(node)
      }
      case 'fail point':
        return this.#failAt(this.#node(step.victim), step.point, step.count)
      case 'pause': {
        const victims = step.victims.map(index => this.#node(index))
        for (const node of victims) node.signal('SIGSTOP')
        await sleep(step.ms)
        for (const node of victims) node.signal('SIGCONT')
        return
      }
      case 'partition': {
        const others = this.#cluster.nodes.map(({ index }) => index).filter(index => !step.group.includes(index))
        for (const inside of step.group) {
          for (const outside of others) {
            const block = step.how === 'cut' ? 'cut' : 'hole'
            if (step.how !== 'mute') links.block(outside, inside, block)
            if (step.how !== 'deaf') links.block(inside, outside, block)
          }
        }
        await sleep(step.ms)
        return links.heal()
      }
      case 'bad weather': {
        links.setConditions(step.conditions)
        await this.#kill(this.#node(step.victim))
        await this.#start(this.#node(step.victim))
        await sleep(step.ms)
        return links.heal()
      }
      case 'clock skew':
        if (step.offsetMs > 0) await this.#awaitRejoined()
        await this.#runOtherwise(step.victim, { OGPU_CLOCK_OFFSET_MS: String(step.offsetMs) }, step.ms)
        this.#aheadUntilMs = Math.max(this.#aheadUntilMs, performance.now() + step.offsetMs)
        return
      case 'mixed versions':
        return this.#runOtherwise(
          step.victim,
          { OGPU_BUILD_NAME: '99.0.0-chaos', OGPU_PROTOCOL_VERSION: String(this.#protocolVersion + 1) },
          step.ms,
        )
      case 'full disk':
        return this.#fillDisk(this.#node(step.victim))
      case 'wipe': {
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
      case 'rolling restart':
        for (const node of this.#cluster.nodes) {
          await node.stop()
          await this.#start(node)
        }
        return
      case 'restart all':
        await Promise.all(this.#cluster.nodes.map(node => node.stop()))
        await Promise.all(this.#cluster.nodes.map(node => this.#start(node)))
        return
      case 'junk peers':
        return sendJunk(this.#node(step.victim).p2pPort, step.peers, step.ms, this.#options.seed)
      case 'join':
        return this.#changeMembership(join, 1)
      case 'leave':
        return this.#changeMembership(leave, 0)
      case 'upgrade':
        return this.#upgrade()
    }
  }

  /** After a step everybody is back: transactions must get receipts again in time. */
  async #expectProgress(after: string): Promise<void> {
    if (this.#violations.length > 0) return
    const ms = await this.#awaitReceipt(PROGRESS_MS)
    if (ms === undefined) this.#violate(`no receipt within ${PROGRESS_MS / 1_000} s after: ${after}`)
    else this.#recoveriesMs.push(ms)
  }

  async #kill(node: NodeProcess): Promise<void> {
    await node.kill()
    this.#kills += 1
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

  /** Nodes whose disk is full: they are expected to stop. */
  readonly #endsByItself = new Set<NodeProcess>()

  /** Starts a node and kills it so long after its fork, ready or not. */
  async #startAndKill(node: NodeProcess, afterMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    let killed = false
    const dead = new Promise<void>((resolve, reject) => {
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
          async () => {
            await node.ended
            resolve()
          },
          error => (killed ? resolve() : reject(error)),
        )
    })
    try {
      await dead
      this.#kills += 1
    } finally {
      clearTimeout(timer)
    }
  }

  async #failAt(node: NodeProcess, point: string, count: number): Promise<void> {
    await this.#kill(node)
    let reached = false
    try {
      await this.#start(node, { OGPU_FAIL_POINT: `${point}:${count}` })
      reached = (await Promise.race([node.ended, sleep(FAIL_POINT_MS)])) !== undefined
      if (!reached) await node.kill()
    } catch (error) {
      // It got there before it served. Anything else is in its log, and the next start tells.
      if (!messageOf(error).includes('SIGKILL')) throw error
      reached = true
    }
    this.#kills += 1
    if (reached) this.#failPoints[point] = (this.#failPoints[point] ?? 0) + 1
    else this.#print(`${point} was not reached ${count} times in ${FAIL_POINT_MS / 1_000} s`)
    await this.#start(node)
  }

  /** Restarts a validator in an odd way, and then in the usual one. */
  async #runOtherwise(index: number, env: Readonly<Record<string, string>>, ms: number): Promise<void> {
    const node = this.#node(index)
    await node.stop()
    await this.#start(node, env)
    await sleep(ms)
    await this.#expectProgress(`${Object.entries(env).join()} (while it lasts)`)
    await node.stop()
    await this.#start(node)
  }

  /** A node that cannot write must end by itself, refuse to start, and be whole once there is room again. */
  async #fillDisk(node: NodeProcess): Promise<void> {
    this.#endsByItself.add(node)
    if (node.disk === undefined) {
      if (!forbidWrites(node.pid)) {
        this.#endsByItself.delete(node)
        return this.#print('a full disk cannot be had here: neither a mount nor prlimit')
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
      await node.stop()
      await this.#start(node)
    }
    // The epoch in which the last one was restarted may end without a quorum's word; the next one cannot.
    const ready = (await this.#epoch()) + 2
    if (!(await this.#until(async () => (await this.#epoch()) >= ready))) return this.#violate('epochs do not go on')
    const node = this.#node(0)
    await node.stop()
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

  /** Milliseconds until the next receipt; undefined when none came by then. */
  async #awaitReceipt(timeoutMs: number): Promise<number | undefined> {
    const startedMs = performance.now()
    const had = this.#load.acknowledged.length
    while (performance.now() - startedMs < timeoutMs) {
      if (this.#load.acknowledged.length > had) return performance.now() - startedMs
      await sleep(20)
    }
    return undefined
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

async function ownVertices({ healthUrl }: NodeProcess): Promise<number> {
  return metricOf(await scrape(healthUrl), 'ogpu_consensus_own_vertices_total')
}

function describe({ kind, ...details }: Step): string {
  return `${kind} ${JSON.stringify(details).replaceAll('"', '')}`
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0), longest: Math.round(sorted.at(-1) ?? 0) }
}

function sleep(ms: number): Promise<undefined> {
  return new Promise(resolve => setTimeout(() => resolve(undefined), ms))
}
