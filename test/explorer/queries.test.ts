import { afterAll, beforeAll, expect, test } from 'vitest'
import { NodeViews } from '../../explorer/src/server/api/node-views.ts'
import { type ApiParts, matchPath, ROUTES, requestOf } from '../../explorer/src/server/api/routes.ts'
import { startIndexer } from '../../explorer/src/server/indexing/indexer.ts'
import { Decoder } from '../../explorer/src/server/market.ts'
import { createNodeClient } from '../../explorer/src/server/node-client.ts'
import { type Database, openStore, type Value } from '../../explorer/src/server/store/database.ts'
import { fillDemoChain, MARKET } from './demo-chain.ts'
import { FakeNode } from './fake-node.ts'

let node: FakeNode
let parts: ApiParts
let db: Database
const asked = new Map<string, readonly Value[]>()
const stopping = new AbortController()

/** A database that remembers every question asked through it. */
function listening(inner: Database): Database {
  return {
    ...inner,
    get(sql, ...params) {
      asked.set(sql, params)
      return inner.get(sql, ...params)
    },
    all(sql, ...params) {
      asked.set(sql, params)
      return inner.all(sql, ...params)
    },
  }
}

beforeAll(async () => {
  node = await new FakeNode().listen()
  const market = fillDemoChain(node, 60)
  db = openStore(undefined, { chainId: node.chainId, genesisHash: node.blocks[0]?.hash ?? '' })
  const client = createNodeClient(node.url, stopping.signal)
  const decoder = new Decoder(MARKET)
  const indexer = startIndexer({ node: client, db, decoder, pollMs: 5 })
  while (indexer.status().indexed < node.head) await new Promise(resolve => setTimeout(resolve, 10))
  await indexer.stop()
  const info = { chainId: 1071, chainName: 'Test', coinSymbol: 'OGPU', rpcUrl: node.url }
  parts = { db: listening(db), decoder, indexer, node: new NodeViews(client), info }
  const [task] = market.tasks.values()
  const samples: Readonly<Record<string, string>> = {
    '/blocks/': '20',
    '/transactions/': node.blocks[20]?.transactions[0]?.hash ?? '',
    '/tokens/': node.address('usd token'),
    '/sources/': task?.source ?? '',
    '/tasks/': task?.address ?? '',
    '/responses/': db.get<{ address: string }>('SELECT address FROM responses LIMIT 1')?.address ?? '',
    '/providers/': node.address('provider 1'),
    '/addresses/': node.address('person 1'),
    '/dag/commits/': '7',
  }
  for (const { path, answer } of ROUTES) {
    const [prefix, sample = ''] = Object.entries(samples).find(([start]) => path.startsWith(start)) ?? ['']
    const concrete = path.replace(/:\w+/, sample)
    const params = matchPath(path, concrete) ?? {}
    // Each list has its own form of position; that a wrong one is refused is told in api.test.ts.
    for (const query of [{}, { before: '9' }, { q: 'comp', from: '1', to: '9', status: 'NEW', name: 'Attempted' }])
      await Promise.resolve()
        .then(() => answer(requestOf(parts, params, query)))
        .catch(error => expect(['invalid request', 'not found'], `${prefix} ${path}`).toContain(error.code))
  }
})
afterAll(async () => {
  stopping.abort()
  db.close()
  await node.close()
})

test('every question that a page can ask is answered along an index, however large the chain', () => {
  expect(asked.size).toBeGreaterThan(40)
  const slow: string[] = []
  for (const [sql, params] of asked) {
    const plan = db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params).map(({ detail }) => detail)
    for (const step of plan) {
      // Small tables may be read whole; newest blocks and samples are a walk along the key that a limit ends.
      if (/^SCAN (counters|daily|tokens|CONSTANT)/.test(step)) continue
      if (/^SCAN (blocks|timelines)$/.test(step) && /DESC\s+LIMIT \d+/.test(sql)) continue
      if (/^SCAN /.test(step) || (!sql.includes('LIKE') && /USE TEMP B-TREE FOR ORDER BY/.test(step)))
        slow.push(`${step}: ${sql}`)
    }
  }
  expect(slow).toEqual([])
})
