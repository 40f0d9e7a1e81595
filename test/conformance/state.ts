import { EMPTY, fromHex, type Hex, toHex } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { messageOf } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { encodeRlp } from '#lib/rlp'
import { createMemoryStore, type StoreOperation } from '#storage'
import {
  decodeTransaction,
  EMPTY_TRIE_ROOT,
  type GenesisFile,
  type Log,
  privateKeyToAddress,
  type RecoveredTransaction,
  recoverSender,
  ZERO_DIGEST,
  ZERO_NONCE,
} from '#types'
import { blobBaseFeeOf } from '../../chain/evm/blob-fee.ts'
import { BlockExecution } from '../../chain/evm/block-execution.ts'
import { excessBlobGasAfter } from '../../chain/evm/ethereum-header.ts'
import { type Fork, fixedFork } from '../../chain/evm/forks.ts'
import { genesisState } from '../../chain/evm/genesis.ts'
import { createMachine, type Machine, rulesOf } from '../../chain/evm/machine.ts'
import { knownHash } from '../../chain/evm/parent-hash.ts'
import { FlatState, flatOperations } from '../../chain/evm/state/flat-state.ts'
import type { JournalState } from '../../chain/evm/state/journal-state.ts'
import { StateTries } from '../../chain/evm/state/state-tries.ts'
import { checkTransaction } from '../../chain/evm/transaction.ts'
import { forkNamed, parseOptions, testFiles } from './ethereum-files.ts'
import { type CaseResult, failed, passed, type Suite } from './suite.ts'

/** One file of GeneralStateTests: name → case. */
type StateTestFile = Readonly<Record<string, StateTest>>

interface StateTest {
  readonly env: Readonly<Record<string, Hex>>
  readonly pre: GenesisFile['alloc']
  readonly transaction: { readonly sender?: Hex; readonly secretKey?: Hex }
  readonly post: Readonly<Record<string, readonly StateTestPost[]>>
  readonly config?: { readonly chainid?: Hex }
}

interface StateTestPost {
  readonly hash: Hex
  readonly logs: Hex
  readonly txbytes: Hex
  readonly indexes: { readonly data: number; readonly gas: number; readonly value: number }
  readonly expectException?: string
}

/**
 * GeneralStateTests of ethereum/tests and ethereum/execution-spec-tests: one transaction on a given state; state root and
 * logs must be as recorded, and a transaction that must be refused leaves the state as it was.
 */
export const stateSuite: Suite = async (args, report) => {
  const options = parseOptions(args)
  const machines = new Map<string, Machine>()
  let count = 0
  for (const { name, read } of testFiles(options)) {
    const file = read() as StateTestFile
    for (const [title, test] of Object.entries(file)) {
      if (test.post === undefined) continue
      for (const [forkName, posts] of Object.entries(test.post)) {
        const fork = forkNamed(forkName)
        if (fork === undefined || (options.fork !== undefined && options.fork !== forkName)) continue
        for (const post of posts) {
          const { data, gas, value } = post.indexes
          const id = `${name}:${title}:${forkName}:${data}/${gas}/${value}`
          if (options.filter !== undefined && !id.includes(options.filter)) continue
          if (count % options.shard.count === options.shard.index) {
            report(await runGuarded(id, machines, fork, test, post))
          }
          if (++count >= options.sample) return
        }
      }
    }
  }
}

/** The suite as counts, for callers that print nothing. */
export async function run(args: readonly string[]): Promise<{ readonly passed: number; readonly failed: number }> {
  const counts = { passed: 0, failed: 0 }
  await stateSuite(args, result => {
    counts[result.passed ? 'passed' : 'failed'] += 1
  })
  return counts
}

async function runGuarded(
  id: string,
  machines: Map<string, Machine>,
  fork: Fork,
  test: StateTest,
  post: StateTestPost,
): Promise<CaseResult> {
  try {
    return await runCase(id, machines, fork, test, post)
  } catch (error) {
    return failed(id, post.hash, `threw: ${messageOf(error)}`)
  }
}

async function runCase(
  id: string,
  machines: Map<string, Machine>,
  fork: Fork,
  test: StateTest,
  post: StateTestPost,
): Promise<CaseResult> {
  const machine = await machineFor(machines, fork, BigInt(test.config?.chainid ?? '0x1'))
  const { rules } = machine
  const store = createMemoryStore()
  const operations: StoreOperation[] = []
  const tries = new StateTries(store, EMPTY_TRIE_ROOT)
  const flat = new FlatState(store)
  const before = tries.update(genesisState(test.pre).state, operations)
  flat.apply(before.changes)
  flatOperations(before.changes, operations)
  await store.write(operations, { durable: false })
  flat.publish()

  const { env } = test
  const number = (name: string) => BigInt(env[name] ?? '0x0')
  let root = before.root
  const flush = async (state: JournalState) => {
    const update = tries.update(await flat.complete(state.changes()), [])
    flat.apply(update.changes)
    root = update.root
    return root
  }
  const excessBlobGas = excessOf(env, rules)
  const execution = new BlockExecution({
    machine,
    source: flat.latest,
    blobBaseFee: rules.isCancun ? blobBaseFeeOf(rules, excessBlobGas) : undefined,
    fastTransfers: true,
    ownInterpreter: true,
    log: silentLog,
    flush,
    parentHash: knownHash(ZERO_DIGEST),
    skeleton: {
      coinbase: fromHex(env.currentCoinbase ?? '0x'),
      difficulty: rules.isParis ? 0n : number('currentDifficulty'),
      number: Number(number('currentNumber')),
      gasLimit: number('currentGasLimit'),
      timestamp: number('currentTimestamp'),
      extraData: EMPTY,
      mixHash: fromHex(word(env.currentRandom ?? '0x0')),
      nonce: ZERO_NONCE,
      ...(rules.isLondon ? { baseFeePerGas: number('currentBaseFee') } : {}),
    },
  })
  const transaction = transactionOf(test, post)
  let logs: readonly Log[] = []
  if (transaction !== undefined && checkTransaction(rules, transaction, number('currentGasLimit')) === undefined) {
    const outcome = await execution.run(transaction)
    if (outcome.kind === 'executed') logs = outcome.receipt.logs
  }
  const state = execution.finish()
  await flush(state)
  if (toHex(root) !== post.hash) return failed(id, post.hash, toHex(root))
  const logsHash = toHex(keccak256(encodeRlp(logs.map(log => [log.address, log.topics, log.data]))))
  if (logsHash !== post.logs) return failed(id, `logs ${post.logs}`, `logs ${logsHash}`)
  if (post.expectException !== undefined && execution.transactions.length > 0) {
    return failed(id, `refused: ${post.expectException}`, 'executed')
  }
  return passed(id)
}

async function machineFor(machines: Map<string, Machine>, fork: Fork, chainId: bigint): Promise<Machine> {
  const key = `${fork}/${chainId}`
  const known = machines.get(key)
  if (known !== undefined) return known
  // The files define the hash of an earlier block as the hash of its number in decimal.
  const blockHash = (number: number) => keccak256(new TextEncoder().encode(String(number)))
  const machine = await createMachine(rulesOf(fork, chainId, fixedFork(fork)), blockHash)
  machines.set(key, machine)
  return machine
}

// Undefined when the bytes are no transaction at all, which is how some cases expect a refusal.
function transactionOf(test: StateTest, post: StateTestPost): RecoveredTransaction | undefined {
  const decoded = decodeTransaction(fromHex(post.txbytes))
  if (decoded.kind !== 'accept') return undefined
  const { sender, secretKey } = test.transaction
  const recovered = recoverSender(decoded.value.raw)
  const stated =
    sender !== undefined
      ? fromHex(sender)
      : secretKey !== undefined
        ? privateKeyToAddress(fromHex(secretKey))
        : undefined
  const from = recovered ?? stated
  return from === undefined ? undefined : { ...decoded.value, sender: from }
}

function excessOf(env: StateTest['env'], rules: Machine['rules']): bigint {
  if (env.currentExcessBlobGas !== undefined) return BigInt(env.currentExcessBlobGas)
  if (env.parentExcessBlobGas === undefined || env.parentBlobGasUsed === undefined) return 0n
  const parent = { excessBlobGas: BigInt(env.parentExcessBlobGas), blobGasUsed: BigInt(env.parentBlobGasUsed) }
  return excessBlobGasAfter(rules, parent)
}

function word(text: string): string {
  return text.replace(/^0x/, '').padStart(64, '0')
}
