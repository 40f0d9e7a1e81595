import { createMPTFromProof } from '@ethereumjs/mpt'
import { beforeAll, describe, expect, test } from 'vitest'
import { CALL_LIMITS, type CommitExecutionEngine, createExecutionEngine } from '#evm'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { createMemoryStore } from '#storage'
import type { GenesisFile } from '#types'
import { addressOfUser, commitOf, GENESIS_MS, genesisFile, signed } from './fixtures.ts'
import { killCommits, killGenesis } from './kill-workload.ts'

const STORE = fromHex('0x0000000000000000000000000000000000c0de00')
const slotOf = (n: number) => fromHex(n.toString(16).padStart(64, '0'))

describe('reading the chain', () => {
  let engine: CommitExecutionEngine
  beforeAll(async () => {
    engine = await createExecutionEngine({ genesis: killGenesis(), store: createMemoryStore() })
    let count = 0
    for (const ordered of killCommits()) {
      await engine.execute(ordered)
      if (++count === 25) break
    }
  })

  test('proves accounts and slots of any kept block against that block’s state root', async () => {
    const head = engine.chain.head().header.number
    for (const number of [0, 1, Math.floor(head / 2), head - 1, head]) {
      const { stateRoot } = (await engine.chain.blockByNumber(number))?.header ?? { stateRoot: new Uint8Array() }
      const state = await engine.chain.stateAt(number)
      for (const address of [STORE, addressOfUser(3), fromHex('11'.repeat(20))]) {
        const slots = [0, 1, 7, 19, 99].map(slotOf)
        const proof = await state.proof(address, slots)
        expect(toHex(keccak256(proof.accountProof[0] as Uint8Array))).toBe(toHex(stateRoot))
        const accounts = await createMPTFromProof([...proof.accountProof], {})
        const leaf = await accounts.get(keccak256(address), true)
        const account = await state.account(address)
        expect(leaf !== null).toBe(account !== undefined)
        expect(proof.account?.balance).toBe(account?.balance)
        for (const storage of proof.storageProofs) {
          expect(toHex(storage.value)).toBe(toHex(await state.storage(address, storage.slot)))
          const first = storage.proof[0]
          if (first === undefined) continue
          expect(toHex(keccak256(first))).toBe(toHex(proof.storageHash))
        }
      }
    }
  })

  test('finds logs by address and topic, in order, and no others', async () => {
    const head = engine.chain.head().header.number
    const all = await engine.chain.logs({ from: 0, to: head }, 10_000)
    const expected: string[] = []
    for (let number = 1; number <= head; number++) {
      const receipts = (await engine.chain.receipts(number)) ?? []
      let index = 0
      for (const receipt of receipts)
        for (const log of receipt.logs) expected.push(`${number}/${index++}/${toHex(log.data)}`)
    }
    expect(expected.length).toBeGreaterThan(20)
    expect(all.map(found => `${found.block.number}/${found.logIndex}/${toHex(found.log.data)}`)).toEqual(expected)
    const topic = all[5]?.log.topics[0] ?? new Uint8Array()
    const byTopic = await engine.chain.logs({ from: 0, to: head, topics: [[topic]] }, 10_000)
    expect(byTopic).toEqual(all.filter(found => toHex(found.log.topics[0] as Uint8Array) === toHex(topic)))
    const byAddress = await engine.chain.logs({ from: 3, to: 9, addresses: [STORE, addressOfUser(1)] }, 10_000)
    expect(byAddress).toEqual(all.filter(found => found.block.number >= 3 && found.block.number <= 9))
    expect(await engine.chain.logs({ from: 0, to: head, addresses: [addressOfUser(1)] }, 10)).toEqual([])
    await expect(engine.chain.logs({ from: 0, to: head }, 3)).rejects.toMatchObject({ code: 'too many results' })
  })

  test('finds blocks by hash and transactions by hash', async () => {
    const block = await engine.chain.blockByNumber(2)
    if (block === undefined) throw new Error('block 2 exists')
    expect((await engine.chain.blockByHash(block.hash))?.header.number).toBe(2)
    const [first] = block.transactions
    expect(await engine.chain.locate(first?.hash ?? new Uint8Array(32))).toEqual({ blockNumber: 2, index: 0 })
    expect(await engine.chain.blockByHash(new Uint8Array(32))).toBeUndefined()
    expect(await engine.chain.blockByNumber(10_000)).toBeUndefined()
  })
})

describe('a node that keeps a window of history', () => {
  test('answers inside the window and refuses outside it', async () => {
    const engine = await createExecutionEngine({ genesis: genesisFile(), store: createMemoryStore(), historyBlocks: 3 })
    for (let i = 1; i <= 8; i++) {
      await engine.execute(
        commitOf(i, [[signed(0, { nonce: BigInt(i - 1), value: 10n }).raw]], { timestampMs: GENESIS_MS + i }),
      )
    }
    for (let number = 5; number <= 8; number++) {
      const state = await engine.chain.stateAt(number)
      expect((await state.account(addressOfUser(0)))?.nonce).toBe(BigInt(number))
      expect((await state.proof(addressOfUser(0), [])).account?.nonce).toBe(BigInt(number))
    }
    await expect(engine.chain.stateAt(4)).rejects.toMatchObject({ code: 'state unavailable' })
  })
})

describe('calls', () => {
  // Returns slot 0, or reverts with a word when there is call data.
  const READER: Hex = '0x00000000000000000000000000000000000c0de1'
  const LOOP: Hex = '0x00000000000000000000000000000000000c0de2'
  const BAD: Hex = '0x00000000000000000000000000000000000c0de3'
  let engine: CommitExecutionEngine
  let genesis: GenesisFile
  beforeAll(async () => {
    genesis = genesisFile({
      alloc: {
        [READER]: {
          code: '0x36600c575f545f5260205ff35b602a5f5260205ffd',
          balance: '0x0',
          storage: { [toHex(slotOf(0))]: toHex(slotOf(7)) },
        },
        [LOOP]: { code: '0x5b5f56', balance: '0x0' },
        [BAD]: { code: '0xfe', balance: '0x0' },
      },
    })
    engine = await createExecutionEngine({ genesis, store: createMemoryStore() })
  })

  test('return output, revert data and halts in go-ethereum’s words', async () => {
    const context = { block: 0 }
    const read = await engine.calls.call({ to: fromHex(READER) }, context)
    expect(read).toMatchObject({ kind: 'success', output: slotOf(7) })
    const revert = await engine.calls.call({ to: fromHex(READER), data: Uint8Array.of(1) }, context)
    expect(revert).toMatchObject({ kind: 'revert', output: slotOf(42) })
    expect(await engine.calls.call({ to: fromHex(BAD) }, context)).toMatchObject({
      kind: 'halt',
      reason: 'invalid opcode: INVALID',
    })
    expect(await engine.calls.call({ to: fromHex(LOOP), gas: 100_000n }, context)).toMatchObject({
      kind: 'halt',
      reason: 'out of gas',
      gasUsed: 100_000n,
    })
  })

  test('see state and block overrides and leave nothing behind', async () => {
    const state = new Map([[READER.slice(2), { stateDiff: new Map([['0'.repeat(64), slotOf(9)]]) }]])
    const changed = await engine.calls.call({ to: fromHex(READER) }, { block: 0, state })
    expect(changed).toMatchObject({ kind: 'success', output: slotOf(9) })
    const wiped = new Map([[READER.slice(2), { state: new Map<string, Uint8Array>() }]])
    expect(await engine.calls.call({ to: fromHex(READER) }, { block: 0, state: wiped })).toMatchObject({
      output: slotOf(0),
    })
    expect(await engine.calls.call({ to: fromHex(READER) }, { block: 0 })).toMatchObject({ output: slotOf(7) })
    // NUMBER, as init code that returns it.
    const number = await engine.calls.call({ data: fromHex('435f5260205ff3') }, { block: 0, header: { number: 77n } })
    expect(number).toMatchObject({ kind: 'success', output: slotOf(77) })
  })

  test('end by their gas on our interpreter, by their time or their caller on the other', async () => {
    const request = { to: fromHex(LOOP), gas: 10n ** 12n }
    const bounded = await engine.calls.call(request, { block: 0 })
    expect(bounded).toMatchObject({ kind: 'halt', reason: 'out of gas', gasUsed: CALL_LIMITS.gas })
    const stock = await createExecutionEngine({ genesis, store: createMemoryStore(), ownInterpreter: false })
    const slow = stock.calls.call(request, { block: 0, signal: AbortSignal.timeout(50) })
    await expect(slow).rejects.toMatchObject({ code: 'execution aborted' })
  })

  test('estimate the gas that a transaction needs', async () => {
    const from = addressOfUser(0)
    expect(await engine.calls.estimateGas({ from, to: addressOfUser(1), value: 1n }, { block: 0 })).toEqual({
      gas: 21_000n,
    })
    const estimated = await engine.calls.estimateGas({ from, to: fromHex(READER) }, { block: 0 })
    if (!('gas' in estimated)) throw new Error('the call succeeds')
    const { gas } = estimated
    expect(await engine.calls.call({ from, to: fromHex(READER), gas }, { block: 0 })).toMatchObject({ kind: 'success' })
    expect(gas).toBeLessThan(25_000n)
    const failing = await engine.calls.estimateGas({ from, to: fromHex(READER), data: Uint8Array.of(1) }, { block: 0 })
    expect(failing).toMatchObject({ kind: 'revert', output: slotOf(42) })
    const poor = await engine.calls.call({ from: fromHex('22'.repeat(20)), to: from, value: 5n }, { block: 0 })
    expect(poor).toMatchObject({ kind: 'halt', reason: expect.stringContaining('insufficient funds') })
  })
})
