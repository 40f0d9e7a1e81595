import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startIndexer } from '../../explorer/src/server/indexing/indexer.ts'
import { Decoder } from '../../explorer/src/server/market.ts'
import { createNodeClient } from '../../explorer/src/server/node-client.ts'
import { type Database, openSqlite, openStore, readCursor } from '../../explorer/src/server/store/database.ts'
import { POSITION_BASE } from '../../explorer/src/server/store/schema.ts'
import { fillDemoChain, MARKET, tokenTransfer } from './demo-chain.ts'
import { FakeNode } from './fake-node.ts'

const TABLES = [
  'blocks',
  'transactions',
  'logs',
  'addresses',
  'address_transactions',
  'tokens',
  'token_transfers',
  'token_balances',
  'market_events',
  'market_subjects',
  'sources',
  'tasks',
  'attempts',
  'responses',
  'registrations',
  'providers',
  'reputation',
  'counters',
  'daily',
] as const

let folder: string
let node: FakeNode

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ogpu-explorer-'))
  node = await new FakeNode().listen()
  fillDemoChain(node, 160)
})

afterAll(async () => {
  await node.close()
  rmSync(folder, { recursive: true, force: true })
})

const identity = () => ({ chainId: node.chainId, genesisHash: node.blocks[0]?.hash ?? '' })

async function indexAll(db: Database, target: FakeNode = node): Promise<void> {
  const stopping = new AbortController()
  const indexer = startIndexer({
    node: createNodeClient(target.url, stopping.signal),
    db,
    decoder: new Decoder(MARKET),
    pollMs: 10,
  })
  for (let waited = 0; indexer.status().indexed < target.head; waited += 10) {
    if (waited > 30_000) throw new Error(`stuck: ${JSON.stringify(indexer.status())}`)
    await sleep(10)
  }
  stopping.abort()
  await indexer.stop()
}

function dump(db: Database): Record<string, unknown> {
  return Object.fromEntries(TABLES.map(table => [table, db.all(`SELECT * FROM ${table} ORDER BY 1, 2`)]))
}

describe('the rows of an indexed chain', () => {
  let db: Database
  beforeAll(async () => {
    db = openStore(undefined, identity())
    await indexAll(db)
  })
  afterAll(() => db.close())

  test('hold every block, transaction and log of the node with equal fields', () => {
    expect(readCursor(db)).toBe(node.head)
    for (const [number, block] of node.blocks.entries()) {
      const row = db.get<Record<string, unknown>>('SELECT * FROM blocks WHERE number = ?', number)
      expect(row).toMatchObject({ hash: block.hash, parent_hash: block.parentHash, gas_used: Number(block.gasUsed) })
      expect(Math.floor(Number(row?.timestamp_ms) / 1000)).toBe(Number(block.timestamp))
      expect(row?.transaction_count).toBe(block.transactions.length)
      for (const [index, transaction] of block.transactions.entries()) {
        const receipt = node.receipts[number]?.[index]
        const stored = db.get<Record<string, unknown>>('SELECT * FROM transactions WHERE hash = ?', transaction.hash)
        expect(stored).toMatchObject({
          id: number * POSITION_BASE + index,
          sender: transaction.from,
          recipient: transaction.to,
          value: BigInt(transaction.value).toString(),
          nonce: Number(transaction.nonce),
          gas_used: Number(receipt?.gasUsed),
          status: Number(receipt?.status),
          contract: receipt?.contractAddress ?? null,
          log_count: receipt?.logs.length,
        })
        expect(`0x${Buffer.from(stored?.input as Uint8Array).toString('hex')}`).toBe(transaction.input)
        for (const log of receipt?.logs ?? []) {
          const found = db.get<Record<string, unknown>>(
            'SELECT * FROM logs WHERE id = ?',
            number * POSITION_BASE + Number(log.logIndex),
          )
          expect(found).toMatchObject({ address: log.address, topic0: log.topics[0] ?? null })
          expect(`0x${Buffer.from(found?.data as Uint8Array).toString('hex')}`).toBe(log.data)
        }
      }
    }
    const { logs } = db.get<{ logs: number }>('SELECT count(*) AS logs FROM logs') ?? { logs: -1 }
    expect(logs).toBe(node.receipts.flat().reduce((sum, receipt) => sum + receipt.logs.length, 0))
  })

  test('count each address of a transaction once and agree with the counters', () => {
    const expected = new Map<string, number>()
    for (const { transactions } of node.blocks)
      for (const { from, to, hash } of transactions) {
        const receipt = node.receipts.flat().find(({ transactionHash }) => transactionHash === hash)
        for (const address of new Set([from, to, receipt?.contractAddress]))
          if (address) expected.set(address, (expected.get(address) ?? 0) + 1)
      }
    for (const [address, transactions] of expected)
      expect(db.get('SELECT transaction_count FROM addresses WHERE address = ?', address)).toEqual({
        transaction_count: transactions,
      })
    for (const [name, table] of [
      ['blocks', 'blocks'],
      ['transactions', 'transactions'],
      ['addresses', 'addresses'],
      ['tasks', 'tasks'],
      ['sources', 'sources'],
      ['providers', 'providers'],
      ['tokens', 'tokens'],
    ])
      expect(db.get('SELECT value AS n FROM counters WHERE name = ?', name ?? '')).toEqual(
        db.get(`SELECT count(*) AS n FROM ${table}`),
      )
  })

  test('give each holder what the transfers add up to, and the right number of holders', () => {
    const balances = new Map<string, bigint>()
    const move = (key: string, amount: bigint) => balances.set(key, (balances.get(key) ?? 0n) + amount)
    for (const row of db.all<Record<string, string>>('SELECT * FROM token_transfers')) {
      move(`${row.token} ${row.sender} ${row.token_id ?? ''}`, -BigInt(row.amount ?? 0))
      move(`${row.token} ${row.recipient} ${row.token_id ?? ''}`, BigInt(row.amount ?? 0))
    }
    const rows = db.all<Record<string, string>>('SELECT * FROM token_balances')
    expect(rows.length).toBeGreaterThan(20)
    for (const row of rows)
      expect(row.balance).toBe(balances.get(`${row.token} ${row.holder} ${row.token_id}`)?.toString())
    expect(rows.length).toBe(
      [...balances].filter(([key, value]) => value > 0n && !key.includes(` 0x${'0'.repeat(40)} `)).length,
    )
    for (const token of db.all<{ address: string; holder_count: number }>('SELECT * FROM tokens')) {
      const holders = new Set(rows.filter(row => row.token === token.address).map(row => row.holder))
      expect(token.holder_count).toBe(holders.size)
    }
  })

  test('give each task the state that its contract has', () => {
    const market = fillDemoChain(new FakeNode(), 160)
    expect(market.tasks.size).toBeGreaterThan(50)
    for (const [address, view] of market.tasks) {
      expect(db.get('SELECT source, config, payment, status FROM tasks WHERE address = ?', address)).toEqual({
        source: view.source,
        config: view.config,
        payment: view.payment.toString(),
        status: view.status,
      })
    }
    expect(db.get('SELECT sum(value) AS n FROM counters WHERE name LIKE ?', 'tasks__')).toEqual({
      n: market.tasks.size,
    })
  })
})

test('market events of a foreign contract are not believed', async () => {
  const own = await new FakeNode({ seed: 'foreign' }).listen()
  const market = fillDemoChain(own, 6)
  const before = market.tasks.size
  const forged = market.publishTask(own.address('forger'), own.address('source 0'), 'forged', 5n)
  const logs = (forged.plan.logs ?? []).map(log => ({ ...log, address: own.address('impostor') }))
  own.addBlock([{ ...forged.plan, logs }])
  const db = openStore(undefined, { chainId: own.chainId, genesisHash: own.blocks[0]?.hash ?? '' })
  await indexAll(db, own)
  expect(db.get('SELECT count(*) AS n FROM tasks')).toEqual({ n: before })
  expect(db.get('SELECT 1 FROM tasks WHERE address = ?', forged.task)).toBeUndefined()
  db.close()
  await own.close()
})

test('a node that fails now and then changes nothing in the rows', async () => {
  const clean = openStore(undefined, identity())
  await indexAll(clean)
  let count = 0
  node.onRequest = () => {
    if (++count % 23 === 0) throw new Error('connection lost')
  }
  const rough = openStore(undefined, identity())
  const stopping = new AbortController()
  const client = createNodeClient(node.url, stopping.signal)
  const problems: string[] = []
  const indexer = startIndexer({
    node: client,
    db: rough,
    decoder: new Decoder(MARKET),
    pollMs: 5,
    onProblem: message => problems.push(message),
  })
  const wakes = setInterval(() => indexer.wake(), 5)
  for (let waited = 0; indexer.status().indexed < node.head && waited < 30_000; waited += 10) await sleep(10)
  clearInterval(wakes)
  node.onRequest = () => {}
  await indexer.stop()
  expect(problems.length).toBeGreaterThan(0)
  expect(dump(rough)).toEqual(dump(clean))
  clean.close()
  rough.close()
})

test('a node whose chain does not continue the indexed one is refused', async () => {
  const other = await new FakeNode({ seed: 'other' }).listen()
  fillDemoChain(other, 20)
  const db = openStore(undefined, identity())
  const short = await new FakeNode().listen()
  fillDemoChain(short, 10)
  await indexAll(db, short)
  const indexer = startIndexer({
    node: createNodeClient(other.url, new AbortController().signal),
    db,
    decoder: new Decoder(MARKET),
    pollMs: 5,
  })
  for (let waited = 0; indexer.status().problem === undefined && waited < 5_000; waited += 10) await sleep(10)
  expect(indexer.status().problem?.message).toContain('does not continue the indexed chain')
  expect(indexer.status().indexed).toBe(10)
  await indexer.stop()
  db.close()
  await Promise.all([other.close(), short.close()])
})

test('a database of another genesis is refused, one of another schema version is built again', () => {
  const path = join(folder, 'identity')
  openStore(path, identity()).close()
  expect(() => openStore(path, { chainId: 1071, genesisHash: `0x${'ee'.repeat(32)}` })).toThrow(/was built from chain/)
  const db = openStore(path, identity())
  db.run("UPDATE meta SET value = '0' WHERE key = 'schema_version'")
  db.run("UPDATE meta SET value = '77' WHERE key = 'cursor'")
  db.close()
  const rebuilt = openStore(path, identity())
  expect(readCursor(rebuilt)).toBe(-1)
  rebuilt.close()
})

test('a process killed at any instant resumes exactly where it was', async () => {
  const clean = openStore(undefined, identity())
  await indexAll(clean)
  const path = join(folder, 'killed')
  let kills = 0
  for (let delayMs = 0; ; delayMs += 90) {
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        fileURLToPath(new URL('index-child.ts', import.meta.url)),
        node.url,
        path,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const done = await runUntil(child, delayMs)
    if (done) break
    kills++
    if (kills > 60) throw new Error('the child never finished')
  }
  expect(kills).toBeGreaterThan(2)
  const db = openSqlite(join(path, 'explorer.sqlite'))
  expect(dump(db)).toEqual(dump(clean))
  db.close()
  clean.close()
})

/** Kills the child `delayMs` after it opened its database; true when it was finished before. */
async function runUntil(child: ChildProcess, delayMs: number): Promise<boolean> {
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
  await new Promise(resolve => child.stdout?.once('data', resolve))
  const killer = setTimeout(() => child.kill('SIGKILL'), delayMs)
  const code = await exited
  clearTimeout(killer)
  return code === 0
}

test('more than 1,000 transactions per second are indexed, even on a busy machine', async () => {
  const busy = await new FakeNode({ seed: 'busy' }).listen()
  const token = busy.address('token')
  for (let block = 0; block < 12; block++)
    busy.addBlock(
      Array.from({ length: 500 }, (_, index) => {
        const [from, to] = [busy.address(`a${index % 97}`), busy.address(`b${(index * block) % 89}`)]
        return index % 2 === 0 ? { from, to, value: 1n } : tokenTransfer(token, from, to, 5n)
      }),
    )
  const db = openStore(undefined, { chainId: busy.chainId, genesisHash: busy.blocks[0]?.hash ?? '' })
  const start = performance.now()
  await indexAll(db, busy)
  const perSecond = Math.round(6_000 / ((performance.now() - start) / 1000))
  console.log(`indexed ${perSecond} transactions per second`)
  expect(db.get('SELECT count(*) AS n FROM transactions')).toEqual({ n: 6_000 })
  expect(perSecond).toBeGreaterThan(1_000)
  db.close()
  await busy.close()
})
