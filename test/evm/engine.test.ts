import { describe, expect, test } from 'vitest'
import { createExecutionEngine, genesisBlock } from '#evm'
import { fromHex, toHex } from '#lib/bytes'
import { createMemoryStore } from '#storage'
import { decodeBlockOrigin } from '#types'
import { addressOfUser, commitOf, FEE_COLLECTOR, GENESIS_MS, genesisFile, signed } from './fixtures.ts'

async function open(options: Parameters<typeof genesisFile>[0] = {}) {
  const store = createMemoryStore()
  const genesis = genesisFile(options)
  return { store, genesis, engine: await createExecutionEngine({ genesis, store }) }
}

describe('an execution engine', () => {
  test('starts an empty store with the genesis and resumes it afterwards', async () => {
    const { store, genesis, engine } = await open()
    expect(toHex(engine.chain.head().hash)).toBe(toHex(genesisBlock(genesis).hash))
    await engine.execute(commitOf(1, [[signed(0, { nonce: 0n }).raw]]))
    const again = await createExecutionEngine({ genesis, store })
    expect(toHex(again.chain.head().hash)).toBe(toHex(engine.chain.head().hash))
    expect(again.lastExecuted()).toEqual({ epoch: 0, index: 1 })
  })

  test('refuses the store of another network and names both', async () => {
    const { store, genesis } = await open()
    const other = genesisFile({ chainId: 1072 })
    await expect(createExecutionEngine({ genesis: { ...other, timestamp: '0x1' }, store })).rejects.toMatchObject({
      code: 'wrong genesis',
      data: { stored: toHex(genesisBlock(genesis).hash) },
    })
  })

  test('turns a commit into a block that names it', async () => {
    const { engine } = await open()
    const ordered = commitOf(1, [[signed(0, { nonce: 0n, value: 5n, to: addressOfUser(1) }).raw]], {
      timestampMs: GENESIS_MS + 1_234,
    })
    const { blocks, skipped } = await engine.execute(ordered)
    expect(skipped).toEqual([])
    expect(blocks).toHaveLength(1)
    const { block, receipts } = blocks[0] as (typeof blocks)[number]
    expect(toHex(block.header.parentBeaconBlockRoot as Uint8Array)).toBe(toHex(ordered.digest))
    expect(block.header.timestamp).toBe(BigInt(GENESIS_MS / 1_000) + 1n)
    expect(decodeBlockOrigin(block.header.extraData)).toEqual({
      epoch: 0,
      commitIndex: 1,
      subIndex: 0,
      milliseconds: 234,
      endsEpoch: false,
      heartbeat: false,
    })
    expect(toHex(block.header.coinbase)).toBe(FEE_COLLECTOR)
    expect(receipts[0]).toMatchObject({ status: 1, gasUsed: 21_000n, effectiveGasPrice: 2_000_000_000n })
    const state = await engine.chain.stateAt(1)
    expect((await state.account(addressOfUser(1)))?.balance).toBe(1_000n * 10n ** 18n + 5n)
    expect((await state.account(fromHex(FEE_COLLECTOR)))?.balance).toBe(21_000n * 1_000_000_000n)
  })

  test('keeps old states readable', async () => {
    const { engine } = await open()
    for (let i = 1; i <= 5; i++) {
      await engine.execute(commitOf(i, [[signed(0, { nonce: BigInt(i - 1), value: 10n }).raw]]))
    }
    for (let i = 0; i <= 5; i++) {
      const state = await engine.chain.stateAt(i)
      expect((await state.account(addressOfUser(1)))?.balance).toBe(1_000n * 10n ** 18n + 10n * BigInt(i))
      expect((await state.account(addressOfUser(0)))?.nonce).toBe(BigInt(i))
    }
    await expect(engine.chain.stateAt(6)).rejects.toMatchObject({ code: 'state unavailable' })
  })

  test('runs a commit that it is given twice only once', async () => {
    const { engine } = await open()
    const ordered = commitOf(1, [[signed(0, { nonce: 0n }).raw]])
    await engine.execute(ordered)
    const head = engine.chain.head().hash
    expect(await engine.execute(ordered)).toEqual({ blocks: [], skipped: [] })
    expect(engine.chain.head().hash).toEqual(head)
  })

  test('refuses a commit that leaves a gap', async () => {
    const { engine } = await open()
    await expect(engine.execute(commitOf(2, []))).rejects.toMatchObject({ code: 'commit out of order' })
  })

  test('makes no block of an empty commit until a heartbeat is due', async () => {
    const { engine } = await open()
    expect((await engine.execute(commitOf(1, [], { timestampMs: GENESIS_MS + 500 }))).blocks).toHaveLength(0)
    const { blocks } = await engine.execute(commitOf(2, [], { timestampMs: GENESIS_MS + 1_000 }))
    expect(blocks).toHaveLength(1)
    expect(decodeBlockOrigin(engine.chain.head().header.extraData)?.heartbeat).toBe(true)
    expect(
      (await engine.execute(commitOf(3, [], { timestampMs: GENESIS_MS + 1_100, endsEpoch: true }))).blocks,
    ).toHaveLength(1)
    expect((await engine.execute(commitOf(1, [], { epoch: 1, timestampMs: GENESIS_MS + 1_200 }))).blocks).toHaveLength(
      0,
    )
    expect(engine.lastExecuted()).toEqual({ epoch: 1, index: 1 })
  })

  test('skips what cannot run and says why', async () => {
    const { engine } = await open()
    const good = signed(0, { nonce: 0n })
    const cases = {
      'nonce too high': signed(1, { nonce: 5n }),
      'wrong chain': signed(2, { nonce: 0n, chainId: 7n }),
      'insufficient funds': signed(3, { nonce: 0n, value: 10n ** 30n }),
      'fee below base fee': signed(4, { nonce: 0n, maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }),
      'intrinsic gas': signed(5, { nonce: 0n, gasLimit: 20_999n }),
      'gas limit too high': signed(6, { nonce: 0n, gasLimit: (1n << 24n) + 1n }),
      'bad signature': { ...signed(7, { nonce: 0n }), raw: withBadSignature(signed(7, { nonce: 0n }).raw) },
    }
    const payload = [good.raw, ...Object.values(cases).map(transaction => transaction.raw), Uint8Array.of(1, 2, 3)]
    const { blocks, skipped } = await engine.execute(commitOf(1, [payload, [good.raw]]))
    expect(blocks[0]?.block.transactions).toHaveLength(1)
    expect(skipped.map(entry => entry.reason).sort()).toEqual([...Object.keys(cases), 'duplicate', 'malformed'].sort())
    const dropped = await engine.chain.skipped(cases['nonce too high'].hash)
    expect(dropped).toMatchObject({ reason: 'nonce too high', epoch: 0, commitIndex: 1 })
    // The second copy of an executed transaction is not a dropped one.
    expect(await engine.chain.skipped(good.hash)).toBeUndefined()
    expect(await engine.chain.locate(good.hash)).toEqual({ blockNumber: 1, index: 0 })
  })

  test('cuts a commit into several blocks when it asks for more gas than one may use', async () => {
    const { engine } = await open({ blockGasLimit: 50_000n })
    const transactions = Array.from({ length: 5 }, (_, i) => signed(i, { nonce: 0n }).raw)
    const { blocks } = await engine.execute(commitOf(1, [transactions]))
    expect(blocks.map(({ block }) => block.transactions.length)).toEqual([2, 2, 1])
    expect(blocks.map(({ block }) => decodeBlockOrigin(block.header.extraData)?.subIndex)).toEqual([0, 1, 2])
    expect(engine.chain.head().header.number).toBe(3)
  })

  test('runs the best tips first, each sender in the order of nonces', async () => {
    const { engine } = await open()
    const tip = (gwei: number) => BigInt(gwei) * 1_000_000_000n
    const a0 = signed(0, { nonce: 0n, maxPriorityFeePerGas: tip(1) })
    const a1 = signed(0, { nonce: 1n, maxPriorityFeePerGas: tip(9) })
    const b0 = signed(1, { nonce: 0n, maxPriorityFeePerGas: tip(5) })
    const c0 = signed(2, { nonce: 0n, maxPriorityFeePerGas: tip(1) })
    const { blocks } = await engine.execute(
      commitOf(1, [
        [a1.raw, c0.raw],
        [a0.raw, b0.raw],
      ]),
    )
    const order = blocks[0]?.block.transactions.map(transaction => toHex(transaction.hash))
    expect(order).toEqual([b0, c0, a0, a1].map(transaction => toHex(transaction.hash)))
  })

  test('tells listeners of each block once it can be read', async () => {
    const { engine } = await open()
    const seen: number[] = []
    const stop = engine.chain.onBlock(({ block }) => {
      expect(engine.chain.head().header.number).toBeGreaterThanOrEqual(block.header.number)
      seen.push(block.header.number)
    })
    await engine.execute(commitOf(1, [[signed(0, { nonce: 0n }).raw]]))
    stop()
    await engine.execute(commitOf(2, [[signed(0, { nonce: 1n }).raw]]))
    expect(seen).toEqual([1])
  })

  test('keeps certificates and moves the finalised block up', async () => {
    const { engine, store, genesis } = await open()
    await engine.execute(commitOf(1, [[signed(0, { nonce: 0n }).raw]]))
    expect(engine.chain.finalized()).toBe(0)
    await engine.markFinalized(1, Uint8Array.of(7))
    expect(engine.chain.finalized()).toBe(1)
    const again = await createExecutionEngine({ genesis, store })
    expect(again.chain.finalized()).toBe(1)
    expect(again.certificate(1)).toEqual(Uint8Array.of(7))
  })
})

function withBadSignature(raw: Uint8Array): Uint8Array {
  const changed = raw.slice()
  // The last 32 bytes are s; all ones is above half of the order.
  changed.fill(0xff, changed.length - 32)
  return changed
}
