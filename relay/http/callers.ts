/** Who calls: a customer by an API key, the admin, or a guest. Every request is counted here. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { RelayError } from '../errors.ts'
import { type Account, availableOf, type Key } from '../ledger/state.ts'
import { LIMITS, TIERS } from '../limits.ts'
import { hashOf, isApiKey, isSameSecret } from '../secrets.ts'
import type { Context } from './context.ts'

export interface Customer {
  readonly key: Key
  readonly account: Account
}

function count(context: Context, name: string, tier: { readonly name: string; readonly requestsPerMinute: number }) {
  const retryAfter = context.limiter.take(name, tier.requestsPerMinute)
  if (retryAfter === undefined) return
  const { requestsPerMinute } = tier
  throw new RelayError(
    'RATE_LIMITED',
    `${requestsPerMinute}/${requestsPerMinute} requests per minute used (mode opengpu, tier ${tier.name})`,
    { retryAfter },
  )
}

/** Counts a request that needs no key by its address. */
export function admitGuest(context: Context, request: FastifyRequest): void {
  count(context, `address ${request.ip}`, TIERS.guest)
}

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
}

/** Counts a request that needs no key: by its key when it has a good one, else by its address. */
export function admitAnybody(context: Context, request: FastifyRequest): void {
  const key = context.book.state.keysByHash.get(hashOf(secretOf(request) ?? ''))
  if (key === undefined || key.revokedMs !== null) admitGuest(context, request)
  else count(context, `key ${key.id}`, TIERS[context.book.account(key.customer).tier])
}

function secretOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-api-key']
  return typeof header === 'string' ? header : bearerOf(request)
}

/** The customer of `X-API-Key` or of a bearer token; the first wins when both are sent. */
export function admitCustomer(context: Context, request: FastifyRequest, reply: FastifyReply): Customer {
  const secret = secretOf(request)
  if (secret === undefined) {
    admitGuest(context, request)
    throw new RelayError('MISSING_CREDENTIALS', 'send an API key as X-API-Key or as a bearer token')
  }
  const key = isApiKey(secret) ? context.book.state.keysByHash.get(hashOf(secret)) : undefined
  if (key === undefined) {
    // Guesses count against the address.
    admitGuest(context, request)
    throw new RelayError('INVALID_API_KEY', 'there is no such API key')
  }
  if (key.revokedMs !== null) {
    admitGuest(context, request)
    throw new RelayError('KEY_REVOKED', 'this API key was revoked')
  }
  const account = context.book.account(key.customer)
  count(context, `key ${key.id}`, TIERS[account.tier])
  warnOfLowCredits(context, account, reply)
  return { key, account }
}

export function warnOfLowCredits(context: Context, account: Account, reply: FastifyReply): void {
  if (availableOf(account) < context.creditWarningMicroUsd) reply.header('x-credit-warning', 'low')
}

export function admitAdmin(context: Context, request: FastifyRequest): void {
  const secret = bearerOf(request)
  if (secret !== undefined && isSameSecret(secret, context.adminKey)) return
  admitGuest(context, request)
  const code = secret === undefined ? 'MISSING_CREDENTIALS' : 'INVALID_TOKEN'
  throw new RelayError(code, 'the admin routes take the admin key as a bearer token')
}

/** Refuses a request that would wait while as many wait as may. */
export function requireRoomToWait({ runner }: Context): void {
  if (runner.waitingCount >= LIMITS.waitingRequestsMax) {
    throw new RelayError('CAPACITY_EXHAUSTED', 'as many requests wait as the relay holds', { retryAfter: 5 })
  }
}
