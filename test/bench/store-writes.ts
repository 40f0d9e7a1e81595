/**
 * Measures what it costs to make executed commits durable: the very batches of a run of transfers, written into a plain
 * LevelDB and into a chain store with bulk files. Run: ./ogpu bench store
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createExecutionEngine, createRecoveryPool } from '#evm'
import {
  createMemoryStore,
  type DiskStore,
  openChainStore,
  openLevelStore,
  type Store,
  type StoreOperation,
} from '#storage'
import { commitOf, GENESIS_MS } from '../evm/fixtures.ts'
import { benchGenesis, transferWorkload } from './execution-workloads.ts'

export interface StoreWritesOptions {
  readonly commits?: number
  readonly perCommit?: number
  readonly accounts?: number
  readonly print?: (line: string) => void
}

export interface StoreWritesRow {
  readonly store: 'database only' | 'with bulk files'
  /** Processor time of all threads, compactions included. */
  readonly cpuUs: number
  /** By the wall clock: it waits for the disk. */
  readonly wallUs: number
  readonly bytesOnDisk: number
}

/** Microseconds for each transaction, in both kinds of store, of the same batches. */
export async function benchStoreWrites(options: StoreWritesOptions = {}): Promise<readonly StoreWritesRow[]> {
  const { commits = 60, perCommit = 1_000, accounts = 20_000 } = options
  const print = options.print ?? (line => process.stdout.write(`${line}\n`))
  const batches = await recordBatches(commits, perCommit, accounts)
  const rows: StoreWritesRow[] = []
  for (const [store, open] of [
    ['database only', openLevelStore],
    ['with bulk files', openChainStore],
  ] as const) {
    const row = { store, ...(await measure(open, batches, commits * perCommit)) }
    rows.push(row)
    print(
      `store/write kind=transfer store="${store}" cpu=${row.cpuUs.toFixed(1)}µs wall=${row.wallUs.toFixed(1)}µs ` +
        `disk=${Math.round(row.bytesOnDisk / (commits * perCommit))} bytes, each per transaction`,
    )
  }
  return rows
}

// What the engine writes for each commit, the genesis first.
async function recordBatches(commits: number, perCommit: number, accounts: number): Promise<StoreOperation[][]> {
  const batches: StoreOperation[][] = []
  const inner = createMemoryStore()
  const store: Store = {
    get: key => inner.get(key),
    scan: range => inner.scan(range),
    close: () => inner.close(),
    write(operations, writeOptions) {
      batches.push([...operations])
      return inner.write(operations, writeOptions)
    },
  }
  const size = { accounts, senders: 500 }
  const genesis = benchGenesis(size)
  const workload = transferWorkload(genesis, size)
  const recovery = createRecoveryPool({ workers: 0 })
  const engine = await createExecutionEngine({ genesis, store, recovery })
  for (let index = 1; index <= commits; index++) {
    await engine.execute(commitOf(index, [workload.batch(perCommit)], { timestampMs: GENESIS_MS + 300 * index }))
  }
  await engine.close()
  return batches
}

async function measure(
  open: (directory: string) => Promise<DiskStore>,
  batches: readonly (readonly StoreOperation[])[],
  transactions: number,
): Promise<Omit<StoreWritesRow, 'store'>> {
  const directory = mkdtempSync(join(tmpdir(), 'ogpu-bench-'))
  try {
    const store = await open(directory)
    const [genesis = [], ...rest] = batches
    await store.write(genesis, { durable: true })
    const start = performance.now()
    const cpu = process.cpuUsage()
    for (const batch of rest) await store.write(batch, { durable: true })
    const wallMs = performance.now() - start
    // Compactions that the writes caused run on for a while.
    await store.compact()
    const { user, system } = process.cpuUsage(cpu)
    await store.close()
    return {
      cpuUs: (user + system) / transactions,
      wallUs: (wallMs * 1_000) / transactions,
      bytesOnDisk: sizeOf(directory),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function sizeOf(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

if (import.meta.main) await benchStoreWrites()
