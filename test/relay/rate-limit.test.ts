import { expect, it } from 'vitest'
import { createRateLimiter } from '../../relay/http/rate-limit.ts'

it('counts each name by itself in windows of a minute', () => {
  let nowMs = 0
  const limiter = createRateLimiter({ now: () => nowMs })
  expect([limiter.take('a', 2), limiter.take('a', 2), limiter.take('b', 2)]).toEqual([undefined, undefined, undefined])
  nowMs = 45_500
  expect(limiter.take('a', 2)).toBe(15)
  nowMs = 60_000
  expect(limiter.take('a', 2)).toBeUndefined()
  // A clock that is set back must not lock anybody out.
  nowMs = 10
  expect([limiter.take('a', 1), limiter.take('a', 1)]).toEqual([undefined, 60])
})

it('keeps a bounded number of names, the newest windows', () => {
  const limiter = createRateLimiter({ now: () => 0 }, 3)
  for (const name of ['a', 'b', 'c', 'd']) limiter.take(name, 1)
  expect(limiter.take('d', 1)).toBe(60)
  expect(limiter.take('a', 1)).toBeUndefined()
})
