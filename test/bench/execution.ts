/**
 * Measures execution from raw bytes to a durable block with all its roots, and the stock @ethereumjs/vm on blocks of the
 * same transactions in the same run. Run: ./ogpu bench execution [--accounts N] [--write]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { drawExecution, FIGURES } from './execution-plot.ts'
import { type Footprint, type Measured, measureFootprint, runOurs, runStock, type Stages } from './execution-runs.ts'
import {
  benchGenesis,
  type Kind,
  taskWorkload,
  tokenWorkload,
  transferWorkload,
  type Workload,
  type WorkloadSize,
} from './execution-workloads.ts'

export interface BenchOptions {
  /** Sizes of the state, in accounts. */
  readonly accounts?: readonly number[]
  readonly senders?: number
  /** Transactions of one commit. */
  readonly perCommit?: Readonly<Record<Kind, number>>
  readonly commits?: number
  /** How many transactions the stock VM gets; it is slow. */
  readonly stockTransactions?: number
  readonly print?: (line: string) => void
}

export interface ExecutionRow {
  readonly kind: Kind
  /** `stock` is @ethereumjs/vm with its own crypto, `stock+native` the same with ours. */
  readonly engine: 'ours' | 'stock' | 'stock+native'
  readonly senders: 'known' | 'recovered'
  /** In the state at the start. */
  readonly accounts: number
  readonly transactionsPerCpuSecond: number
  readonly transactionsPerSecond: number
  readonly stages?: Stages
}

export interface ExecutionReport {
  readonly command: string
  readonly conditions: string
  readonly rows: readonly ExecutionRow[]
  readonly footprints: readonly Footprint[]
}

/** Prints a line for each measurement and returns them all. One core; processor time is that of all threads. */
export async function benchExecution(options: BenchOptions = {}): Promise<ExecutionReport> {
  const print = options.print ?? (line => process.stdout.write(`${line}\n`))
  const sizes = options.accounts ?? [1_000, 100_000]
  const senders = options.senders ?? 500
  const perCommit = options.perCommit ?? { transfer: 4_000, erc20: 1_000, task: 250 }
  const commits = options.commits ?? 2
  const stockCount = options.stockTransactions ?? 200
  const rows: ExecutionRow[] = []
  const footprints: Footprint[] = []
  const add = (row: Omit<ExecutionRow, 'transactionsPerCpuSecond' | 'transactionsPerSecond'>, measured: Measured) => {
    const full: ExecutionRow = {
      ...row,
      transactionsPerCpuSecond: Math.round((measured.count / measured.cpuMs) * 1_000),
      transactionsPerSecond: Math.round((measured.count / measured.ms) * 1_000),
    }
    rows.push(full)
    print(describe(full))
  }
  const measure = async (workload: Workload, accounts: number) => {
    const { kind } = workload
    const { warm, cold, stages } = await runOurs(workload, perCommit[kind], commits)
    add({ kind, engine: 'ours', senders: 'known', accounts, stages }, warm)
    add({ kind, engine: 'ours', senders: 'recovered', accounts }, cold)
  }
  for (const accounts of sizes) {
    const size: WorkloadSize = { accounts, senders }
    const genesis = benchGenesis(size)
    await measure(transferWorkload(genesis, size), accounts)
    await measure(tokenWorkload(genesis, size), accounts)
    if (accounts === Math.max(...sizes)) {
      const footprint = await measureFootprint(genesis, accounts)
      footprints.push(footprint)
      print(describeFootprint(footprint))
    }
  }
  const taskSenders = Math.min(senders, 100)
  const tasks = await taskWorkload(taskSenders)
  const taskAccounts = Object.keys(tasks.genesis.alloc).length
  await measure(tasks, taskAccounts)
  const small: WorkloadSize = { accounts: Math.min(...sizes), senders: Math.min(senders, 50) }
  const genesis = benchGenesis(small)
  for (const crypto of ['native', 'stock'] as const) {
    const engine = crypto === 'native' ? 'stock+native' : 'stock'
    const row = { engine, senders: 'recovered', accounts: small.accounts } as const
    add({ ...row, kind: 'transfer' }, await runStock(transferWorkload(genesis, small), stockCount, crypto))
    add({ ...row, kind: 'erc20' }, await runStock(tokenWorkload(genesis, small), stockCount, crypto))
  }
  add(
    { engine: 'stock+native', senders: 'recovered', accounts: taskAccounts, kind: 'task' },
    await runStock(await taskWorkload(20), Math.min(stockCount, 100), 'native'),
  )
  return { command: './ogpu bench execution', conditions: conditions(), rows, footprints }
}

function describe(row: ExecutionRow): string {
  const { accounts, engine, kind, senders, stages } = row
  const name = `${kind} accounts=${accounts} engine=${engine} senders=${senders}`
  const speed = `${String(row.transactionsPerCpuSecond).padStart(7)} tx/cpu-s ${String(row.transactionsPerSecond).padStart(7)} tx/s wall`
  if (stages === undefined) return `${name.padEnd(62)} ${speed}`
  const { recoverUs, executeUs, rootsUs, writeUs } = stages
  return (
    `${name.padEnd(62)} ${speed}\n` +
    `    µs each: decode+recover ${recoverUs}, execute ${executeUs}, roots ${rootsUs}, write ${writeUs}`
  )
}

function describeFootprint({ accounts, diskBytesPerAccount, memoryBytesPerAccount }: Footprint): string {
  return (
    `a million accounts (from ${accounts}): ${memoryBytesPerAccount} MB in memory if all were cached with their trie ` +
    `nodes (the caches end at 400,000 of each), ${diskBytesPerAccount} MB on disk`
  )
}

function conditions(): string {
  const model = cpus()[0]?.model ?? 'unknown processor'
  return `${cpus().length} × ${model}, load ${(loadavg()[0] ?? 0).toFixed(1)}, Node ${process.versions.node}`
}

/** Writes the figures that docs/execution.md shows. */
export function writeFigures(report: ExecutionReport): void {
  mkdirSync(FIGURES, { recursive: true })
  writeFileSync(`${FIGURES}execution.json`, `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(`${FIGURES}execution.svg`, drawExecution(report))
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { accounts: { type: 'string' }, write: { type: 'boolean' } } })
  const more = values.accounts === undefined ? [] : [Number(values.accounts)]
  const accounts = [...new Set([1_000, 100_000, ...more])].sort((a, b) => a - b)
  const report = await benchExecution({ accounts })
  if (values.write === true) writeFigures(report)
}
