import { describe, expect, test } from 'vitest'
import {
  checkChain,
  createExecutionEngine,
  createRecoveryPool,
  createSnapshotTarget,
  decodeSnapshotManifest,
  encodeSnapshotManifest,
  genesisBlock,
  isSnapshotChunk,
  openSnapshotSource,
  readHeadChunk,
  readStateChunk,
  type SnapshotHead,
} from '#evm'
import { assert, defined } from '#lib/assert'
import { toHex, utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { createMemoryStore, KEY_PREFIX, type Store, storeKey } from '#storage'
import type { BlockHeader } from '#types'
import { killCommits, killGenesis } from './kill-workload.ts'

const genesis = killGenesis()
const commits = [...killCommits()]
const TAKEN = 40

async function snapshotOf(store: Store) {
  const source = defined(openSnapshotSource(store), 'a snapshot')
  const chunks: Uint8Array[] = []
  return {
    header: source.header,
    async chunks() {
      for await (const chunk of source.chunks) chunks.push(chunk)
      return chunks
    },
  }
}

/** A chain of `TAKEN` commits with its snapshot; it goes on while the snapshot is read. */
async function taken() {
  const store = createMemoryStore()
  const engine = await createExecutionEngine({ genesis, store })
  for (const commit of commits.slice(0, TAKEN)) await engine.execute(commit)
  const snapshot = await snapshotOf(store)
  for (const commit of commits.slice(TAKEN, TAKEN + 10)) await engine.execute(commit)
  return { engine, header: snapshot.header, chunks: await snapshot.chunks() }
}

async function fill(store: Store, header: BlockHeader, chunks: readonly Uint8Array[]) {
  const recovery = createRecoveryPool({ workers: 0 })
  const target = createSnapshotTarget(store, recovery)
  const head = readHeadChunk(defined(chunks[0], 'a head chunk'), header)
  assert(head.kind === 'accept', 'the head chunk is whole')
  for (const [index, chunk] of chunks.entries()) {
    if (index === 0) continue
    const records = readStateChunk(chunk)
    assert(records.kind === 'accept', 'a state chunk is whole')
    await target.apply(index, records.value)
  }
  return {
    target,
    build: () => target.build(header.stateRoot),
    finish: async (value: SnapshotHead = head.value) => {
      await target.finish(value, genesisBlock(genesis), utf8('certificate'))
      await recovery.close()
    },
  }
}

describe('a snapshot', () => {
  test('fills an empty store from which execution goes on to the same blocks', async () => {
    const { engine, header, chunks } = await taken()
    const store = createMemoryStore()
    const { build, finish } = await fill(store, header, chunks)
    await build()
    await finish()
    const synced = await createExecutionEngine({ genesis, store })
    expect(synced.lastExecuted()).toEqual({ epoch: 0, index: TAKEN })
    expect(synced.chain.head().header.number).toBe(header.number)
    expect(synced.chain.earliest()).toBe(header.number)
    expect(synced.chain.finalized()).toBe(header.number)
    expect((await checkChain({ store, deep: true })).findings).toEqual([])
    for (const commit of commits.slice(TAKEN, TAKEN + 10)) await synced.execute(commit)
    expect(toHex(synced.chain.head().hash)).toBe(toHex(engine.chain.head().hash))
    expect((await checkChain({ store, deep: true })).findings).toEqual([])
    await expect(synced.chain.stateAt(header.number - 1)).rejects.toMatchObject({ code: 'state unavailable' })
    expect((await synced.chain.stateAt(header.number)).account).toBeDefined()
    expect(await synced.chain.blockByNumber(0)).toBeDefined()
    await expect(synced.chain.blockByNumber(header.number - 1)).rejects.toMatchObject({ code: 'pruned' })
  })

  test('fills a store that is pruned like any other afterwards', async () => {
    const { engine, header, chunks } = await taken()
    const store = createMemoryStore()
    const { build, finish } = await fill(store, header, chunks)
    await build()
    await finish()
    const synced = await createExecutionEngine({ genesis, store, historyBlocks: 5, bodyBlocks: 8 })
    for (const commit of commits.slice(TAKEN, TAKEN + 10)) await synced.execute(commit)
    expect(toHex(synced.chain.head().hash)).toBe(toHex(engine.chain.head().hash))
    await synced.close()
    expect((await checkChain({ store, deep: true })).findings).toEqual([])
    const again = await createExecutionEngine({ genesis, store, historyBlocks: 5, bodyBlocks: 8 })
    expect(again.chain.earliest()).toBeGreaterThan(header.number)
    expect(openSnapshotSource(store)?.header.number ?? 0).toBeLessThanOrEqual(again.chain.head().header.number)
  })

  test('is the same on every node, whatever came after it', async () => {
    const first = await taken()
    const store = createMemoryStore()
    const engine = await createExecutionEngine({ genesis, store })
    for (const commit of commits.slice(0, TAKEN)) await engine.execute(commit)
    const second = await snapshotOf(store)
    const chunks = await second.chunks()
    expect(chunks.map(chunk => toHex(sha256(chunk)))).toEqual(first.chunks.map(chunk => toHex(sha256(chunk))))
  })

  test('of a node that came from a snapshot is one again', async () => {
    const { header, chunks } = await taken()
    const store = createMemoryStore()
    const { build, finish } = await fill(store, header, chunks)
    await build()
    await finish()
    const again = await snapshotOf(store)
    expect((await again.chunks()).map(toHex)).toEqual(chunks.map(toHex))
  })

  test('that was altered in one value is refused by its root, and can be cleared away', async () => {
    const { header, chunks } = await taken()
    const store = createMemoryStore()
    const { target, build } = await fill(store, header, chunks)
    await target.begin(utf8('manifest'))
    const account = storeKey(KEY_PREFIX.account)
    let key: Uint8Array | undefined
    for await (const [found] of store.scan({ from: account, to: Uint8Array.of(KEY_PREFIX.account + 1), limit: 1 }))
      key = found
    await store.write([{ key: defined(key, 'an account') }], { durable: false })
    await expect(build()).rejects.toMatchObject({ code: 'snapshot refused' })
    await target.clear()
    expect(target.resumed()).toBeUndefined()
    expect(target.isApplied(1)).toBe(false)
    const left: Uint8Array[] = []
    for await (const [found] of store.scan({ from: Uint8Array.of(0), to: Uint8Array.of(0xff) })) left.push(found)
    expect(left).toEqual([])
  })

  test('with slots that no account owns is refused', async () => {
    const { header, chunks } = await taken()
    const store = createMemoryStore()
    const { build } = await fill(store, header, chunks)
    const key = storeKey(KEY_PREFIX.slot, new Uint8Array(52).fill(7))
    await store.write([{ key, value: Uint8Array.of(1) }], { durable: false })
    await expect(build()).rejects.toMatchObject({ code: 'snapshot refused' })
  })

  test('names its chunks in a manifest that is decoded strictly', async () => {
    const { header, chunks } = await taken()
    const manifest = {
      header,
      certificate: utf8('certificate'),
      chunks: chunks.map(chunk => ({ digest: sha256(chunk), bytes: chunk.length })),
    }
    const bytes = encodeSnapshotManifest(manifest)
    expect(decodeSnapshotManifest(bytes)).toEqual({ kind: 'accept', value: manifest })
    for (let cut = 0; cut < bytes.length; cut += 7)
      expect(decodeSnapshotManifest(bytes.subarray(0, cut)).kind).toBe('reject')
    for (const [i, chunk] of manifest.chunks.entries()) {
      const found = defined(chunks[i], 'a chunk')
      expect(isSnapshotChunk(chunk, found)).toBe(true)
      const broken = found.slice()
      broken[broken.length >> 1] = (broken[broken.length >> 1] as number) ^ 1
      expect(isSnapshotChunk(chunk, broken)).toBe(false)
    }
  })

  test('has chunks that are never more than refused when their bytes are changed', async () => {
    const { header, chunks } = await taken()
    const head = defined(chunks[0], 'a head chunk')
    const state = defined(chunks[1], 'a state chunk')
    let refused = 0
    for (let at = 0; at < 400; at++) {
      const broken = head.slice()
      const where = Math.floor((at * head.length) / 400)
      broken[where] = (broken[where] as number) ^ 0x55
      // Senders are not in it and logs' bytes are under a root: nothing in it can be changed unnoticed.
      expect(readHeadChunk(broken, header).kind).toBe('reject')
      const other = state.slice()
      const place = Math.floor((at * state.length) / 400)
      other[place] = (other[place] as number) ^ 0x55
      if (readStateChunk(other).kind === 'reject') refused += 1
    }
    expect(refused).toBeGreaterThan(0)
  })
})
