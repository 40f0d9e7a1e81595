import { describe, expect, test } from 'vitest'
import { assembleRange, createConsensus } from '#consensus'
import { defined } from '#lib/assert'
import { toHex } from '#lib/bytes'
import { createMemoryStore, type Store } from '#storage'
import { checkConsensusLog } from '../../chain/node/check-consensus-log.ts'
import { createConsensusLog } from '../../chain/node/consensus-log.ts'
import { grownCluster, storedLog } from './fixture.ts'

const cluster = grownCluster()
const node = cluster.node(1)

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

describe('the consensus log', () => {
  test('writes the records of one step in one batch, durable when it was asked to be', async () => {
    const batches: { readonly operations: number; readonly durable: boolean }[] = []
    const inner = createMemoryStore()
    const store: Store = {
      ...inner,
      get: key => inner.get(key),
      scan: range => inner.scan(range),
      async write(operations, options) {
        batches.push({ operations: operations.length, durable: options.durable })
        await inner.write(operations, options)
      },
    }
    const log = createConsensusLog(store, 0)
    await log.append(node.log.slice(0, 3), { durable: true })
    await log.append(node.log.slice(3, 4), { durable: false })
    expect(batches.map(batch => batch.durable)).toEqual([true, false])
  })

  test('finds a vertex by reference and by digest, and a commit by index, with the same bytes', async () => {
    const log = await storedLog(node)
    for (const vertex of cluster.vertices(1).slice(-8)) {
      expect(toHex(defined(log.vertex(vertex), 'by reference').bytes)).toBe(toHex(vertex.bytes))
      expect(toHex(defined(log.vertexByDigest(vertex.digest), 'by digest').bytes)).toBe(toHex(vertex.bytes))
      expect(toHex(defined(log.vertexBytes(vertex), 'bytes'))).toBe(toHex(vertex.bytes))
    }
    for (const { commit, digest } of node.commits) {
      const stored = defined(log.storedCommit(commit.index), 'a commit')
      expect(toHex(stored.digest)).toBe(toHex(digest))
      expect(stored.commit.vertices.length).toBe(commit.vertices.length)
    }
    expect(log.storedCommit(1_000_000)).toBeUndefined()
    expect(log.vertexByDigest(new Uint8Array(32))).toBeUndefined()
  })

  test('lists rounds in order of round and author, and the latest commits oldest first', async () => {
    const log = await storedLog(node)
    const listed = await collect(log.rounds(5, 7))
    expect(listed.map(({ round, author }) => [round, author])).toEqual(
      [5, 6, 7].flatMap(round => [0, 1, 2, 3].map(author => [round, author])),
    )
    const last = node.commits.length
    expect((await log.latestCommits(3)).map(({ commit }) => commit.index)).toEqual([last - 2, last - 1, last])
  })

  test('of one epoch shows nothing of another', async () => {
    const store = createMemoryStore()
    await storedLog(node, store)
    const other = createConsensusLog(store, 1)
    expect(await other.latestCommits(10)).toEqual([])
    expect(await other.replayFrom(1_000)).toEqual([])
    expect(await collect(other.rounds(1, 100))).toEqual([])
  })

  test('gives a core a short tail that leads to the same commits as the whole log', async () => {
    const log = await storedLog(node)
    const executed = node.commits.length
    const tail = await log.replayFrom(executed)
    expect(tail[0]?.kind).toBe('checkpoint')
    expect(tail.length).toBeLessThan(node.log.length / 2)
    const copy = createConsensus({ ...node.options, log: tail, redeliverFrom: executed + 1 })
    expect(toHex(copy.status().lastCommitDigest)).toBe(toHex(node.core.status().lastCommitDigest))
    expect(copy.status().highestAcceptedRound).toBe(node.core.status().highestAcceptedRound)
  })

  test('goes back to a checkpoint that execution has reached, so that every commit after it comes again', async () => {
    const log = await storedLog(node)
    for (const executed of [0, 3, 9, 20]) {
      const core = createConsensus({
        ...node.options,
        log: await log.replayFrom(executed),
        redeliverFrom: executed + 1,
      })
      const again = core
        .step({ kind: 'start', nowMs: cluster.nowMs })
        .flatMap(effect => (effect.kind === 'commit' ? [effect.ordered] : []))
      expect(again.slice(0, node.commits.length - executed).map(({ digest }) => toHex(digest))).toEqual(
        node.commits.slice(executed).map(({ digest }) => toHex(digest)),
      )
    }
  })

  test('keeps all that a core needs from any later commit on when the rest is pruned, piece by piece', async () => {
    for (const index of [3, 9, 16, 20]) {
      const store = createMemoryStore()
      const log = await storedLog(node, store)
      let deleted = 0
      for (let piece = await log.prune(index, 7); piece > 0; piece = await log.prune(index, 7)) {
        expect(piece).toBeLessThanOrEqual(7)
        deleted += piece
        expect((await checkConsensusLog(store)).findings).toEqual([])
      }
      // Windows are seven commits long.
      expect(deleted > 0).toBe(index >= 7)
      expect(log.storedCommit(Math.max(1, index - (index % 7)))?.commit.index).toBe(index < 7 ? 1 : undefined)
      for (const executed of [index, index + 2]) {
        const core = createConsensus({
          ...node.options,
          log: await log.replayFrom(executed),
          redeliverFrom: executed + 1,
        })
        const again = core
          .step({ kind: 'start', nowMs: cluster.nowMs })
          .flatMap(effect => (effect.kind === 'commit' ? [effect.ordered] : []))
        expect(again.slice(0, node.commits.length - executed).map(({ digest }) => toHex(digest))).toEqual(
          node.commits.slice(executed).map(({ digest }) => toHex(digest)),
        )
      }
      // Peers that are behind the kept commits get nothing, those after them whole ranges.
      const limits = { bytesMax: 1_000_000, commitsMax: 5 }
      if (index >= 7) expect(assembleRange({ epoch: 0, from: 1, upTo: 5 }, log, limits)).toBeUndefined()
      const range = assembleRange({ epoch: 0, from: index + 1, upTo: index + 3 }, log, limits)
      expect(range?.commits.map(commit => commit.index)).toContain(index + 1)
    }
  })

  test('says what to do when execution is behind what was pruned', async () => {
    const log = await storedLog(node)
    while ((await log.prune(20, 100)) > 0);
    await expect(log.replayFrom(5)).rejects.toMatchObject({ message: expect.stringContaining('start from a snapshot') })
  })

  test('of an old epoch goes as a whole', async () => {
    const store = createMemoryStore()
    const log = await storedLog(node, store)
    while ((await log.drop(50)) > 0);
    expect((await checkConsensusLog(store)).records).toBe(0)
  })

  test('names a damaged record instead of going on without it', async () => {
    const store = createMemoryStore()
    const log = await storedLog(node, store)
    for await (const [key, value] of store.scan({ from: new Uint8Array(0), to: Uint8Array.of(255, 255) })) {
      if (value.length > 20)
        await store.write([{ key, value: value.subarray(0, value.length - 3) }], { durable: false })
    }
    await expect(log.replayFrom(1_000)).rejects.toMatchObject({ code: 'store corrupt' })
    expect(() => log.storedCommit(1)).toThrow('damaged')
  })
})
