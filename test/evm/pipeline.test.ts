import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createExecutionEngine, type ExecutedCommit, type ExecutionEngineOptions } from '#evm'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { afterPrefix, createMemoryStore, openLevelStore, type Store } from '#storage'
import type { GenesisFile, OrderedCommit } from '#types'
import { creationAddress } from '../../chain/evm/message.ts'
import { Choices } from './differential-random.ts'
import { worldOf } from './differential-round.ts'
import { randomTransaction, USERS } from './differential-transactions.ts'
import { addressOfUser, commitOf, GENESIS_MS, genesisFile, signed } from './fixtures.ts'

const directory = mkdtempSync(join(tmpdir(), 'ogpu-pipeline-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let folders = 0

async function withSharedStore<T>(work: (store: Store, at: string) => Promise<T>): Promise<T> {
  const at = join(directory, String(folders++))
  const store = await openLevelStore(at, { isShared: true })
  try {
    return await work(store, at)
  } finally {
    await store.close()
  }
}

/** Every record of a store, as text. */
async function contentOf(store: Store): Promise<string[]> {
  const lines: string[] = []
  for await (const [key, value] of store.scan({ from: Uint8Array.of(0), to: afterPrefix(Uint8Array.of(0x7f)) })) {
    lines.push(`${toHex(key)} ${toHex(value)}`)
  }
  return lines
}

/** Executes commits one after another, or each while the one before is on its way. */
async function executeAll(
  options: ExecutionEngineOptions,
  commits: readonly OrderedCommit[],
  isAhead: boolean,
): Promise<string[]> {
  const engine = await createExecutionEngine(options)
  let before: Promise<ExecutedCommit> | undefined
  for (const commit of commits) {
    const executed = engine.execute(commit)
    await (isAhead ? before : executed)
    before = executed
  }
  await before
  await engine.close()
  return contentOf(options.store)
}

async function requireSame(
  genesis: GenesisFile,
  commits: readonly OrderedCommit[],
  limits: ExecutionEngineOptions['limits'] = {},
): Promise<void> {
  const wanted = await executeAll({ genesis, store: createMemoryStore() }, commits, false)
  expect(await executeAll({ genesis, store: createMemoryStore(), limits }, commits, true)).toEqual(wanted)
  await withSharedStore(async (store, at) => {
    expect(await executeAll({ genesis, store, limits, trieWorker: { directory: at } }, commits, true)).toEqual(wanted)
  })
}

test.each([1, 2, 3])(
  'random transactions leave the same store when roots are worked out beside the next block (world %i)',
  async round => {
    const choices = new Choices('pipeline', round)
    const genesis = worldOf(choices)
    const nonces = new Array<bigint>(USERS).fill(0n)
    const commits = Array.from({ length: 12 }, (_, i) => {
      const raw = Array.from({ length: 8 }, () => {
        const { raw, user } = randomTransaction(choices, nonces)
        nonces[user] = (nonces[user] ?? 0n) + 1n
        return raw
      })
      return commitOf(i + 1, [raw], { timestampMs: GENESIS_MS + 700 * i })
    })
    // Limits that make the tries forget nearly everything after every block.
    await requireSame(genesis, commits, { accountNodes: 1, storageNodes: 1, accounts: 4, slots: 4 })
  },
  60_000,
)

// Keeps BLOCKHASH of the parent under the block's number, and what the history contract says of it one slot above 2^64.
const ASKS: Hex =
  '0x60014303404355600143036000526020600060206000730000f90827f1c53a10cb7a02335b1753200029355afa506000516801000000000000000043015500'

test('a contract that asks for the hash of the block before gets it while that hash is still worked out', async () => {
  const asker = '0x00000000000000000000000000000000000a5ce2'
  const genesis = genesisFile({ users: 3, alloc: { [asker]: { code: ASKS, balance: '0x0' } }, blockGasLimit: 210_000n })
  const nonces = [0n, 0n, 0n]
  const call = (user: number, to: Uint8Array) => {
    const nonce = nonces[user] as bigint
    nonces[user] = nonce + 1n
    return signed(user, { nonce, to, value: 0n, gasLimit: 200_000n }).raw
  }
  const commits = Array.from({ length: 6 }, (_, i) => {
    const raw = [0, 1, 2, 0, 1, 2].map(user => call(user, user === 1 ? fromHex(asker) : addressOfUser(user)))
    return commitOf(i + 1, [raw], { timestampMs: GENESIS_MS + 700 * i })
  })
  await requireSame(genesis, commits)
  // The hashes were really stored: a slot for each block that asked, equal to the hash in the chain.
  const store = createMemoryStore()
  const engine = await createExecutionEngine({ genesis, store })
  for (const commit of commits) await engine.execute(commit)
  const head = engine.chain.head().header.number
  expect(head).toBeGreaterThan(6)
  const state = await engine.chain.stateAt(head)
  let asked = 0
  for (let number = 1; number <= head; number++) {
    const block = await engine.chain.blockByNumber(number)
    const slot = (word: bigint) => fromHex(word.toString(16).padStart(64, '0'))
    const kept = await state.storage(fromHex(asker), slot(BigInt(number)))
    if (kept.every(byte => byte === 0)) continue
    asked += 1
    const parent = toHex(block?.header.parentHash ?? new Uint8Array(0))
    expect(toHex(kept)).toBe(parent)
    expect(toHex(await state.storage(fromHex(asker), slot(BigInt(number) + 2n ** 64n)))).toBe(parent)
  }
  expect(asked).toBeGreaterThan(3)
})

test('a contract made in one block keeps its storage for the next, whose root is not known yet', async () => {
  const genesis = genesisFile({ users: 2 })
  // Init code: slot 0 := 7, and code that adds one to slot 0.
  const init = fromHex('0x6007600055600a6011600039600a6000f360005460010160005500')
  const made = creationAddress(addressOfUser(0), 0n)
  const create = signed(0, { nonce: 0n, to: undefined, value: 0n, gasLimit: 300_000n, data: init } as never).raw
  const poke = (nonce: bigint) => signed(1, { nonce, to: made, value: 0n, gasLimit: 100_000n }).raw
  const commits = [create, poke(0n), poke(1n), poke(2n)].map((raw, i) =>
    commitOf(i + 1, [[raw]], { timestampMs: GENESIS_MS + 700 * i }),
  )
  await requireSame(genesis, commits)
  const engine = await createExecutionEngine({ genesis, store: createMemoryStore() })
  for (const commit of commits) await engine.execute(commit)
  const value = await (await engine.chain.stateAt(4)).storage(made, new Uint8Array(32))
  expect(value.at(-1)).toBe(10)
})

test('a trie thread that fails stops execution before anything wrong is durable', async () => {
  await withSharedStore(async (store, at) => {
    const genesis = genesisFile({ users: 2 })
    await (await createExecutionEngine({ genesis, store })).close()
    const broken = { ...store, get: (key: Uint8Array) => store.get(key), scan: store.scan.bind(store) }
    const engine = await createExecutionEngine({
      genesis,
      store: { ...broken, write: store.write.bind(store), close: store.close.bind(store) },
      trieWorker: { directory: join(at, 'nowhere') },
    })
    const raw = signed(0, { nonce: 0n, to: addressOfUser(1), value: 1n }).raw
    const first = engine.execute(commitOf(1, [[raw]]))
    const second = engine.execute(commitOf(2, [[]], { timestampMs: GENESIS_MS + 5_000 }))
    await expect(first).rejects.toThrow(/thread of the state tries/)
    await expect(second).rejects.toThrow()
    await expect(engine.execute(commitOf(1, [[raw]]))).rejects.toThrow()
    expect(engine.lastExecuted()).toEqual({ epoch: 0, index: 0 })
    expect(engine.chain.head().header.number).toBe(0)
    await engine.close()
  })
})
