/**
 * Measures execution from raw bytes to a durable block with all its roots, and the stock @ethereumjs/vm on blocks of the
 * same transactions in the same run. Run: ./ogpu bench execution [--accounts N] [--write]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { Bed, type Footprint } from './execution-bed.ts'
import { drawExecution, FIGURES } from './execution-plot.ts'
import { type Measured, runStock, type Stages, withStore } from './execution-runs.ts'
import {
  benchGenesis,
  type Kind,
  Nonces,
  taskWorkload,
  tokenWorkload,
  transferWorkload,
  type Workload,
  type WorkloadSize,
} from './execution-workloads.ts'

export interface BenchOptions {
  /** Sizes of the state, in accounts, growing. */
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
  /**
   * `known`: senders known, one commit after another. `pipeline`: from raw bytes, on all cores, as a node does it.
   * `inline`: the same with the tries on the executing thread. `recovered`: from raw bytes on one thread.
   */
  readonly mode: 'known' | 'pipeline' | 'inline' | 'recovered'
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

/** Prints a line for each measurement and returns them all. Processor time is that of all threads. */
export async function benchExecution(options: BenchOptions = {}): Promise<ExecutionReport> {
  const print = options.print ?? (line => process.stdout.write(`${line}\n`))
  const sizes = options.accounts ?? DEFAULT_SIZES
  const senders = options.senders ?? 500
  const perCommit = options.perCommit ?? { transfer: 4_000, erc20: 1_000, task: 250 }
  const commits = options.commits ?? 12
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
  const measure = async (bed: Bed, workload: Workload, accounts: number, mode: 'pipeline' | 'inline') => {
    const { kind } = workload
    const row = { kind, engine: 'ours', accounts } as const
    if (mode === 'pipeline') {
      const known = await bed.known(workload, perCommit[kind], Math.ceil(commits / 3))
      add({ ...row, mode: 'known', stages: await bed.stages(workload, perCommit[kind]) }, known)
    }
    add({ ...row, mode }, await bed.pipeline(workload, perCommit[kind], commits))
  }

  const recovery = Math.min(8, availableParallelism())
  const smallest = Math.min(...sizes)
  const genesis = benchGenesis({ accounts: smallest, senders })
  await withStore(async (store, directory) => {
    const bed = await Bed.open(genesis, store, directory, { recovery, tries: true })
    const nonces = new Nonces(senders)
    await bed.setUp(tokenWorkload(genesis, { accounts: smallest, senders }, nonces))
    let grown = smallest
    for (const accounts of sizes) {
      await bed.grow(grown, accounts)
      grown = accounts
      const footprint = await bed.footprint(accounts)
      footprints.push(footprint)
      print(describeFootprint(footprint))
      const size: WorkloadSize = { accounts, senders }
      await measure(bed, transferWorkload(genesis, size, nonces), accounts, 'pipeline')
      await measure(bed, tokenWorkload(genesis, size, nonces), accounts, 'pipeline')
    }
    await bed.close()
  })
  // The same without the thread of the tries, for comparison.
  await withStore(async (store, directory) => {
    const bed = await Bed.open(genesis, store, directory, { recovery, tries: false })
    const size: WorkloadSize = { accounts: smallest, senders }
    const nonces = new Nonces(senders)
    const tokens = tokenWorkload(genesis, size, nonces)
    await bed.setUp(tokens)
    await measure(bed, transferWorkload(genesis, size, nonces), smallest, 'inline')
    await measure(bed, tokens, smallest, 'inline')
    await bed.close()
  })
  const taskSenders = Math.min(senders, 100)
  for (const mode of ['pipeline', 'inline'] as const) {
    const tasks = await taskWorkload(taskSenders)
    await withStore(async (store, directory) => {
      const bed = await Bed.open(tasks.genesis, store, directory, { recovery, tries: mode === 'pipeline' })
      await bed.setUp(tasks)
      await measure(bed, tasks, Object.keys(tasks.genesis.alloc).length, mode)
      await bed.close()
    })
  }
  const small: WorkloadSize = { accounts: smallest, senders: Math.min(senders, 50) }
  const smallGenesis = benchGenesis(small)
  for (const crypto of ['native', 'stock'] as const) {
    const engine = crypto === 'native' ? 'stock+native' : 'stock'
    const row = { engine, mode: 'recovered', accounts: small.accounts } as const
    add({ ...row, kind: 'transfer' }, await runStock(transferWorkload(smallGenesis, small), stockCount, crypto))
    add({ ...row, kind: 'erc20' }, await runStock(tokenWorkload(smallGenesis, small), stockCount, crypto))
  }
  const stockTasks = await taskWorkload(20)
  add(
    {
      engine: 'stock+native',
      mode: 'recovered',
      accounts: Object.keys(stockTasks.genesis.alloc).length,
      kind: 'task',
    },
    await runStock(stockTasks, Math.min(stockCount, 100), 'native'),
  )
  return { command: './ogpu bench execution', conditions: conditions(), rows, footprints }
}

function describe(row: ExecutionRow): string {
  const { accounts, engine, kind, mode, stages } = row
  const name = `${kind} accounts=${accounts} engine=${engine} ${mode}`
  const cores = (row.transactionsPerSecond / row.transactionsPerCpuSecond).toFixed(2)
  const speed = `${String(row.transactionsPerSecond).padStart(7)} tx/s ${String(row.transactionsPerCpuSecond).padStart(7)} tx/cpu-s (${cores} cores)`
  if (stages === undefined) return `${name.padEnd(56)} ${speed}`
  const { recoverUs, executeUs, rootsUs, writeUs } = stages
  return (
    `${name.padEnd(56)} ${speed}\n` +
    `    µs each: decode+recover ${recoverUs}, execute ${executeUs}, roots ${rootsUs}, write ${writeUs}`
  )
}

function describeFootprint({ accounts, diskMb, residentMb }: Footprint): string {
  return `${accounts} accounts: ${residentMb} MB resident with all caches, ${diskMb} MB on disk`
}

function conditions(): string {
  const model = cpus()[0]?.model ?? 'unknown processor'
  return `${cpus().length} × ${model}, load ${(loadavg()[0] ?? 0).toFixed(1)}, Node ${process.versions.node}`
}

/** Sizes that are measured when none is asked for; `--accounts` adds one. */
const DEFAULT_SIZES: readonly number[] = [1_000, 10_000, 100_000]

/** Writes the figures that docs/execution.md shows. */
export function writeFigures(report: ExecutionReport): void {
  mkdirSync(FIGURES, { recursive: true })
  writeFileSync(`${FIGURES}execution.json`, `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(`${FIGURES}execution.svg`, drawExecution(report))
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { accounts: { type: 'string' }, write: { type: 'boolean' } } })
  const more = values.accounts === undefined ? [] : [Number(values.accounts)]
  const accounts = [...new Set([...DEFAULT_SIZES, ...more])].sort((a, b) => a - b)
  const report = await benchExecution({ accounts })
  if (values.write === true) writeFigures(report)
}
