import type { FastifyInstance } from 'fastify'
import { type Account, availableOf, type Key, type Movement } from '../ledger/state.ts'
import { LIMITS } from '../limits.ts'
import { usdText } from '../money.ts'
import { admitCustomer } from './callers.ts'
import type { Context } from './context.ts'
import { object, onlyFields, queryNumber, text, wholeNumber } from './fields.ts'

const PAGE = 50
const PAGE_MAX = 100

export function addCustomerRoutes(app: FastifyInstance, context: Context): void {
  app.get('/v2/customer/credits', async (request, reply) => {
    const { account } = admitCustomer(context, request, reply)
    return creditsBody(account)
  })

  app.get('/v2/customer/credits/history', async (request, reply) => {
    const { account } = admitCustomer(context, request, reply)
    return page(account.movements, request.query, movementBody)
  })

  app.get('/v2/customer/usage', async (request, reply) => {
    const { account } = admitCustomer(context, request, reply)
    const charges = account.movements.filter(movement => movement.kind === 'charge')
    return {
      requests: account.chargedTasks,
      cost_usd: usdText(account.chargedMicroUsd),
      cost_micro_usd: account.chargedMicroUsd,
      ...page(charges, request.query, usageBody),
    }
  })

  app.get('/v2/customer/keys', async (request, reply) => {
    const { account } = admitCustomer(context, request, reply)
    const keys = [...context.book.state.keys.values()].filter(key => key.customer === account.id)
    return { keys: keys.map(keyBody) }
  })

  app.post('/v2/customer/keys', async (request, reply) => {
    const { account } = admitCustomer(context, request, reply)
    const body = object(request.body ?? {}, 'the body')
    onlyFields(body, ['name', 'budget_micro_usd'])
    const name = body.name === undefined ? 'key' : text(body, 'name', 100)
    const budget = body.budget_micro_usd ?? null
    const budgetMicroUsd = budget === null ? null : wholeNumber(budget, 'budget_micro_usd', 1, LIMITS.balanceMax)
    const { key, secret } = await context.book.createKey({ customer: account.id, name, budgetMicroUsd })
    return reply
      .code(201)
      .header('cache-control', 'no-store')
      .send({ ...keyBody(key), key: secret })
  })

  app.post<{ Params: { id: string } }>('/v2/customer/keys/:id/revoke', async (request, reply) => {
    const { account } = admitCustomer(context, request, reply)
    return keyBody(await context.book.revokeKey({ customer: account.id, id: request.params.id }))
  })
}

export function creditsBody(account: Account) {
  return {
    customer_id: account.id,
    name: account.name,
    tier: account.tier,
    currency: 'USD',
    available_usd: usdText(availableOf(account)),
    available_micro_usd: availableOf(account),
    reserved_usd: usdText(account.reservedMicroUsd),
    reserved_micro_usd: account.reservedMicroUsd,
    balance_usd: usdText(account.balanceMicroUsd),
    balance_micro_usd: account.balanceMicroUsd,
  }
}

function keyBody(key: Key) {
  return {
    key_id: key.id,
    name: key.name,
    hint: key.hint,
    status: key.revokedMs === null ? 'active' : 'revoked',
    budget_micro_usd: key.budgetMicroUsd,
    spent_micro_usd: key.spentMicroUsd,
    requests: key.tasks,
    created_at: new Date(key.createdMs).toISOString(),
    revoked_at: key.revokedMs === null ? null : new Date(key.revokedMs).toISOString(),
  }
}

function movementBody(movement: Movement) {
  return {
    number: movement.number,
    kind: movement.kind,
    amount_usd: usdText(movement.microUsd),
    amount_micro_usd: movement.microUsd,
    balance_micro_usd: movement.balanceMicroUsd,
    reference: movement.reference,
    ...usageBody(movement),
  }
}

function usageBody(movement: Movement) {
  return {
    task_id: movement.task,
    task_address: movement.address,
    model: movement.model,
    key_id: movement.key,
    cost_micro_usd: movement.kind === 'charge' ? movement.microUsd : 0,
    created_at: new Date(movement.atMs).toISOString(),
  }
}

/** Newest first, before the number that `cursor` names. */
function page(movements: readonly Movement[], query: unknown, body: (movement: Movement) => object) {
  const limit = queryNumber(query, 'limit', 1, PAGE_MAX) ?? PAGE
  const before = queryNumber(query, 'cursor', 1, Number.MAX_SAFE_INTEGER) ?? Number.MAX_SAFE_INTEGER
  const older = movements.filter(movement => movement.number < before).reverse()
  const items = older.slice(0, limit)
  const next_cursor = older.length > limit ? (items.at(-1)?.number ?? null) : null
  return { items: items.map(body), next_cursor }
}
