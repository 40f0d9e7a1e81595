import { describe, expect, test } from 'vitest'
import { checkChain, createExecutionEngine, readPosition, repairChain } from '#evm'
import { toHex } from '#lib/bytes'
import { afterPrefix, createMemoryStore, KEY_PREFIX, type KeyPrefix, type Store, storeKey, u48 } from '#storage'
import { metaKey } from '../../chain/evm/store-meta.ts'
import { killCommits, killGenesis } from './kill-workload.ts'

const commits = [...killCommits()].slice(0, 16)

async function executed(): Promise<Store> {
  const store = createMemoryStore()
  await goOn(store)
  return store
}

/** What the node does at its next start. */
async function goOn(store: Store): Promise<void> {
  const engine = await createExecutionEngine({ genesis: killGenesis(), store })
  for (const commit of commits) await engine.execute(commit)
}

async function contents(store: Store): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for await (const [key, value] of store.scan({ from: Uint8Array.of(0), to: Uint8Array.of(0xff) })) {
    found.set(toHex(key), toHex(value))
  }
  return found
}

const repair = (store: Store, isReplayable = true) => repairChain({ store, isReplayable: async () => isReplayable })

/** Three ways to damage the records of one kind: changed, gone, cut in half. */
async function* damages(prefix: KeyPrefix) {
  const kinds = {
    changed: (value: Uint8Array) => value.map((byte, i) => (i === value.length - 1 ? byte ^ 1 : byte)),
    gone: () => undefined,
    halved: (value: Uint8Array) => value.slice(0, value.length >> 1),
  }
  for (const [name, damage] of Object.entries(kinds)) {
    const store = await executed()
    const before = await contents(store)
    const records: (readonly [Uint8Array, Uint8Array])[] = []
    for await (const record of store.scan({ from: storeKey(prefix), to: afterPrefix(storeKey(prefix)) }))
      records.push(record)
    for (const [key, value] of [records.at(-1), records[records.length >> 1]] as [Uint8Array, Uint8Array][]) {
      const damaged = damage(value)
      await store.write([damaged === undefined ? { key } : { key, value: damaged }], { durable: false })
    }
    yield { name, store, before }
  }
}

describe('repairing a chain store', () => {
  const remade = ['blockNumber', 'transaction', 'accountNode', 'storageNode'] as const
  test.each(remade)('makes damaged records of %s again from the others', async name => {
    for await (const { store, before } of damages(KEY_PREFIX[name])) {
      const { done, findings } = await repair(store)
      expect(findings).toEqual([])
      expect(done).toHaveLength(1)
      expect(await contents(store)).toEqual(before)
    }
  })

  test.each(['header', 'body', 'receipts'] as const)(
    'takes blocks with a damaged %s back, to be executed again',
    async name => {
      for await (const { store, before } of damages(KEY_PREFIX[name])) {
        const { done, findings } = await repair(store)
        expect(findings).toEqual([])
        expect(done).toEqual([expect.stringMatching(/^block \d+ is damaged: the chain went back to block \d+/)])
        await goOn(store)
        expect(await contents(store)).toEqual(before)
      }
    },
  )

  test('leaves damaged blocks alone when their commits are not at hand, and says so', async () => {
    for await (const { store } of damages(KEY_PREFIX.body)) {
      const damaged = await contents(store)
      const { done, findings } = await repair(store, false)
      expect(done).toEqual([])
      expect(findings.length).toBeGreaterThan(0)
      expect(await contents(store)).toEqual(damaged)
    }
  })

  test('gives old states up whose reverse diffs are damaged, and keeps the later ones', async () => {
    for await (const { store } of damages(KEY_PREFIX.changes)) {
      const { done, findings } = await repair(store)
      expect(findings).toEqual([])
      expect(done).toEqual([expect.stringMatching(/given up/)])
      const head = readPosition(store)?.head as number
      expect(readPosition(store)?.states).toBe(head)
      const engine = await createExecutionEngine({ genesis: killGenesis(), store })
      await expect(engine.chain.stateAt(head - 1)).rejects.toMatchObject({ code: 'state unavailable' })
      await engine.chain.stateAt(head)
    }
  })

  test('changes nothing where the flat state is damaged, from which everything else is made', async () => {
    for (const prefix of [KEY_PREFIX.account, KEY_PREFIX.slot, KEY_PREFIX.code] as const) {
      for await (const { store } of damages(prefix)) {
        const damaged = await contents(store)
        const outcome = await repair(store).catch((error: { code: string }) => error.code)
        if (outcome !== 'store damaged')
          expect(outcome).toMatchObject({ done: [], findings: expect.toSatisfy(found => found.length > 0) })
        expect(await contents(store)).toEqual(damaged)
      }
    }
  })

  test('removes what lies above the head', async () => {
    const store = await executed()
    const before = await contents(store)
    const head = readPosition(store)?.head as number
    const stray = storeKey(KEY_PREFIX.header, u48(head + 1))
    await store.write(
      [
        { key: stray, value: Uint8Array.of(0xc0) },
        { key: metaKey('finalized'), value: u48(head + 9) },
      ],
      {
        durable: false,
      },
    )
    expect((await repair(store)).findings).toEqual([])
    expect((await checkChain({ store, deep: true })).position.finalized).toBe(0)
    expect((await contents(store)).size).toBe(before.size + 1)
  })

  test('is done by a second call when the first one was killed at any write', async () => {
    for await (const { store, before } of damages(KEY_PREFIX.accountNode)) {
      let room = 1
      for (let isDone = false; !isDone; room++) {
        let writes = 0
        const dying: Store = {
          get: key => store.get(key),
          scan: range => store.scan(range),
          close: () => store.close(),
          write(operations, options) {
            if (++writes > room) throw new Error('killed')
            return store.write(operations, options)
          },
        }
        isDone = await repairChain({ store: dying, isReplayable: async () => true }).then(
          ({ findings }) => findings.length === 0,
          () => false,
        )
        if (!isDone && store.get(metaKey('repair')) !== undefined) {
          await expect(goOn(store)).rejects.toMatchObject({ code: 'store damaged' })
        }
      }
      expect(room).toBeGreaterThan(3)
      expect(await contents(store)).toEqual(before)
    }
  })
})
