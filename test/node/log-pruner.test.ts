import { describe, expect, test } from 'vitest'
import { Writer } from '#lib/codec'
import { afterPrefix, createMemoryStore, KEY_PREFIX, type Store, storeKey, u48 } from '#storage'
import { COMMIT } from '../../chain/node/consensus-log.ts'
import { createLogPruner, KEPT_COMMITS_MIN } from '../../chain/node/log-pruner.ts'
import { until } from './fixture.ts'

const prefixOf = (epoch: number) =>
  storeKey(KEY_PREFIX.consensus, Uint8Array.of(COMMIT), new Writer(4).u32(epoch).finish())

/** `commits` records in each of the epochs; nothing reads their content. */
async function logs(epochs: readonly number[], commits: number): Promise<Store> {
  const store = createMemoryStore()
  const operations = epochs.flatMap(epoch =>
    Array.from({ length: commits }, (_, i) => ({
      key: storeKey(KEY_PREFIX.consensus, prefixOf(epoch).subarray(1), u48(i + 1)),
      value: Uint8Array.of(1),
    })),
  )
  await store.write(operations, { durable: false })
  return store
}

async function count(store: Store, epoch: number): Promise<number> {
  let found = 0
  const from = prefixOf(epoch)
  for await (const _ of store.scan({ from, to: afterPrefix(from) })) found += 1
  return found
}

describe('pruning the logs of old epochs', () => {
  async function run(commitsOf: (epoch: number) => number | undefined, epoch: number, index: number) {
    const store = await logs([0, 1, 2, 3], 100)
    const failures: unknown[] = []
    const pruner = createLogPruner({ store, keptCommits: 1, commitsOf, onFailure: error => failures.push(error) })
    for (let i = 0; i < 640; i++) {
      pruner.onExecuted(epoch, index)
      if (i % 64 === 63) await new Promise(resolve => setTimeout(resolve, 1))
    }
    await pruner.stop()
    expect(failures).toEqual([])
    return Promise.all([0, 1, 2, 3].map(one => count(store, one)))
  }

  test('takes those that lie behind the kept commits, but never the one before the running epoch', async () => {
    expect(await run(() => KEPT_COMMITS_MIN, 3, 5)).toEqual([0, 0, 100, 100])
  })

  test('counts the commits of all epochs since', async () => {
    expect(await run(() => KEPT_COMMITS_MIN / 2, 3, 5)).toEqual([0, 100, 100, 100])
    expect(await run(() => 100, 3, 5)).toEqual([100, 100, 100, 100])
  })

  test('takes nothing where it does not know how long an epoch was', async () => {
    expect(await run(() => undefined, 3, 5)).toEqual([100, 100, 100, 100])
  })

  test('stops the node when the store fails', async () => {
    const inner = await logs([0, 1], 100)
    const store: Store = {
      get: key => inner.get(key),
      scan: range => inner.scan(range),
      close: () => inner.close(),
      write: async () => {
        throw new Error('full')
      },
    }
    const failures: unknown[] = []
    const pruner = createLogPruner({
      store,
      keptCommits: 1,
      commitsOf: () => KEPT_COMMITS_MIN,
      onFailure: error => failures.push(error),
    })
    for (let i = 0; i < 64; i++) pruner.onExecuted(3, 5)
    await until(() => failures.length > 0)
    await pruner.stop()
  })
})
