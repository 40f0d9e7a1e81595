import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMetrics } from '#lib/metrics'
import type { Book } from '../../relay/ledger/book.ts'
import { createRelayMetrics, watchRelay } from '../../relay/metrics.ts'
import type { Runner } from '../../relay/runner.ts'
import { chat, MODEL, startTestRelay, temporaryFolder } from './fixtures.ts'
import { MemoryMarket, unreachable } from './memory-market.ts'

describe('the state that a relay exports', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** A watch whose looks at the ledger and at the account are counted. */
  function watch(balances: MemoryMarket['balances']) {
    const counts = { ledger: 0, asked: 0, coins: 0 }
    const metrics = {
      ...createRelayMetrics(),
      ledger: () => void counts.ledger++,
      coins: () => void counts.coins++,
    }
    const market = new MemoryMarket()
    market.balances = () => {
      counts.asked += 1
      return balances()
    }
    const end = watchRelay(metrics, { book: {} as Book, runner: {} as Runner, market })
    return { counts, end }
  }

  it('asks the chain again after a node that does not answer, and nothing more when it ends', async () => {
    let away = true
    const { counts, end } = watch(async () => {
      if (away) throw unreachable()
      return { vaultWei: 1n, coinsWei: 1n }
    })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(counts).toEqual({ ledger: 3, asked: 1, coins: 0 })
    away = false
    await vi.advanceTimersByTimeAsync(5_000)
    expect(counts).toEqual({ ledger: 4, asked: 2, coins: 1 })
    end()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(counts).toEqual({ ledger: 4, asked: 2, coins: 1 })
  })

  it('does not ask a second time while a node is slow to answer', async () => {
    const { counts, end } = watch(() => new Promise(() => {}))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(counts).toEqual({ ledger: 13, asked: 1, coins: 0 })
    end()
  })
})

describe('a task that fails', () => {
  it('has the code of its error as its outcome, and charges nobody', async () => {
    const metrics = createMetrics({ build: { version: 'test' }, processMetrics: false })
    const folder = await temporaryFolder()
    const relay = await startTestRelay(folder.dir, { metrics: metrics.registry })
    try {
      const { key } = await relay.customer(1_000)
      relay.market.answer = () => ({ kind: 'failed', reason: 'no agreement' })
      expect((await relay.call({ ...chat('Hi'), key })).status).toBe(502)
    } finally {
      await relay.stop()
      await folder.remove()
    }
    const lines = (await metrics.text()).split('\n')
    expect(lines).toContain(`ogpu_relay_tasks_total{model="${MODEL.name}",outcome="provider_unavailable"} 1`)
    expect(lines.filter(line => line.startsWith('ogpu_relay_charged_usd_total{'))).toEqual([])
  })
})
