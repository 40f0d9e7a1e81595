import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_KEY, MODEL, startTestRelay, type TestRelay, temporaryFolder } from './fixtures.ts'

let relay: TestRelay
let remove: () => Promise<void>
let key: string
beforeAll(async () => {
  const folder = await temporaryFolder()
  remove = folder.remove
  relay = await startTestRelay(folder.dir)
  ;({ key } = await relay.customer(1_000_000_000))
})
afterAll(async () => {
  await relay.stop()
  await remove()
})

const anything = fc.anything({ maxDepth: 3, withNullPrototype: false }).filter(value => {
  try {
    return JSON.stringify(value) !== undefined
  } catch {
    return false
  }
})
/** Known field names with values of any kind, so that checks deeper inside are reached. */
const body = fc.oneof(
  anything,
  fc.record(
    {
      model: fc.oneof(fc.constant(MODEL.name), anything),
      mode: fc.oneof(fc.constantFrom('auto', 'opengpu', 'direct'), anything),
      messages: fc.oneof(
        anything,
        fc.array(fc.record({ role: fc.constantFrom('user', 'system', 'x'), content: anything }), { maxLength: 3 }),
      ),
      stream: fc.oneof(fc.boolean(), anything),
      stream_options: anything,
      response_format: anything,
      n: anything,
      tools: anything,
      input: fc.oneof(fc.string(), anything),
      input_base64: fc.oneof(fc.base64String(), anything),
      name: anything,
      tier: anything,
      budget_micro_usd: fc.oneof(fc.double(), anything),
      customer_id: anything,
      amount_micro_usd: fc.oneof(fc.double(), anything),
      reference: anything,
    },
    { requiredKeys: [] },
  ),
)
const ROUTES = [
  '/v2/openai/v1/chat/completions',
  '/v2/tasks',
  '/v2/customer/keys',
  '/admin/customers',
  '/admin/credits',
]
const word = fc.oneof(
  fc.string(),
  fc.constantFrom('1', '30', '..', '%00', 'opengpu:x', '__proto__', 'constructor', 'toString'),
)

describe('whatever comes', () => {
  it('a body is answered with success or with what is wrong in it, never with a failure of the relay', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ROUTES),
        body,
        fc.option(word, { nil: undefined }),
        async (url, payload, idempotency) => {
          // Counters of a minute are not what is tested here.
          relay.clock.nowMs += 60_000
          const {
            status,
            body: answer,
            headers,
          } = await relay.call({
            method: 'POST',
            url,
            key: url.startsWith('/admin') ? ADMIN_KEY : key,
            headers: {
              'content-type': 'application/json',
              ...(idempotency === undefined ? {} : { 'idempotency-key': encodeURIComponent(idempotency) }),
            },
            payload: JSON.stringify(payload),
          })
          expect(status, JSON.stringify(answer)).toBeLessThan(500)
          expect(headers['x-request-id']).toMatch(/^req_/)
          if (status >= 400) expect(answer.error.code).toMatch(/^[A-Z_]+$/)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('a path, a query and a key are answered, and none of them is an object of the language', async () => {
    const paths = [
      '/v2/tasks/',
      '/v2/models/',
      '/v2/customer/keys/',
      '/v2/customer/usage?limit=',
      '/v2/tasks/x?wait=',
      '/',
    ]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), word, fc.oneof(fc.constant(key), word), async (path, rest, given) => {
        relay.clock.nowMs += 60_000
        const { status, body: answer } = await relay.call({
          url: path + encodeURIComponent(rest),
          headers: { 'x-api-key': encodeURIComponent(given) },
        })
        expect(status).toBeLessThan(500)
        if (status >= 400) expect(answer.error.code).toMatch(/^[A-Z_]+$/)
        else expect(path).toMatch(/usage|keys|models\/$/)
      }),
      { numRuns: 300 },
    )
  })
})
