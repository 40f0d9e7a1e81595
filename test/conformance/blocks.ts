import { readPosition } from '#evm'
import { equalBytes, fromHex, type Hex, toHex } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { messageOf } from '#lib/errors'
import { createMemoryStore } from '#storage'
import { type BlockHeader, decodeBlock, type GenesisFile, type RawBlock } from '#types'
import { readBlockHash } from '../../chain/evm/chain-store.ts'
import { type Fork, type ForkSchedule, fixedFork } from '../../chain/evm/forks.ts'
import { type Genesis, genesisState, MAINNET_DEPOSIT_CONTRACT } from '../../chain/evm/genesis.ts'
import { createImporter } from '../../chain/evm/import-chain.ts'
import { type EthereumSuiteOptions, forkNamed, parseOptions, testFiles } from './ethereum-files.ts'
import { type CaseResult, failed, passed, type Suite } from './suite.ts'

interface BlockTest {
  readonly network: string
  readonly genesisRLP: Hex
  readonly pre: GenesisFile['alloc']
  readonly lastblockhash: Hex
  readonly blocks: readonly { readonly rlp: Hex; readonly expectException?: string; readonly chainname?: string }[]
}

/**
 * BlockchainTests of ethereum/tests: a genesis and blocks as RLP. Every valid block must be accepted with all its roots,
 * every invalid one refused, and the last valid block must be the head. The seal of proof of work is not checked (the
 * suites have none). Where branches compete, every block runs on its own branch, and the heaviest one has the head. Left
 * out: the fork of the DAO.
 */
export const blocksSuite: Suite = async (args, report) => {
  const options = parseOptions(args)
  let count = 0
  for (const { name, read } of testFiles(options)) {
    for (const [title, test] of Object.entries(read() as Readonly<Record<string, BlockTest>>)) {
      const schedule = scheduleOf(test, options)
      const id = `${name}:${title}`
      if (schedule === undefined || (options.filter !== undefined && !id.includes(options.filter))) continue
      if (count % options.shard.count === options.shard.index) {
        report(await runGuarded(id, () => scheduleOf(test, options) ?? schedule, test))
      }
      if (++count >= options.sample) return
    }
  }
}

/** The suite as counts, for callers that print nothing. */
export async function run(args: readonly string[]): Promise<{ readonly passed: number; readonly failed: number }> {
  const counts = { passed: 0, failed: 0 }
  await blocksSuite(args, result => {
    counts[result.passed ? 'passed' : 'failed'] += 1
  })
  return counts
}

interface TestSchedule extends ForkSchedule {
  /** Hears of the genesis and of every block that was accepted. */
  onBlock(header: BlockHeader): void
}

function scheduleOf(test: BlockTest, options: EthereumSuiteOptions): TestSchedule | undefined {
  const { network } = test
  if (network === undefined || (options.fork !== undefined && options.fork !== network)) return undefined
  const transition = /^(\w+?)To(\w+?)At(Time|Diff)?([0-9A-F]+)(k?)$/.exec(network)
  const from = forkNamed(transition?.[1] ?? network)
  const to = forkNamed(transition?.[2] ?? network)
  if (from === undefined || to === undefined) return undefined
  const bombDelay = () => BOMB_DELAYS[transition?.[1] ?? network] ?? 0
  const base = { ...fixedFork(to), bombDelay, onBlock: () => {} }
  if (transition === null) return { ...base, at: () => from }
  const [, , , kind, value = '', thousands] = transition
  if (kind === 'Diff') return mergingAt(BigInt(`0x${value}`), from, to, base)
  const limit = Number(value) * (thousands === 'k' ? 1_000 : 1)
  return { ...base, at: (number, timestamp) => ((kind === 'Time' ? timestamp : number) < limit ? from : to) }
}

const BOMB_DELAYS: Readonly<Record<string, number>> = { ArrowGlacier: 10_700_000, London: 9_700_000 }

/** The first block after the total difficulty has reached its end is of the later fork. */
function mergingAt(total: bigint, from: Fork, to: Fork, base: TestSchedule): TestSchedule {
  let sum = 0n
  let last = Number.POSITIVE_INFINITY
  return {
    ...base,
    at: number => (number > last ? to : from),
    onBlock({ difficulty, number }) {
      sum += difficulty
      if (sum >= total) last = Math.min(last, number)
    },
  }
}

async function runGuarded(id: string, schedule: () => TestSchedule, test: BlockTest): Promise<CaseResult> {
  try {
    return await runCase(id, schedule, test)
  } catch (error) {
    return failed(id, test.lastblockhash, `threw: ${messageOf(error)}`)
  }
}

interface Branch {
  readonly tip: RawBlock
  readonly parent: Branch | undefined
  readonly totalDifficulty: bigint
}

/** A chain that follows one branch at a time; another one is executed anew from the genesis. */
class Chain {
  readonly #open: () => TestSchedule
  readonly #genesis: Genesis
  readonly #branches = new Map<Hex, Branch>()
  #schedule: TestSchedule | undefined
  #importer: Awaited<ReturnType<typeof createImporter>> | undefined
  #store = createMemoryStore()
  #head: Branch

  constructor(open: () => TestSchedule, genesisRaw: RawBlock, genesis: Genesis) {
    this.#open = open
    this.#genesis = genesis
    this.#head = { tip: genesisRaw, parent: undefined, totalDifficulty: genesisRaw.header.difficulty }
    this.#branches.set(toHex(genesisRaw.hash), this.#head)
  }

  head(): Hex {
    return toHex(this.#head.tip.hash)
  }

  async add(block: RawBlock): Promise<void> {
    const known = this.#branches.get(toHex(block.hash))
    if (known !== undefined) return
    const parent = this.#branches.get(toHex(block.header.parentHash))
    if (parent === undefined) throw new RangeError('the parent is not known')
    const importer = await this.#at(parent)
    try {
      await importer.importBlock(block)
    } catch (error) {
      // What a refused block left in memory is void; the store has only good blocks.
      this.#importer = undefined
      throw error
    }
    this.#schedule?.onBlock(block.header)
    const totalDifficulty = parent.totalDifficulty + block.header.difficulty
    const branch = { tip: block, parent, totalDifficulty }
    this.#branches.set(toHex(block.hash), branch)
    const isHeavier = totalDifficulty > this.#head.totalDifficulty
    const isLonger = block.header.number > this.#head.tip.header.number
    // After the merge nothing adds weight: the longer branch stands for what a beacon chain would choose.
    if (isHeavier || (totalDifficulty === this.#head.totalDifficulty && isLonger)) this.#head = branch
  }

  async #at(branch: Branch) {
    const stored = readPosition(this.#store)?.head
    const isHere =
      stored !== undefined && equalBytes(readBlockHash(this.#store, stored) ?? new Uint8Array(), branch.tip.hash)
    if (isHere && this.#importer !== undefined) return this.#importer
    if (!isHere) {
      this.#store = createMemoryStore()
      this.#schedule = this.#open()
    }
    const schedule = this.#schedule ?? this.#open()
    this.#schedule = schedule
    const importer = await createImporter({
      genesis: this.#genesis,
      schedule,
      chainId: 1,
      depositContract: fromHex(MAINNET_DEPOSIT_CONTRACT),
      store: this.#store,
      log: silentLog,
    })
    if (!isHere) {
      const path: RawBlock[] = []
      for (let at: Branch | undefined = branch; at !== undefined; at = at.parent) path.unshift(at.tip)
      for (const [i, block] of path.entries()) {
        if (i > 0) await importer.importBlock(block)
        schedule.onBlock(block.header)
      }
    }
    this.#importer = importer
    return importer
  }
}

async function runCase(id: string, schedule: () => TestSchedule, test: BlockTest): Promise<CaseResult> {
  const genesisRaw = decodeBlock(fromHex(test.genesisRLP))
  if (genesisRaw.kind !== 'accept') return failed(id, 'a genesis block', genesisRaw.reason)
  const chain = new Chain(schedule, genesisRaw.value, {
    block: { ...genesisRaw.value, transactions: [] },
    hash: genesisRaw.value.hash,
    state: genesisState(test.pre).state,
  })
  for (const [index, block] of test.blocks.entries()) {
    const decoded = decodeBlock(fromHex(block.rlp))
    const isValid = block.expectException === undefined
    if (decoded.kind !== 'accept') {
      if (isValid) return failed(id, `block ${index} decodes`, decoded.kind === 'reject' ? decoded.reason : 'ignored')
      continue
    }
    try {
      await chain.add(decoded.value)
      if (!isValid) return failed(id, `block ${index} refused: ${block.expectException}`, 'accepted')
    } catch (error) {
      if (isValid) return failed(id, `block ${index} accepted`, messageOf(error))
    }
  }
  return chain.head() === test.lastblockhash ? passed(id) : failed(id, test.lastblockhash, chain.head())
}
