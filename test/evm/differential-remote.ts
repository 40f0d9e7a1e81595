import { createExecutionEngine } from '#evm'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { afterPrefix, createMemoryStore, KEY_PREFIX, type Store } from '#storage'
import { EMPTY_CODE_HASH, type GenesisFile } from '#types'
import { decodeSlimAccount } from '../../chain/evm/state/account.ts'
import { Choices } from './differential-random.ts'
import { type ComparedTransaction, effectsOf, type OutcomeKind, worldOf } from './differential-round.ts'
import { type RandomTransaction, randomTransaction, USERS } from './differential-transactions.ts'
import { addressOfUser, CHAIN_ID, commitOf, FEE_COLLECTOR, GENESIS_MS } from './fixtures.ts'

/** One JSON-RPC request; throws with the node's message when it answers with an error. */
export type RemoteCall = (method: string, ...params: readonly unknown[]) => Promise<unknown>

const HISTORY_STORAGE = '0x0000f90827f1c53a10cb7a02335b175320002935'
const BEACON_ROOTS = '0x000f3df6d732807ef1319fb7b8bb8522d0beac02'
/** Hold what only a block's own chain decides. */
const SYSTEM_CONTRACTS: ReadonlySet<string> = new Set([HISTORY_STORAGE, BEACON_ROOTS])

export function remoteAt(url: string): RemoteCall {
  let id = 0
  return async (method, ...params) => {
    id += 1
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      signal: AbortSignal.timeout(30_000),
    })
    const answer = (await response.json()) as { result?: unknown; error?: { message?: string } }
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message ?? 'an error'}`)
    return answer.result
  }
}

/** Throws unless the node has our chain id, stands at its genesis and lets its state be set, as anvil does. */
export async function requireRemote(call: RemoteCall): Promise<string> {
  const chainId = Number(await call('eth_chainId'))
  if (chainId !== CHAIN_ID) throw new Error(`the node has chain id ${chainId}, not ${CHAIN_ID}`)
  if (Number(await call('eth_blockNumber')) !== 0) throw new Error('the node is not at block 0: start a new one')
  await call('evm_setAutomine', false)
  return String(await call('web3_clientVersion'))
}

/**
 * A round of `compareRound` against a node of another client: the same world, one transaction for each block, the same
 * block fields. Compared are status, gas and logs, and at the end every account and slot that we keep. Programs cannot
 * ask for block hashes and randomness, which are each chain's own.
 */
export async function compareRemotely(
  call: RemoteCall,
  seed: string,
  round: number,
  count: number,
): Promise<readonly ComparedTransaction[]> {
  const choices = new Choices(seed, round)
  const genesis = withoutOwnLore(worldOf(choices))
  const snapshot = await call('evm_snapshot')
  try {
    await putWorld(call, genesis)
    const store = createMemoryStore()
    const engine = await createExecutionEngine({ genesis, store })
    const results: ComparedTransaction[] = []
    const nonces = new Array<bigint>(USERS).fill(0n)
    for (let index = 1; results.length < count; index++) {
      for (let user = 0; user < USERS; user++) nonces[user] = await nonceOf(engine, user)
      const transaction = randomTransaction(choices, nonces)
      const timestampMs = GENESIS_MS + 1_000 * index
      const { blocks } = await engine.execute(commitOf(index, [[transaction.raw]], { timestampMs }))
      const hash = toHex(keccak256(transaction.raw))
      const effects = effectsOf(blocks).get(hash)
      const header = blocks[0]?.block.header ?? engine.chain.head().header
      const fault = await runRemotely(call, transaction, hash, {
        timestamp: Math.floor(timestampMs / 1_000),
        baseFee: header.baseFeePerGas ?? 0n,
        makesBlock: blocks.length > 0,
        effects,
      })
      const outcome: OutcomeKind = effects === undefined ? 'refused' : effects.status === 1 ? 'succeeded' : 'failed'
      results.push({ kind: transaction.kind, outcome, ...(fault === undefined ? {} : { difference: fault }) })
    }
    const last = results.at(-1)
    const fault = await compareState(call, store)
    if (last !== undefined && fault !== undefined) {
      results[results.length - 1] = { ...last, difference: last.difference ?? fault }
    }
    return results
  } finally {
    await call('anvil_dropAllTransactions')
    await call('evm_revert', snapshot)
  }
}

async function nonceOf(engine: Awaited<ReturnType<typeof createExecutionEngine>>, user: number): Promise<bigint> {
  const head = engine.chain.head().header.number
  return (await (await engine.chain.stateAt(head)).account(addressOfUser(user)))?.nonce ?? 0n
}

async function putWorld(call: RemoteCall, genesis: GenesisFile): Promise<void> {
  await call('anvil_setCoinbase', FEE_COLLECTOR)
  await call('evm_setBlockGasLimit', genesis.gasLimit)
  for (const [address, { balance, code, nonce, storage }] of Object.entries(genesis.alloc)) {
    await call('anvil_setBalance', address, balance)
    if (nonce !== undefined) await call('anvil_setNonce', address, nonce)
    if (code !== undefined) await call('anvil_setCode', address, code)
    for (const [slot, value] of Object.entries(storage ?? {})) {
      await call('anvil_setStorageAt', address, slot, `0x${value.slice(2).padStart(64, '0')}`)
    }
  }
}

interface Expected {
  readonly timestamp: number
  readonly baseFee: bigint
  /** False when our chain made no block, as nothing was to execute. */
  readonly makesBlock: boolean
  readonly effects: ReturnType<typeof effectsOf> extends ReadonlyMap<Hex, infer Effects> ? Effects | undefined : never
}

// Undefined when the node does with the transaction what we do.
async function runRemotely(
  call: RemoteCall,
  { raw }: RandomTransaction,
  hash: Hex,
  { timestamp, baseFee, makesBlock, effects }: Expected,
): Promise<string | undefined> {
  const refusal = await call('eth_sendRawTransaction', toHex(raw)).then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (!makesBlock) {
    // Whatever it keeps of it must not run later.
    await call('anvil_dropAllTransactions')
    return undefined
  }
  await call('evm_setNextBlockTimestamp', timestamp)
  await call('anvil_setNextBlockBaseFeePerGas', `0x${baseFee.toString(16)}`)
  await call('evm_mine')
  const receipt = (await call('eth_getTransactionReceipt', hash)) as RemoteReceipt | null
  if (receipt === null) {
    await call('anvil_dropAllTransactions')
    return effects === undefined ? undefined : `we run it, the node does not: ${refusal ?? 'left out of its block'}`
  }
  if (effects === undefined) return 'we refuse it, the node runs it'
  const theirs = {
    status: Number(receipt.status),
    gasUsed: BigInt(receipt.gasUsed),
    logs: receipt.logs.map(({ address, topics, data }) => `${address} ${topics.join(',')} ${data}`).join('; '),
  }
  for (const name of ['status', 'gasUsed', 'logs'] as const) {
    if (theirs[name] !== effects[name]) return `${name}: the node ${theirs[name]}, ours ${effects[name]}`
  }
  return undefined
}

interface RemoteReceipt {
  readonly status: Hex
  readonly gasUsed: Hex
  readonly logs: readonly { readonly address: Hex; readonly topics: readonly Hex[]; readonly data: Hex }[]
}

async function compareState(call: RemoteCall, store: Store): Promise<string | undefined> {
  const accounts = Uint8Array.of(KEY_PREFIX.account)
  for await (const [key, value] of store.scan({ from: accounts, to: afterPrefix(accounts) })) {
    const address = toHex(key.slice(1))
    if (SYSTEM_CONTRACTS.has(address)) continue
    const ours = decodeSlimAccount(value)
    const code = fromHex(String(await call('eth_getCode', address, 'latest')))
    const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code)
    const nonce = BigInt(String(await call('eth_getTransactionCount', address, 'latest')))
    const balance = BigInt(String(await call('eth_getBalance', address, 'latest')))
    const mine = `${ours.nonce} ${ours.balance} ${toHex(ours.codeHash)}`
    const theirs = `${nonce} ${balance} ${toHex(codeHash)}`
    if (mine !== theirs) return `account ${address}: the node ${theirs}, ours ${mine}`
  }
  const slots = Uint8Array.of(KEY_PREFIX.slot)
  for await (const [key, value] of store.scan({ from: slots, to: afterPrefix(slots) })) {
    const address = toHex(key.slice(1, 21))
    if (SYSTEM_CONTRACTS.has(address)) continue
    const theirs = BigInt(String(await call('eth_getStorageAt', address, toHex(key.slice(21)), 'latest')))
    if (theirs !== BigInt(toHex(value))) return `slot ${toHex(key.slice(1))}: the node ${theirs}, ours ${toHex(value)}`
  }
  return undefined
}

const BLOCKHASH = 0x40
const PREVRANDAO = 0x44
const ISZERO = 0x15
const MSIZE = 0x59

// Opcodes with the same effect on the stack in place of the two that ask for what each chain has of its own.
function withoutOwnLore(genesis: GenesisFile): GenesisFile {
  const alloc: Record<Hex, GenesisFile['alloc'][Hex]> = {}
  for (const [address, entry] of Object.entries(genesis.alloc) as [Hex, GenesisFile['alloc'][Hex]][]) {
    if (entry.code === undefined || SYSTEM_CONTRACTS.has(address)) {
      alloc[address] = entry
      continue
    }
    const code = fromHex(entry.code)
    for (let i = 0; i < code.length; i++) {
      const op = code[i] as number
      if (op === BLOCKHASH) code[i] = ISZERO
      else if (op === PREVRANDAO) code[i] = MSIZE
      else if (op >= 0x60 && op <= 0x7f) i += op - 0x5f
    }
    alloc[address] = { ...entry, code: toHex(code) }
  }
  return { ...genesis, alloc }
}
