/**
 * Measures execution: plain transfers and ERC-20 transfers, from raw bytes to a durable block with all its roots, and
 * the stock @ethereumjs/vm on the same blocks in the same run. Run: node launch.mjs test/bench/execution.ts
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBlockFromRLP } from '@ethereumjs/block'
import { Common, Mainnet } from '@ethereumjs/common'
import { createMPT } from '@ethereumjs/mpt'
import { Caches, MerkleStateManager } from '@ethereumjs/statemanager'
import { Address, createAccount } from '@ethereumjs/util'
import { createVM, runBlock, type VM } from '@ethereumjs/vm'
import { artifactOf } from '#contracts'
import { createExecutionEngine, createRecoveryPool, type ExecutedBlock } from '#evm'
import { concat, fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256, sha256 } from '#lib/hash'
import { recoverPublicKey } from '#lib/secp256k1'
import { openLevelStore } from '#storage'
import { encodeBlock, type GenesisFile } from '#types'
import { creationAddress } from '../../chain/evm/message.ts'
import { addressOfUser, CHAIN_ID, commitOf, GENESIS_MS, genesisFile, signed } from '../evm/fixtures.ts'

export interface BenchOptions {
  /** Accounts that transfers go to. */
  readonly accounts?: number
  /** Accounts that sign. */
  readonly senders?: number
  readonly transfersPerCommit?: number
  readonly commits?: number
  readonly tokenTransfersPerCommit?: number
  /** How many transactions the stock VM gets; it is slow. */
  readonly stockTransactions?: number
  readonly print?: (line: string) => void
}

export interface BenchResult {
  readonly name: string
  readonly transactionsPerCpuSecond: number
  readonly transactionsPerSecond: number
}

interface Measured {
  readonly count: number
  readonly ms: number
  readonly cpuMs: number
}

/** Adds up wall and processor time of the work that is to be measured. */
class Stopwatch {
  #ms = 0
  #cpuMs = 0

  async time<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const cpu = process.cpuUsage()
    const result = await work()
    const { user, system } = process.cpuUsage(cpu)
    this.#ms += performance.now() - start
    this.#cpuMs += (user + system) / 1_000
    return result
  }

  measured(count: number): Measured {
    return { count, ms: this.#ms, cpuMs: this.#cpuMs }
  }
}

type Kind = 'transfer' | 'erc20'

/**
 * Prints and returns transactions per second of each way on one core: per second of processor time of all threads, and
 * by the wall clock, which other work on the machine disturbs.
 */
export async function benchExecution(options: BenchOptions = {}): Promise<readonly BenchResult[]> {
  const print = options.print ?? (line => process.stdout.write(`${line}\n`))
  const size = {
    accounts: options.accounts ?? 20_000,
    senders: options.senders ?? 1_000,
    commits: options.commits ?? 4,
    stock: options.stockTransactions ?? 300,
    perCommit: { transfer: options.transfersPerCommit ?? 5_000, erc20: options.tokenTransfersPerCommit ?? 1_000 },
  }
  const results: BenchResult[] = []
  const record = (name: string, { count, ms, cpuMs }: Measured) => {
    const transactionsPerCpuSecond = Math.round((count / cpuMs) * 1_000)
    const transactionsPerSecond = Math.round((count / ms) * 1_000)
    results.push({ name, transactionsPerCpuSecond, transactionsPerSecond })
    print(
      `${name.padEnd(78)} ${String(transactionsPerCpuSecond).padStart(7)} tx/cpu-s ${String(transactionsPerSecond).padStart(7)} tx/s wall`,
    )
  }
  const genesis = benchGenesis(size)
  for (const kind of ['transfer', 'erc20'] as const) {
    for (const warm of [true, false]) {
      const measured = await runOurs(
        genesis,
        kind,
        size.senders,
        size.accounts,
        size.perCommit[kind],
        size.commits,
        warm,
      )
      const senders = warm ? 'known from the pool' : 'recovered on this thread'
      record(`execution/${kind} store=level durable=yes senders=${senders}`, measured)
    }
    for (const crypto of ['stock', 'native'] as const) {
      const measured = await runStock(genesis, kind, size.senders, size.accounts, size.stock, crypto)
      record(`execution/${kind} engine=@ethereumjs/vm state=merkle+caches crypto=${crypto}`, measured)
    }
  }
  return results
}

const recipient = (i: number) => sha256(new TextEncoder().encode(`recipient ${i}`)).subarray(0, 20)
const TOKEN = creationAddress(addressOfUser(0), 0n)

function benchGenesis(size: { readonly accounts: number; readonly senders: number }): GenesisFile {
  const alloc: Record<Hex, { balance: Hex }> = {}
  for (let i = 0; i < size.accounts; i++) alloc[toHex(recipient(i))] = { balance: '0x1' }
  return genesisFile({ users: size.senders, alloc, blockGasLimit: 3_000_000_000n })
}

class Workload {
  readonly #nonces: bigint[]
  readonly #kind: Kind
  readonly #accounts: number
  #count = 0

  constructor(kind: Kind, senders: number, accounts: number) {
    this.#kind = kind
    this.#accounts = accounts
    this.#nonces = new Array<bigint>(senders).fill(0n)
  }

  /** Deploys the token and gives every sender some; nothing for plain transfers. */
  setUp(): Uint8Array[] {
    if (this.#kind === 'transfer') return []
    const deploy = signed(0, {
      nonce: this.#next(0),
      to: undefined,
      value: 0n,
      gasLimit: 5_000_000n,
      data: fromHex(artifactOf('WrappedOgpu').bytecode),
    } as never)
    const deposit = keccak256(new TextEncoder().encode('deposit()')).subarray(0, 4)
    const deposits = this.#nonces.map((_, user) =>
      signed(user, { nonce: this.#next(user), to: TOKEN, value: 10n ** 18n, gasLimit: 400_000n, data: deposit }),
    )
    return [deploy, ...deposits].map(transaction => transaction.raw)
  }

  batch(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => {
      const i = this.#count++
      const user = i % this.#nonces.length
      const to = recipient((i * 7_919) % this.#accounts)
      if (this.#kind === 'transfer') return signed(user, { nonce: this.#next(user), to, value: 5n }).raw
      const selector = keccak256(new TextEncoder().encode('transfer(address,uint256)')).subarray(0, 4)
      const data = concat(selector, new Uint8Array(12), to, new Uint8Array(31), Uint8Array.of(5))
      return signed(user, { nonce: this.#next(user), to: TOKEN, value: 0n, gasLimit: 400_000n, data }).raw
    })
  }

  #next(user: number): bigint {
    const nonce = this.#nonces[user] ?? 0n
    this.#nonces[user] = nonce + 1n
    return nonce
  }
}

async function runOurs(
  genesis: GenesisFile,
  kind: Kind,
  senders: number,
  accounts: number,
  perCommit: number,
  commits: number,
  warm: boolean,
): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'ogpu-bench-'))
  const store = await openLevelStore(directory)
  try {
    const recovery = createRecoveryPool({ workers: 0 })
    const engine = await createExecutionEngine({ genesis, store, recovery })
    const work = new Workload(kind, senders, accounts)
    let index = 0
    const run = async (raw: Uint8Array[]) => {
      index += 1
      return engine.execute(commitOf(index, [raw], { timestampMs: GENESIS_MS + 300 * index }))
    }
    await run(work.setUp())
    await run(work.batch(perCommit))
    const watch = new Stopwatch()
    let count = 0
    for (let i = 0; i < commits; i++) {
      const raw = work.batch(perCommit)
      if (warm) await recovery.recover(raw)
      const { blocks } = await watch.time(() => run(raw))
      count += succeeded(blocks, perCommit)
    }
    return watch.measured(count)
  } finally {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function succeeded(blocks: readonly ExecutedBlock[], wanted: number): number {
  let count = 0
  for (const { receipts } of blocks) for (const { status } of receipts) count += status ?? 0
  if (count !== wanted) throw new Error(`${wanted - count} of ${wanted} transactions failed`)
  return count
}

// The stock VM runs blocks that our engine made: the same bytes, and its own check of every root.
async function runStock(
  genesis: GenesisFile,
  kind: Kind,
  senders: number,
  accounts: number,
  count: number,
  crypto: 'stock' | 'native',
): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'ogpu-bench-'))
  const store = await openLevelStore(directory)
  try {
    const engine = await createExecutionEngine({ genesis, store })
    const used = Math.min(senders, 100)
    const workload = new Workload(kind, used, accounts)
    const encoded: Uint8Array[] = []
    for (const [i, raw] of [workload.setUp(), workload.batch(count)].entries()) {
      const { blocks } = await engine.execute(commitOf(i + 1, [raw], { timestampMs: GENESIS_MS + 2_000 * (i + 1) }))
      encoded.push(...blocks.map(({ block }) => encodeBlock(block)))
    }
    const vm = await stockVm(genesis, crypto)
    const watch = new Stopwatch()
    for (const [i, bytes] of encoded.entries()) {
      const work = async () => {
        const block = createBlockFromRLP(bytes, { common: vm.common, skipConsensusFormatValidation: true })
        await runBlock(vm, { block, skipBlockValidation: true, skipHeaderValidation: true, clearCache: false })
      }
      if (i === encoded.length - 1) await watch.time(work)
      else await work()
    }
    return watch.measured(count)
  } finally {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function stockVm(genesis: GenesisFile, crypto: 'stock' | 'native'): Promise<VM> {
  const common = new Common({
    chain: { ...Mainnet, chainId: CHAIN_ID },
    hardfork: 'osaka',
    ...(crypto === 'native' ? { customCrypto: { keccak256, ecrecover: nativeRecover } } : {}),
  })
  const stateManager = new MerkleStateManager({
    common,
    trie: await createMPT({ useKeyHashing: true, common, cacheSize: 100_000 }),
    caches: new Caches({ account: { size: 200_000 }, storage: { size: 200_000 }, code: { size: 1_000 } }),
  })
  for (const [name, entry] of Object.entries(genesis.alloc)) {
    const address = new Address(fromHex(name))
    await stateManager.putAccount(
      address,
      createAccount({ balance: BigInt(entry.balance ?? 0), nonce: BigInt(entry.nonce ?? 0) }),
    )
    if (entry.code !== undefined) await stateManager.putCode(address, fromHex(entry.code))
  }
  await stateManager.flush()
  return createVM({ common, stateManager })
}

function nativeRecover(hash: Uint8Array, v: bigint, r: Uint8Array, s: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64)
  signature.set(r, 32 - r.length)
  signature.set(s, 64 - s.length)
  const parity = v === 0n || v === 27n || (v >= 35n && v % 2n === 1n) ? 0 : 1
  const key = recoverPublicKey(hash, signature, parity)
  if (key === undefined) throw new RangeError('no key made this signature')
  return key.subarray(1)
}

if (process.argv[1] === import.meta.filename) await benchExecution()
