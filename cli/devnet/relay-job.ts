import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTask } from '@ogpu/sdk'
import { CodedError } from '#lib/errors'
import type { Devnet } from './devnet.ts'
import type { DevnetLayout } from './layout.ts'
import type { Market } from './main-job.ts'

const MODEL = 'opengpu/language-id'
const PRICE_MICRO_USD = 500
const CREDITS_MICRO_USD = 100_000_000
const PAYMENT_WEI = 3n * 10n ** 16n
/** Asked in the main job, and what the answer has to be. */
export const QUESTION = 'Wo ist hier der Bahnhof, und wann fährt der nächste Zug nach Wien?'
const ANSWER = 'German'

/** The models file of the devnet's relay: the main job's source, under a name. */
export function relayModels({ source, program }: Market): string {
  const { programId, graph, weights } = program
  const model = {
    name: MODEL,
    displayName: 'Language identification',
    source,
    program: { programId, graph, weights },
    paymentWei: PAYMENT_WEI.toString(),
    priceMicroUsd: PRICE_MICRO_USD,
    decoder: 'language-id',
  }
  return `${JSON.stringify([model], null, 1)}\n`
}

/** Files that the relay starts with; the admin key is made once. */
export function writeRelayFiles(
  layout: DevnetLayout,
  models: string,
): { readonly config: string; readonly adminKey: string } {
  const config = join(layout.root, 'relay-models.json')
  const adminKey = join(layout.root, 'relay-admin.key')
  writeFileSync(config, models)
  if (!existsSync(adminKey)) writeFileSync(adminKey, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  return { config, adminKey }
}

/** The API key of the devnet's one customer, who is made with credits the first time. */
export async function openRelayAccount(layout: DevnetLayout, url: string): Promise<string> {
  const file = join(layout.root, 'relay-customer.key')
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const adminKey = readFileSync(join(layout.root, 'relay-admin.key'), 'utf8').trim()
  const customer = await post(`${url}/admin/customers`, adminKey, { name: 'devnet customer', tier: 'pro' })
  await post(`${url}/admin/credits`, adminKey, {
    customer_id: customer.body.customer_id,
    amount_micro_usd: CREDITS_MICRO_USD,
    reference: 'devnet',
  })
  const key = String(customer.body.key)
  writeFileSync(file, `${key}\n`, { mode: 0o600 })
  return key
}

interface Completion {
  readonly choices?: readonly { readonly message: { readonly content: string } }[]
  readonly usage?: { readonly task_address: string; readonly cost_usd: string }
}

export interface RelayOutcome {
  readonly answer: string
  readonly task: string
  readonly costUsd: string
  readonly faults: readonly string[]
}

/** One chat completion through the relay, as any OpenAI client would ask; checked against the chain and the account. */
export async function askRelay(devnet: Devnet, market: Market): Promise<RelayOutcome> {
  const faults: string[] = []
  const check = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault)
  }
  const before = await availableCredits(devnet)
  const { body, task } = await post(`${devnet.relayUrl}/v2/openai/v1/chat/completions`, devnet.relayKey, {
    model: MODEL,
    messages: [{ role: 'user', content: QUESTION }],
  })
  const { choices, usage } = body as Completion
  const answer = choices?.[0]?.message.content ?? ''
  check(answer === ANSWER, `the answer is "${answer}", not "${ANSWER}"`)
  check(task !== '' && task === usage?.task_address, 'header and usage name different tasks')
  const info = await readTask(market.client, { task })
  check(info.status === 'FINALIZED', `its task is ${info.status}, not FINALIZED`)
  check(info.source.toLowerCase() === market.source.toLowerCase(), 'its task belongs to another source')
  check(info.paymentWei === PAYMENT_WEI, 'its task pays another amount')
  const charged = before - (await availableCredits(devnet))
  check(charged === PRICE_MICRO_USD, `${charged} micro-USD were charged, not ${PRICE_MICRO_USD}`)
  return { answer, task, costUsd: usage?.cost_usd ?? '', faults }
}

async function availableCredits(devnet: Devnet): Promise<number> {
  const url = `${devnet.relayUrl}/v2/customer/credits`
  const response = await fetch(url, { headers: { authorization: `Bearer ${devnet.relayKey}` } })
  const { available_micro_usd: available } = (await response.json()) as { available_micro_usd: number }
  return available
}

async function post(url: string, key: string, body: object) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(150_000),
  })
  const answer = (await response.json()) as Readonly<Record<string, unknown>>
  if (!response.ok) throw new CodedError('RELAY_REFUSED', `the relay answers ${response.status}: ${answer.detail}`)
  return { body: answer, task: response.headers.get('x-ogpu-task') ?? '' }
}
