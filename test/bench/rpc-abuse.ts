/**
 * Consensus while strangers abuse the JSON-RPC of every validator. Run: ./ogpu bench rpc-abuse
 *
 * Real validator processes. A transaction goes to one of them every few milliseconds; what counts is the time from its
 * arrival to its commit by the validator's own clock. Short windows without and with abuse take turns, and each form of
 * abuse is compared with the quiet windows beside its own, so that a machine that gets slower by itself does not look like
 * an effect; the range of the quiet windows shows what is noise. The forms: endless eth_calls on every validator, 10,000
 * connections of which half write a byte now and then, and bodies of 100 MB, of a million brackets and of prototype keys.
 * The bar: the 99th percentile moves by less than 20 %. The attacker runs at the least priority, as it stands for other
 * machines. Also shown, without a bar: how long an honest client waits for the answer to its transaction, and how long the
 * disk let somebody wait who has nothing to do with either. No abuse here writes, and a commit waits for the disk, so
 * where the disk of a shared machine stands still at times, what it did to a figure can be told.
 *
 * The threads for calls run under Linux's idle policy. Where the kernel gives each session an equal share of the processor
 * (autogroup, meant for desktops) that policy counts within the session only, and the kernel's own threads, which finish
 * writes to the disk, take turns with endless calls: commits wait 100 to 300 ms now and then. Validators have it off
 * (docs/operators.md, "Scheduling"); here, where that would be everybody's business, the session of this program yields.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { defined } from '#lib/assert'
import { startDevnet, type ValidatorProcess } from '../../cli/devnet/devnet.ts'
import { fundedLoadAccounts, loadAccount, signTransfer } from '../load/accounts.ts'
import { type Attacker, createAttacker } from '../load/attacker.ts'
import { type Answers, ATTACKS, type Attack } from '../load/attacks.ts'
import { quantile } from '../load/observe.ts'
import { call, callBatch } from '../load/rpc.ts'

const CHAIN_ID = 1071
const ACCOUNTS = 128
const EVERY_MS = 10
const WARM_UP_SECONDS = 5
/** Endless calls in flight at each validator: more than any has threads. */
const LOOPS = Math.max(6, availableParallelism() * 3)
const MOVE_MAX_PERCENT = 20
/** Until an attack is under way, and until what was sent last is committed. */
const SETTLE_MS = 2_000
/** How often a transaction is offered, and how long after a refusal. */
const OFFERS = 10
const OFFER_AGAIN_MS = 500

/** A page is written so often to see how the disk does. */
const DISK_EVERY_MS = 20
/** The disk stood still when a page took longer. */
const STILL_MS = 150

/** Timelines asked for at once. */
const TIMELINES = 200

interface Probe {
  readonly validator: number
  readonly hash: string
  /** How long its sender waited for the answer. */
  readonly answerMs: number
}

/** What one window measured. */
interface Window {
  /** Milliseconds from arrival to commit. */
  readonly commits: readonly number[]
  /** Milliseconds that senders waited. */
  readonly answers: readonly number[]
  /** Milliseconds that the slowest page took to the disk. */
  readonly diskMs: number
}

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Sends transactions at a steady pace for so many seconds, on and on from one call to the next. */
function createProber(validators: readonly ValidatorProcess[]) {
  const to = new Uint8Array(20).fill(7)
  let sent = 0
  return async (seconds: number): Promise<{ readonly probes: Probe[]; readonly refused: number }> => {
    const probes: Probe[] = []
    const sending: Promise<unknown>[] = []
    let refused = 0
    const end = performance.now() + seconds * 1_000
    for (let due = performance.now(); due < end; due += EVERY_MS) {
      const index = sent++
      const validator = index % validators.length
      const account = Math.floor(index / validators.length) % (ACCOUNTS / validators.length)
      const own = loadAccount(account * validators.length + validator)
      const nonce = BigInt(Math.floor(index / ACCOUNTS))
      const { raw, hash } = signTransfer(own, nonce, to, CHAIN_ID)
      const { rpcUrl } = validators[validator] as ValidatorProcess
      // Offered again when it is not taken: without it, everything that its account sends later would wait for it.
      const offer = async (attempts: number): Promise<void> => {
        try {
          const sentMs = performance.now()
          await call(rpcUrl, 'eth_sendRawTransaction', [raw])
          probes.push({ validator, hash, answerMs: performance.now() - sentMs })
        } catch {
          if (attempts === OFFERS) refused += 1
          if (attempts === 1) return
          await sleep(OFFER_AGAIN_MS)
          await offer(attempts - 1)
        }
      }
      sending.push(offer(OFFERS))
      await sleep(Math.max(0, due + EVERY_MS - performance.now()))
    }
    await Promise.all(sending)
    return { probes, refused }
  }
}

/** Writes pages until `isOver`; returns the milliseconds that the slowest took to the disk. */
async function slowestPage(file: string, isOver: () => boolean): Promise<number> {
  const page = Buffer.alloc(4_096)
  const handle = await open(file, 'w')
  let slowest = 0
  try {
    while (!isOver()) {
      const startMs = performance.now()
      await handle.write(page, 0, page.length, 0)
      await handle.datasync()
      slowest = Math.max(slowest, performance.now() - startMs)
      await sleep(DISK_EVERY_MS)
    }
  } finally {
    await handle.close()
  }
  return slowest
}

async function windowOf(
  validators: readonly ValidatorProcess[],
  probes: readonly Probe[],
  diskMs: number,
): Promise<Window> {
  const commits: number[] = []
  for (const [index, { rpcUrl }] of validators.entries()) {
    const own = probes.filter(({ validator }) => validator === index)
    for (let i = 0; i < own.length; i += TIMELINES) {
      const asked = own.slice(i, i + TIMELINES)
      const calls = asked.map(({ hash }) => ({ method: 'ogpu_transactionTimeline', params: [hash] }))
      for (const { result } of await callBatch(rpcUrl, calls)) {
        const { receivedMs, committedMs } = (result ?? {}) as Readonly<Record<string, number>>
        if (receivedMs !== undefined && committedMs !== undefined) commits.push(committedMs - receivedMs)
      }
    }
  }
  return { commits, answers: probes.map(({ answerMs }) => answerMs), diskMs }
}

const sorted = (lists: readonly (readonly number[])[]) => lists.flat().sort((a, b) => a - b)
const p99Of = (windows: readonly Window[]) => quantile(sorted(windows.map(({ commits }) => commits)), 0.99)

/** Every form of abuse alone, then all together. */
const FORMS: ReadonlyMap<string, readonly Attack[]> = new Map([
  ...ATTACKS.map((attack): [string, readonly Attack[]] => [attack, [attack]]),
  ['all of them', ATTACKS],
])

/** A form of abuse: its windows, and for each the quiet ones on both sides. */
interface Form {
  readonly own: Window[]
  readonly beside: (readonly [Window, Window])[]
}

interface Measured {
  readonly quiet: readonly Window[]
  readonly forms: ReadonlyMap<string, Form>
}

type Measure = (name: string, attacks: readonly Attack[], seconds: number) => Promise<Window>

const signed = (percent: number) => `${percent >= 0 ? '+' : ''}${percent.toFixed(0)} %`
const movePercent = (abused: readonly Window[], beside: readonly Window[]) => (p99Of(abused) / p99Of(beside) - 1) * 100

/** Measures windows under attack by a process of its own; what the attacker was answered is added up. */
function createMeter(validators: readonly ValidatorProcess[], attacker: Attacker, dir: string) {
  const urls = validators.map(({ rpcUrl }) => rpcUrl)
  const probe = createProber(validators)
  const answers = new Map<Attack, Answers>()

  async function stopAttack(): Promise<void> {
    for (const [attack, own] of Object.entries(await attacker.stop())) {
      const sum = answers.get(attack as Attack) ?? {}
      for (const [what, count] of Object.entries(own)) sum[what] = (sum[what] ?? 0) + count
      answers.set(attack as Attack, sum)
    }
  }

  const measure: Measure = async (name, attacks, seconds) => {
    if (attacks.length > 0) {
      attacker.start(attacks, { urls, loops: LOOPS })
      await sleep(SETTLE_MS)
    }
    let isOver = false
    const disk = slowestPage(join(dir, 'page'), () => isOver)
    const { probes, refused } = await probe(seconds)
    isOver = true
    if (attacks.length > 0) await stopAttack()
    await sleep(SETTLE_MS)
    const window = await windowOf(validators, probes, await disk)
    if (window.commits.length < probes.length || refused > 0) {
      console.log(`  ${name}: ${probes.length - window.commits.length} not committed, ${refused} not taken`)
    }
    return window
  }
  return { measure, answers }
}

/** Every form of abuse in each round, with a quiet window before and after it. */
async function measureRounds(measure: Measure, seconds: number, rounds: number): Promise<Measured> {
  const quiet: Window[] = [await measure('quiet', [], seconds)]
  const forms = new Map(Array.from(FORMS.keys(), (name): [string, Form] => [name, { own: [], beside: [] }]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, attacks] of FORMS) {
      const before = defined(quiet.at(-1), 'a quiet window comes first')
      const abused = await measure(name, attacks, seconds)
      const after = await measure('quiet', [], seconds)
      quiet.push(after)
      const { own, beside } = defined(forms.get(name), 'forms are those of the table')
      own.push(abused)
      beside.push([before, after])
      console.log(
        `  round ${round + 1} ${name.padEnd(12)} p99 ${p99Of([abused])} ms, ` +
          `beside it ${p99Of([before])} and ${p99Of([after])} ms (${signed(movePercent([abused], [before, after]))}), ` +
          `slowest page ${[abused, before, after].map(({ diskMs }) => diskMs.toFixed(0)).join(', ')} ms`,
      )
    }
  }
  return { quiet, forms }
}

/** By how many percent p99 moved in each window of a form, ascending. */
function movesOf({ own, beside }: Form): readonly number[] {
  return own
    .map((window, at) => movePercent([window], defined(beside[at], 'a window has two beside it')))
    .sort((a, b) => a - b)
}

/** Prints the table and returns by how many percent p99 moves at most. */
function report({ quiet, forms }: Measured): number {
  const heads = ['p50', 'p99', 'max', 'n', 'p99 moves', 'in the middle', 'at worst', 'answer p50', 'answer p99']
  console.log(`\n${'arrival to commit, ms'.padEnd(22)}${heads.map(head => head.padStart(14)).join('')}`)
  const row = (name: string, windows: readonly Window[], moves: readonly number[]) => {
    const commits = sorted(windows.map(window => window.commits))
    const waits = sorted(windows.map(window => window.answers))
    const percents = moves.map(signed)
    const cells = [
      ...[quantile(commits, 0.5), quantile(commits, 0.99), quantile(commits, 1), commits.length].map(String),
      ...(percents.length > 0 ? percents : ['', '', '']),
      ...[quantile(waits, 0.5), quantile(waits, 0.99)].map(wait => wait.toFixed(1)),
    ]
    console.log(`${name.padEnd(22)}${cells.map(cell => cell.padStart(14)).join('')}`)
  }
  let worst = Number.NEGATIVE_INFINITY
  row('quiet', quiet, [])
  for (const [name, form] of forms) {
    const moves = movesOf(form)
    const together = movePercent(form.own, [...new Set(form.beside.flat())])
    worst = Math.max(worst, together)
    row(name, form.own, [together, quantile(moves, 0.5), quantile(moves, 1)])
  }
  const single = quiet.map(window => p99Of([window])).sort((a, b) => a - b)
  console.log(
    `\np99 of the ${single.length} quiet windows: ${single[0]} to ${single.at(-1)} ms, in the middle ${quantile(single, 0.5)} ms`,
  )
  reportDisk({ quiet, forms })
  return worst
}

/** What the disk had to do with it, where it stood still. */
function reportDisk({ quiet, forms }: Measured): void {
  const stood = (windows: readonly Window[]) => windows.filter(({ diskMs }) => diskMs > STILL_MS).length
  const all = [...quiet, ...Array.from(forms.values(), ({ own }) => own).flat()]
  if (stood(all) === 0) return
  const moves = Array.from(forms, ([name, { own, beside }]) => {
    const went = (window: Window) => window.diskMs <= STILL_MS
    const left = own.filter(went)
    const quietLeft = [...new Set(beside.flat())].filter(went)
    const move = left.length > 0 && quietLeft.length > 0 ? signed(movePercent(left, quietLeft)) : 'nothing left'
    return `${name} ${move} (${stood(own)} of ${own.length} windows left out)`
  })
  console.log(
    `the disk stood still for more than ${STILL_MS} ms in ${stood(quiet)} of ${quiet.length} quiet windows; ` +
      `p99 without such windows: ${moves.join(', ')}`,
  )
}

function reportAnswers(answers: ReadonlyMap<Attack, Answers>): void {
  console.log('what the attacker got:')
  for (const [attack, own] of answers) {
    const parts = Object.entries(own).sort(([, a], [, b]) => b - a)
    console.log(`  ${attack}: ${parts.map(([what, count]) => `${count} × ${what}`).join(', ')}`)
  }
}

/** Lets the kernel's threads and other sessions go before this one, which is this program's own. */
function yieldAsSession(): void {
  try {
    writeFileSync('/proc/self/autogroup', '19')
  } catch {
    // Another system, or a kernel without groups for sessions: there is nothing to yield.
  }
}

async function main(seconds: number, validatorCount: number, rounds: number): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'ogpu-abuse-'))
  const attacker = createAttacker()
  const devnet = await startDevnet({
    dataDir: join(dir, 'net'),
    fresh: false,
    chainId: CHAIN_ID,
    validators: validatorCount,
    rpcPort: 0,
    portsFrom: 20_000 + (process.pid % 1_000) * 20,
    funded: fundedLoadAccounts(ACCOUNTS),
  })
  try {
    const { measure, answers } = createMeter(devnet.validators, attacker, dir)
    await measure('warm-up', [], WARM_UP_SECONDS)
    const worst = report(await measureRounds(measure, seconds, rounds))
    reportAnswers(answers)
    const holds = worst < MOVE_MAX_PERCENT
    console.log(
      `\n${holds ? 'holds' : 'FAILS'}: p99 moves by ${worst.toFixed(0)} % at most (bar: below ${MOVE_MAX_PERCENT} %)`,
    )
    return holds
  } finally {
    attacker.close()
    await devnet.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '15' },
      validators: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '5' },
    },
  })
  yieldAsSession()
  const [minute = 0] = loadavg()
  console.log(
    `rpc-abuse: ${values.validators} validators on ${availableParallelism()} cores (load before: ${minute.toFixed(1)}), ` +
      `${values.rounds} × 4 windows of abuse of ${values.seconds} s between quiet ones, ${LOOPS} endless calls at each validator`,
  )
  process.exit((await main(Number(values.seconds), Number(values.validators), Number(values.rounds))) ? 0 : 1)
}
