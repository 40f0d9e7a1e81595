import { fromHex, type Hex, toHex } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { messageOf } from '#lib/errors'
import { createMemoryStore } from '#storage'
import { decodeBlock, type GenesisFile } from '#types'
import { type ForkSchedule, fixedFork } from '../../chain/evm/forks.ts'
import { genesisState } from '../../chain/evm/genesis.ts'
import { createImporter, MAINNET_DEPOSIT_CONTRACT } from '../../chain/evm/import-chain.ts'
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
 * every invalid one refused, and the last valid block must be the head. Left out: forks before the merge, whose headers
 * prove work, and files with competing chains, as our chain has one.
 */
export const blocksSuite: Suite = async (args, report) => {
  const options = parseOptions(args)
  let count = 0
  for (const { name, read } of testFiles(options)) {
    for (const [title, test] of Object.entries(read() as Readonly<Record<string, BlockTest>>)) {
      const schedule = scheduleOf(test, options)
      const id = `${name}:${title}`
      if (schedule === undefined || (options.filter !== undefined && !id.includes(options.filter))) continue
      if (new Set(test.blocks.map(block => block.chainname ?? '')).size > 1) continue
      report(await runGuarded(id, schedule, test))
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

function scheduleOf(test: BlockTest, options: EthereumSuiteOptions): ForkSchedule | undefined {
  const { network } = test
  if (network === undefined || (options.fork !== undefined && options.fork !== network)) return undefined
  const transition = /^(\w+)To(\w+)AtTime(\d+)k$/.exec(network)
  const from = forkNamed(transition?.[1] ?? network)
  const to = forkNamed(transition?.[2] ?? network)
  if (from === undefined || to === undefined) return undefined
  if (transition !== null) {
    const time = Number(transition[3]) * 1_000
    return { at: (_number, timestamp) => (timestamp < time ? from : to), blobs: fixedFork(to).blobs }
  }
  return ['paris', 'shanghai', 'cancun', 'prague', 'osaka'].includes(from) ? fixedFork(from) : undefined
}

async function runGuarded(id: string, schedule: ForkSchedule, test: BlockTest): Promise<CaseResult> {
  try {
    return await runCase(id, schedule, test)
  } catch (error) {
    return failed(id, test.lastblockhash, `threw: ${messageOf(error)}`)
  }
}

async function runCase(id: string, schedule: ForkSchedule, test: BlockTest): Promise<CaseResult> {
  const genesisRaw = decodeBlock(fromHex(test.genesisRLP))
  if (genesisRaw.kind !== 'accept') return failed(id, 'a genesis block', genesisRaw.reason)
  const genesis = {
    block: { ...genesisRaw.value, transactions: [] },
    hash: genesisRaw.value.hash,
    state: genesisState(test.pre).state,
  }
  const options = {
    genesis,
    schedule,
    chainId: 1,
    depositContract: fromHex(MAINNET_DEPOSIT_CONTRACT),
    store: createMemoryStore(),
    log: silentLog,
  }
  let importer = await createImporter(options)
  for (const [index, block] of test.blocks.entries()) {
    const decoded = decodeBlock(fromHex(block.rlp))
    const isValid = block.expectException === undefined
    if (decoded.kind !== 'accept') {
      if (isValid) return failed(id, `block ${index} decodes`, decoded.kind === 'reject' ? decoded.reason : 'ignored')
      continue
    }
    try {
      await importer.importBlock(decoded.value)
      if (!isValid) return failed(id, `block ${index} refused: ${block.expectException}`, 'accepted')
    } catch (error) {
      if (isValid) return failed(id, `block ${index} accepted`, messageOf(error))
      // What a refused block left in memory is void; the store has only good blocks.
      importer = await createImporter(options)
    }
  }
  const head = toHex(importer.chain.head().hash)
  return head === test.lastblockhash ? passed(id) : failed(id, test.lastblockhash, head)
}
