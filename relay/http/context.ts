import type { Clock, Log } from '#lib/env'
import type { Book } from '../ledger/book.ts'
import type { Market } from '../market/market.ts'
import type { RelayMetrics } from '../metrics.ts'
import type { Model } from '../models.ts'
import type { Runner } from '../runner.ts'
import type { RateLimiter } from './rate-limit.ts'

/** What every route works with. */
export interface Context {
  readonly book: Book
  readonly runner: Runner
  readonly market: Market
  readonly models: ReadonlyMap<string, Model>
  readonly limiter: RateLimiter
  readonly clock: Clock
  readonly log: Log
  readonly metrics: RelayMetrics
  readonly version: string
  /** Opens the admin routes. */
  readonly adminKey: string
  /** Accounts with less than this are told so. */
  readonly creditWarningMicroUsd: number
  readonly isStopping: boolean
}

/** A node that has not told of its newest block for so long is not reached. */
const SILENCE_MS = 20_000

export function isNetworkReached({ market, clock }: Context): boolean {
  return clock.now() - market.lastSeenMs < SILENCE_MS
}
