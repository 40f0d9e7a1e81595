import { equalBytes } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { RlpReader } from '#lib/rlp'
import type { Store } from '#storage'
import {
  type Address,
  type Block,
  type BlockHeader,
  type BlockNumber,
  bloomBitsOf,
  bloomHolds,
  type Digest,
  EMPTY_TRIE_ROOT,
  type Log,
} from '#types'
import { blobBaseFeeOf } from './blob-fee.ts'
import {
  indexedBlocks,
  readBlock,
  readBloom,
  readHeader,
  readLocation,
  readLogs,
  readNumber,
  readReceipts,
  readSkipped,
} from './chain-store.ts'
import { excessBlobGasAfter } from './ethereum-header.ts'
import { GAS_PER_BLOB } from './gas.ts'
import type { Rules } from './machine.ts'
import { decodeAccount, hasCode, hasStorage } from './state/account.ts'
import { keyOf } from './state/byte-keys.ts'
import type { FlatState } from './state/flat-state.ts'
import { rewindTries, stateAfter } from './state/history.ts'
import type { StateSource } from './state/journal-state.ts'
import type { AccountProof, ChainReader, ExecutedBlock, LocatedLog, LogFilter, StateReader } from './types.ts'

/** What readers need of the executor: where the chain ends, and when the store is in step with that. */
export interface ChainView {
  readonly chainId: number
  readonly store: Store
  readonly flat: Pick<FlatState, 'published'>
  head(): Block
  headHeader(): BlockHeader
  rulesAt(number: BlockNumber, timestamp: bigint): Rules
  finalized(): BlockNumber
  /** Oldest block after which the state is still kept. */
  earliestState(): BlockNumber
  /** Oldest block whose body is kept. */
  earliestBlock(): BlockNumber
  /** Resolves when no batch is on its way to the store. */
  settled(): Promise<void>
  onBlock(listener: (executed: ExecutedBlock) => void): () => void
}

/** Decoded transactions that stay in memory with their blocks; about a kilobyte each. */
const CACHED_TRANSACTIONS_MAX = 20_000
const CACHED_BLOCKS_MAX = 512

/** The chain of `view` for readers. */
export function createChainReader(view: ChainView): ChainReader & {
  /** State after a block, for executing calls on it. */
  source(number: BlockNumber): StateSource
} {
  const { store, flat } = view
  const cache = createBlockCache()

  function known(number: BlockNumber): boolean {
    return Number.isSafeInteger(number) && number >= 0 && number <= view.headHeader().number
  }

  function block(number: BlockNumber): Block | undefined {
    if (!known(number)) return undefined
    requireKept(number)
    if (number === view.headHeader().number) return view.head()
    const cached = cache.get(number)
    if (cached !== undefined) return cached
    const loaded = readBlock(store, number)
    if (loaded !== undefined) cache.set(number, loaded)
    return loaded
  }

  // A block of the chain that is not here any more is not the same as one that never was.
  function requireKept(number: BlockNumber): void {
    const earliest = view.earliestBlock()
    if (number >= earliest || number === 0) return
    throw new CodedError('pruned', 'pruned history unavailable', { data: { block: number, earliest } })
  }

  function source(number: BlockNumber): StateSource {
    if (!known(number) || number < view.earliestState()) {
      throw new CodedError('state unavailable', `the state after block ${number} is not kept`, {
        data: { block: number, earliest: view.earliestState() },
      })
    }
    return stateAfter(store, flat, number, () => view.headHeader().number)
  }

  async function* candidates(filter: LogFilter, to: BlockNumber): AsyncIterable<BlockNumber> {
    const { addresses, topics } = filter
    // The index knows addresses and first topics; the smaller list of wanted values is followed.
    const first = topics?.[0]
    const byAddress = addresses !== undefined && addresses.length > 0
    const byTopic = first !== undefined && first.length > 0
    const wanted = byAddress && (!byTopic || addresses.length <= first.length) ? addresses : byTopic ? first : undefined
    if (wanted === undefined || wanted.length > INDEXED_VALUES_MAX) {
      for (let number = filter.from; number <= to; number++) yield number
      return
    }
    if (wanted.length === 1) {
      yield* indexedBlocks(store, wanted[0] as Uint8Array, filter.from, to)
      return
    }
    const numbers = new Set<BlockNumber>()
    for (const value of wanted)
      for await (const number of indexedBlocks(store, value, filter.from, to)) numbers.add(number)
    yield* [...numbers].sort((a, b) => a - b)
  }

  return {
    chainId: view.chainId,
    head: () => view.head(),
    headHeader: () => view.headHeader(),
    earliest: () => view.earliestBlock(),
    finalized: () => view.finalized(),
    blockByNumber: async number => block(number),
    headerByNumber: async number => {
      if (!known(number)) return undefined
      const head = view.headHeader()
      return number === head.number ? head : readHeader(store, number)
    },
    blockByHash: async hash => {
      const number = readNumber(store, hash)
      return number === undefined ? undefined : block(number)
    },
    blobFees(header) {
      const { excessBlobGas, number, timestamp } = header
      if (excessBlobGas === undefined) return undefined
      const rules = view.rulesAt(number, timestamp)
      return {
        fee: blobBaseFeeOf(rules, excessBlobGas),
        nextFee: blobBaseFeeOf(rules, excessBlobGasAfter(rules, header)),
        gasMax: GAS_PER_BLOB * BigInt(rules.blobs.max),
      }
    },
    receipts: async number => {
      if (!known(number)) return undefined
      requireKept(number)
      return readReceipts(store, number)
    },
    locate: async hash => {
      const location = readLocation(store, hash)
      return location !== undefined && known(location.blockNumber) ? location : undefined
    },
    skipped: async hash => readSkipped(store, hash),
    source,

    async logs(filter, limit) {
      const found: LocatedLog[] = []
      const to = Math.min(filter.to, view.headHeader().number)
      // The genesis stays, and it has no logs.
      if (filter.from <= to && to > 0) requireKept(Math.max(filter.from, 1))
      let scanned = 0
      const mayMatch = bloomTestOf(filter)
      for await (const number of candidates(filter, to)) {
        // Blooms come synchronously; a long range must not hold up everybody else.
        if (++scanned % 256 === 0) await new Promise(resolve => setImmediate(resolve))
        const bloom = readBloom(store, number)
        if (bloom === undefined || !mayMatch(bloom)) continue
        const logs = readLogs(store, number)
        const home = block(number)
        if (logs === undefined || home === undefined) continue
        let logIndex = 0
        for (const [transactionIndex, own] of logs.entries()) {
          for (const log of own) {
            const index = logIndex++
            if (!logMatches(log, filter)) continue
            if (found.length >= limit) {
              throw new CodedError('too many results', `more than ${limit} logs match`, { data: { lastBlock: number } })
            }
            const transaction = home.transactions[transactionIndex]
            if (transaction === undefined) continue
            found.push({
              log,
              block: home.header,
              blockHash: home.hash,
              transactionHash: transaction.hash,
              transactionIndex,
              logIndex: index,
            })
          }
        }
      }
      return found
    },

    async stateAt(number): Promise<StateReader> {
      return createStateReader(view, number, source(number))
    },

    onBlock: listener => view.onBlock(listener),
  }
}

/** Above this many wanted addresses or topics, reading every bloom is cheaper than so many scans. */
const INDEXED_VALUES_MAX = 64

function createStateReader(view: ChainView, number: BlockNumber, source: StateSource): StateReader {
  return {
    account: async address => source.account(keyOf(address), address),
    code: async address => {
      const account = await source.account(keyOf(address), address)
      return account === undefined || !hasCode(account) ? new Uint8Array(0) : source.code(account.codeHash)
    },
    storage: async (address, slot) => {
      const account = await source.account(keyOf(address), address)
      if (account === undefined || !hasStorage(account)) return new Uint8Array(32)
      return padded(await source.slot(keyOf(address), keyOf(slot)))
    },
    proof: async (address, slots) => {
      await view.settled()
      // From here on nothing waits, so store, head and tries are of one moment.
      const head = view.headHeader()
      return proofOf(view.store, number, head.number, head.stateRoot, address, slots)
    },
  }
}

function proofOf(
  store: Store,
  number: BlockNumber,
  headNumber: BlockNumber,
  headRoot: Digest,
  address: Address,
  slots: readonly Uint8Array[],
): AccountProof {
  const tries = rewindTries(store, number, headNumber, headRoot)
  const key = keccak256(address)
  const leaf = tries.accounts.get(key)
  const accountProof = tries.accounts.prove(key)
  const root = readHeader(store, number)?.stateRoot
  const first = accountProof[0]
  if (root !== undefined && !equalBytes(first === undefined ? EMPTY_TRIE_ROOT : keccak256(first), root)) {
    throw new CodedError('state unavailable', `the state after block ${number} cannot be rebuilt`, {
      data: { block: number },
    })
  }
  const account = leaf === undefined ? undefined : decodeAccount(leaf)
  const storageHash = account?.storageRoot ?? EMPTY_TRIE_ROOT
  const storage = tries.storage(address, storageHash)
  return {
    account,
    storageHash,
    accountProof,
    storageProofs: slots.map(slot => {
      const slotKey = keccak256(slot)
      const stored = storage.get(slotKey)
      return {
        slot,
        value: padded(stored === undefined ? new Uint8Array(0) : rlpString(stored)),
        proof: storage.prove(slotKey),
      }
    }),
  }
}

function rlpString(encoded: Uint8Array): Uint8Array {
  return new RlpReader(encoded).bytes()
}

function padded(value: Uint8Array): Uint8Array {
  const full = new Uint8Array(32)
  full.set(value, 32 - value.length)
  return full
}

/** Whether a block with this bloom may have a log that fits; one without any log has an empty bloom. */
function bloomTestOf({ addresses = [], topics = [] }: LogFilter): (bloom: Uint8Array) => boolean {
  const wanted = [addresses, ...topics].filter(values => values !== undefined && values.length > 0)
  const groups = wanted.map(values => (values as readonly Uint8Array[]).map(bloomBitsOf))
  return bloom =>
    groups.length === 0
      ? bloom.some(byte => byte !== 0)
      : groups.every(group => group.some(bits => bloomHolds(bloom, bits)))
}

function logMatches(log: Log, filter: LogFilter): boolean {
  const { addresses, topics } = filter
  if (addresses !== undefined && addresses.length > 0) {
    if (!addresses.some(address => equalBytes(address, log.address))) return false
  }
  if (topics === undefined) return true
  if (topics.length > log.topics.length) return false
  return topics.every((wanted, i) => {
    if (wanted === undefined || wanted.length === 0) return true
    const topic = log.topics[i] as Digest
    return wanted.some(value => equalBytes(value, topic))
  })
}

function createBlockCache(): {
  get(number: BlockNumber): Block | undefined
  set(number: BlockNumber, block: Block): void
} {
  const blocks = new Map<BlockNumber, Block>()
  let transactions = 0
  return {
    get: number => blocks.get(number),
    set(number, block) {
      blocks.set(number, block)
      transactions += block.transactions.length
      for (const [oldest, old] of blocks) {
        if (transactions <= CACHED_TRANSACTIONS_MAX && blocks.size <= CACHED_BLOCKS_MAX) break
        blocks.delete(oldest)
        transactions -= old.transactions.length
      }
    },
  }
}
