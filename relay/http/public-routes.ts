import type { FastifyInstance } from 'fastify'
import { RelayError } from '../errors.ts'
import { ACCOUNT_TIERS, TIERS } from '../limits.ts'
import type { Model } from '../models.ts'
import { usdText } from '../money.ts'
import { admitAnybody } from './callers.ts'
import { type Context, isNetworkReached } from './context.ts'

export function addPublicRoutes(app: FastifyInstance, context: Context): void {
  // Not counted: what watches over the relay must always be answered.
  app.get('/v2/health', async (_request, reply) => {
    const isHealthy = isNetworkReached(context) && !context.book.isBroken && !context.isStopping
    reply.code(isHealthy ? 200 : 503).header('cache-control', 'no-store')
    return { status: isHealthy ? 'ok' : 'degraded', version: context.version, commit: null }
  })

  app.get('/v2/models', async request => {
    admitAnybody(context, request)
    const tree: Record<string, object[]> = {}
    for (const model of context.models.values()) {
      tree[model.source] ??= []
      tree[model.source]?.push(descriptorOf(model))
    }
    return { auto: tree, opengpu: tree, model_restrictions_per_tier: {} }
  })

  app.get<{ Params: { '*': string } }>('/v2/models/*', async request => {
    admitAnybody(context, request)
    const model = context.models.get(request.params['*'])
    if (model === undefined) throw new RelayError('MODEL_NOT_FOUND', 'there is no such model')
    const isActive = await context.market.isActive(model)
    return {
      ...descriptorOf(model),
      mode: 'opengpu',
      source: model.source,
      program_id: model.program.programId,
      status: isActive ? 'available' : 'retired',
      tiers: ACCOUNT_TIERS,
      pricing: priceOf(model),
      examples: [{ model: model.name, messages: [{ role: 'user', content: 'Wo ist der Bahnhof?' }] }],
    }
  })

  app.get('/v2/pricing', async request => {
    admitAnybody(context, request)
    return { currency: 'USD', prices: [...context.models.values()].map(priceOf) }
  })

  app.get('/v2/tiers', async request => {
    admitAnybody(context, request)
    return {
      tiers: Object.values(TIERS).map(tier => ({
        name: tier.name,
        rpm: { direct: 0, opengpu: tier.requestsPerMinute, global: tier.requestsPerMinute },
        api_keys_max: tier.keysMax,
      })),
    }
  })
}

function descriptorOf({ name, displayName }: Model) {
  return {
    name,
    tag: 'text',
    display_name: displayName,
    store_output_supported: false,
    endpoint: {
      method: 'POST',
      path: '/v2/openai/v1/chat/completions',
      operation_id: 'create_chat_completion',
      model_in_body: true,
      model_default: null,
      async_default: false,
      streams: true,
    },
  }
}

function priceOf({ name, priceMicroUsd }: Model) {
  return {
    model: name,
    mode: 'opengpu',
    kind: 'per_request',
    price_usd: usdText(priceMicroUsd),
    price_micro_usd: priceMicroUsd,
  }
}
