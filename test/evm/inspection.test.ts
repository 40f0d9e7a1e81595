import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { type CommitExecutionEngine, createExecutionEngine, importChain } from '#evm'
import { compareBytes, equalBytes, fromHex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { createMemoryStore } from '#storage'
import type { GenesisFile } from '#types'
import { addressOfUser, commitOf, GENESIS_MS, genesisFile, signed } from './fixtures.ts'
import { killCommits, killGenesis, STORE } from './kill-workload.ts'

const folder = new URL('../vectors/execution-apis/', import.meta.url)
const everything = { from: new Uint8Array(0), limit: 1_000 }

describe('roots inside of a block', () => {
  test('are what the receipts of Ethereum blocks before Byzantium say, and end with what the header says', async () => {
    const { chain, inspections } = await importChain({
      genesisJson: JSON.parse(readFileSync(new URL('genesis.json', folder), 'utf8')) as GenesisFile,
      rlp: new Uint8Array(readFileSync(new URL('chain.rlp', folder))),
    })
    let withRoots = 0
    let ends = 0
    for (let number = 1; number <= chain.headHeader().number; number++) {
      const block = await chain.blockByNumber(number)
      const receipts = (await chain.receipts(number)) ?? []
      const roots = await inspections.rootsInside(number)
      expect(roots).toHaveLength(receipts.length)
      for (const [index, { root }] of receipts.entries()) {
        if (root === undefined) continue
        withRoots += 1
        expect(toHex(roots[index] as Uint8Array)).toBe(toHex(root))
      }
      // Between the merge and Prague nothing comes after the transactions but withdrawals.
      const { difficulty = 0n, requestsHash, stateRoot } = block?.header ?? {}
      const last = roots.at(-1)
      if (difficulty > 0n || requestsHash !== undefined || (block?.withdrawals ?? []).length > 0) continue
      if (last === undefined || stateRoot === undefined) continue
      ends += 1
      expect(toHex(last)).toBe(toHex(stateRoot))
    }
    expect(withRoots).toBeGreaterThan(10)
    expect(ends).toBeGreaterThan(3)
  })

  test('end with the root of the header on our own chain, in old blocks too', async () => {
    const engine = await createExecutionEngine({ genesis: killGenesis(), store: createMemoryStore() })
    for (const ordered of killCommits(20)) await engine.execute(ordered)
    const head = engine.chain.headHeader().number
    expect(head).toBeGreaterThanOrEqual(20)
    for (let number = 1; number <= head; number++) {
      const header = await engine.chain.headerByNumber(number)
      const last = (await engine.inspections.rootsInside(number)).at(-1)
      if (last !== undefined) expect(toHex(last)).toBe(toHex(header?.stateRoot ?? new Uint8Array()))
    }
    await expect(engine.inspections.rootsInside(0)).rejects.toMatchObject({ code: 'genesis' })
    await expect(engine.inspections.rootsInside(head + 1)).rejects.toMatchObject({ code: 'unknown block' })
    await engine.close()
  })
})

describe('storage of a contract inside of a block', () => {
  let engine: CommitExecutionEngine
  const address = fromHex(STORE)
  beforeAll(async () => {
    engine = await createExecutionEngine({ genesis: killGenesis(), store: createMemoryStore() })
    for (const ordered of killCommits(30)) await engine.execute(ordered)
    return () => engine.close()
  })

  test('after all transactions is what the state says, in the order of the hashes', async () => {
    let seen = 0
    for (let block = 1; block <= engine.chain.headHeader().number; block++) {
      const index = (await engine.chain.blockByNumber(block))?.transactions.length ?? 0
      const { slots, next } = await engine.inspections.storageInside({ block, index, address, ...everything })
      expect(next).toBeUndefined()
      const state = await engine.chain.stateAt(block)
      for (const [at, { hash, slot, value }] of slots.entries()) {
        expect(equalBytes(hash, keccak256(slot))).toBe(true)
        if (at > 0) expect(compareBytes(slots[at - 1]?.hash as Uint8Array, hash)).toBeLessThan(0)
        expect(toHex(await state.storage(address, slot))).toBe(`0x${toHex(value).slice(2).padStart(64, '0')}`)
        seen += 1
      }
      const held = new Set(slots.map(({ slot }) => toHex(slot)))
      for (let slot = 0; slot < 20; slot++) {
        const key = fromHex(`0x${slot.toString(16).padStart(64, '0')}`)
        const isZero = (await state.storage(address, key)).every(byte => byte === 0)
        expect(held.has(toHex(key))).toBe(!isZero)
      }
    }
    expect(seen).toBeGreaterThan(50)
  })

  test('comes in parts that join to the whole', async () => {
    const block = engine.chain.headHeader().number
    const place = { block, index: 0, address }
    const whole = await engine.inspections.storageInside({ ...place, ...everything })
    expect(whole.slots.length).toBeGreaterThan(4)
    for (const limit of [1, 2, 3]) {
      const joined: string[] = []
      let from: Uint8Array | undefined = new Uint8Array(0)
      while (from !== undefined) {
        const part = await engine.inspections.storageInside({ ...place, from, limit })
        expect(part.slots.length).toBeLessThanOrEqual(limit)
        joined.push(...part.slots.map(({ hash }) => toHex(hash)))
        from = part.next
      }
      expect(joined).toEqual(whole.slots.map(({ hash }) => toHex(hash)))
    }
    const nothing = await engine.inspections.storageInside({ ...place, from: new Uint8Array(0), limit: 0 })
    expect(nothing).toEqual({ slots: [], next: whole.slots[0]?.hash })
    const middle = whole.slots[2]?.hash.subarray(0, 2) ?? new Uint8Array()
    const tail = await engine.inspections.storageInside({ ...place, from: middle, limit: 1_000 })
    expect(tail.slots).toEqual(whole.slots.slice(2))
  })

  test('changes from one transaction of a block to the next, even where nothing is left at its end', async () => {
    const own = await createExecutionEngine({
      genesis: genesisFile({ users: 2, alloc: { [STORE]: { code: '0x6020355f355500', balance: '0x0' } } }),
      store: createMemoryStore(),
    })
    const words = (...values: number[]) => fromHex(`0x${values.map(n => n.toString(16).padStart(64, '0')).join('')}`)
    const put = (nonce: bigint, slot: number, value: number) =>
      signed(0, { nonce, to: address, value: 0n, gasLimit: 90_000n, data: words(slot, value) }).raw
    await own.execute(commitOf(1, [[put(0n, 1, 5), put(1n, 1, 6), put(2n, 1, 0)]], { timestampMs: GENESIS_MS + 150 }))
    const block = own.chain.headHeader().number
    const values = async (index: number) => {
      const { slots } = await own.inspections.storageInside({ block, index, address, ...everything })
      return slots.map(({ slot, value }) => [toHex(slot).slice(-1), toHex(value)])
    }
    expect(await values(0)).toEqual([])
    expect(await values(1)).toEqual([['1', '0x05']])
    expect(await values(2)).toEqual([['1', '0x06']])
    expect(await values(3)).toEqual([])
    const place = { block, address, ...everything }
    await expect(own.inspections.storageInside({ ...place, index: 4 })).rejects.toMatchObject({
      code: 'unknown transaction',
    })
    const nobody = await own.inspections.storageInside({ ...place, index: 0, address: addressOfUser(1) })
    expect(nobody).toEqual({ slots: [], next: undefined })
    await own.close()
  })
})
