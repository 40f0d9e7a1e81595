/**
 * What a payment provider's webhook and a sign-up page would do: customers and their credits, by hand, under a key that
 * only the relay's owner has. No published interface has these routes.
 */
import type { FastifyInstance } from 'fastify'
import { ACCOUNT_TIERS, type AccountTier, LIMITS } from '../limits.ts'
import { admitAdmin } from './callers.ts'
import type { Context } from './context.ts'
import { creditsBody } from './customer-routes.ts'
import { invalid, object, onlyFields, text, wholeNumber } from './fields.ts'

export function addAdminRoutes(app: FastifyInstance, context: Context): void {
  const { book, market } = context

  app.post('/admin/customers', async (request, reply) => {
    admitAdmin(context, request)
    const body = object(request.body, 'the body')
    onlyFields(body, ['name', 'tier'])
    const tier = body.tier ?? 'basic'
    if (!(ACCOUNT_TIERS as readonly unknown[]).includes(tier))
      invalid(`tier must be one of ${ACCOUNT_TIERS.join(', ')}`)
    const account = await book.addCustomer({ name: text(body, 'name', 100), tier: tier as AccountTier })
    const { key, secret } = await book.createKey({ customer: account.id, name: 'first', budgetMicroUsd: null })
    reply.code(201).header('cache-control', 'no-store')
    return { ...creditsBody(account), key_id: key.id, key: secret }
  })

  app.post('/admin/credits', async request => {
    admitAdmin(context, request)
    const body = object(request.body, 'the body')
    onlyFields(body, ['customer_id', 'amount_micro_usd', 'reference'])
    const { account, isReplay } = await book.topUp({
      customer: text(body, 'customer_id', 100),
      microUsd: wholeNumber(body.amount_micro_usd, 'amount_micro_usd', 1, LIMITS.topUpMax),
      reference: text(body, 'reference', 128),
    })
    return { ...creditsBody(account), replayed: isReplay }
  })

  app.get('/admin/status', async request => {
    admitAdmin(context, request)
    const { vaultWei, coinsWei } = await market.balances()
    const accounts = [...book.state.accounts.values()]
    return {
      chain_id: market.chainId,
      account: market.account,
      vault_wei: vaultWei.toString(),
      coins_wei: coinsWei.toString(),
      deposited_today_wei: book.depositedWei().toString(),
      open_tasks: book.state.open.size,
      customers: accounts.map(creditsBody),
      owed_to_customers_micro_usd: accounts.reduce((sum, account) => sum + account.balanceMicroUsd, 0),
    }
  })
}
