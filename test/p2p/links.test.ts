import { afterEach, describe, expect, it } from 'vitest'
import { utf8 } from '#lib/bytes'
import {
  createMemoryHub,
  createMemoryNetwork,
  DelayLine,
  type MemoryHub,
  type Network,
  seededRandom,
  withLinkConditions,
} from '#p2p'
import { committee, GENESIS, isUp, libp2p, memory, QUICK, seedOf, sleep, until, type World } from './fixture.ts'

const accept = { kind: 'accept' } as const
const WAN = { delayMs: 40, jitterMs: 10, lossPercent: 0 }

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(one => one.stop()))
})

const onHub = (hub: MemoryHub, index: number): Network => {
  const network = createMemoryNetwork(hub, { genesisHash: GENESIS, networkKeySeed: seedOf(index), limits: QUICK })
  running.push(network)
  return network
}

async function measure(a: Network, b: Network): Promise<{ frameMs: number; requestMs: number; inOrder: boolean }> {
  const heard: number[] = []
  b.onFrame('vertices', (_from, frame) => {
    heard.push(frame[0] as number)
    return accept
  })
  b.onRequest('status', async () => utf8('fine'))
  await a.request(b.self, 'status', utf8('warm up'), { timeoutMs: 5_000 })
  a.send(b.self, 'vertices', Uint8Array.of(0))
  await until('channel is open', () => heard.length === 1)
  const sentAtMs = performance.now()
  for (let i = 1; i <= 50; i++) a.send(b.self, 'vertices', Uint8Array.of(i))
  await until('the first frame', () => heard.length > 1)
  const frameMs = performance.now() - sentAtMs
  await until('all frames', () => heard.length === 51)
  const askedAtMs = performance.now()
  await a.request(b.self, 'status', utf8('?'), { timeoutMs: 5_000 })
  return {
    frameMs,
    requestMs: performance.now() - askedAtMs,
    inOrder: heard.every((value, index) => value === index),
  }
}

describe('delay line', () => {
  it('never lets anything overtake, whatever the transit times and however late the timers are', async () => {
    const random = seededRandom(5)
    const line = new DelayLine(() => ({ delayMs: random() * 20, jitterMs: 5, lossPercent: 1 }), random, 1_000)
    const done: number[] = []
    for (let i = 0; i < 300; i++) {
      line.push(() => done.push(i))
      if (i % 10 === 0) await sleep(1)
      if (i % 50 === 0) for (const untilMs = performance.now() + 15; performance.now() < untilMs; );
    }
    await until('all passed', () => done.length === 300)
    expect(done).toEqual(Array.from({ length: 300 }, (_, i) => i))
  })

  it('takes no more than its capacity', () => {
    const line = new DelayLine(() => WAN, seededRandom(1), 2)
    expect([1, 2, 3].map(() => line.push(() => {}))).toEqual([true, true, false])
  })
})

describe('link conditions', () => {
  it('of the hub delay frames one way and requests both ways, and keep the order', async () => {
    const hub = createMemoryHub({ link: WAN, seed: 7 })
    const [a, b] = [onHub(hub, 1), onHub(hub, 2)]
    await committee(a, b)
    const { frameMs, requestMs, inOrder } = await measure(a, b)
    expect(frameMs).toBeGreaterThanOrEqual(39)
    expect(requestMs).toBeGreaterThanOrEqual(78)
    expect(inOrder).toBe(true)
  })

  for (const implementation of [memory, libp2p]) {
    it(`of the wrapper do the same over ${implementation.name}`, async () => {
      const world: World = implementation.world()
      running.push({ stop: () => world.stopAll() })
      const [a, b] = [1, 2].map(index => withLinkConditions(world.network(index), WAN, index)) as [Network, Network]
      await committee(a, b)
      const { frameMs, requestMs, inOrder } = await measure(a, b)
      expect(frameMs).toBeGreaterThanOrEqual(39)
      expect(frameMs).toBeLessThan(500)
      expect(requestMs).toBeGreaterThanOrEqual(78)
      expect(inOrder).toBe(true)
    })
  }

  it('loss delays what is behind it and loses nothing', async () => {
    const hub = createMemoryHub({ link: { delayMs: 1, jitterMs: 0, lossPercent: 10 }, seed: 3 })
    const [a, b] = [onHub(hub, 1), onHub(hub, 2)]
    await committee(a, b)
    const startedAtMs = performance.now()
    const { inOrder } = await measure(a, b)
    expect(inOrder).toBe(true)
    expect(performance.now() - startedAtMs).toBeGreaterThan(200)
  })

  it('a cut link goes down on both sides and comes back after healing', async () => {
    const hub = createMemoryHub()
    const [a, b, c] = [onHub(hub, 1), onHub(hub, 2), onHub(hub, 3)]
    await committee(a, b, c)
    hub.cut(a.self, b.self)
    await until('down', () => !isUp(a, b.self) && !isUp(b, a.self))
    expect(isUp(a, c.self) && isUp(b, c.self)).toBe(true)
    hub.heal(a.self, b.self)
    await until('up again', () => isUp(a, b.self) && isUp(b, a.self))
  })
})
