import { createBlock, createBlockFromRLP } from '@ethereumjs/block'
import { createTxFromRLP } from '@ethereumjs/tx'
import { Address } from '@ethereumjs/util'
import { runBlock, runTx, type VM } from '@ethereumjs/vm'
import { createExecutionEngine, type ExecutedBlock } from '#evm'
import { type Hex, toHex } from '#lib/bytes'
import { messageOf } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { afterPrefix, createMemoryStore, KEY_PREFIX, type Store } from '#storage'
import { encodeBlock, type GenesisFile } from '#types'
import { decodeSlimAccount } from '../../chain/evm/state/account.ts'
import { contractAddress } from './differential-programs.ts'
import { Choices } from './differential-random.ts'
import {
  type Kind,
  type RandomTransaction,
  ROUND_CODES,
  randomTransaction,
  USERS,
} from './differential-transactions.ts'
import { addressOfUser, commitOf, GENESIS_MS, genesisFile } from './fixtures.ts'
import { createStockVm, type StockVmOptions } from './stock-vm.ts'

export type OutcomeKind = 'succeeded' | 'failed' | 'refused'

export interface ComparedTransaction {
  readonly kind: Kind
  readonly outcome: OutcomeKind
  /** What differs; absent when everything is equal. */
  readonly difference?: string
}

/** Everything of a transaction that the two must agree on, as text. */
export interface Effects {
  readonly status: number
  readonly gasUsed: bigint
  readonly logs: string
}

/**
 * One round: a world of random programs, and random transactions on it, by our engine and by the stock @ethereumjs/vm on
 * a Merkle state. Compared are status, gas and logs of each transaction, the state root of each block, and at the end
 * every account and slot; what we refuse, the stock VM must refuse. A seed and a number decide all of it.
 */
export async function compareRound(
  seed: string,
  round: number,
  count: number,
  stockOptions: Partial<StockVmOptions> = {},
): Promise<readonly ComparedTransaction[]> {
  const choices = new Choices(seed, round)
  const genesis = worldOf(choices)
  const store = createMemoryStore()
  const engine = await createExecutionEngine({ genesis, store })
  const stock = await createStockVm(genesis, { crypto: 'native', ...stockOptions })
  const results: ComparedTransaction[] = []
  for (let index = 1; results.length < count; index++) {
    const nonces = await noncesOf(stock)
    const size = Math.min(count - results.length, choices.oneOf([1, 1, 2, 4, 7]))
    const batch = Array.from({ length: size }, () => randomTransaction(choices, nonces))
    const parent = engine.chain.head()
    const { blocks } = await engine.execute(
      commitOf(index, [batch.map(({ raw }) => raw)], { timestampMs: GENESIS_MS + 700 * index }),
    )
    const faults = await compareBlocks(stock, blocks)
    const executed = effectsOf(blocks)
    for (const transaction of batch) {
      const hash = hashOf(transaction)
      const effects = executed.get(hash)
      const outcome: OutcomeKind = effects === undefined ? 'refused' : effects.status === 1 ? 'succeeded' : 'failed'
      const difference =
        faults.get(hash) ??
        faults.get('block') ??
        (effects === undefined && batch.length === 1 && blocks.length === 0
          ? await stockAccepts(stock, transaction, encodeBlock(parent))
          : undefined)
      results.push({ kind: transaction.kind, outcome, ...(difference === undefined ? {} : { difference }) })
    }
  }
  const last = results.at(-1)
  const difference = await compareState(stock, store)
  if (last !== undefined && difference !== undefined) results[results.length - 1] = { ...last, difference }
  return results
}

/** A genesis with random programs and funded users. */
export function worldOf(choices: Choices): GenesisFile {
  const alloc: Record<Hex, GenesisFile['alloc'][Hex]> = {}
  for (const [i, code] of ROUND_CODES(choices).entries()) {
    const storage = { [`0x${'01'.padStart(64, '0')}`]: '0x07' } as Record<Hex, Hex>
    alloc[contractAddress(i)] = {
      code,
      balance: choices.oneOf(['0x0', '0x64'] as const),
      ...(choices.chance(60) ? { storage } : {}),
    }
  }
  return genesisFile({ users: USERS, alloc, blockGasLimit: choices.oneOf([3_000_000n, 30_000_000n]) })
}

async function noncesOf(stock: VM): Promise<bigint[]> {
  const nonces: bigint[] = []
  for (let user = 0; user < USERS; user++) {
    nonces.push((await stock.stateManager.getAccount(new Address(addressOfUser(user))))?.nonce ?? 0n)
  }
  return nonces
}

function hashOf({ raw }: RandomTransaction): Hex {
  return toHex(keccak256(raw))
}

const logText = (logs: readonly (readonly [Uint8Array, readonly Uint8Array[], Uint8Array])[]): string =>
  logs.map(([address, topics, data]) => `${toHex(address)} ${topics.map(toHex).join(',')} ${toHex(data)}`).join('; ')

/** What each transaction of some blocks did, by its hash. */
export function effectsOf(blocks: readonly ExecutedBlock[]): ReadonlyMap<Hex, Effects> {
  const found = new Map<Hex, Effects>()
  for (const { block, receipts } of blocks) {
    let before = 0n
    for (const [i, receipt] of receipts.entries()) {
      found.set(toHex((block.transactions[i] as { hash: Uint8Array }).hash), {
        status: receipt.status ?? 0,
        gasUsed: receipt.cumulativeGasUsed - before,
        logs: logText(receipt.logs.map(({ address, topics, data }) => [address, topics, data])),
      })
      before = receipt.cumulativeGasUsed
    }
  }
  return found
}

// By transaction hash, or under `block` for what only whole blocks tell.
async function compareBlocks(stock: VM, blocks: readonly ExecutedBlock[]): Promise<ReadonlyMap<string, string>> {
  const faults = new Map<string, string>()
  const ours = effectsOf(blocks)
  for (const { block } of blocks) {
    const options = { common: stock.common, skipConsensusFormatValidation: true }
    try {
      // `generate` makes it go on where a root differs, so that the difference can be told.
      const result = await runBlock(stock, {
        block: createBlockFromRLP(encodeBlock(block), options),
        generate: true,
        skipBlockValidation: true,
        skipHeaderValidation: true,
      })
      let before = 0n
      for (const [i, receipt] of result.receipts.entries()) {
        const hash = toHex((block.transactions[i] as { hash: Uint8Array }).hash)
        const mine = ours.get(hash) as Effects
        const theirs: Effects = {
          status: 'status' in receipt ? Number(receipt.status) : 0,
          gasUsed: receipt.cumulativeBlockGasUsed - before,
          logs: logText(receipt.logs),
        }
        before = receipt.cumulativeBlockGasUsed
        for (const name of ['status', 'gasUsed', 'logs'] as const) {
          if (mine[name] !== theirs[name]) faults.set(hash, `${name}: stock ${theirs[name]}, ours ${mine[name]}`)
        }
      }
      if (result.receipts.length !== block.transactions.length) faults.set('block', 'the stock VM ran another number')
      if (toHex(result.stateRoot) !== toHex(block.header.stateRoot)) {
        faults.set(
          'block',
          `root of block ${block.header.number}: stock ${toHex(result.stateRoot)}, ours ${toHex(block.header.stateRoot)}`,
        )
      }
    } catch (error) {
      faults.set('block', `the stock VM refuses block ${block.header.number}: ${messageOf(error)}`)
    }
  }
  return faults
}

// What we left out alone in its commit must be refused by the stock VM too, on the state of that moment.
async function stockAccepts(stock: VM, { raw }: RandomTransaction, parent: Uint8Array): Promise<string | undefined> {
  const { common } = stock
  const { header } = createBlockFromRLP(parent, { common, skipConsensusFormatValidation: true })
  const block = createBlock(
    {
      header: {
        number: header.number + 1n,
        timestamp: header.timestamp + 1n,
        gasLimit: header.gasLimit,
        baseFeePerGas: header.baseFeePerGas ?? 0n,
        coinbase: header.coinbase,
      },
    },
    { common, skipConsensusFormatValidation: true },
  )
  await stock.stateManager.checkpoint()
  try {
    await runTx(stock, { tx: createTxFromRLP(raw, { common }), block })
    return 'we refuse it, the stock VM runs it'
  } catch {
    return undefined
  } finally {
    await stock.stateManager.revert()
  }
}

// Every account and slot that we keep, read back from the stock state.
async function compareState(stock: VM, store: Store): Promise<string | undefined> {
  const accounts = Uint8Array.of(KEY_PREFIX.account)
  for await (const [key, value] of store.scan({ from: accounts, to: afterPrefix(accounts) })) {
    const ours = decodeSlimAccount(value)
    const theirs = await stock.stateManager.getAccount(new Address(key.slice(1)))
    const text = (account: { nonce: bigint; balance: bigint; codeHash: Uint8Array } | undefined) =>
      account === undefined ? 'none' : `${account.nonce} ${account.balance} ${toHex(account.codeHash)}`
    if (text(ours) !== text(theirs)) return `account ${toHex(key.slice(1))}: stock ${text(theirs)}, ours ${text(ours)}`
  }
  const slots = Uint8Array.of(KEY_PREFIX.slot)
  for await (const [key, value] of store.scan({ from: slots, to: afterPrefix(slots) })) {
    const theirs = await stock.stateManager.getStorage(new Address(key.slice(1, 21)), key.slice(21))
    const short = toHex(theirs).replace(/^0x(00)*/, '0x')
    if (short !== toHex(value)) return `slot ${toHex(key.slice(1))}: stock ${short}, ours ${toHex(value)}`
  }
  return undefined
}
