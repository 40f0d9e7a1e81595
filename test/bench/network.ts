/**
 * Throughput and latency of a whole network: real validator processes on this machine, load through batched
 * eth_sendRawTransaction from another process. Run: ./ogpu bench network
 *
 * Two measured phases after a warm-up at full load (V8 compiles what is hot for some seconds, on threads of its own, which
 * is no cost of a node that runs for months): an open loop at a fixed rate (latency means something there), and as fast as the
 * validators take it, with a bounded window (throughput). Everything shares this machine's cores, so the processor time
 * per transaction is the figure to compare; the wall-clock figures depend on what else runs. With --wan the processes
 * talk over emulated wide-area links instead (network-wan.ts).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { defined } from '#lib/assert'
import { type Devnet, startDevnet } from '../../cli/devnet/devnet.ts'
import { fundedLoadAccounts } from '../load/accounts.ts'
import { cpuTimeUs, metricOf, quantile, type Samples, scrape } from '../load/observe.ts'
import { call } from '../load/rpc.ts'
import { readProfiles, type ThreadProfile, threadTimesUs } from './cpu-profile.ts'
import type { LoadPhase, LoadPlan, LoadReport, SeenTransaction } from './network-load.ts'
import { startLoad } from './network-load-process.ts'

const CHAIN_ID = 1071
const ACCOUNTS = 512
/** More than these machines execute in a second: the phase at the highest rate must not run dry. */
const maximumPerSecond = (validators: number) => (validators === 1 ? 10_000 : 4_000)
const WARM_UP_SECONDS = 20
/** At the start of a phase the validators are not full yet: for so long nothing but latency is measured. */
const RAMP_SECONDS = 3

export interface NetworkFigures {
  readonly phase: string
  readonly offeredPerSecond: number
  readonly committedPerSecond: number
  readonly executedPerSecond: number
  readonly cpuUsPerTransactionAndValidator: number
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number }
  /** Sent by all validators together. */
  readonly bytesPerTransaction: number
  readonly eventLoopDelayP99Ms: number
  readonly roundsPerSecond: number
  readonly refused: number
  readonly missing: number
}

/** Median milliseconds of each part of a transaction's life at the validator that it was sent to. */
export interface Stages {
  /** Request, recovery of the sender, admission to the pool. */
  readonly admitted: number
  readonly proposed: number
  readonly committed: number
  readonly executed: number
  /** Until the client has read the block. */
  readonly seen: number
}

export interface PhaseResult extends NetworkFigures {
  readonly window: ProfileWindow
  /** Of a sample of all transactions, and of the slowest ones: the difference says where time is lost. */
  readonly stages: Stages
  readonly stagesOfSlowest: Stages
}

interface Snapshot {
  readonly atMs: number
  readonly cpuUs: number
  readonly samples: readonly Samples[]
  readonly round: number
  /** Of the first validator. */
  readonly threads: ReturnType<typeof threadTimesUs>
  /** On the monotonic clock, as in profiles. */
  readonly atUs: number
}

async function snapshot(devnet: Devnet): Promise<Snapshot> {
  const samples = await Promise.all(devnet.validators.map(({ healthUrl }) => scrape(healthUrl)))
  const status = (await (await fetch(`${devnet.validators[0]?.healthUrl}/status`)).json()) as { readonly round: number }
  return {
    atMs: performance.now(),
    cpuUs: devnet.validators.reduce((sum, { child }) => sum + cpuTimeUs(child.pid), 0),
    samples,
    round: status.round,
    threads: threadTimesUs(defined(devnet.validators[0], 'a validator').child.pid),
    atUs: Number(process.hrtime.bigint() / 1_000n),
  }
}

function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  )
}

function figures(
  phase: string,
  before: Snapshot,
  after: Snapshot,
  settled: LoadReport,
): Omit<NetworkFigures, 'offeredPerSecond'> {
  const seconds = (after.atMs - before.atMs) / 1_000
  const deltas = (name: string, label?: string) =>
    after.samples.map(
      (sample, i) => metricOf(sample, name, label) - metricOf(before.samples[i] as Samples, name, label),
    )
  const executed = median(deltas('ogpu_execution_transactions_total'))
  const bytes = deltas('ogpu_p2p_bytes_total', 'direction="out"').reduce((sum, value) => sum + value, 0)
  const delays = after.samples.map(sample => metricOf(sample, 'ogpu_nodejs_eventloop_lag_p99_seconds'))
  const at = (share: number) => Math.round(quantile(settled.latenciesMs, share))
  const rounded = (value: number) => Math.round(value * 10) / 10
  return {
    phase,
    committedPerSecond: Math.round(median(deltas('ogpu_consensus_committed_transactions_total')) / seconds),
    executedPerSecond: Math.round(executed / seconds),
    cpuUsPerTransactionAndValidator: Math.round((after.cpuUs - before.cpuUs) / executed / after.samples.length),
    latencyMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
    bytesPerTransaction: Math.round(bytes / executed),
    eventLoopDelayP99Ms: rounded(Math.max(...delays) * 1_000),
    roundsPerSecond: rounded((after.round - before.round) / seconds),
    refused: settled.refused,
    missing: settled.missing,
  }
}

async function stagesOf(devnet: Devnet, transactions: readonly SeenTransaction[]): Promise<Stages> {
  const parts: Record<keyof Stages, number[]> = { admitted: [], proposed: [], committed: [], executed: [], seen: [] }
  for (const { hash, validator, sentAtMs, ms } of transactions) {
    const url = devnet.validators[validator]?.rpcUrl ?? ''
    const life = await call<Readonly<Record<string, number>> | null>(url, 'ogpu_transactionTimeline', [hash])
    const { receivedMs, proposedMs, committedMs, executedMs } = life ?? {}
    if (receivedMs === undefined || proposedMs === undefined || committedMs === undefined || executedMs === undefined)
      continue
    parts.admitted.push(receivedMs - sentAtMs)
    parts.proposed.push(proposedMs - receivedMs)
    parts.committed.push(committedMs - proposedMs)
    parts.executed.push(executedMs - committedMs)
    parts.seen.push(sentAtMs + ms - executedMs)
  }
  const of = (part: keyof Stages) => Math.round(median(parts[part]))
  return {
    admitted: of('admitted'),
    proposed: of('proposed'),
    committed: of('committed'),
    executed: of('executed'),
    seen: of('seen'),
  }
}

/** What the first validator's threads used in a phase, and where its profiles have it. */
interface ProfileWindow {
  readonly fromUs: number
  readonly toUs: number
  readonly transactions: number
  readonly rounds: number
  readonly threadsUs: ReadonlyMap<string, number>
}

function windowOf(before: Snapshot, after: Snapshot): ProfileWindow {
  const threadsUs = new Map<string, number>()
  for (const [tid, { name, us }] of after.threads) {
    const used = us - (before.threads.get(tid)?.us ?? 0)
    threadsUs.set(name, (threadsUs.get(name) ?? 0) + used)
  }
  const [first, last] = [before.samples[0] as Samples, after.samples[0] as Samples]
  const executed = 'ogpu_execution_transactions_total'
  const transactions = metricOf(last, executed) - metricOf(first, executed)
  return { fromUs: before.atUs, toUs: after.atUs, transactions, rounds: after.round - before.round, threadsUs }
}

export interface NetworkBenchOptions {
  readonly validators: number
  /** Transactions per second of the open loop. */
  readonly rate: number
  /** Of each of the two phases. */
  readonly seconds: number
  readonly batch: number
  /** Where validator 0 leaves a processor profile. */
  readonly profile?: string
}

export async function benchNetwork(options: NetworkBenchOptions): Promise<readonly PhaseResult[]> {
  const { validators, rate, seconds, batch, profile } = options
  const dir = mkdtempSync(join(tmpdir(), 'ogpu-bench-'))
  const load = startLoad()
  let devnet: Devnet | undefined
  try {
    devnet = await startDevnet({
      dataDir: join(dir, 'net'),
      fresh: false,
      chainId: CHAIN_ID,
      validators,
      rpcPort: 0,
      portsFrom: 20_000 + (process.pid % 1_000) * 20,
      funded: fundedLoadAccounts(ACCOUNTS),
      ...(profile === undefined
        ? {}
        : {
            validatorEnv: (index: number) =>
              index === 0 ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(profile)}` } : {},
          }),
    })
    const running = devnet
    const plan: LoadPlan = {
      kind: 'plan',
      chainId: CHAIN_ID,
      validators: running.validators.map(({ rpcUrl, wsUrl }) => ({ rpcUrl, wsUrl })),
      accounts: ACCOUNTS,
      transactions: Math.ceil(
        rate * (seconds + RAMP_SECONDS) * 1.1 +
          maximumPerSecond(validators) * (WARM_UP_SECONDS + seconds + 2 * RAMP_SECONDS),
      ),
      batch,
    }
    await load.ask(plan)
    const phase = async (name: string, sent: Omit<LoadPhase, 'kind'>) => {
      const offering = load.ask<LoadReport>({ kind: 'phase', ...sent, seconds: RAMP_SECONDS + sent.seconds })
      await delay(RAMP_SECONDS * 1_000)
      const before = await snapshot(running)
      const offered = await offering
      const after = await snapshot(running)
      const settled = await load.ask<LoadReport>({ kind: 'settle' })
      return {
        ...figures(name, before, after, settled),
        offeredPerSecond: Math.round(offered.offered / (RAMP_SECONDS + sent.seconds)),
        window: windowOf(before, after),
        stages: await stagesOf(running, settled.sample),
        stagesOfSlowest: await stagesOf(running, settled.slowest),
      }
    }
    await phase('warm-up', { seconds: WARM_UP_SECONDS })
    return [await phase(`open loop ${rate} tx/s`, { rate, seconds }), await phase('maximum', { seconds })]
  } finally {
    load.child.disconnect()
    await devnet?.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

// A node forgets the lives of old transactions; at many a second that may be all of them.
const stagesText = ({ admitted, proposed, committed, executed, seen }: Stages) =>
  Number.isNaN(seen) ? 'forgotten' : [admitted, proposed, committed, executed, seen].join(' + ')

function tableOf(results: readonly PhaseResult[]): string {
  const rows: [string, (result: PhaseResult) => string | number][] = [
    ['offered, tx/s', result => result.offeredPerSecond],
    ['committed, tx/s', result => result.committedPerSecond],
    ['executed, tx/s', result => result.executedPerSecond],
    ['CPU per tx and validator, µs', result => result.cpuUsPerTransactionAndValidator],
    ['submission to receipt p50, ms', result => result.latencyMs.p50],
    ['  p95', result => result.latencyMs.p95],
    ['  p99', result => result.latencyMs.p99],
    ['  longest', result => result.latencyMs.max],
    ['  pool + vertex + commit + block + seen', result => stagesText(result.stages)],
    ['  the same of the slowest', result => stagesText(result.stagesOfSlowest)],
    ['sent by all validators per tx, bytes', result => result.bytesPerTransaction],
    ['event-loop delay p99, ms', result => result.eventLoopDelayP99Ms],
    ['rounds/s', result => result.roundsPerSecond],
    ['refused by the pool', result => result.refused],
    ['without a receipt', result => result.missing],
  ]
  const lines = [['', ...results.map(result => result.phase)], ...rows.map(([name, of]) => [name, ...results.map(of)])]
  return lines
    .map(([name, ...cells]) => `${String(name).padEnd(40)}${cells.map(cell => String(cell).padStart(28)).join('')}`)
    .join('\n')
}

/** What each stage took: a thread's samples, and the kernel's count of each thread's time. */
function printProfile(folder: string, phase: string, window: ProfileWindow): void {
  const { fromUs, toUs, transactions, rounds, threadsUs } = window
  const columns = (us: number) =>
    [us / transactions, us / rounds, (us / (toUs - fromUs)) * 1_000].map(value => value.toFixed(1).padStart(9)).join('')
  console.log(`\n${phase}: first validator, ${transactions} transactions in ${rounds} rounds; µs of CPU`)
  console.log('   per tx per round  ms per s')
  for (const [name, us] of threadsUs) if (us > 0) console.log(`${columns(us)}  thread ${name}`)
  for (const profile of readProfiles(folder, fromUs, toUs)) printThread(profile, columns)
}

function printThread({ thread, busyUs, functionsUs }: ThreadProfile, columns: (us: number) => string): void {
  const byTime = (map: ReadonlyMap<string, number>) => [...map].sort(([, a], [, b]) => b - a)
  const total = [...busyUs.values()].reduce((sum, us) => sum + us, 0)
  console.log(`\n${columns(total)}  ${thread}, sampled`)
  for (const [stage, us] of byTime(busyUs)) console.log(`${columns(us)}    ${stage}`)
  console.log('  functions:')
  for (const [name, us] of byTime(functionsUs).slice(0, FUNCTIONS)) console.log(`${columns(us)}    ${name}`)
}

const FUNCTIONS = 45

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string' },
      seconds: { type: 'string', default: '10' },
      validators: { type: 'string', default: '4' },
      'rpc-batch': { type: 'string', default: '100' },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
      wan: { type: 'boolean', default: false },
    },
  })
  if (values.wan) {
    const { printWan } = await import('./network-wan.ts')
    const holds = await printWan({
      validators: Number(values.validators),
      rate: Number(values.rate ?? 60),
      seconds: Number(values.seconds),
    })
    process.exit(holds ? 0 : 1)
  }
  const options = {
    rate: Number(values.rate ?? 500),
    seconds: Number(values.seconds),
    validators: Number(values.validators),
    batch: Number(values['rpc-batch']),
  }
  const [minute = 0] = loadavg()
  const machine = { cores: availableParallelism(), loadBefore: Math.round(minute * 10) / 10, node: process.version }
  console.log(
    `network: ${options.validators} validators on ${machine.cores} cores (load before: ${machine.loadBefore}), ` +
      `transfers in batches of up to ${options.batch}, ${options.seconds} s a phase\n`,
  )
  const results = await benchNetwork({
    ...options,
    ...(values.profile === undefined ? {} : { profile: values.profile }),
  })
  console.log(tableOf(results))
  if (values.profile !== undefined) for (const { phase, window } of results) printProfile(values.profile, phase, window)
  if (values.write) {
    const folder = fileURLToPath(new URL('../../docs/figures/', import.meta.url))
    mkdirSync(folder, { recursive: true })
    const content = { command: './ogpu bench network', machine, options, results }
    writeFileSync(join(folder, 'network.json'), `${JSON.stringify(content, null, 2)}\n`)
  }
}
