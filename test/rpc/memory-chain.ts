import {
  type CallEngine,
  type CallOutcome,
  type ChainReader,
  createPool,
  createRecoveryPool,
  type ExecutedBlock,
  type SkippedTransaction,
} from '#evm'
import { defined } from '#lib/assert'
import { equalBytes, fromHex, toRawHex } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { createRpcServer, type RpcBackend, type RpcServerOptions } from '#rpc'
import {
  type Account,
  type Block,
  blockHeaderHash,
  bloomOf,
  EMPTY_BLOOM,
  EMPTY_CODE_HASH,
  EMPTY_OMMERS_HASH,
  EMPTY_TRIE_ROOT,
  encodeBlock,
  type Log,
  type Receipt,
  type RecoveredTransaction,
  ZERO_DIGEST,
  ZERO_NONCE,
} from '#types'

export const CHAIN_ID = 1071
const GWEI = 10n ** 9n

/** A chain in memory: blocks are what a test says, state is a map, calls answer what a test says. */
export function memoryChain() {
  const accounts = new Map<string, Account>()
  const blocks: ExecutedBlock[] = []
  const listeners = new Set<(executed: ExecutedBlock) => void>()
  const skipped = new Map<string, SkippedTransaction>()
  let callAnswer: (data: Uint8Array) => CallOutcome = () => ({
    kind: 'success',
    output: new Uint8Array(0),
    gasUsed: 21_000n,
    logs: [],
  })

  function makeBlock(transactions: readonly RecoveredTransaction[], logs: readonly (readonly Log[])[]): ExecutedBlock {
    const parent = blocks.at(-1)?.block
    const receipts: Receipt[] = transactions.map((transaction, index) => ({
      type: transaction.type,
      status: 1,
      gasUsed: 21_000n,
      cumulativeGasUsed: 21_000n * BigInt(index + 1),
      logsBloom: bloomOf(logs[index] ?? []),
      logs: logs[index] ?? [],
      effectiveGasPrice: GWEI,
    }))
    const header = {
      parentHash: parent?.hash ?? ZERO_DIGEST,
      ommersHash: EMPTY_OMMERS_HASH,
      coinbase: new Uint8Array(20),
      stateRoot: ZERO_DIGEST,
      transactionsRoot: EMPTY_TRIE_ROOT,
      receiptsRoot: EMPTY_TRIE_ROOT,
      logsBloom: receipts.length === 0 ? EMPTY_BLOOM : bloomOf(logs.flat()),
      difficulty: 0n,
      number: blocks.length,
      gasLimit: 30_000_000n,
      gasUsed: 21_000n * BigInt(transactions.length),
      timestamp: 1_700_000_000n + BigInt(blocks.length),
      extraData: new Uint8Array(32),
      mixHash: ZERO_DIGEST,
      nonce: ZERO_NONCE,
      baseFeePerGas: GWEI,
      withdrawalsRoot: EMPTY_TRIE_ROOT,
      blobGasUsed: 0n,
      excessBlobGas: 0n,
      parentBeaconBlockRoot: ZERO_DIGEST,
      requestsHash: ZERO_DIGEST,
    }
    const block: Block = { header, hash: blockHeaderHash(header), transactions, ommers: [], withdrawals: [], size: 0 }
    return { block: { ...block, size: encodeBlock(block).length }, receipts }
  }
  blocks.push(makeBlock([], []))

  const at = (number: number): ExecutedBlock | undefined => blocks[number]
  const find = (hash: Uint8Array) => blocks.find(({ block }) => equalBytes(block.hash, hash))?.block
  const head = () => defined(blocks.at(-1), 'there is a genesis').block

  const chain: ChainReader = {
    chainId: CHAIN_ID,
    head,
    headHeader: () => head().header,
    blobFees: () => ({ fee: 1n, nextFee: 1n, gasMax: 0n }),
    earliest: () => 0,
    finalized: () => head().header.number,
    blockByNumber: async number => at(number)?.block,
    blockByHash: async hash => find(hash),
    headerByNumber: async number => at(number)?.block.header,
    receipts: async number => at(number)?.receipts,
    locate: async hash => {
      for (const { block } of blocks) {
        const index = block.transactions.findIndex(transaction => equalBytes(transaction.hash, hash))
        if (index >= 0) return { blockNumber: block.header.number, index }
      }
      return undefined
    },
    skipped: async hash => skipped.get(toRawHex(hash)),
    logs: async (filter, limit) => {
      const found = []
      for (let number = filter.from; number <= filter.to; number++) {
        const executed = defined(at(number), 'the range exists')
        let logIndex = 0
        for (const [transactionIndex, receipt] of executed.receipts.entries()) {
          for (const log of receipt.logs) {
            const position = logIndex++
            const { addresses = [], topics = [] } = filter
            if (addresses.length > 0 && !addresses.some(address => equalBytes(address, log.address))) continue
            const fits = topics.every((options, place) => {
              const topic = log.topics[place]
              if (topic === undefined) return false
              return options === undefined || options.length === 0 || options.some(item => equalBytes(item, topic))
            })
            if (!fits) continue
            if (found.length >= limit) {
              throw new CodedError('too many results', 'too many results', { data: { lastBlock: number } })
            }
            const transaction = defined(executed.block.transactions[transactionIndex], 'receipts have transactions')
            found.push({
              log,
              block: executed.block.header,
              blockHash: executed.block.hash,
              transactionHash: transaction.hash,
              transactionIndex,
              logIndex: position,
            })
          }
        }
      }
      return found
    },
    stateAt: async () => ({
      account: async address => accounts.get(toRawHex(address)),
      code: async () => new Uint8Array(0),
      storage: async () => new Uint8Array(32),
      proof: async (address, slots) => ({
        account: accounts.get(toRawHex(address)),
        storageHash: EMPTY_TRIE_ROOT,
        accountProof: [],
        storageProofs: slots.map(slot => ({ slot, value: new Uint8Array(32), proof: [] })),
      }),
    }),
    onBlock: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }

  const calls: CallEngine = {
    call: async request => callAnswer(request.data ?? new Uint8Array(0)),
    sequence: async () => ({ run: async request => callAnswer(request.data ?? new Uint8Array(0)) }),
    estimateGas: async request => {
      const outcome = callAnswer(request.data ?? new Uint8Array(0))
      return outcome.kind === 'success' ? { gas: outcome.gasUsed } : outcome
    },
  }

  const recovery = createRecoveryPool({ workers: 0 })
  const pool = createPool({ chain, recovery, clock: { now: () => Date.now() } })

  return {
    chain,
    calls,
    pool,
    fund(address: Uint8Array, balance = 10n ** 21n, nonce = 0n) {
      accounts.set(toRawHex(address), { nonce, balance, codeHash: EMPTY_CODE_HASH })
    },
    answerCalls(answer: (data: Uint8Array) => CallOutcome) {
      callAnswer = answer
    },
    skip(item: SkippedTransaction) {
      skipped.set(toRawHex(item.hash), item)
    },
    /** Makes the next block. */
    mine(transactions: readonly RecoveredTransaction[] = [], logs: readonly (readonly Log[])[] = []): Block {
      for (const { sender, nonce } of transactions) {
        const account = accounts.get(toRawHex(sender))
        if (account !== undefined) accounts.set(toRawHex(sender), { ...account, nonce: nonce + 1n })
      }
      const executed = makeBlock(transactions, logs)
      blocks.push(executed)
      pool.onBlock(executed)
      for (const listener of listeners) listener(executed)
      return executed.block
    },
    /** Makes a block of what the pool hands out. */
    minePool(): Block {
      const raw = pool.take({ transactions: 1_000, bytes: 1 << 22 })
      const { pending } = pool.content()
      const all = [...pending.values()].flat()
      return this.mine(
        raw.map(bytes =>
          defined(
            all.find(item => equalBytes(item.raw, bytes)),
            'pooled',
          ),
        ),
      )
    },
  }
}

export type MemoryChain = ReturnType<typeof memoryChain>

export function backendOf(memory: MemoryChain, changes: Partial<RpcBackend> = {}): RpcBackend {
  return {
    clientVersion: 'ogpu/test',
    chain: memory.chain,
    calls: memory.calls,
    pool: memory.pool,
    network: { peerCount: () => 3, listening: () => true },
    syncing: () => undefined,
    ...changes,
  }
}

/** A listener over a chain in memory. */
export async function serve(options: Partial<RpcServerOptions> = {}) {
  const memory = memoryChain()
  const server = await createRpcServer({ backend: backendOf(memory), ...options })
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(server.url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
  /** Result of a call; throws the error object. */
  const rpc = async (method: string, ...params: unknown[]): Promise<unknown> => {
    const response = await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
    const answer = (await response.json()) as { result?: unknown; error?: { code: number; message: string } }
    if (answer.error !== undefined) throw Object.assign(new Error(answer.error.message), answer.error)
    return answer.result
  }
  return { memory, server, post, rpc }
}

export const bytes = (text: string) => fromHex(text)
