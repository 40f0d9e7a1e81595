import { defined } from '#lib/assert'
import { bytesToBigint, fromHex, type Hex } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { encodeRlp } from '#lib/rlp'
import {
  type Address,
  type Block,
  type BlockHeader,
  blockHeaderHash,
  DEFAULT_EXECUTION_PARAMS,
  type Digest,
  EMPTY_BLOOM,
  EMPTY_CODE_HASH,
  EMPTY_OMMERS_HASH,
  EMPTY_TRIE_ROOT,
  type ExecutionParams,
  encodeBlock,
  type GenesisFile,
  isCommitTime,
  ZERO_DIGEST,
} from '#types'
import { type Fork, type ForkSchedule, fixedFork, forkScheduleOf } from './forks.ts'
import { rulesOf } from './machine.ts'
import { encodeAccount, isEmptyAccount } from './state/account.ts'
import { keyOf } from './state/byte-keys.ts'
import type { AccountChange, SlotChange, StateChanges } from './state/journal-state.ts'
import { withoutLeadingZeros } from './state/state-manager.ts'
import { EMPTY_REQUESTS_HASH } from './system-calls.ts'
import { Trie } from './trie/trie.ts'

export interface Genesis {
  readonly block: Block
  readonly hash: Digest
  /** The state that the block begins with, as changes to nothing. */
  readonly state: StateChanges
}

/** EIP-1559, INITIAL_BASE_FEE. */
const INITIAL_BASE_FEE = 1_000_000_000n
const UINT64_MAX = (1n << 64n) - 1n

/** Forks of our networks by the first protocol version that runs them. A change here is a new protocol version. */
const FORKS_SINCE: readonly { readonly version: number; readonly fork: Fork }[] = [{ version: 1, fork: 'osaka' }]

/** The fork by which the transactions of an epoch with this protocol version are judged, for ever. */
export function forkOfProtocol(protocolVersion: number): Fork {
  const since = FORKS_SINCE.findLast(({ version }) => version <= protocolVersion)
  return defined(since, 'protocol versions begin with 1').fork
}

/** The fork of every block of our networks. A version with another one must tell execution where its epochs begin. */
export const OWN_FORK: Fork = forkOfProtocol(1)

/** Which forks a network runs: ours all up to {@link OWN_FORK} from block 0, others what their `config` says. */
export function forkScheduleOfGenesis(genesis: GenesisFile): ForkSchedule {
  return genesis.config.ogpu === undefined ? forkScheduleOf(genesis.config) : fixedFork(OWN_FORK)
}

/** Ethereum's own, which test chains mean when they name none. */
export const MAINNET_DEPOSIT_CONTRACT = '0x00000000219ab540356cbb839cbe05303d7705fa'

/** Where the deposits of an Ethereum chain come from (EIP-6110); our own has none. */
export function depositContractOf({ config }: GenesisFile): Address | undefined {
  if (config.ogpu !== undefined) return undefined
  return fromHex(String(config.depositContractAddress ?? MAINNET_DEPOSIT_CONTRACT))
}

/** Closed at the end of each epoch; undefined on networks with a fixed committee. */
export function stakingContractOf({ config }: GenesisFile): Address | undefined {
  const staking = config.ogpu?.stakingContract
  return staking === undefined ? undefined : fromHex(staking)
}

/** The numbers that execution takes from the genesis file; defaults for a file without an `ogpu` section. */
export function executionParamsOf(genesis: GenesisFile): ExecutionParams {
  const { chainId, ogpu } = genesis.config
  if (ogpu === undefined) return { ...DEFAULT_EXECUTION_PARAMS, chainId }
  const { execution } = ogpu
  return {
    chainId,
    blockGasLimit: BigInt(execution.blockGasLimit),
    minBaseFeePerGas: BigInt(execution.minBaseFeePerGas),
    elasticity: BigInt(execution.elasticity),
    heartbeatMs: execution.heartbeatMs,
  }
}

/**
 * Block 0 of a network. Pure: the same file gives the same hash everywhere. Throws CodedError `bad genesis` on a file
 * with values that are not what they must be.
 */
export function genesisBlock(genesis: GenesisFile): Genesis {
  try {
    return build(genesis)
  } catch (error) {
    if (error instanceof CodedError) throw error
    throw new CodedError('bad genesis', 'the genesis file has a value of the wrong form', { cause: error })
  }
}

function build(genesis: GenesisFile): Genesis {
  const timestamp = genesisTime(genesis)
  const schedule = forkScheduleOfGenesis(genesis)
  const rules = rulesOf(schedule.at(0, timestamp), BigInt(genesis.config.chainId), schedule)
  const { state, root } = genesisState(genesis.alloc)
  const extra = genesis as { readonly excessBlobGas?: Hex; readonly blobGasUsed?: Hex }
  const header: BlockHeader = {
    parentHash: ZERO_DIGEST,
    ommersHash: EMPTY_OMMERS_HASH,
    coinbase: padded(genesis.coinbase, 20),
    stateRoot: root,
    transactionsRoot: EMPTY_TRIE_ROOT,
    receiptsRoot: EMPTY_TRIE_ROOT,
    logsBloom: EMPTY_BLOOM,
    difficulty: quantity(genesis.difficulty),
    number: 0,
    gasLimit: quantity(genesis.gasLimit),
    gasUsed: 0n,
    timestamp,
    extraData: fromHex(genesis.extraData),
    mixHash: padded(genesis.mixHash, 32),
    nonce: padded(genesis.nonce, 8),
    ...(rules.isLondon ? { baseFeePerGas: initialBaseFee(genesis) } : {}),
    ...(rules.isShanghai ? { withdrawalsRoot: EMPTY_TRIE_ROOT } : {}),
    ...(rules.isCancun
      ? {
          blobGasUsed: quantity(extra.blobGasUsed ?? '0x0'),
          excessBlobGas: quantity(extra.excessBlobGas ?? '0x0'),
          parentBeaconBlockRoot: ZERO_DIGEST,
        }
      : {}),
    ...(rules.isPrague ? { requestsHash: EMPTY_REQUESTS_HASH } : {}),
  }
  const content = {
    header,
    transactions: [],
    ommers: [],
    ...(rules.isShanghai ? { withdrawals: [] } : {}),
  }
  const hash = blockHeaderHash(header)
  return { block: { ...content, hash, size: encodeBlock(content).length }, hash, state }
}

function genesisTime({ timestamp, config }: GenesisFile): bigint {
  const seconds = quantity(timestamp)
  if (seconds < 0n || seconds > UINT64_MAX || (config.ogpu !== undefined && !isCommitTime(seconds))) {
    throw new CodedError('bad genesis', 'the timestamp is out of range', { data: { timestamp } })
  }
  return seconds
}

function initialBaseFee(genesis: GenesisFile): bigint {
  if (genesis.baseFeePerGas !== undefined) return quantity(genesis.baseFeePerGas)
  return genesis.config.ogpu === undefined ? INITIAL_BASE_FEE : executionParamsOf(genesis).minBaseFeePerGas
}

/** The state that a genesis allocation describes, and its root. */
export function genesisState(alloc: GenesisFile['alloc']): { readonly state: StateChanges; readonly root: Digest } {
  const accounts: AccountChange[] = []
  const codes = new Map<string, readonly [Digest, Uint8Array]>()
  const trie = new Trie()
  for (const [name, entry] of Object.entries(alloc)) {
    const address = padded(name, 20)
    const code = fromHex(entry.code ?? '0x')
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code)
    if (code.length > 0) codes.set(keyOf(codeHash), [codeHash, code])
    const slots: SlotChange[] = []
    const storage = new Trie()
    for (const [slotName, text] of Object.entries(entry.storage ?? {})) {
      const slot = padded(slotName, 32)
      const value = withoutLeadingZeros(fromHex(even(text)))
      if (value.length === 0) continue
      slots.push({ key: keyOf(slot), before: new Uint8Array(0), after: value })
      storage.put(keccak256(slot), encodeRlp(value))
    }
    const after = {
      nonce: quantity(entry.nonce ?? '0x0'),
      balance: quantity(entry.balance ?? '0x0'),
      codeHash,
      storageRoot: storage.commit(),
    }
    if (isEmptyAccount(after) && slots.length === 0 && entry.balance === undefined) continue
    trie.put(keccak256(address), encodeAccount(after))
    accounts.push({ key: keyOf(address), address, before: undefined, after, slots, wiped: false })
  }
  return { state: { accounts, codes: [...codes.values()] }, root: trie.commit() }
}

// Genesis files in use leave out "0x" in addresses and leading zeros in slots and nonces.
function padded(text: string, length: number): Uint8Array {
  const bytes = fromHex(even(text))
  if (bytes.length > length) {
    throw new CodedError('bad genesis', `more than ${length} bytes`, { data: { text } })
  }
  const full = new Uint8Array(length)
  full.set(bytes, length - bytes.length)
  return full
}

function even(text: string): string {
  const digits = text.startsWith('0x') ? text.slice(2) : text
  return digits.length % 2 === 0 ? digits : `0${digits}`
}

function quantity(text: string): bigint {
  return text.startsWith('0x') ? bytesToBigint(fromHex(even(text))) : BigInt(text)
}
