import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defined } from '#lib/assert'
import { messageOf } from '#lib/errors'
import { type Devnet, startDevnet, type ValidatorProcess } from '../../cli/devnet/devnet.ts'
import { fundedLoadAccounts } from '../load/accounts.ts'
import { metricOf, scrape } from '../load/observe.ts'
import { Random } from '../sim/prng.ts'
import { compareChains, findAlarms, findLost, headOf } from './check.ts'
import { ChaosLoad } from './load.ts'

export interface ChaosOptions {
  readonly seed: string
  /** Disturbances go on until both are reached. */
  readonly kills: number
  readonly minutes: number
  readonly validators?: number
  readonly clients?: number
  /** Keeps the data directory, for a look at it. */
  readonly keep?: boolean
  readonly print?: (line: string) => void
}

export interface ChaosSummary {
  readonly violations: readonly string[]
  readonly kills: number
  readonly disturbances: Readonly<Record<string, number>>
  readonly blocks: number
  readonly acknowledged: number
  /** From the end of the last disturbance to the first new receipt. */
  readonly recoveryMs: number
  /** Longest and median time of a start, from the fork of the process until it serves. */
  readonly startMs: { readonly median: number; readonly longest: number }
  readonly dataDir: string
}

const CHAIN_ID = 1071
const PROGRESS_MS = 10_000
const CATCH_UP_MS = 60_000
const PAUSE_MS_MAX = 4_000
const GAP_MS_MAX = 2_500

type Kind = 'kill' | 'kill twice' | 'kill two' | 'pause' | 'wipe' | 'rolling restart' | 'restart all'

/** How often each disturbance is drawn, out of the sum. */
const WEIGHTS: readonly (readonly [Kind, number])[] = [
  ['kill', 8],
  ['kill twice', 3],
  ['kill two', 2],
  ['pause', 3],
  ['wipe', 2],
  ['rolling restart', 1],
  ['restart all', 1],
]
/** Comes first in every run, so that short ones see each kind. */
const OPENING: readonly Kind[] = ['kill', 'wipe', 'restart all', 'kill twice', 'pause', 'kill two', 'rolling restart']

/**
 * Runs a devnet of real processes under load and disturbs it by a seeded plan; then asks every validator by RPC whether
 * all is as it must be. The plan is the same for a seed, the instants inside the processes are not.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosSummary> {
  const dir = mkdtempSync(join(tmpdir(), 'ogpu-chaos-'))
  const dataDir = join(dir, 'net')
  const clients = options.clients ?? 8
  const devnet = await startDevnet({
    dataDir,
    fresh: false,
    chainId: CHAIN_ID,
    validators: options.validators ?? 4,
    rpcPort: 0,
    portsFrom: 21_000 + (process.pid % 500) * 20,
    funded: fundedLoadAccounts(clients + 1),
  })
  try {
    return await new Chaos(devnet, options, clients).run()
  } finally {
    await devnet.stop()
    if (options.keep !== true) rmSync(dir, { recursive: true, force: true })
  }
}

class Chaos {
  readonly #devnet: Devnet
  readonly #options: ChaosOptions
  readonly #random: Random
  readonly #urls: readonly string[]
  readonly #load: ChaosLoad
  readonly #violations: string[] = []
  readonly #counts: Record<string, number> = {}
  readonly #startTimesMs: number[] = []
  readonly #startedMs = performance.now()
  #kills = 0
  /** Was wiped last, and may still be asking what it had signed. */
  #wiped: number | undefined

  constructor(devnet: Devnet, options: ChaosOptions, clients: number) {
    this.#devnet = devnet
    this.#options = options
    this.#random = new Random(options.seed, 'chaos')
    this.#urls = devnet.validators.map(({ rpcUrl }) => rpcUrl)
    this.#load = new ChaosLoad(this.#urls, CHAIN_ID, clients)
    void devnet.crashed.then(reason => this.#violate(`a process ended by itself: ${reason}`))
  }

  async run(): Promise<ChaosSummary> {
    const { kills, minutes } = this.#options
    await this.#awaitReceipts(1, CATCH_UP_MS)
    for (
      let step = 0;
      (this.#kills < kills || performance.now() - this.#startedMs < minutes * 60_000) && this.#violations.length === 0;
      step++
    ) {
      const kind = OPENING[step] ?? this.#draw()
      this.#counts[kind] = (this.#counts[kind] ?? 0) + 1
      await this.#disturb(kind)
      await sleep(this.#random.u32() % GAP_MS_MAX)
    }
    const recoveryMs = await this.#awaitReceipts(1, PROGRESS_MS)
    if (recoveryMs === undefined) this.#violate(`no receipt within ${PROGRESS_MS / 1_000} s after the last disturbance`)
    let blocks = 0
    try {
      await this.#awaitRejoined()
      await this.#load.stop()
      await this.#catchUp()
      blocks = await this.#check()
    } catch (error) {
      this.#violate(`a validator does not answer: ${messageOf(error)}`)
    }
    const sorted = [...this.#startTimesMs].sort((a, b) => a - b)
    return {
      violations: this.#violations,
      kills: this.#kills,
      disturbances: this.#counts,
      blocks,
      acknowledged: this.#load.acknowledged.length,
      recoveryMs: Math.round(recoveryMs ?? Number.POSITIVE_INFINITY),
      startMs: {
        median: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
        longest: Math.round(sorted.at(-1) ?? 0),
      },
      dataDir: this.#devnet.layout.root,
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

  #draw(): Kind {
    const sum = WEIGHTS.reduce((total, [, weight]) => total + weight, 0)
    let ticket = this.#random.u32() % sum
    for (const [kind, weight] of WEIGHTS) {
      if (ticket < weight) return kind
      ticket -= weight
    }
    return 'kill'
  }

  /** Different validators, drawn. */
  #victims(count: number): number[] {
    const left = [...this.#devnet.validators.keys()]
    return Array.from({ length: Math.min(count, left.length) }, () =>
      defined(left.splice(this.#random.u32() % left.length, 1)[0], 'a validator'),
    )
  }

  #validator(index: number): ValidatorProcess {
    return defined(this.#devnet.validators[index], 'a validator')
  }

  async #disturb(kind: Kind): Promise<void> {
    const [first = 0, second = 0] = this.#victims(2)
    const downMs = this.#random.u32() % GAP_MS_MAX
    switch (kind) {
      case 'kill':
        await this.#kill(first)
        await sleep(downMs)
        return this.#start(first)
      case 'kill twice':
        // The second one hits the start: replay of the log, the first rounds, whatever the instant brings.
        await this.#kill(first)
        await this.#start(first, this.#random.u32() % 3_000)
        return this.#start(first)
      case 'kill two':
        await Promise.all([this.#kill(first), this.#kill(second)])
        await sleep(downMs)
        await Promise.all([this.#start(first), this.#start(second)])
        return
      case 'pause': {
        const { pid } = this.#validator(first).child
        const pauseMs = this.#random.u32() % PAUSE_MS_MAX
        this.#print(`pause validator ${first} for ${pauseMs} ms`)
        process.kill(pid, 'SIGSTOP')
        await sleep(pauseMs)
        process.kill(pid, 'SIGCONT')
        return
      }
      case 'wipe':
        // Two validators without memory are two faulty ones of four, more than the protocol promises to survive.
        await this.#awaitRejoined()
        await this.#kill(first)
        this.#wiped = first
        this.#wipe(first)
        // Killed once more while it asks the others what it had signed: it must ask again, not trust its empty store.
        await this.#start(first, this.#random.u32() % 4_000)
        return this.#start(first)
      case 'rolling restart':
        for (const index of this.#devnet.validators.keys()) {
          this.#print(`restart validator ${index}`)
          await this.#validator(index).child.stop()
          await this.#start(index)
        }
        return
      case 'restart all':
        this.#print('restart all')
        await Promise.all(this.#devnet.validators.map(({ child }) => child.stop()))
        await Promise.all([...this.#devnet.validators.keys()].map(index => this.#start(index)))
        return
    }
  }

  async #kill(index: number): Promise<void> {
    this.#print(`kill -9 validator ${index}`)
    await this.#validator(index).child.kill()
    this.#kills += 1
  }

  /** Starts a validator; with `killAfterMs` it is killed again that long after its fork, ready or not. */
  async #start(index: number, killAfterMs?: number): Promise<void> {
    const startedMs = performance.now()
    let killed = false
    let timer: NodeJS.Timeout | undefined
    try {
      await this.#validator(index).restart(pid => {
        if (killAfterMs === undefined) return
        timer = setTimeout(() => {
          killed = true
          this.#print(`kill -9 validator ${index}, ${killAfterMs} ms after its start`)
          process.kill(pid, 'SIGKILL')
        }, killAfterMs)
      })
    } catch (error) {
      if (!killed) this.#violate(`validator ${index} does not start: ${messageOf(error)}`)
    } finally {
      clearTimeout(timer)
    }
    if (killAfterMs === undefined) {
      this.#startTimesMs.push(performance.now() - startedMs)
      return
    }
    if (killed) this.#kills += 1
    else await this.#kill(index)
  }

  /** Everything but the keys goes: store, signing guard, markers. */
  #wipe(index: number): void {
    this.#print(`wipe validator ${index}`)
    const folder = this.#devnet.layout.node(index)
    for (const name of readdirSync(folder)) {
      if (name !== 'keys') rmSync(join(folder, name), { recursive: true, force: true })
    }
  }

  /** Waits until the validator that was wiped makes vertices again. */
  async #awaitRejoined(): Promise<void> {
    if (this.#wiped === undefined) return
    const { healthUrl } = this.#validator(this.#wiped)
    const deadlineMs = performance.now() + CATCH_UP_MS
    while (performance.now() < deadlineMs) {
      if (metricOf(await scrape(healthUrl), 'ogpu_consensus_own_vertices_total') > 0) {
        this.#print(`validator ${this.#wiped} takes part again`)
        this.#wiped = undefined
        return
      }
      await sleep(200)
    }
    this.#violate(`validator ${this.#wiped} was wiped and does not take part again`)
    this.#wiped = undefined
  }

  /** Milliseconds until `count` more receipts have come; undefined when they have not by then. */
  async #awaitReceipts(count: number, timeoutMs: number): Promise<number | undefined> {
    const startedMs = performance.now()
    const wanted = this.#load.acknowledged.length + count
    while (performance.now() - startedMs < timeoutMs) {
      if (this.#load.acknowledged.length >= wanted) return performance.now() - startedMs
      await sleep(20)
    }
    return undefined
  }

  /** Waits until every validator has the highest head that any of them has now. */
  async #catchUp(): Promise<void> {
    const wanted = Math.max(...(await Promise.all(this.#urls.map(headOf))))
    const deadlineMs = performance.now() + CATCH_UP_MS
    for (const [index, url] of this.#urls.entries()) {
      let head = await headOf(url)
      while (head < wanted && performance.now() < deadlineMs) {
        await sleep(200)
        head = await headOf(url)
      }
      if (head < wanted) this.#violate(`validator ${index} is at block ${head}, others reached ${wanted} long ago`)
    }
  }

  /** Returns how many blocks were compared. */
  async #check(): Promise<number> {
    const { violations, blocks } = await compareChains(this.#urls)
    for (const violation of violations) this.#violate(violation)
    for (const violation of await findLost(this.#urls, this.#load.acknowledged)) this.#violate(violation)
    const logs = this.#urls.map((_, index) => this.#devnet.layout.log(`validator-${index}`)).filter(existsSync)
    for (const alarm of findAlarms(logs)) this.#violate(alarm)
    return blocks
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
