import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { parseModels } from '../../relay/models.ts'
import { assembleRelay, type RelayParts } from '../../relay/start.ts'
import { MemoryMarket } from './memory-market.ts'

export const ADMIN_KEY = 'an-admin-key-of-tests-that-is-long'
const HASH = 'c0'.repeat(32)

export const MODEL = {
  name: 'test/echo',
  displayName: 'Echo',
  source: `0x${'5a'.repeat(20)}`,
  program: { programId: `0x${HASH}`, graph: { hash: HASH, size: 1 }, weights: { hash: HASH, size: 2 } },
  paymentWei: '1000',
  priceMicroUsd: 250,
  decoder: 'text',
}
export const FREE_MODEL = { ...MODEL, name: 'free', priceMicroUsd: 0 }

export async function temporaryFolder(): Promise<{ readonly dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'ogpu-relay-'))
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) }
}

export interface TestRelay {
  readonly app: FastifyInstance
  readonly market: MemoryMarket
  readonly clock: { nowMs: number; now(): number }
  /** An answer with its parsed JSON. */
  call(options: InjectOptions & { readonly key?: string }): Promise<{
    readonly status: number
    readonly headers: Readonly<Record<string, unknown>>
    // biome-ignore lint/suspicious/noExplicitAny: bodies are what the test says they are
    readonly body: any
  }>
  /** A customer with credits and its first key. */
  customer(microUsd: number, tier?: string): Promise<{ readonly id: string; readonly key: string }>
  stop(): Promise<void>
}

/** A relay on a market in memory; retries are quick. */
export async function startTestRelay(
  dir: string,
  more: Partial<RelayParts> & { readonly market?: MemoryMarket; readonly clock?: TestRelay['clock'] } = {},
): Promise<TestRelay> {
  const market = more.market ?? new MemoryMarket()
  const clock: TestRelay['clock'] = more.clock ?? { nowMs: 1_800_000_000_000, now: () => clock.nowMs }
  const { app, stop } = await assembleRelay({
    models: parseModels(JSON.stringify([MODEL, FREE_MODEL])),
    dir,
    adminKey: ADMIN_KEY,
    times: { retryMs: 5, retryMaxMs: 20, giveUpMs: 1_000 },
    ...more,
    market,
    clock,
  })
  const call: TestRelay['call'] = async ({ key, ...options }) => {
    const headers = { ...options.headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) }
    const answer = await app.inject({ ...options, headers })
    const isJson = String(answer.headers['content-type']).startsWith('application/json')
    return { status: answer.statusCode, headers: answer.headers, body: isJson ? answer.json() : answer.body }
  }
  return {
    app,
    market,
    clock,
    call,
    async customer(microUsd, tier = 'pro') {
      const { body } = await call({
        method: 'POST',
        url: '/admin/customers',
        key: ADMIN_KEY,
        payload: { name: 'Customer', tier },
      })
      if (microUsd > 0) {
        await call({
          method: 'POST',
          url: '/admin/credits',
          key: ADMIN_KEY,
          payload: { customer_id: body.customer_id, amount_micro_usd: microUsd, reference: 'first' },
        })
      }
      return { id: body.customer_id, key: body.key }
    },
    stop,
  }
}

export function chat(content: unknown, more: object = {}) {
  return {
    method: 'POST' as const,
    url: '/v2/openai/v1/chat/completions',
    payload: { model: MODEL.name, messages: [{ role: 'user', content }], ...more },
  }
}
