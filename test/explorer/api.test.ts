import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type {
  AddressDetail,
  BlockItem,
  Page,
  ProviderItem,
  SearchItem,
  Stats,
  TaskDetail,
  TaskItem,
  TransactionDetail,
  TransactionItem,
} from '../../explorer/src/server/api-types.ts'
import { MARKET } from './demo-chain.ts'
import { type Demo, startDemo } from './harness.ts'

let demo: Demo

beforeAll(async () => {
  demo = await startDemo(90)
})
afterAll(() => demo.stop())

async function body<T>(path: string): Promise<T> {
  const answer = await demo.api<T>(path)
  expect(answer.status, path).toBe(200)
  return answer.body
}

/** All items of a paged list. */
async function walk<T>(path: string, limit: number): Promise<readonly T[]> {
  const items: T[] = []
  let next: Readonly<Record<string, string>> | null = {}
  while (next !== null) {
    const query = new URLSearchParams({ ...next, limit: String(limit) })
    const page: Page<T> = await body<Page<T>>(`${path}${path.includes('?') ? '&' : '?'}${query}`)
    expect(page.items.length).toBeLessThanOrEqual(limit)
    items.push(...page.items)
    next = page.next_page_params
  }
  return items
}

describe('lists', () => {
  test('page through everything exactly once, newest first', async () => {
    const blocks = await walk<BlockItem>('/blocks', 7)
    expect(blocks.map(({ height }) => height)).toEqual(Array.from({ length: 91 }, (_, index) => 90 - index))
    const transactions = await walk<TransactionItem>('/transactions', 33)
    const hashes = demo.node.blocks.flatMap(block => block.transactions.map(({ hash }) => hash))
    expect(transactions.map(({ hash }) => hash)).toEqual(hashes.reverse())
    const tasks = await walk<TaskItem>('/tasks', 4)
    expect(new Set(tasks.map(({ address }) => address))).toEqual(new Set(demo.market.tasks.keys()))
    expect(tasks.length).toBe(demo.market.tasks.size)
  })

  test('of tokens, holders, transfers, providers and address transactions page exactly once too', async () => {
    for (const [path, keyOf] of [
      ['/tokens', (item: Record<string, unknown>) => item.address],
      ['/providers', (item: Record<string, unknown>) => item.address],
      ['/market-events', (item: Record<string, unknown>) => item.id],
      [`/tokens/${demo.node.address('usd token')}/holders`, (item: Record<string, unknown>) => JSON.stringify(item)],
      [`/tokens/${demo.node.address('usd token')}/transfers`, (item: Record<string, unknown>) => item.transaction_hash],
      [`/addresses/${demo.node.address('person 1')}/transactions`, (item: Record<string, unknown>) => item.hash],
    ] as const) {
      const whole = await walk<Record<string, unknown>>(path, 100)
      const parts = await walk<Record<string, unknown>>(path, 2)
      expect(whole.length, path).toBeGreaterThan(2)
      expect(parts.map(keyOf), path).toEqual(whole.map(keyOf))
      expect(new Set(whole.map(keyOf)).size, path).toBe(whole.length)
    }
  })

  test('of holders run from the largest balance down', async () => {
    const holders = await walk<{ value: string }>(`/tokens/${demo.node.address('usd token')}/holders`, 3)
    const values = holders.map(({ value }) => BigInt(value))
    expect(values).toEqual([...values].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)))
  })

  test('can be narrowed by status and source', async () => {
    const finalized = await walk<TaskItem>('/tasks?status=FINALIZED', 20)
    const expected = [...demo.market.tasks.values()].filter(task => task.status === 5)
    expect(finalized.length).toBe(expected.length)
    expect(finalized.every(task => task.status === 'FINALIZED')).toBe(true)
  })
})

describe('single things', () => {
  test('a transaction has its decoded call, its life and a sentence', async () => {
    const [task] = await walk<TaskItem>('/tasks', 1)
    const transaction = await body<TransactionDetail>(`/transactions/${task?.created_transaction_hash}`)
    expect(transaction).toMatchObject({
      status: 'ok',
      method: 'publishTask',
      to: { name: 'Controller', kind: 'market' },
    })
    expect(transaction.decoded_input?.args[0]).toMatchObject({ name: '_taskParams', value: { config: task?.config } })
    expect(transaction.timeline?.executed_ms).toBeGreaterThan(transaction.timeline?.received_ms ?? 0)
    expect(transaction.summary).toMatch(/called publishTask on Controller/)
    const logs = await body<Page<{ decoded: { name: string } }>>(`/transactions/${transaction.hash}/logs`)
    expect(logs.items.map(({ decoded }) => decoded.name)).toEqual(['PaymentFrozen', 'TaskPublished'])
  })

  test('a failed transaction says why, from the trace', async () => {
    const { items } = await body<Page<TransactionItem>>('/transactions?limit=100')
    const failed = items.find(({ status }) => status === 'error')
    const output = `0x08c379a0${'20'.padStart(64, '0')}${'8'.padStart(64, '0')}${Buffer.from('NotOwner').toString('hex').padEnd(64, '0')}`
    demo.node.traces.set(failed?.hash ?? '', {
      type: 'CALL',
      from: failed?.from.hash,
      output,
      error: 'execution reverted',
    })
    const detail = await body<TransactionDetail>(`/transactions/${failed?.hash}`)
    expect(detail.revert_reason).toBe('NotOwner')
    expect(detail.summary).toMatch(/^Tried, but failed/)
  })

  test('pending and dropped transactions are told apart from unknown ones', async () => {
    const [pending, dropped, unknown] = ['p', 'd', 'u'].map(name => demo.node.digest(name)) as [string, string, string]
    const [sample] = demo.node.blocks.flatMap(block => block.transactions)
    demo.node.pending.set(pending, { ...(sample as NonNullable<typeof sample>), hash: pending, blockNumber: null })
    demo.node.dropped.set(dropped, { hash: dropped, reason: 'nonce too low', epoch: '0x0', commitIndex: '0x9' })
    expect(await body(`/transactions/${pending}`)).toMatchObject({ state: 'pending' })
    expect(await body(`/transactions/${dropped}`)).toMatchObject({ state: 'dropped', reason: 'nonce too low' })
    expect((await demo.api(`/transactions/${unknown}`)).status).toBe(404)
  })

  test('internal calls come in execution order with their depth', async () => {
    const [sample] = demo.node.blocks[40]?.transactions ?? []
    const call = (to: string, calls: unknown[] = []) => ({
      type: 'CALL',
      from: MARKET.Nexus,
      to,
      value: '0x5',
      gasUsed: '0x10',
      input: '0x',
      calls,
    })
    demo.node.traces.set(sample?.hash ?? '', {
      ...call(MARKET.Nexus),
      calls: [call(MARKET.Vault, [call(MARKET.Terminal)]), call(MARKET.Controller)],
    })
    const { items } = await body<Page<{ to: { name: string }; depth: number; value: string }>>(
      `/transactions/${sample?.hash}/internal-transactions`,
    )
    expect(items.map(({ to, depth }) => [to.name, depth])).toEqual([
      ['Vault', 1],
      ['Terminal', 2],
      ['Controller', 1],
    ])
  })

  test('a verified task shows seats, digests, verdicts, pay and penalties', async () => {
    const tasks = await walk<TaskItem>('/tasks', 50)
    const verified = tasks.find(task => task.config.includes('language-id'))
    const detail = await body<TaskDetail>(`/tasks/${verified?.address}`)
    expect(detail.proof).toMatchObject({ phase: 'FINAL', audited: true })
    expect(detail.proof?.seats.map(({ state }) => state)).toEqual(['PAID', 'SLASHED'])
    expect(detail.proof?.seats[1]?.slashed).toBe((10n ** 18n).toString())
    expect(detail.proof?.audits).toMatchObject([{ state: 'PAID', verdict: detail.proof?.result }])
    expect(detail.client.hash).toBe(detail.events.find(event => event.name === 'PaymentFrozen')?.args[0]?.value)
    const provider = await body<ProviderItem>(`/providers/${detail.proof?.seats[0]?.provider.hash}`)
    expect(provider.reputation).toMatchObject([{ program_class: 'EXACT_INT', score: 9_120, last_outcome: 'PAID' }])
  })

  test('an address is known by what lives there', async () => {
    const [task] = await walk<TaskItem>('/tasks', 1)
    const known = await body<AddressDetail>(`/addresses/${task?.address}`)
    expect(known).toMatchObject({ kind: 'task', name: 'Task', task: { address: task?.address } })
    const account = await body<AddressDetail>(`/addresses/${demo.node.address('person 1')}`)
    expect(account).toMatchObject({
      kind: 'account',
      coin_balance: demo.node.balances.get(demo.node.address('person 1'))?.toString(),
    })
    expect(account.transactions_count).toBe(
      account.nonce === 0 ? 0 : (await walk(`/addresses/${account.hash}/transactions`, 100)).length,
    )
    const never = await body<AddressDetail>(`/addresses/${demo.node.address('nobody')}`)
    expect(never).toMatchObject({ transactions_count: 0, first_block: null })
  })

  test('a delegated account (EIP-7702) is an account with a delegate', async () => {
    const account = demo.node.address('delegated')
    demo.node.codes.set(account, `0xef0100${MARKET.Vault.slice(2)}`)
    expect(await body(`/addresses/${account}`)).toMatchObject({ kind: 'account', delegate: { name: 'Vault' } })
  })
})

describe('the network', () => {
  test('figures follow from the blocks', async () => {
    const stats = await body<Stats>('/stats')
    expect(stats).toMatchObject({ chain_id: 1071, head: 90, total_blocks: '91', average_block_time: 1_000 })
    expect(stats.total_transactions).toBe(
      String(demo.node.blocks.reduce((sum, block) => sum + block.transactions.length, 0)),
    )
    expect(stats.finality.samples).toBeGreaterThan(100)
    expect(stats.finality.p50_ms).toBeGreaterThan(200)
    expect(stats.finality.p95_ms).toBeGreaterThan(stats.finality.p50_ms ?? 0)
    expect(Object.values(stats.tasks).reduce((sum, count) => sum + count, 0)).toBe(demo.market.tasks.size)
    expect(stats.dag?.committeeSize).toBe(7)
    const { chart_data: days } = await body<{ chart_data: { transactions: number }[] }>('/stats/charts/transactions')
    expect(days.reduce((sum, day) => sum + day.transactions, 0)).toBe(Number(stats.total_transactions))
  })

  test('the DAG is passed on, within bounds', async () => {
    const { items } = await body<Page<{ round: number }>>(
      `/dag/rounds?from=${demo.node.round - 4}&to=${demo.node.round}`,
    )
    expect(items).toHaveLength(5)
    expect((await demo.api('/dag/rounds?from=0&to=5000')).status).toBe(422)
    expect(await body('/dag/commits/7')).toMatchObject({ index: 7, blocks: [3] })
  })

  test('a search finds numbers, hashes, addresses and names', async () => {
    const find = async (text: string) =>
      (await body<SearchItem[]>(`/search/quick?q=${encodeURIComponent(text)}`)).map(({ url }) => url)
    expect(await find('12')).toContain('/block/12')
    expect(await find(demo.node.blocks[12]?.hash ?? '')).toEqual(['/block/12'])
    expect(await find(demo.node.address('usd token'))).toContain(`/token/${demo.node.address('usd token')}`)
    expect(await find('compute')).toEqual([`/token/${demo.node.address('usd token')}`])
    expect(await find('validator-3')).toEqual(['/validators'])
    expect(await find('nex')).toEqual([`/address/${MARKET.Nexus}`])
    expect(await find('%')).toEqual([])
  })
})

describe('the Etherscan form', () => {
  const ask = async (query: string) =>
    (await fetch(`${demo.url}/api?${query}`)).json() as Promise<Record<string, unknown>>

  test('answers the basic actions', async () => {
    const person = demo.node.address('person 1')
    const list = await ask(`module=account&action=txlist&address=${person}&sort=asc&offset=5`)
    expect(list).toMatchObject({ status: '1', message: 'OK' })
    expect((list.result as { blockNumber: string }[]).map(({ blockNumber }) => Number(blockNumber))).toHaveLength(5)
    expect(await ask(`module=account&action=balance&address=${person}`)).toMatchObject({
      result: demo.node.balances.get(person)?.toString(),
    })
    const token = demo.node.address('usd token')
    expect(await ask(`module=account&action=tokentx&address=${person}&contractaddress=${token}`)).toMatchObject({
      status: '1',
    })
    expect(await ask(`module=contract&action=getcontractcreation&contractaddresses=${token}`)).toMatchObject({
      result: [{ contractAddress: token, contractCreator: demo.node.address('person 0') }],
    })
    expect(
      JSON.parse(String((await ask(`module=contract&action=getabi&address=${MARKET.Nexus}`)).result)),
    ).toBeInstanceOf(Array)
    expect(await ask('module=proxy&action=eth_blockNumber')).toMatchObject({ result: '0x5a' })
  })

  test('says what is wrong instead of failing', async () => {
    expect(await ask('module=account&action=balance&address=0x12')).toMatchObject({ status: '0', message: 'NOTOK' })
    expect(await ask('module=account&action=constructor')).toMatchObject({ status: '0', message: 'NOTOK' })
    expect(await ask('module=proxy&action=debug_traceTransaction')).toMatchObject({ status: '0' })
  })
})

test('malformed requests are refused with a code, never with a stack', async () => {
  for (const path of [
    '/blocks/abc',
    '/blocks/0x12',
    '/blocks?limit=0',
    '/blocks?limit=101',
    '/blocks?before=-1',
    '/blocks?before=1.2',
    '/transactions/0xzz',
    '/addresses/0x1',
    "/tokens?before=1.'; DROP TABLE blocks; --",
    '/tasks?status=SOMETIMES',
    '/dag/rounds?from=1',
  ]) {
    const { status, body: answer } = await demo.api<{ message: string; code: string }>(path)
    expect(status, path).toBe(422)
    expect(answer, path).toEqual({ message: expect.any(String), code: 'invalid request' })
  }
  expect((await demo.api('/addresses/%E0%A4%A')).status).toBe(400)
  expect((await demo.api('/nothing/here')).status).toBe(404)
  expect((await demo.api('/blocks/99999')).status).toBe(404)
})

test('the OpenAPI document names every route with its parameters', async () => {
  const document = await body<{ openapi: string; paths: Record<string, { get: { parameters: { name: string }[] } }> }>(
    '/openapi.json',
  )
  expect(document.openapi).toBe('3.1.0')
  expect(document.paths['/blocks/{number_or_hash}']?.get.parameters.map(({ name }) => name)).toEqual(['number_or_hash'])
  expect(Object.keys(document.paths).length).toBeGreaterThan(35)
})

test('health tells how far the index is, and the feed tells of new blocks', async () => {
  expect(await (await fetch(`${demo.url}/health`)).json()).toMatchObject({ status: 'ok', lagBlocks: 0 })
  const abort = new AbortController()
  const stream = await fetch(`${demo.url}/api/v2/feed`, { signal: abort.signal })
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
  demo.node.addBlock([{ from: demo.node.address('person 1'), to: demo.node.address('person 2'), value: 1n }])
  let text = ''
  while (!text.includes('"number":91')) text += (await reader?.read())?.value ?? ''
  expect(text).toContain('event: block')
  abort.abort()
})

test('a client that asks too much is told to wait', async () => {
  const other = await startDemo(0, { rate: { perSecond: 1, burst: 30 } })
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async () => (await fetch(`${other.url}/api/v2/stats`)).status),
  )
  expect(statuses.filter(status => status === 200).length).toBeGreaterThanOrEqual(30)
  expect(statuses).toContain(429)
  expect((await fetch(`${other.url}/health`)).status).toBe(200)
  await other.stop()
})
