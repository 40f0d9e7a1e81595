import type { Clock } from '#lib/env'

/** Token buckets by client address. */
export interface RateLimiter {
  /** Takes tokens; 0 when there were enough, otherwise the seconds after which there will be. */
  take(address: string, tokens: number): number
}

/** Buckets remembered; a full one tells nothing and is forgotten first. */
const BUCKETS_MAX = 50_000

const unlimited: RateLimiter = { take: () => 0 }

/** No limit for clients on the same machine, nor where `rate` is undefined. */
export function createRateLimiter(
  rate: { readonly perSecond: number; readonly burst: number } | undefined,
  clock: Clock,
): RateLimiter {
  if (rate === undefined) return unlimited
  const { perSecond, burst } = rate
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  return {
    take(address, tokens) {
      if (isLoopback(address)) return 0
      const nowMs = clock.now()
      const bucket = buckets.get(address) ?? { tokens: burst, atMs: nowMs }
      const refilled = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1000)
      // What costs more than a full bucket passes when the bucket is full and leaves a debt.
      const needed = Math.min(tokens, burst)
      const isAllowed = refilled >= needed
      buckets.delete(address)
      if (buckets.size >= BUCKETS_MAX) {
        const [oldest] = buckets.keys()
        if (oldest !== undefined) buckets.delete(oldest)
      }
      buckets.set(address, { tokens: isAllowed ? refilled - tokens : refilled, atMs: nowMs })
      return isAllowed ? 0 : Math.max(1, Math.ceil((needed - refilled) / perSecond))
    },
  }
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}
