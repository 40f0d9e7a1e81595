import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_LIMITS } from '#p2p'
import { Keeper } from '../../chain/p2p/keeper.ts'

describe('a kept peer that cannot be reached', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is dialled again and again, seldom at first and every few seconds for ever: a healed network is whole in 10 s', async () => {
    const dialledAtMs: number[] = []
    const keeper = new Keeper({
      self: 'b',
      limits: DEFAULT_LIMITS,
      connected: () => false,
      blockedMs: () => 0,
      dial: async () => {
        dialledAtMs.push(Date.now())
        throw new Error('no way')
      },
    })
    keeper.keep([{ id: 'a', addresses: ['/memory/a'] }])
    keeper.start()
    await vi.advanceTimersByTimeAsync(600_000)
    keeper.stop()
    const pauses = dialledAtMs.slice(1).map((atMs, i) => atMs - (dialledAtMs[i] ?? 0))
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5_000)
    expect(pauses[0]).toBeLessThan(1_500)
    // Not a flood either.
    expect(dialledAtMs.length).toBeLessThan(250)
  })
})
