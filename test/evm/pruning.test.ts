import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CommitExecutionEngine, checkChain, createExecutionEngine, readPosition, rewindChain } from '#evm'
import { fromHex, toHex } from '#lib/bytes'
import { createMemoryStore, openChainStore, readU48, type Store } from '#storage'
import type { OrderedCommit } from '#types'
import { addressOfUser } from './fixtures.ts'
import { killCommits, killGenesis } from './kill-workload.ts'

const commits: readonly OrderedCommit[] = [...killCommits()].slice(0, 60)
/** The contract of the workload, which logs and stores. */
const STORE = fromHex('0x0000000000000000000000000000000000c0de00')
const PRUNED = { historyBlocks: 10, bodyBlocks: 20, lagBlocks: 3 }

const open = (store: Store, retention: object = {}) =>
  createExecutionEngine({ genesis: killGenesis(), store, ...retention })

async function archive(): Promise<CommitExecutionEngine> {
  const engine = await open(createMemoryStore())
  for (const commit of commits) await engine.execute(commit)
  return engine
}

/** Everything that a reader can ask about block `number`, or the code of the error. */
async function askBlock({ chain }: CommitExecutionEngine, number: number): Promise<unknown> {
  const orCode = (error: { code: string }) => error.code
  const block = await chain.blockByNumber(number).catch(orCode)
  const first = typeof block === 'object' ? block.transactions[0] : undefined
  return {
    hash: typeof block === 'object' ? toHex(block.hash) : block,
    receipts: await chain.receipts(number).catch(orCode),
    logs: await chain.logs({ from: number, to: number, addresses: [STORE] }, 1_000).catch(orCode),
    location: first === undefined ? undefined : await chain.locate(first.hash),
  }
}

async function askState({ chain }: CommitExecutionEngine, number: number): Promise<unknown> {
  try {
    const state = await chain.stateAt(number)
    const proof = await state.proof(STORE, [new Uint8Array(32)])
    return {
      account: await state.account(addressOfUser(3)),
      slot: await state.storage(STORE, new Uint8Array(32)),
      proof,
    }
  } catch (error) {
    return (error as { code: string }).code
  }
}

async function expectSame(engine: CommitExecutionEngine, whole: CommitExecutionEngine, states: number, blocks: number) {
  const head = engine.chain.head().header.number
  for (let number = 0; number <= head; number++) {
    if (number >= blocks || number === 0) {
      expect(await askBlock(engine, number)).toEqual(await askBlock(whole, number))
    } else {
      expect(await askBlock(engine, number)).toEqual({
        hash: 'pruned',
        receipts: 'pruned',
        logs: 'pruned',
        location: undefined,
      })
    }
    expect(await askState(engine, number)).toEqual(
      number >= states ? await askState(whole, number) : 'state unavailable',
    )
    expect(toHex((await engine.chain.headerByNumber(number))?.stateRoot ?? new Uint8Array())).toBe(
      toHex((await whole.chain.headerByNumber(number))?.stateRoot ?? new Uint8Array()),
    )
  }
}

describe('a store that prunes', () => {
  test('offers its windows and nothing else, the same as an archive does', async () => {
    const whole = await archive()
    const store = createMemoryStore()
    const engine = await open(store, PRUNED)
    for (const commit of commits) await engine.execute(commit)
    const head = engine.chain.head().header.number
    expect(head).toBeGreaterThan(50)
    expect(readPosition(store)).toMatchObject({ head, states: head - 10, base: head - 19 })
    expect(engine.chain.earliest()).toBe(head - 19)
    await expectSame(engine, whole, head - 10, head - 19)
    expect((await checkChain({ store, deep: true })).findings).toEqual([])
  })

  test('holds no record of a block that is gone but its header and its number', async () => {
    const store = createMemoryStore()
    const engine = await open(store, PRUNED)
    for (const commit of commits) await engine.execute(commit)
    const gone = readPosition(store)?.deleted.bodiesDeleted as number
    expect(gone).toBeGreaterThan(20)
    for await (const [key, value] of store.scan({ from: Uint8Array.of(3), to: Uint8Array.of(9) })) {
      const kind = key[0] as number
      const number =
        kind === 3 || kind === 4 ? readU48(key, 1) : kind === 6 ? readU48(value) : kind === 8 ? readU48(key, 9) : gone
      expect(number === 0 || number >= gone).toBe(true)
    }
  })

  test('gives whole files back', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ogpu-pruning-'))
    try {
      const store = await openChainStore(directory, { segmentBytes: 8_000 })
      const engine = await open(store, PRUNED)
      for (const commit of commits) await engine.execute(commit)
      const files = store.bulkUsage()
      expect(files.length).toBeLessThan(8)
      expect(files[0]?.file).not.toBe('00000001.bulk')
      expect(await store.checkBulk()).toEqual([])
      expect((await checkChain({ store, deep: true })).findings).toEqual([])
      await store.close()
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  test('goes back to every state that it offers, and forward to the same blocks', async () => {
    const whole = await archive()
    const store = createMemoryStore()
    const engine = await open(store, PRUNED)
    for (const commit of commits) await engine.execute(commit)
    const head = engine.chain.head().header.number
    const { deleted } = readPosition(store) ?? { deleted: undefined }
    await expect(rewindChain({ store, to: (deleted?.statesDeleted as number) - 1 })).rejects.toMatchObject({
      code: 'history pruned',
    })
    for (const to of [head - 5, deleted?.statesDeleted as number]) {
      await rewindChain({ store, to })
      expect((await checkChain({ store, deep: true })).findings).toEqual([])
      const again = await open(store, PRUNED)
      expect(again.chain.head().header.number).toBe(to)
      for (const commit of commits) await again.execute(commit)
      await expectSame(again, whole, head - 10, head - 19)
    }
  })

  test('may keep more or less from one start to the next', async () => {
    const whole = await archive()
    const store = createMemoryStore()
    const run = async (retention: object, from: number, to: number) => {
      const engine = await open(store, retention)
      for (const commit of commits.slice(from, to)) await engine.execute(commit)
      return engine
    }
    await run({}, 0, 30)
    expect(readPosition(store)).toMatchObject({ states: 0, base: 0 })
    const full = await run({ historyBlocks: 10, lagBlocks: 3 }, 30, 40)
    expect(full.chain.earliest()).toBe(0)
    await expectSame(full, whole, full.chain.head().header.number - 10, 0)
    const pruned = await run(PRUNED, 40, 45)
    const before = readPosition(store)
    await expectSame(pruned, whole, before?.states as number, before?.base as number)
    // What lay between "no longer offered" and "deleted" is offered again, and nothing goes from here on.
    const grown = await run({}, 45, 60)
    const after = readPosition(store)
    expect(after?.states).toBe(before?.deleted.statesDeleted)
    expect(after?.base).toBe(before?.deleted.bodiesDeleted)
    expect(after?.deleted).toEqual(before?.deleted)
    await expectSame(grown, whole, after?.states as number, after?.base as number)
    expect((await checkChain({ store, deep: true })).findings).toEqual([])
  })

  test('reaches a much smaller window over several commits, none of which deletes without measure', async () => {
    const inner = createMemoryStore()
    const written: number[] = []
    const store: Store = {
      get: key => inner.get(key),
      scan: range => inner.scan(range),
      close: () => inner.close(),
      write(operations, options) {
        written.push(operations.filter(({ value }) => value === undefined).length)
        return inner.write(operations, options)
      },
    }
    const engine = await open(store)
    for (const commit of commits.slice(0, 50)) await engine.execute(commit)
    written.length = 0
    const small = await open(store, PRUNED)
    for (const commit of commits.slice(50)) await small.execute(commit)
    expect(Math.max(...written)).toBeLessThan(2_400)
    expect(readPosition(store)?.deleted.bodiesDeleted).toBeGreaterThan(20)
  })
})
