import { type ChainReader, createPool, createRecoveryPool, type PoolParams, type TransactionPool } from '#evm'
import { toRawHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import {
  type Account,
  type Block,
  type BlockHeader,
  privateKeyToAddress,
  type RecoveredTransaction,
  signTransaction,
  type UnsignedTransaction,
} from '#types'

export const GWEI = 10n ** 9n
export const CHAIN_ID = 1071
const ZERO_HASH = new Uint8Array(32)
const EMPTY_CODE_HASH = keccak256(new Uint8Array(0))

export function keyOf(index: number): Uint8Array {
  const key = new Uint8Array(32)
  new DataView(key.buffer).setUint32(28, index + 1)
  return key
}

export function headerAt(number: number, changes: Partial<BlockHeader> = {}): BlockHeader {
  return {
    parentHash: ZERO_HASH,
    ommersHash: ZERO_HASH,
    coinbase: new Uint8Array(20),
    stateRoot: ZERO_HASH,
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number,
    gasLimit: 30_000_000n,
    gasUsed: 0n,
    timestamp: 1_700_000_000n + BigInt(number),
    extraData: new Uint8Array(0),
    mixHash: ZERO_HASH,
    nonce: new Uint8Array(8),
    baseFeePerGas: GWEI,
    ...changes,
  }
}

export function blockOf(header: BlockHeader, transactions: readonly RecoveredTransaction[] = []): Block {
  return { header, hash: keccak256(Uint8Array.of(header.number)), transactions, ommers: [], size: 0 }
}

/** Accounts in a map, a head that tests move, and a pool on top. */
export function poolFixture(params: Partial<PoolParams> = {}) {
  const accounts = new Map<string, Account>()
  const codes = new Map<string, Uint8Array>()
  let head = blockOf(headerAt(0))
  let nowMs = 1_000_000
  let reads = 0
  const chain: Pick<ChainReader, 'chainId' | 'head' | 'stateAt'> = {
    chainId: CHAIN_ID,
    head: () => head,
    stateAt: async () => ({
      account: async address => {
        reads += 1
        return accounts.get(toRawHex(address))
      },
      code: async address => codes.get(toRawHex(address)) ?? new Uint8Array(0),
      storage: async () => ZERO_HASH,
      proof: async () => {
        throw new Error('no proofs here')
      },
    }),
  }
  const recovery = createRecoveryPool({ workers: 0 })
  const pool = createPool({ chain, recovery, clock: { now: () => nowMs }, params })
  const fund = (index: number, balance = 10n ** 20n, nonce = 0n) => {
    accounts.set(toRawHex(addressOf(index)), { nonce, balance, codeHash: EMPTY_CODE_HASH })
  }
  for (let index = 0; index < 8; index++) fund(index)
  return {
    pool,
    fund,
    setCode(index: number, code: Uint8Array) {
      const key = toRawHex(addressOf(index))
      codes.set(key, code)
      accounts.set(key, { nonce: 0n, balance: 10n ** 20n, codeHash: keccak256(code) })
    },
    advance: (ms: number) => {
      nowMs += ms
    },
    reads: () => reads,
    /** Makes a block of the transactions; the accounts change as if they had run. */
    includes: async (transactions: readonly RecoveredTransaction[], changes: Partial<BlockHeader> = {}) => {
      for (const { sender, nonce } of transactions) {
        const account = accounts.get(toRawHex(sender))
        if (account !== undefined) accounts.set(toRawHex(sender), { ...account, nonce: nonce + 1n })
      }
      head = blockOf(headerAt(head.header.number + 1, changes), transactions)
      pool.onBlock({ block: head, receipts: [] })
      await settled()
    },
  }
}

export function addressOf(index: number): Uint8Array {
  return privateKeyToAddress(keyOf(index))
}

/** Lets what the pool does in the background finish. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
}

export function transfer(
  sender: number,
  nonce: number | bigint,
  changes: Partial<UnsignedTransaction> & { readonly tip?: bigint } = {},
): RecoveredTransaction {
  const { tip = GWEI, ...rest } = changes
  return signTransaction(
    {
      type: 2,
      chainId: BigInt(CHAIN_ID),
      nonce: BigInt(nonce),
      gasLimit: 21_000n,
      maxFeePerGas: 100n * GWEI,
      maxPriorityFeePerGas: tip,
      to: new Uint8Array(20).fill(9),
      value: 1n,
      data: new Uint8Array(0),
      accessList: [],
      ...rest,
    },
    keyOf(sender),
  )
}

/** Admits one transaction; 'added' or the refusal's text. */
export async function admit(
  pool: TransactionPool,
  transaction: RecoveredTransaction | Uint8Array,
  origin: 'local' | 'gossip' = 'local',
): Promise<string> {
  const raw = transaction instanceof Uint8Array ? transaction : transaction.raw
  const [verdict] = await pool.add([raw], origin)
  return verdict?.kind === 'rejected' ? verdict.message : 'added'
}
