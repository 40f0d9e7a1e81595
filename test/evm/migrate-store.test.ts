import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkChain, createExecutionEngine, migrateStore } from '#evm'
import { toHex } from '#lib/bytes'
import { Writer } from '#lib/codec'
import { createMemoryStore, KEY_PREFIX, openChainStore, type Store } from '#storage'
import { metaKey } from '../../chain/evm/store-meta.ts'
import { killCommits, killGenesis } from './kill-workload.ts'

// Written by the last version with layout 1: the first twelve commits of the kill workload.
const LAYOUT_1 = fileURLToPath(new URL('../vectors/store-schema-1', import.meta.url))
const commits = [...killCommits()].slice(0, 16)

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ogpu-migrate-'))
  cpSync(LAYOUT_1, directory, { recursive: true })
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** Everything but the files' own records, as one comparable text for each key. */
async function contents(store: Store): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for await (const [key, value] of store.scan({ from: Uint8Array.of(0), to: Uint8Array.of(0xff) })) {
    if (key[0] !== KEY_PREFIX.bulkSegment) found.set(toHex(key), toHex(value))
  }
  return found
}

async function expectCurrent(store: Store): Promise<void> {
  expect((await checkChain({ store, deep: true })).findings).toEqual([])
  const engine = await createExecutionEngine({ genesis: killGenesis(), store })
  expect(engine.lastExecuted()).toEqual({ epoch: 0, index: 12 })
  for (const commit of commits) await engine.execute(commit)
  const fresh = createMemoryStore()
  const reference = await createExecutionEngine({ genesis: killGenesis(), store: fresh })
  for (const commit of commits) await reference.execute(commit)
  expect(toHex(engine.chain.head().hash)).toBe(toHex(reference.chain.head().hash))
  expect(await contents(store)).toEqual(await contents(fresh))
}

describe('a store of layout 1', () => {
  test('is refused by everything but the migration, which says so', async () => {
    const store = await openChainStore(directory)
    for (const refused of [
      checkChain({ store, deep: false }),
      createExecutionEngine({ genesis: killGenesis(), store }),
    ]) {
      await expect(refused).rejects.toMatchObject({
        code: 'wrong schema',
        message: expect.stringContaining('db migrate'),
      })
    }
    await store.close()
  })

  test('becomes the very store that this version would have made, and goes on', async () => {
    const store = await openChainStore(directory)
    expect(await migrateStore(store)).toEqual({ from: 1, to: 2, blocks: 13 })
    expect(await migrateStore(store)).toBeUndefined()
    await expectCurrent(store)
    expect(store.bulkUsage()).toMatchObject([{ file: '00000001.bulk' }])
    expect(await store.checkBulk()).toEqual([])
    // What lay in the database is no longer there.
    await store.compact()
    await store.close()
  })

  test('is migrated as well when every single write is the last one of a process', async () => {
    for (let kept = 0; ; kept++) {
      const store = await openChainStore(directory)
      let writes = 0
      const dying: Store = {
        get: key => store.get(key),
        scan: range => store.scan(range),
        close: () => store.close(),
        write(operations, options) {
          if (++writes > kept) throw new Error('killed')
          return store.write(operations, options)
        },
      }
      const outcome = await migrateStore(dying, { stepBytes: 2_000 }).catch((error: Error) => error.message)
      await store.close()
      if (outcome === 'killed') continue
      // Each run began where the one before had ended.
      expect(kept).toBeGreaterThan(2)
      expect(outcome).toMatchObject({ blocks: expect.toSatisfy((blocks: number) => blocks < 10) })
      break
    }
    const store = await openChainStore(directory)
    await expectCurrent(store)
    expect(await store.checkBulk()).toEqual([])
    await store.close()
  })

  test('is left alone when its layout is a later one', async () => {
    const store = await openChainStore(directory)
    await store.write([{ key: metaKey('schema'), value: new Writer(4).u32(3).finish() }], { durable: true })
    const before = await contents(store)
    await expect(migrateStore(store)).rejects.toMatchObject({
      code: 'wrong schema',
      message: expect.stringContaining('a newer version wrote it'),
    })
    expect(await contents(store)).toEqual(before)
    await store.close()
  })
})

test('an empty store needs no migration', async () => {
  expect(await migrateStore(createMemoryStore())).toBeUndefined()
})
