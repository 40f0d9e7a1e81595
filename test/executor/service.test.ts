import type { OgpuClient } from '@ogpu/sdk'
import { describe, expect, it, vi } from 'vitest'
import { type Log, silentLog } from '#lib/env'
import { createMetrics } from '#lib/metrics'
import { DEFAULT_RUN_LIMITS, type Runtime } from '../../executor/runtimes/runtime.ts'
import { createSidecarMetrics } from '../../executor/sidecar/metrics.ts'
import { type EngineParts, keepTicking } from '../../executor/sidecar/service.ts'
import { ChainTwin } from './chain-twin.ts'

const ME = `0x${'11'.repeat(20)}`
const OPTIONS = { rpcUrl: 'http://127.0.0.1:1', privateKey: '0x', dataUrls: [], dir: '', pollingMs: 1 }

function createBed() {
  const events: string[] = []
  const said: string[] = []
  const say = (message: string) => void said.push(message)
  const log: Log = { ...silentLog, info: say, warn: say }
  const metrics = createMetrics({ build: { version: 'test' }, processMetrics: false })
  const parts: EngineParts = {
    chain: new ChainTwin().port(ME),
    data: { urls: [] } as unknown as EngineParts['data'],
    runtimes: [{ close: () => void events.push('runtime closed') } as unknown as Runtime],
    dir: '',
    log,
    clock: { now: () => 0 },
    limits: DEFAULT_RUN_LIMITS,
    startBlock: 0,
  }
  const client = {
    provider: { destroy: () => void events.push('client closed') },
    read: () => Promise.reject(new Error('the node is away')),
  } as unknown as OgpuClient
  return { events, said, metrics, client, parts: { ...parts, metrics: createSidecarMetrics(metrics.registry) } }
}

describe('what executor and verifier have alike', () => {
  it('goes on when the chain cannot be read, says so once, and counts every failure', async () => {
    const { said, metrics, client, parts } = createBed()
    let ticks = 0
    const engine = {
      tick: async () => {
        ticks += 1
        if (ticks <= 3) throw new Error('the node is away')
      },
      stop: async () => {},
    }
    // With metrics its account is watched too, which cannot be read either.
    const running = keepTicking(engine, parts, client, { ...OPTIONS, metrics: metrics.registry })
    await vi.waitFor(() => expect(ticks).toBeGreaterThan(5))
    await running.stop()
    expect(said).toEqual(['the chain cannot be read; trying again', 'the chain answers again'])
    expect(await metrics.text()).toContain('ogpu_sidecar_failed_looks_total 3\n')
  })

  it('stops in order: no more ticks, the engine, its runtimes, the client', async () => {
    const { events, client, parts } = createBed()
    let ticking = false
    const engine = {
      async tick() {
        ticking = true
        await new Promise(resolve => setTimeout(resolve, 5))
        ticking = false
      },
      stop: async () => void events.push(`engine stopped ${ticking ? 'in' : 'between'} ticks`),
    }
    const running = keepTicking(engine, parts, client, OPTIONS)
    await vi.waitFor(() => expect(ticking).toBe(true))
    await running.stop()
    expect(events).toEqual(['engine stopped between ticks', 'runtime closed', 'client closed'])
  })
})
