import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { concat, toHex, utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import type { Network, NetworkLimits } from '#p2p'
import {
  channelProtocol,
  committee,
  connect,
  countingMetrics,
  frame,
  type Hostile,
  hello,
  hostile,
  type Implementation,
  isUp,
  LINK_PROTOCOL,
  requestProtocol,
  sleep,
  until,
  type World,
} from './fixture.ts'

const accept = { kind: 'accept' } as const
const text = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes)

/** What a `Network` does about peers that break its rules, whatever carries it. */
export function hostileBehavior(implementation: Implementation): void {
  describe(`hostile peers over ${implementation.name}`, () => {
    let world: World
    let metrics: ReturnType<typeof countingMetrics>
    beforeEach(() => {
      world = implementation.world()
      metrics = countingMetrics()
    })
    afterEach(() => world.stopAll())

    const penalties = (reason: string) => metrics.counts.get(`p2p_penalties_total{${reason}}`) ?? 0
    const scoreOf = (victim: Network, peer: string) => victim.peers().find(info => info.id === peer)?.score

    /** A victim with one honest fellow and one hostile committee member that said hello. */
    const scene = async (limits: Partial<NetworkLimits> = {}) => {
      const victim = world.network(1, { limits, metrics: metrics.registry })
      const friend = world.network(2)
      const evil = await hostile(world.transport(9))
      await committee(victim, friend)
      const members = new Map([
        [victim.self, 0],
        [friend.self, 1],
        [evil.self, 2],
      ])
      for (const network of [victim, friend]) network.setCommittee(members)
      await evil.dial(victim)
      await until('the hostile peer is up', () => isUp(victim, evil.self))
      return { victim, friend, evil }
    }

    /** A banned peer's dial may succeed on its own side for a moment; it never stays connected. */
    const refused = async (evil: Hostile, victim: Network) => {
      await evil.transport.dial(victim.self, victim.addresses(), 2_000).catch(() => undefined)
      await until('thrown out again', () => !evil.connected)
      await sleep(100)
      expect(evil.connected || isUp(victim, evil.self)).toBe(false)
    }

    /** Frames still pass between the honest two. */
    const stillWorks = async (victim: Network, friend: Network) => {
      let heard = 0
      victim.onFrame('control', (from, bytes) => {
        if (from === friend.self && text(bytes) === 'still here') heard += 1
        return accept
      })
      await until('an honest frame passes', () => {
        friend.send(victim.self, 'control', utf8('still here'))
        return heard > 0
      })
      expect(scoreOf(victim, friend.self)).toBe(0)
    }

    it('a peer of another network is told so and refused, on both sides', async () => {
      const victim = world.network(1, { metrics: metrics.registry })
      const stranger = world.network(3, { genesisHash: sha256(utf8('another genesis')) })
      await victim.start()
      await stranger.start()
      const evil = await hostile(world.transport(9), hello(sha256(utf8('third genesis'))))
      const seen: string[] = []
      victim.onPeer((_peer, up) => seen.push(`${up}`))
      stranger.keep([{ id: victim.self, addresses: victim.addresses() }])
      await until('the refusal is counted', () => penalties('wrong network') === 1)
      await evil.dial(victim)
      await until('the second refusal is counted', () => penalties('wrong network') === 2)
      await until('the reason was told', () => evil.heard.some(({ bytes }) => text(bytes).includes('wrong network')))
      await until('the connection is closed', () => !evil.connected)
      await sleep(300)
      expect(victim.peers()).toEqual([])
      expect(stranger.peers()).toEqual([])
      expect(seen).toEqual([])
      await refused(evil, victim)
    })

    it('a peer that never says hello is closed', async () => {
      const victim = world.network(1, { limits: { helloTimeoutMs: 300 } })
      await victim.start()
      const evil = await hostile(world.transport(9), null)
      await evil.dial(victim)
      await until('connected', () => evil.connected)
      expect(victim.peers()).toEqual([])
      await until('closed', () => !evil.connected)
    })

    it('a peer that falls silent is closed, honest ones stay', async () => {
      const { victim, friend, evil } = await scene({ heartbeatMs: 100, silenceMs: 600 })
      const quickFriend = world.network(3, { limits: { heartbeatMs: 100, silenceMs: 600 } })
      await quickFriend.start()
      connect(victim, quickFriend)
      await until('the silent one is gone', () => !isUp(victim, evil.self))
      await sleep(700)
      expect(isUp(victim, quickFriend.self)).toBe(true)
      expect(friend.self).not.toBe(evil.self)
    })

    it('a length prefix above the limit resets the stream and costs score; twice is a ban', async () => {
      const { victim, friend, evil } = await scene()
      for (const [index, protocol] of [channelProtocol('control'), requestProtocol('status')].entries()) {
        const stream = await evil.open(victim, protocol)
        stream.write(frame(0xffffffff, utf8('x')))
        await until('the offence is counted', () => penalties('frame too large') === index + 1)
      }
      await until('banned', () => !evil.connected)
      await refused(evil, victim)
      expect(metrics.counts.get('p2p_bans_total{frame too large}')).toBe(1)
      await stillWorks(victim, friend)
    })

    it('garbage on the link stream costs score until the ban', async () => {
      const { victim, friend, evil } = await scene()
      const link = await evil.open(victim, LINK_PROTOCOL)
      for (let i = 0; i < 8; i++) link.write(frame(5, utf8(`junk${i}`)))
      await until('banned', () => !evil.connected)
      expect(penalties('malformed link frame')).toBeGreaterThanOrEqual(5)
      await stillWorks(victim, friend)
    })

    it('frames that the handler rejects cost score with the reason, and replays end in a ban', async () => {
      const { victim, friend, evil } = await scene()
      const seen = new Set<string>()
      victim.onFrame('vertices', (_from, bytes) => {
        const key = toHex(bytes)
        if (seen.has(key)) return { kind: 'reject', reason: 'replayed' }
        seen.add(key)
        return accept
      })
      const stream = await evil.open(victim, channelProtocol('vertices'))
      stream.write(frame(3, utf8('one')))
      stream.write(frame(3, utf8('one')))
      await until('the replay is counted', () => penalties('replayed') === 1)
      const score = scoreOf(victim, evil.self)
      expect(score).toBeLessThan(-15)
      for (let i = 0; i < 5; i++) stream.write(frame(3, utf8('one')))
      await until('banned', () => !evil.connected)
      await stillWorks(victim, friend)
    })

    it('who is no validator cannot use channels', async () => {
      const { victim, friend, evil } = await scene()
      victim.setCommittee(
        new Map([
          [victim.self, 0],
          [friend.self, 1],
        ]),
      )
      let heard = 0
      victim.onFrame('vertices', () => {
        heard += 1
        return accept
      })
      const stream = await evil.open(victim, channelProtocol('vertices'))
      stream.write(frame(3, utf8('one')))
      await until('the refusal is counted', () => penalties('channel refused') === 1)
      await until('the stream is reset', () => stream.isClosed())
      expect(heard).toBe(0)
      expect(isUp(victim, evil.self)).toBe(true)
    })

    it('a frame that never ends is cut off', async () => {
      const { victim, friend, evil } = await scene({ frameTimeoutMs: 300, heartbeatMs: 200 })
      const stream = await evil.open(victim, channelProtocol('vertices'))
      stream.write(frame(100_000, new Uint8Array(10)))
      const trickle = setInterval(() => stream.write(new Uint8Array(1)), 50)
      await until('the offence is counted', () => penalties('frame too slow') === 1)
      clearInterval(trickle)
      await until('the stream is reset', () => stream.isClosed())
      await stillWorks(victim, friend)
    })

    it('a flood is slowed to the allowed rate by not reading it, and going on costs score', async () => {
      const { victim, friend, evil } = await scene({ framesPerSecond: 200, framesBurst: 200 })
      let handled = 0
      victim.onFrame('vertices', () => {
        handled += 1
        return accept
      })
      const stream = await evil.open(victim, channelProtocol('vertices'))
      const many = concat(...Array.from({ length: 2_000 }, () => frame(4, utf8('spam'))))
      const startedAtMs = performance.now()
      stream.write(many)
      await sleep(1_000)
      const seconds = (performance.now() - startedAtMs) / 1000
      expect(handled).toBeGreaterThan(200)
      expect(handled).toBeLessThan(200 + 200 * seconds + 50)
      expect(penalties('frame rate')).toBeGreaterThan(0)
      await stillWorks(victim, friend)
    })

    it('an endless stream of bytes is held back by flow control, not kept in memory', async () => {
      const { victim, friend, evil } = await scene({
        bytesPerSecond: 100_000,
        bytesBurst: 100_000,
        stallTimeoutMs: 500,
      })
      victim.onFrame('vertices', () => accept)
      const stream = await evil.open(victim, channelProtocol('vertices'))
      const chunk = frame(60_000, new Uint8Array(60_000))
      let written = 0
      const deadlineMs = performance.now() + 1_500
      while (performance.now() < deadlineMs && !stream.isClosed() && written < 64e6) {
        written += chunk.length
        if (!stream.write(chunk)) await stream.drained(200).catch(() => undefined)
      }
      const taken = victim.peers().find(info => info.id === evil.self)?.bytesIn ?? 0
      expect(taken).toBeLessThan(100_000 + 3 * 100_000 + 2 * 60_000)
      expect(penalties('byte rate')).toBeGreaterThan(0)
      expect(written).toBeLessThan(8e6)
      await stillWorks(victim, friend)
    })

    it('a peer that reads nothing costs bounded memory: vertices drop the oldest, control frames are refused', async () => {
      const { victim, friend, evil } = await scene({ stallTimeoutMs: 400 })
      evil.reads = false
      let refused = 0
      for (let round = 0; round < 40; round++) {
        for (let i = 0; i < 20; i++) {
          expect(victim.send(evil.self, 'vertices', new Uint8Array(200_000))).toBe(true)
          if (!victim.send(evil.self, 'control', new Uint8Array(50_000))) refused += 1
        }
        await sleep(1)
      }
      expect(refused).toBeGreaterThan(0)
      const dropped = metrics.counts.get('p2p_frames_dropped_total{vertices}') ?? 0
      expect(dropped).toBeGreaterThan(400)
      await until('the stalled stream is reset', () => penalties('stream stalled') > 0)
      await stillWorks(victim, friend)
    })

    it('requests beyond the allowance are answered "busy"', async () => {
      const { victim, friend, evil } = await scene({ requestsPerSecond: 10, requestsBurst: 10 })
      let served = 0
      victim.onRequest('status', async () => {
        served += 1
        return utf8('fine')
      })
      const stream = await evil.open(victim, requestProtocol('status'))
      for (let i = 0; i < 40; i++) stream.write(frame(1, Uint8Array.of(i)))
      const answers = () => evil.heard.filter(({ protocol }) => protocol === requestProtocol('status'))
      await until('all answered', () => answers().reduce((sum, { bytes }) => sum + bytes.length, 0) >= 40 * 5)
      expect(served).toBeGreaterThanOrEqual(10)
      expect(served).toBeLessThan(20)
      expect(penalties('request rate')).toBe(40 - served)
      await stillWorks(victim, friend)
    })

    it('streams beyond the limit are reset', async () => {
      const { victim, friend, evil } = await scene({ inboundStreamsMax: 4 })
      const streams = await Promise.all(
        Array.from({ length: 8 }, () => evil.open(victim, requestProtocol('status')).catch(() => undefined)),
      )
      await until(
        'four are closed',
        () => streams.filter(stream => stream === undefined || stream.isClosed()).length >= 4,
      )
      expect(penalties('too many streams')).toBeGreaterThanOrEqual(4)
      await stillWorks(victim, friend)
    })

    it('a peer that answers too much, or unasked, is scored down', async () => {
      const victim = world.network(1, { metrics: metrics.registry })
      const friend = world.network(2)
      await committee(victim, friend)
      const transport = world.transport(9)
      const evil = await hostile(transport)
      await evil.dial(victim)
      await until('up', () => isUp(victim, evil.self))
      // The hostile fixture only listens: the request times out and the answer never comes.
      await expect(victim.request(evil.self, 'status', utf8('?'), { timeoutMs: 200 })).rejects.toMatchObject({
        code: 'request timeout',
      })
      expect(penalties('request timeout')).toBe(1)
      evil.answer = stream => stream.write(frame(0x7fffffff, Uint8Array.of(0)))
      await expect(victim.request(evil.self, 'status', utf8('?'), { timeoutMs: 2_000 })).rejects.toMatchObject({
        code: 'response too large',
      })
      expect(penalties('frame too large')).toBe(1)
      evil.answer = stream => stream.write(concat(frame(1, Uint8Array.of(0)), frame(1, Uint8Array.of(0))))
      await expect(victim.request(evil.self, 'status', utf8('?'), { timeoutMs: 2_000 })).rejects.toThrow()
      expect(penalties('unexpected data')).toBe(1)
      await stillWorks(victim, friend)
    })

    it('gossip garbage costs score and goes no further', async () => {
      const { victim, friend, evil } = await scene()
      let forwarded = 0
      friend.onGossip('transactions', () => {
        forwarded += 1
        return accept
      })
      victim.onGossip('transactions', () => ({ kind: 'reject', reason: 'no transaction' }))
      const topic = channelProtocol('x').replace('/dag/x/1', '/gossip/transactions/1')
      let round = 0
      await until('banned', () => {
        void evil.transport.publish(topic, utf8(`garbage ${round++}`)).catch(() => undefined)
        return !evil.connected
      })
      expect(penalties('no transaction')).toBeGreaterThanOrEqual(10)
      expect(forwarded).toBe(0)
      await stillWorks(victim, friend)
    })

    it('five hundred junk peers at once fill only the strangers’ slots; validators and kept peers still enter', {
      timeout: 60_000,
    }, async () => {
      const { victim, friend } = await scene({ strangersMax: 5 })
      let heard = 0
      victim.onFrame('vertices', () => {
        heard += 1
        return accept
      })
      const junk: Hostile[] = []
      for (let i = 0; i < 500; i++) junk.push(await hostile(world.transport(100 + i)))
      const honest = setInterval(() => friend.send(victim.self, 'vertices', utf8('a vertex')), 5)
      const dials = await Promise.allSettled(junk.map(one => one.dial(victim)))
      await until('an honest vertex has passed', () => heard > 0)
      clearInterval(honest)
      expect(dials.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(50)
      const strangers = victim.peers().filter(info => info.authority === undefined)
      expect(strangers.length).toBeLessThanOrEqual(5)
      expect(strangers.length).toBeGreaterThan(0)
      const late = world.network(4)
      await late.start()
      victim.keep([friend, late].map(network => ({ id: network.self, addresses: network.addresses() })))
      late.keep([{ id: victim.self, addresses: victim.addresses() }])
      await until('the late one is up', () => isUp(victim, late.self))
      await stillWorks(victim, friend)
    })
  })
}
