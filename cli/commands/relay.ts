import { readFileSync } from 'node:fs'
import { parseEther } from 'ethers'
import { CodedError, messageOf } from '#lib/errors'
import { parseModels, parseUsd, startRelay } from '#relay'
import { accountKey, KEY_OPTIONS } from '../account-key.ts'
import { type Command, flag, integer, UsageError, type Values } from '../command.ts'
import { runUntilStopped } from '../daemon.ts'
import { sayReady } from '../devnet/child.ts'
import { logOf, METRICS_OPTIONS, metricsOf, required, requiredUrls, SIDECAR_OPTIONS } from '../sidecar-options.ts'
import { table } from '../terminal.ts'
import { VERSION } from '../version.ts'

export const relay: Command = {
  name: 'relay',
  summary: 'Runs the relay (OpenAI-compatible HTTP in front of the market), or manages its customers',
  usage: '[customer NAME | topup CUSTOMER USD | status]',
  description: `Without a word it runs the relay: --config names the models, --key-file the account that pays the network from its Vault balance.
"customer" adds a customer and shows its first API key once, "topup" adds credits, "status" shows accounts and balances; these speak
to a running relay at --url with its admin key. docs/relay.md has the interface.`,
  options: {
    config: { type: 'string', value: 'FILE', help: 'Models on offer (JSON; docs/relay.md shows one)' },
    'admin-key-file': {
      type: 'string',
      value: 'FILE',
      help: 'File whose first line is the admin key, 32 characters or more',
    },
    ...SIDECAR_OPTIONS,
    ...KEY_OPTIONS,
    ...METRICS_OPTIONS,
    host: { type: 'string', value: 'HOST', default: '127.0.0.1', help: 'Interface to listen on' },
    port: { type: 'string', value: 'PORT', default: '4100', help: 'Port; 0 takes a free one' },
    'trust-proxy': { type: 'boolean', help: 'Behind a proxy: addresses of callers are in X-Forwarded-For' },
    deposit: { type: 'string', value: 'OGPU', default: '10', help: 'Coins moved into the Vault at a time' },
    'deposit-day-max': {
      type: 'string',
      value: 'OGPU',
      default: '100',
      help: 'Most that is moved into the Vault in a day',
    },
    url: {
      type: 'string',
      value: 'URL',
      default: 'http://127.0.0.1:4100',
      help: 'Running relay, for customer, topup, status',
    },
    tier: { type: 'string', value: 'TIER', default: 'basic', help: 'Of a new customer: basic, pro, max or custom' },
    reference: {
      type: 'string',
      value: 'TEXT',
      help: 'Of a top-up, such as an invoice number; the same one never counts twice',
    },
    json: { type: 'boolean', help: 'Print JSON' },
  },
  examples: [
    'head -c 24 /dev/urandom | base64 > admin.key',
    './ogpu relay --config models.json --key-file relay.key --admin-key-file admin.key --data http://127.0.0.1:5001 --data-dir /var/lib/ogpu/relay',
    './ogpu relay customer "A. Customer" --tier pro --admin-key-file admin.key',
    './ogpu relay topup cus_… 25.00 --reference invoice-17 --admin-key-file admin.key',
  ],
  async run({ values, positionals }) {
    const [word, ...rest] = positionals
    if (word === undefined) return serve(values)
    if (word === 'customer' && rest.length === 1) {
      const name = rest[0] ?? ''
      const answer = await askAdmin(values, 'POST', '/admin/customers', { name, tier: required(values, 'tier') })
      return print(values, answer, ['customer_id', 'name', 'tier', 'key_id', 'key'])
    }
    if (word === 'topup' && rest.length === 2) {
      const microUsd = parseUsd(rest[1] ?? '')
      if (microUsd === undefined) throw new UsageError(`"${rest[1]}" is no amount in USD such as 25 or 0.50`)
      const reference = required(values, 'reference')
      const body = { customer_id: rest[0], amount_micro_usd: microUsd, reference }
      return print(values, await askAdmin(values, 'POST', '/admin/credits', body), [
        'customer_id',
        'available_usd',
        'reserved_usd',
        'replayed',
      ])
    }
    if (word === 'status' && rest.length === 0) {
      const answer = await askAdmin(values, 'GET', '/admin/status')
      const names = ['chain_id', 'account', 'vault_wei', 'coins_wei', 'deposited_today_wei', 'open_tasks']
      print(values, answer, [...names, 'owed_to_customers_micro_usd'])
      const customers = answer.customers as readonly Readonly<Record<string, unknown>>[]
      const columns = ['customer_id', 'name', 'tier', 'available_usd']
      if (!flag(values, 'json')) {
        console.log(table(customers.map(customer => columns.map(column => String(customer[column])))))
      }
      return 0
    }
    throw new UsageError('after "relay" comes nothing, customer NAME, topup CUSTOMER USD, or status')
  },
}

async function serve(values: Values): Promise<number> {
  const metrics = await metricsOf(values)
  const running = await startRelay({
    rpcUrl: required(values, 'rpc'),
    dataUrls: requiredUrls(values, 'data'),
    privateKey: accountKey(values),
    models: parseModels(read(required(values, 'config'))),
    dir: required(values, 'data-dir'),
    adminKey: adminKey(values),
    host: required(values, 'host'),
    port: integer(values, 'port', 0, 65_535) ?? 4100,
    trustProxy: flag(values, 'trust-proxy'),
    funding: { depositWei: coins(values, 'deposit'), depositDayMaxWei: coins(values, 'deposit-day-max') },
    version: VERSION,
    log: logOf(values, 'relay'),
    ...metrics.options,
  })
  console.log(`relay at ${running.url}`)
  sayReady({ url: running.url, account: running.account, ...metrics.ready })
  const stop = async () => {
    await running.stop()
    await metrics.close()
  }
  return runUntilStopped(stop, running.failed)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${messageOf(error)}`)
  }
}

function adminKey(values: Values): string {
  return read(required(values, 'admin-key-file')).split(/\r?\n/)[0]?.trim() ?? ''
}

function coins(values: Values, name: string): bigint {
  try {
    const wei = parseEther(required(values, name))
    if (wei > 0n) return wei
  } catch {}
  throw new UsageError(`--${name} takes an amount of OGPU such as 10 or 0.5`)
}

async function askAdmin(
  values: Values,
  method: string,
  path: string,
  body?: object,
): Promise<Readonly<Record<string, unknown>>> {
  const url = required(values, 'url').replace(/\/+$/, '') + path
  const headers = { authorization: `Bearer ${adminKey(values)}`, 'content-type': 'application/json' }
  let response: Response
  try {
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    response = await fetch(url, { method, headers, ...content, signal: AbortSignal.timeout(30_000) })
  } catch (cause) {
    throw new CodedError('RELAY_SILENT', `no relay answers at ${url}`, { cause })
  }
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new CodedError('RELAY_REFUSED', `the relay refuses: ${String(answer.detail)}`)
  return answer
}

function print(values: Values, answer: Readonly<Record<string, unknown>>, names: readonly string[]): number {
  if (flag(values, 'json')) console.log(JSON.stringify(answer, null, 2))
  else console.log(table(names.map(name => [name, String(answer[name])])))
  return 0
}
