import type { Clock } from '#lib/env'
import { LIMITS } from '../limits.ts'

export interface RateLimiter {
  /** Counts one request; seconds to wait when `perMinute` are used up. */
  take(name: string, perMinute: number): number | undefined
}

const MINUTE_MS = 60_000

/** Requests by name in windows of a minute that begin with the first one. At its bound it forgets the oldest window. */
export function createRateLimiter(clock: Clock, countersMax: number = LIMITS.countersMax): RateLimiter {
  const windows = new Map<string, { readonly startMs: number; count: number }>()
  return {
    take(name, perMinute) {
      const nowMs = clock.now()
      const window = windows.get(name)
      if (window === undefined || nowMs - window.startMs >= MINUTE_MS || nowMs < window.startMs) {
        windows.delete(name)
        windows.set(name, { startMs: nowMs, count: 1 })
        const [oldest] = windows.keys()
        if (windows.size > countersMax && oldest !== undefined) windows.delete(oldest)
        return undefined
      }
      if (window.count >= perMinute) return Math.ceil((window.startMs + MINUTE_MS - nowMs) / 1_000)
      window.count++
      return undefined
    },
  }
}
