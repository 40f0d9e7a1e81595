import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMetrics } from '#lib/metrics'
import { LIMITS } from '../../relay/limits.ts'
import { ADMIN_KEY, chat, FREE_MODEL, MODEL, startTestRelay, type TestRelay, temporaryFolder } from './fixtures.ts'
import { resultOf } from './memory-market.ts'

let dir: string
let remove: () => Promise<void>
let relay: TestRelay
beforeEach(async () => {
  ;({ dir, remove } = await temporaryFolder())
  relay = await startTestRelay(dir)
})
afterEach(async () => {
  await relay.stop()
  await remove()
})

describe('chat completions', () => {
  it('answer in the OpenAI shape, charge the price, and name the task on chain', async () => {
    const { key } = await relay.customer(1_000)
    const { status, headers, body } = await relay.call({
      ...chat([
        { type: 'text', text: 'Hello ' },
        { type: 'text', text: 'world' },
      ]),
      key,
    })
    expect(status).toBe(200)
    expect(headers['x-ogpu-task']).toBe(relay.market.tasks[0]?.address)
    expect(headers['x-request-id']).toMatch(/^req_[0-9a-f-]{36}$/)
    expect(body).toMatchObject({
      object: 'chat.completion',
      model: MODEL.name,
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello world' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 11, completion_tokens: 11, total_tokens: 22, task_address: headers['x-ogpu-task'] },
    })
    const credits = await relay.call({ url: '/v2/customer/credits', key })
    expect(credits.body).toMatchObject({ available_micro_usd: 750, reserved_micro_usd: 0, balance_usd: '0.00075' })
    const usage = await relay.call({ url: '/v2/customer/usage', key })
    expect(usage.body).toMatchObject({ requests: 1, cost_micro_usd: 250 })
    expect(usage.body.items).toMatchObject([{ model: MODEL.name, task_address: headers['x-ogpu-task'] }])
  })

  it('take the last message of the user', async () => {
    const { key } = await relay.customer(1_000)
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'yes' },
      { role: 'user', content: 'second' },
    ]
    const { body } = await relay.call({ ...chat('', { messages, temperature: 0.5, max_tokens: 5 }), key })
    expect(body.choices[0].message.content).toBe('second')
  })

  it('stream as server-sent events that end with [DONE]', async () => {
    const { key } = await relay.customer(1_000)
    const { headers, body } = await relay.call({
      ...chat('Hi', { stream: true, stream_options: { include_usage: true } }),
      key,
    })
    expect(headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(headers['x-ogpu-task']).toBe(relay.market.tasks[0]?.address)
    const events = String(body).trimEnd().split('\n\n')
    expect(events.at(-1)).toBe('data: [DONE]')
    const chunks = events.slice(0, -1).map(event => JSON.parse(event.replace(/^data: /, '')))
    expect(chunks.map(chunk => chunk.object)).toEqual(Array(4).fill('chat.completion.chunk'))
    expect(chunks.map(chunk => chunk.choices[0]?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'Hi' },
      {},
      undefined,
    ])
    expect(chunks[2].choices[0].finish_reason).toBe('stop')
    expect(chunks[3].usage).toMatchObject({ total_tokens: 4, task_address: headers['x-ogpu-task'] })
    expect(new Set(chunks.map(chunk => chunk.id)).size).toBe(1)
  })

  it('a stream that fails before its task is on chain has a status, one that fails later an error event', async () => {
    const { key } = await relay.customer(1_000)
    relay.market.active = false
    const early = await relay.call({ ...chat('Hi', { stream: true }), key })
    expect([early.status, early.body.error.code]).toEqual([403, 'MODEL_RETIRED'])
    relay.market.active = true
    relay.market.answer = async () => {
      await new Promise(resolve => setTimeout(resolve, 20))
      return { kind: 'failed', reason: 'EXPIRED' }
    }
    const late = await relay.call({ ...chat('Hi', { stream: true }), key })
    expect(late.status).toBe(200)
    expect(late.body).not.toContain('[DONE]')
    expect(JSON.parse(String(late.body).trimEnd().split('data: ').at(-1) ?? '').error.code).toBe('PROVIDER_UNAVAILABLE')
    const credits = await relay.call({ url: '/v2/customer/credits', key })
    expect(credits.body.available_micro_usd).toBe(1_000)
  })

  it('give the reservation back when the network has no result', async () => {
    const { key } = await relay.customer(1_000)
    relay.market.answer = () => ({ kind: 'failed', reason: 'no agreement' })
    const { status, headers, body } = await relay.call({ ...chat('Hi'), key })
    expect(status).toBe(502)
    expect(body.error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', source: 'network' })
    expect(body.error.detail.task_address).toBe(headers['x-ogpu-task'])
    const { body: history } = await relay.call({ url: '/v2/customer/credits/history', key })
    expect(history.items.map((item: { kind: string }) => item.kind)).toEqual(['refund', 'topup'])
    expect(history.items[0].balance_micro_usd).toBe(1_000)
  })

  it('bytes that the decoder cannot read are refunded', async () => {
    const { key } = await relay.customer(1_000)
    relay.market.answer = () => ({ ...resultOf(''), bytes: new Uint8Array([0xff, 0xfe, 0xff]) }) as never
    const { status, body } = await relay.call({ ...chat('Hi'), key })
    expect([status, body.error.code]).toEqual([502, 'PROVIDER_SCHEMA_MISMATCH'])
    expect((await relay.call({ url: '/v2/customer/credits', key })).body.available_micro_usd).toBe(1_000)
  })

  const wrong: readonly (readonly [string, object, number, string])[] = [
    ['no messages', { messages: [] }, 422, 'VALIDATION_ERROR'],
    ['no user message', { messages: [{ role: 'system', content: 'x' }] }, 422, 'VALIDATION_ERROR'],
    ['an empty text', { messages: [{ role: 'user', content: '' }] }, 422, 'VALIDATION_ERROR'],
    ['an image', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 422, 'VALIDATION_ERROR'],
    ['messages of another kind', { messages: 'hi' }, 422, 'VALIDATION_ERROR'],
    ['a message that is no object', { messages: [null] }, 422, 'VALIDATION_ERROR'],
    ['tools', { tools: [{ type: 'function' }] }, 422, 'VALIDATION_ERROR'],
    ['two choices', { n: 2 }, 422, 'VALIDATION_ERROR'],
    ['JSON mode', { response_format: { type: 'json_object' } }, 422, 'VALIDATION_ERROR'],
    ['a stream flag that is none', { stream: 'yes' }, 422, 'VALIDATION_ERROR'],
    ['a text above the bound', { messages: [{ role: 'user', content: 'x'.repeat(70_000) }] }, 422, 'VALIDATION_ERROR'],
    ['a body above the bound', { filler: 'x'.repeat(300_000) }, 413, 'FILE_TOO_LARGE'],
    ['an unknown model', { model: 'gpt-5' }, 404, 'MODEL_NOT_FOUND'],
    ['mode direct', { mode: 'direct' }, 403, 'MODEL_NOT_AVAILABLE'],
    ['another mode', { mode: 'x' }, 422, 'VALIDATION_ERROR'],
  ]
  for (const [what, more, status, code] of wrong) {
    it(`refuse ${what} with ${status} ${code}, and charge nothing`, async () => {
      const { key } = await relay.customer(1_000)
      const answer = await relay.call({ ...chat('x', more), key })
      expect([answer.status, answer.body.error.code]).toEqual([status, code])
      expect(answer.body).toMatchObject({
        detail: answer.body.error.message,
        error: { request_id: answer.headers['x-request-id'], param: null, source: 'relay' },
      })
      expect((await relay.call({ url: '/v2/customer/credits', key })).body.available_micro_usd).toBe(1_000)
      expect(relay.market.tasks).toEqual([])
    })
  }
})

describe('credits', () => {
  it('requests that the balance does not cover are 402, and simultaneous ones never overdraw', async () => {
    const { key } = await relay.customer(600)
    const answers = await Promise.all(Array.from({ length: 6 }, () => relay.call({ ...chat('x'), key })))
    expect(answers.map(answer => answer.status).sort()).toEqual([200, 200, 402, 402, 402, 402])
    const refused = answers.find(answer => answer.status === 402)
    expect(refused?.body.error).toMatchObject({ code: 'INSUFFICIENT_CREDITS', detail: { required_micro_usd: 250 } })
    expect((await relay.call({ url: '/v2/customer/credits', key })).body.balance_micro_usd).toBe(100)
    expect(relay.market.tasks.length).toBe(2)
  })

  it('a low balance is told in a header', async () => {
    const { key, id } = await relay.customer(1_000)
    expect((await relay.call({ url: '/v2/customer/credits', key })).headers['x-credit-warning']).toBe('low')
    const payload = { customer_id: id, amount_micro_usd: 5_000_000, reference: 'more' }
    await relay.call({ method: 'POST', url: '/admin/credits', key: ADMIN_KEY, payload })
    expect((await relay.call({ url: '/v2/customer/credits', key })).headers['x-credit-warning']).toBeUndefined()
  })

  it('a top-up counts once for its reference, and another amount under it is refused', async () => {
    const { id, key } = await relay.customer(0)
    const topUp = (amount_micro_usd: unknown, reference: unknown = 'invoice 1') =>
      relay.call({
        method: 'POST',
        url: '/admin/credits',
        key: ADMIN_KEY,
        payload: { customer_id: id, amount_micro_usd, reference } as object,
      })
    expect((await topUp(500)).body).toMatchObject({ available_micro_usd: 500, replayed: false })
    expect((await topUp(500)).body).toMatchObject({ available_micro_usd: 500, replayed: true })
    expect((await topUp(501)).body.error.code).toBe('AMOUNT_MISMATCH')
    for (const amount of [0, -1, 1.5, '5', LIMITS.topUpMax + 1]) expect((await topUp(amount, 'r')).status).toBe(422)
    expect((await relay.call({ url: '/v2/customer/credits', key })).body.balance_micro_usd).toBe(500)
  })

  it('only the admin key opens the admin routes', async () => {
    const { key } = await relay.customer(0)
    for (const [given, code] of [
      [undefined, 'MISSING_CREDENTIALS'],
      [key, 'INVALID_TOKEN'],
      [`${ADMIN_KEY}x`, 'INVALID_TOKEN'],
    ] as const) {
      for (const url of ['/admin/customers', '/admin/credits']) {
        const answer = await relay.call({
          method: 'POST',
          url,
          payload: {},
          ...(given === undefined ? {} : { key: given }),
        })
        expect([answer.status, answer.body.error.code]).toEqual([401, code])
      }
      const status = await relay.call({ url: '/admin/status', ...(given === undefined ? {} : { key: given }) })
      expect(status.status).toBe(401)
    }
    const status = await relay.call({ url: '/admin/status', key: ADMIN_KEY })
    expect(status.body).toMatchObject({ chain_id: 1071, open_tasks: 0, owed_to_customers_micro_usd: 0 })
  })

  it('history and usage come in pages, newest first', async () => {
    const { key } = await relay.customer(1_000)
    for (let i = 0; i < 3; i++) await relay.call({ ...chat(`${i}`), key })
    const first = await relay.call({ url: '/v2/customer/credits/history?limit=3', key })
    expect(first.body.items.map((item: { number: number }) => item.number)).toEqual([4, 3, 2])
    const url = `/v2/customer/credits/history?limit=3&cursor=${first.body.next_cursor}`
    const second = await relay.call({ url, key })
    expect(second.body).toMatchObject({ items: [{ number: 1, kind: 'topup' }], next_cursor: null })
    expect((await relay.call({ url: '/v2/customer/usage?limit=0', key })).status).toBe(422)
    expect((await relay.call({ url: '/v2/customer/usage?cursor=x', key })).status).toBe(422)
  })
})

describe('API keys', () => {
  it('are shown once, listed without the secret, and stored as a hash', async () => {
    const { key } = await relay.customer(1_000)
    const made = await relay.call({ method: 'POST', url: '/v2/customer/keys', key, payload: { name: 'second' } })
    expect(made.status).toBe(201)
    expect(made.body.key).toMatch(/^relay_sk_[A-Za-z0-9_-]{43}$/)
    const list = await relay.call({ url: '/v2/customer/keys', key: made.body.key })
    expect(list.body.keys.map((each: { name: string }) => each.name)).toEqual(['first', 'second'])
    const { readdir, readFile } = await import('node:fs/promises')
    for (const file of await readdir(dir)) {
      const content = await readFile(`${dir}/${file}`, 'utf8')
      for (const secret of [key, made.body.key]) expect(content).not.toContain(secret)
    }
    expect(JSON.stringify(list.body)).not.toContain(made.body.key)
  })

  it('a revoked key, an unknown one and none are told apart', async () => {
    const { key } = await relay.customer(1_000)
    const { body: second } = await relay.call({ method: 'POST', url: '/v2/customer/keys', key, payload: {} })
    const url = `/v2/customer/keys/${second.key_id}/revoke`
    expect((await relay.call({ method: 'POST', url, key })).body.status).toBe('revoked')
    const codes = []
    for (const given of [second.key, `relay_sk_${'A'.repeat(43)}`, 'nonsense', undefined]) {
      const { status, body } = await relay.call({ ...chat('x'), ...(given === undefined ? {} : { key: given }) })
      codes.push([status, body.error.code])
    }
    expect(codes).toEqual([
      [401, 'KEY_REVOKED'],
      [401, 'INVALID_API_KEY'],
      [401, 'INVALID_API_KEY'],
      [401, 'MISSING_CREDENTIALS'],
    ])
  })

  it('X-API-Key wins over a bearer token', async () => {
    const { key } = await relay.customer(0)
    const url = '/v2/customer/credits'
    expect((await relay.call({ url, key: 'nonsense', headers: { 'x-api-key': key } })).status).toBe(200)
    expect((await relay.call({ url, key, headers: { 'x-api-key': 'nonsense' } })).status).toBe(401)
  })

  it('belong to their customer, and are as many as the tier has', async () => {
    const one = await relay.customer(0, 'basic')
    const two = await relay.customer(0, 'basic')
    const { body } = await relay.call({ url: '/v2/customer/keys', key: two.key })
    const foreign = { method: 'POST' as const, url: `/v2/customer/keys/${body.keys[0].key_id}/revoke` }
    expect((await relay.call({ ...foreign, key: one.key })).body.error.code).toBe('KEY_NOT_OWNED')
    const unknown = { method: 'POST' as const, url: '/v2/customer/keys/key_x/revoke' }
    expect((await relay.call({ ...unknown, key: one.key })).body.error.code).toBe('KEY_NOT_FOUND')
    const make = () => relay.call({ method: 'POST', url: '/v2/customer/keys', key: one.key, payload: {} })
    const statuses = []
    for (let i = 0; i < 5; i++) statuses.push((await make()).status)
    expect(statuses).toEqual([201, 201, 201, 201, 403])
  })

  it('a budget bounds what a key spends', async () => {
    const { key } = await relay.customer(10_000)
    const { body } = await relay.call({
      method: 'POST',
      url: '/v2/customer/keys',
      key,
      payload: { name: 'small', budget_micro_usd: 600 },
    })
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await relay.call({ ...chat(`${i}`), key: body.key })).status)
    expect(statuses).toEqual([200, 200, 402])
    expect((await relay.call({ ...chat('x'), key: body.key })).body.error.code).toBe('KEY_BUDGET_EXHAUSTED')
    expect((await relay.call({ ...chat('x'), key })).status).toBe(200)
  })

  it('have a limit of requests per minute', async () => {
    const { key } = await relay.customer(0, 'basic')
    const url = '/v2/customer/credits'
    for (let i = 0; i < 60; i++) expect((await relay.call({ url, key })).status).toBe(200)
    relay.clock.nowMs += 20_000
    const { status, headers, body } = await relay.call({ url, key })
    expect([status, headers['retry-after'], body.error.code]).toEqual([429, '40', 'RATE_LIMITED'])
    expect(body.error.message).toBe('60/60 requests per minute used (mode opengpu, tier basic)')
    relay.clock.nowMs += 40_000
    expect((await relay.call({ url, key })).status).toBe(200)
  })
})

describe('tasks', () => {
  const submit = (key: string, more: object = {}, headers: Record<string, string> = {}) =>
    relay.call({ method: 'POST', url: '/v2/tasks', key, headers, payload: { model: MODEL.name, input: 'Hi', ...more } })

  it('are accepted at once, and can be waited for by anybody who knows the id', async () => {
    const { key } = await relay.customer(1_000)
    let end: (outcome: ReturnType<typeof resultOf>) => void = () => {}
    relay.market.answer = () => new Promise(resolve => (end = resolve))
    const { status, body } = await submit(key)
    expect(status).toBe(202)
    expect(body).toEqual({
      task_id: expect.stringMatching(/^opengpu:[0-9a-f-]{36}$/),
      status: 'queued',
      poll_url: `/v2/tasks/${body.task_id}`,
    })
    await expect.poll(async () => (await relay.call({ url: body.poll_url })).body.status).toBe('running')
    const waiting = relay.call({ url: `${body.poll_url}?wait=30` })
    await new Promise(resolve => setTimeout(resolve, 30))
    end(resultOf('done'))
    const ended = await waiting
    expect(ended.body).toMatchObject({
      task_id: body.task_id,
      status: 'completed',
      mode: 'opengpu',
      task_address: relay.market.tasks[0]?.address,
      result: { text: 'done', checked_by: 'digest', result_hash: 'ab'.repeat(32) },
      error: null,
      error_code: null,
    })
  })

  it('take bytes as base64, and nothing else', async () => {
    const { key } = await relay.customer(1_000)
    const bytes = Buffer.from([0, 255, 7])
    expect((await submit(key, { input: undefined, input_base64: bytes.toString('base64') })).status).toBe(202)
    await expect.poll(() => relay.market.tasks.length).toBe(1)
    expect(relay.market.tasks[0]?.input).toEqual(new Uint8Array(bytes))
    for (const more of [
      { input_base64: 'AAAA' },
      { input: undefined },
      { input: undefined, input_base64: 'A' },
      { input: undefined, input_base64: '===' },
      { surprise: 1 },
    ]) {
      expect((await submit(key, more)).status).toBe(422)
    }
  })

  it('wait takes 1 to 30 seconds', async () => {
    const { key } = await relay.customer(1_000)
    const { body } = await submit(key)
    for (const wait of ['0', '31', 'x', '-1', '1.5', '']) {
      expect((await relay.call({ url: `${body.poll_url}?wait=${wait}` })).status, wait).toBe(422)
    }
    expect((await relay.call({ url: `${body.poll_url}?wait=1&wait=2` })).status).toBe(422)
  })

  it('results are kept for an hour', async () => {
    const { key } = await relay.customer(1_000)
    const { body } = await submit(key)
    await relay.call({ url: `${body.poll_url}?wait=5` })
    relay.clock.nowMs += LIMITS.resultLifeMs - 1
    expect((await relay.call({ url: body.poll_url })).status).toBe(200)
    relay.clock.nowMs += 1
    expect((await relay.call({ url: body.poll_url })).body.error.code).toBe('TASK_NOT_FOUND')
    expect((await relay.call({ url: '/v2/tasks/opengpu:x' })).status).toBe(404)
  })

  it('one Idempotency-Key is one task for a day, whatever happens in between', async () => {
    const { key } = await relay.customer(1_000)
    const again = () => submit(key, {}, { 'idempotency-key': 'order 1' })
    const first = await again()
    expect(first.headers['idempotency-replayed']).toBeUndefined()
    await relay.call({ url: `${first.body.poll_url}?wait=5` })
    // A restart in between changes nothing.
    const { market, clock } = relay
    await relay.stop()
    relay = await startTestRelay(dir, { market, clock })
    relay.clock.nowMs += LIMITS.idempotencyLifeMs - 1
    const second = await again()
    expect(second.status).toBe(202)
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect(second.body).toEqual(first.body)
    relay.clock.nowMs += 1
    const third = await again()
    expect(third.headers['idempotency-replayed']).toBeUndefined()
    expect(third.body.task_id).not.toBe(first.body.task_id)
  })

  it('another request under the same Idempotency-Key is refused, another key has its own', async () => {
    const { key } = await relay.customer(1_000)
    const headers = { 'idempotency-key': 'k' }
    expect((await submit(key, {}, headers)).status).toBe(202)
    const other = await submit(key, { input: 'Ho' }, headers)
    expect([other.status, other.body.error.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    const { body } = await relay.call({ method: 'POST', url: '/v2/customer/keys', key, payload: {} })
    expect((await submit(body.key, { input: 'Ho' }, headers)).status).toBe(202)
    for (const wrong of ['', 'x'.repeat(256)]) {
      expect((await submit(key, {}, { 'idempotency-key': wrong })).status).toBe(422)
    }
  })

  it('the same request twice at once is one task: the later one is 409 or the replay', async () => {
    const { key } = await relay.customer(1_000)
    const answers = await Promise.all(Array.from({ length: 5 }, () => submit(key, {}, { 'idempotency-key': 'k' })))
    const statuses = answers.map(answer => answer.status)
    expect(statuses.filter(status => status === 202).length).toBeGreaterThan(0)
    for (const answer of answers) {
      if (answer.status === 202) continue
      expect([answer.body.error.code, answer.headers['retry-after']]).toEqual(['IDEMPOTENCY_IN_PROGRESS', '1'])
    }
    await expect.poll(() => relay.market.tasks.length).toBe(1)
    expect((await relay.call({ url: '/v2/customer/credits/history', key })).body.items.length).toBeLessThan(3)
  })

  it('a completion under an Idempotency-Key is 409 while it runs, and answered again afterwards', async () => {
    const { key } = await relay.customer(1_000)
    let end: (outcome: ReturnType<typeof resultOf>) => void = () => {}
    relay.market.answer = () => new Promise(resolve => (end = resolve))
    const ask = () => relay.call({ ...chat('x'), key, headers: { 'idempotency-key': 'k' } })
    const first = ask()
    await expect.poll(() => relay.market.tasks.length).toBe(1)
    const second = await ask()
    expect([second.status, second.body.error.code]).toEqual([409, 'IDEMPOTENCY_IN_PROGRESS'])
    await new Promise(resolve => setTimeout(resolve, 20))
    end(resultOf('done'))
    const { body } = await first
    const third = await ask()
    expect(third.headers['idempotency-replayed']).toBe('true')
    expect(third.body).toEqual(body)
    expect(relay.market.tasks.length).toBe(1)
  })
})

describe('what needs no key', () => {
  it('health is 200, and 503 when the chain is silent', async () => {
    expect((await relay.call({ url: '/v2/health' })).body).toMatchObject({ status: 'ok' })
    relay.market.lastSeenMs = relay.clock.nowMs - 20_000
    const { status, body } = await relay.call({ url: '/v2/health' })
    expect([status, body.status]).toEqual([503, 'degraded'])
    const { key } = await relay.customer(1_000)
    const refused = await relay.call({ ...chat('x'), key })
    expect([refused.status, refused.body.error.code]).toEqual([503, 'CAPACITY_EXHAUSTED'])
  })

  it('models, one model with a slash in its name, prices and tiers', async () => {
    const tree = (await relay.call({ url: '/v2/models' })).body
    expect(tree.auto).toEqual(tree.opengpu)
    const [models] = Object.values(tree.opengpu) as [{ name: string; endpoint: object }[]]
    expect(models.map(model => model.name)).toEqual([MODEL.name, FREE_MODEL.name])
    expect(models[0]?.endpoint).toMatchObject({ method: 'POST', path: chat('').url, streams: true })
    const one = (await relay.call({ url: `/v2/models/${MODEL.name}` })).body
    expect(one).toMatchObject({ name: MODEL.name, status: 'available', pricing: { price_usd: '0.00025' } })
    relay.market.active = false
    expect((await relay.call({ url: `/v2/models/${MODEL.name}` })).body.status).toBe('retired')
    expect((await relay.call({ url: '/v2/models/x/y' })).status).toBe(404)
    expect((await relay.call({ url: '/v2/pricing' })).body.prices[0]).toMatchObject({ kind: 'per_request' })
    expect((await relay.call({ url: '/v2/tiers' })).body.tiers.length).toBe(5)
  })

  it('is counted by address', async () => {
    for (let i = 0; i < LIMITS.guestRequestsPerMinute; i++) await relay.call({ url: '/v2/pricing' })
    expect((await relay.call({ url: '/v2/pricing' })).status).toBe(429)
    expect((await relay.call({ url: '/v2/health' })).status).toBe(200)
    expect((await relay.call({ url: '/v2/pricing', remoteAddress: '10.0.0.9' })).status).toBe(200)
    // Who has a key is counted by it, wherever the request comes from.
    const { key } = await relay.customer(0)
    expect((await relay.call({ url: '/v2/pricing', key })).status).toBe(200)
    expect((await relay.call({ url: '/v2/pricing', key: `relay_sk_${'A'.repeat(43)}` })).status).toBe(429)
  })

  it('every answer has an id of its own, also those to nonsense', async () => {
    const ids = new Set<unknown>()
    for (const options of [
      { url: '/' },
      { url: '/v2/nothing', headers: { 'x-request-id': 'mine' } },
      { url: '/%zz' },
      { method: 'DELETE' as const, url: '/v2/health' },
      { method: 'POST' as const, url: '/v2/tasks', payload: '{', headers: { 'content-type': 'application/json' } },
      { method: 'POST' as const, url: '/v2/tasks', payload: 'x', headers: { 'content-type': 'application/xml' } },
      {
        method: 'POST' as const,
        url: '/v2/tasks',
        payload: '{"__proto__":{"a":1}}',
        headers: { 'content-type': 'application/json' },
      },
    ]) {
      const { status, headers, body } = await relay.call(options)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(body.error.request_id).toBe(headers['x-request-id'])
      expect(headers['x-request-id']).toMatch(/^req_/)
      ids.add(headers['x-request-id'])
    }
    expect(ids.size).toBe(7)
  })
})

describe('what operators see', () => {
  it('requests by route and status, tasks by outcome, tokens, credits owed and held', async () => {
    const metrics = createMetrics({ build: { version: 'test' }, processMetrics: false })
    const folder = await temporaryFolder()
    const watched = await startTestRelay(folder.dir, { metrics: metrics.registry })
    try {
      const { key } = await watched.customer(1_000)
      await watched.call({ ...chat('Hello'), key })
      await watched.call({ url: '/v2/models', key })
      await watched.call({ url: '/nowhere/at/all', key })
      await watched.call({ ...chat('Hello'), key: 'wrong' })
    } finally {
      await watched.stop()
      await folder.remove()
    }
    const lines = (await metrics.text()).split('\n')
    const route = '/v2/openai/v1/chat/completions'
    for (const line of [
      `ogpu_relay_requests_total{route="${route}",status="200"} 1`,
      `ogpu_relay_requests_total{route="${route}",status="401"} 1`,
      'ogpu_relay_requests_total{route="/v2/models",status="200"} 1',
      'ogpu_relay_requests_total{route="none",status="404"} 1',
      `ogpu_relay_request_seconds_count{route="${route}"} 2`,
      `ogpu_relay_tasks_total{model="${MODEL.name}",outcome="completed"} 1`,
      `ogpu_relay_task_seconds_count{model="${MODEL.name}"} 1`,
      `ogpu_relay_tokens_total{model="${MODEL.name}",direction="prompt"} 5`,
      `ogpu_relay_charged_usd_total{model="${MODEL.name}"} 0.00025`,
      'ogpu_relay_credits_usd{kind="held"} 0',
    ]) {
      expect(lines).toContain(line)
    }
    expect(lines.some(line => line.startsWith('ogpu_relay_coins{kind="vault"} '))).toBe(true)
  })
})
