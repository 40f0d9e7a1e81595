import { describe, expect, test } from 'vitest'
import { type CommitExecutionEngine, checkChain, createExecutionEngine, rewindChain, storeUsage } from '#evm'
import { type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { afterPrefix, createMemoryStore, KEY_PREFIX, type Store, storeKey, u48 } from '#storage'
import type { GenesisFile } from '#types'
import { sortedRoot } from '../../chain/evm/trie/sorted-root.ts'
import { Trie } from '../../chain/evm/trie/trie.ts'
import { commitOf, GENESIS_MS, genesisFile, signed } from './fixtures.ts'
import { killCommits, killGenesis } from './kill-workload.ts'

const commits = [...killCommits()].slice(0, 24)

/** Blocks so small that most commits make several. */
function smallBlocks(): GenesisFile {
  const genesis = killGenesis()
  return genesisFile({ users: 8, alloc: genesis.alloc, blockGasLimit: 180_000n })
}

async function executed(store: Store, genesis: GenesisFile = smallBlocks(), historyBlocks?: number) {
  const engine = await createExecutionEngine({
    genesis,
    store,
    ...(historyBlocks === undefined ? {} : { historyBlocks, lagBlocks: 0 }),
  })
  for (const commit of commits) await engine.execute(commit)
  return engine
}

async function contents(store: Store): Promise<ReadonlyMap<string, Hex>> {
  const found = new Map<string, Hex>()
  for await (const [key, value] of store.scan({ from: Uint8Array.of(0), to: Uint8Array.of(0xff) })) {
    found.set(toHex(key), toHex(value))
  }
  return found
}

/** First blocks of commits, by which a rewind may stop before them. */
async function boundaries(engine: CommitExecutionEngine): Promise<number[]> {
  const found: number[] = []
  for (let number = 1; number <= engine.chain.head().header.number; number++) {
    const block = await engine.chain.blockByNumber(number)
    const subIndex = new DataView(block?.header.extraData.slice().buffer as ArrayBuffer).getUint16(13)
    if (subIndex === 0) found.push(number)
  }
  return found
}

describe('rewinding a chain', () => {
  test('and executing the same commits again gives the same store, byte for byte', async () => {
    const store = createMemoryStore()
    const engine = await executed(store)
    const before = await contents(store)
    const head = engine.chain.head().header.number
    for (const first of [head, 19, 2]) {
      const starts = await boundaries(engine)
      const to = (starts.findLast(start => start <= first) ?? 1) - 1
      const done = await rewindChain({ store, to })
      expect(done).toMatchObject({ from: head, to })
      expect((await checkChain({ store, deep: true })).findings).toEqual([])
      const again = await createExecutionEngine({ genesis: smallBlocks(), store })
      expect(again.chain.head().header.number).toBe(to)
      expect(again.lastExecuted()).toEqual(done.executed)
      for (const commit of commits) await again.execute(commit)
      expect(await contents(store)).toEqual(before)
    }
  })

  test('to the genesis leaves what a new store has, but for codes', async () => {
    const fresh = createMemoryStore()
    await createExecutionEngine({ genesis: smallBlocks(), store: fresh })
    const store = createMemoryStore()
    await executed(store)
    await rewindChain({ store, to: 0 })
    expect(await contents(store)).toEqual(await contents(fresh))
  })

  test('brings back what a destroyed and remade contract stored', async () => {
    // Called with a word: stores 1 in slot 0; without: destroys itself. Made and destroyed in one transaction by init code.
    const genesis = genesisFile({ users: 4 })
    const store = createMemoryStore()
    const engine = await createExecutionEngine({ genesis, store })
    const deployAndDie = Uint8Array.from([0x60, 1, 0x5f, 0x55, 0x5f, 0xff])
    const deployAndStore = Uint8Array.from([0x60, 1, 0x5f, 0x55, 0x60, 2, 0x60, 1, 0x55, 0x5f, 0x5f, 0xf3])
    const payload = (index: number) => [
      signed(0, { nonce: BigInt(2 * index - 2), to: undefined, data: deployAndDie, gasLimit: 200_000n } as never).raw,
      signed(0, { nonce: BigInt(2 * index - 1), to: undefined, data: deployAndStore, gasLimit: 200_000n } as never).raw,
    ]
    const series = [1, 2, 3].map(i => commitOf(i, [payload(i)], { timestampMs: GENESIS_MS + 1_500 * i }))
    for (const commit of series) await engine.execute(commit)
    const before = await contents(store)
    await rewindChain({ store, to: 1 })
    expect((await checkChain({ store, deep: true })).findings).toEqual([])
    const again = await createExecutionEngine({ genesis, store })
    for (const commit of series) await again.execute(commit)
    expect(await contents(store)).toEqual(before)
  })

  test('refuses the middle of a commit, pruned history, final blocks and blocks that are not there', async () => {
    const store = createMemoryStore()
    const engine = await executed(store, smallBlocks(), 10)
    const head = engine.chain.head().header.number
    const starts = new Set(await boundaries(engine))
    const second = Array.from({ length: head }, (_, i) => i + 1).findLast(number => !starts.has(number)) as number
    await expect(rewindChain({ store, to: second - 1 })).rejects.toMatchObject({ code: 'inside a commit' })
    await expect(rewindChain({ store, to: 0 })).rejects.toMatchObject({ code: 'history pruned' })
    await expect(rewindChain({ store, to: head + 1 })).rejects.toMatchObject({ code: 'no such block' })
    await engine.markFinalized(head, Uint8Array.of(1))
    const to = ([...starts].at(-1) as number) - 1
    await expect(rewindChain({ store, to })).rejects.toMatchObject({ code: 'finalized' })
    expect((await checkChain({ store, deep: true })).position.head).toBe(head)
    await rewindChain({ store, to, force: true })
    expect((await checkChain({ store, deep: true })).position).toMatchObject({ head: to, finalized: 0 })
  })
})

describe('checking a chain store', () => {
  const damage: readonly [name: string, prefix: number, expected: RegExp][] = [
    ['a header', KEY_PREFIX.header, /block \d+: /],
    ['a body', KEY_PREFIX.body, /block \d+: /],
    ['receipts', KEY_PREFIX.receipts, /block \d+: .*receipts/],
    ['an index of blocks', KEY_PREFIX.blockNumber, /index by hash|index of blocks/],
    ['an index of transactions', KEY_PREFIX.transaction, /index of transactions/],
    ['an account', KEY_PREFIX.account, /account/],
    ['a slot', KEY_PREFIX.slot, /storage/],
    ['code', KEY_PREFIX.code, /code/],
    ['a node of the account trie', KEY_PREFIX.accountNode, /account trie/],
    ['a node of a storage trie', KEY_PREFIX.storageNode, /storage/],
  ]
  test.each(damage)('finds %s that changed or vanished', async (_name, prefix, expected) => {
    const store = createMemoryStore()
    await executed(store)
    const from = Uint8Array.of(prefix)
    for await (const [key, value] of store.scan({ from, to: afterPrefix(from), limit: 3, reverse: true })) {
      const changed = value.slice()
      changed[changed.length - 1] = (changed[changed.length - 1] as number) ^ 1
      for (const wrong of [{ key, value: changed }, { key }, { key, value: value.subarray(0, value.length >> 1) }]) {
        await store.write([wrong], { durable: false })
        const outcome = await checkChain({ store, deep: true }).then(
          ({ findings }) => findings.map(({ what }) => what).join('\n'),
          error => {
            expect(error).toMatchObject({ code: 'store damaged' })
            return (error as Error).message
          },
        )
        expect(outcome).toMatch(expected)
        await store.write([{ key, value }], { durable: false })
      }
    }
    expect((await checkChain({ store, deep: true })).findings).toEqual([])
  })

  test('names a broken marker', async () => {
    const store = createMemoryStore()
    await executed(store)
    const from = Uint8Array.of(KEY_PREFIX.meta)
    for await (const [key, value] of store.scan({ from, to: afterPrefix(from) })) {
      await store.write([{ key, value: value.subarray(1) }], { durable: false })
      await expect(checkChain({ store, deep: false })).rejects.toMatchObject({ code: 'store damaged' })
      await expect(createExecutionEngine({ genesis: smallBlocks(), store })).rejects.toMatchObject({
        code: 'store damaged',
      })
      await store.write([{ key, value }], { durable: false })
    }
  })

  test('finds blocks above the head and records that nothing calls for', async () => {
    const store = createMemoryStore()
    const engine = await executed(store)
    const head = engine.chain.head().header.number
    const stray = { key: storeKey(KEY_PREFIX.header, u48(head + 1)), value: Uint8Array.of(0xc0) }
    await store.write([stray], { durable: false })
    expect((await checkChain({ store, deep: false })).findings).toHaveLength(1)
    await store.write([{ key: stray.key }], { durable: false })
    await store.write([{ key: storeKey(KEY_PREFIX.slot, new Uint8Array(52)), value: Uint8Array.of(1) }], {
      durable: false,
    })
    expect((await checkChain({ store, deep: true })).findings.map(({ what }) => what)).toEqual([
      expect.stringContaining('flat storage'),
    ])
  })

  test('counts every record once by its prefix', async () => {
    const store = createMemoryStore()
    await executed(store)
    const usage = await storeUsage(store)
    expect(usage.reduce((sum, { entries }) => sum + entries, 0)).toBe((await contents(store)).size)
    expect(usage.map(({ name }) => name)).toContain('slotHistory')
  })
})

test('a trie built from sorted leaves in bounded memory is the trie built at once', () => {
  const leaves = Array.from({ length: 45_000 }, (_, i) => {
    const key = keccak256(new Uint8Array(new Uint32Array([i]).buffer))
    return [key, Uint8Array.of(1, i & 127)] as const
  }).sort(([a], [b]) => Buffer.compare(a, b))
  const trie = new Trie()
  for (const [key, value] of leaves) trie.put(key, value)
  const nodes = new Map<string, string>()
  const root = trie.commit((path, encoding) => {
    if (encoding !== undefined) nodes.set(path.join(), toHex(encoding))
  })
  const seen = new Map<string, string>()
  expect(toHex(sortedRoot(leaves, (path, encoding) => seen.set(path.join(), toHex(encoding))))).toBe(toHex(root))
  expect(seen.size).toBe(nodes.size)
  for (const [path, encoding] of nodes) expect(seen.get(path)).toBe(encoding)
})
