/**
 * Consensus while strangers abuse the JSON-RPC of every validator. Run: ./ogpu bench rpc-abuse
 *
 * Real validator processes. A transaction goes to one of them every few milliseconds; what counts is the time from its
 * arrival to its commit by the validator's own clock. Phases without and with abuse take turns, so that a machine that
 * gets slower by itself does not look like an effect: endless eth_calls on every validator, 10,000 connections of which
 * half write a byte now and then, and bodies of 100 MB, of a million brackets and of prototype keys. The bar: the 99th
 * percentile moves by less than 20 %. The attacker runs at the least priority, as it stands for other machines.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startDevnet, type ValidatorProcess } from '../../cli/devnet/devnet.ts'
import { fundedLoadAccounts, loadAccount, signTransfer } from '../load/accounts.ts'
import type { AttackMessage } from '../load/attack-process.ts'
import { type Answers, ATTACKS, type Attack } from '../load/attacks.ts'
import { quantile } from '../load/observe.ts'
import { call } from '../load/rpc.ts'

const CHAIN_ID = 1071
const ACCOUNTS = 64
const EVERY_MS = 25
const WARM_UP_SECONDS = 5
/** Endless calls in flight at each validator: more than any has threads. */
const LOOPS = Math.max(6, availableParallelism() * 3)
const MOVE_MAX_PERCENT = 20
/** How often a transaction is offered, and how long after a refusal. */
const OFFERS = 10
const OFFER_AGAIN_MS = 500

interface Probe {
  readonly validator: number
  readonly hash: string
}

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Sends transactions at a steady pace until `untilMs`. */
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
          await call(rpcUrl, 'eth_sendRawTransaction', [raw])
          probes.push({ validator, hash })
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

/** Milliseconds from arrival to commit, sorted. */
async function latencies(validators: readonly ValidatorProcess[], probes: readonly Probe[]): Promise<number[]> {
  const found: number[] = []
  for (const { validator, hash } of probes) {
    const { rpcUrl } = validators[validator] as ValidatorProcess
    const life = await call<Readonly<Record<string, number>> | null>(rpcUrl, 'ogpu_transactionTimeline', [hash])
    const { receivedMs, committedMs } = life ?? {}
    if (receivedMs !== undefined && committedMs !== undefined) found.push(committedMs - receivedMs)
  }
  return found.sort((a, b) => a - b)
}

async function main(seconds: number, validatorCount: number, rounds: number): Promise<boolean> {
  const dir = mkdtempSync(join(tmpdir(), 'ogpu-abuse-'))
  const attacker = fork(fileURLToPath(new URL('../load/attack-process.ts', import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
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
    const { validators } = devnet
    const urls = validators.map(({ rpcUrl }) => rpcUrl)
    const probe = createProber(validators)
    const settle = async (probes: readonly Probe[]) => {
      await sleep(2_000)
      return latencies(validators, probes)
    }
    await settle((await probe(WARM_UP_SECONDS)).probes)

    const measured = new Map<string, number[]>()
    const answers = new Map<Attack, Answers>()
    const phases: readonly (readonly Attack[])[] = [
      [],
      ['loops'],
      [],
      ['connections'],
      [],
      ['bodies'],
      [],
      [...ATTACKS],
    ]
    for (let round = 0; round < rounds; round++) {
      for (const attacks of phases) {
        const name = attacks.length === 0 ? 'quiet' : attacks.length > 1 ? 'all of them' : String(attacks[0])
        if (attacks.length > 0) {
          const message: AttackMessage = { kind: 'start', attacks, options: { urls, loops: LOOPS } }
          attacker.send(message)
          await sleep(2_000)
        }
        const { probes, refused } = await probe(seconds)
        if (attacks.length > 0) {
          const ended = new Promise<Record<Attack, Answers>>(resolve => attacker.once('message', resolve as never))
          attacker.send({ kind: 'stop' } satisfies AttackMessage)
          for (const [attack, own] of Object.entries(await ended)) {
            const sum = answers.get(attack as Attack) ?? {}
            for (const [what, count] of Object.entries(own)) sum[what] = (sum[what] ?? 0) + count
            answers.set(attack as Attack, sum)
          }
        }
        const found = await settle(probes)
        const all = [...(measured.get(name) ?? []), ...found].sort((a, b) => a - b)
        measured.set(name, all)
        if (found.length < probes.length || refused > 0) {
          console.log(`  ${name}: ${probes.length - found.length} not committed, ${refused} not taken`)
        }
      }
    }

    const quiet = quantile(measured.get('quiet') ?? [], 0.99)
    console.log(
      `\n${'arrival to commit, ms'.padEnd(24)}${['p50', 'p99', 'max', 'n', 'p99 moves'].map(cell => cell.padStart(11)).join('')}`,
    )
    let worst = 0
    for (const [name, sorted] of measured) {
      const p99 = quantile(sorted, 0.99)
      const move = (p99 / quiet - 1) * 100
      if (name !== 'quiet') worst = Math.max(worst, move)
      const cells = [quantile(sorted, 0.5), p99, quantile(sorted, 1), sorted.length]
      const shown = name === 'quiet' ? '' : `${move >= 0 ? '+' : ''}${move.toFixed(0)} %`
      console.log(
        `${name.padEnd(24)}${[...cells.map(cell => cell.toFixed(0)), shown].map(cell => cell.padStart(11)).join('')}`,
      )
    }
    console.log('\nwhat the attacker got:')
    for (const [attack, own] of answers) {
      const parts = Object.entries(own).sort(([, a], [, b]) => b - a)
      console.log(`  ${attack}: ${parts.map(([what, count]) => `${count} × ${what}`).join(', ')}`)
    }
    const holds = worst < MOVE_MAX_PERCENT
    console.log(
      `\n${holds ? 'holds' : 'FAILS'}: p99 moves by ${worst.toFixed(0)} % at most (bar: below ${MOVE_MAX_PERCENT} %)`,
    )
    return holds
  } finally {
    attacker.disconnect()
    await devnet.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      validators: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '2' },
    },
  })
  const [minute = 0] = loadavg()
  console.log(
    `rpc-abuse: ${values.validators} validators on ${availableParallelism()} cores (load before: ${minute.toFixed(1)}), ` +
      `${values.rounds} × 8 phases of ${values.seconds} s, ${LOOPS} endless calls at each validator`,
  )
  process.exit((await main(Number(values.seconds), Number(values.validators), Number(values.rounds))) ? 0 : 1)
}
