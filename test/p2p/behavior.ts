import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { utf8 } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import type { Network, PeerId } from '#p2p'
import { committee, connect, type Implementation, isUp, sleep, until, type World } from './fixture.ts'

const accept = { kind: 'accept' } as const
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('no error'),
    (reason: unknown) => reason,
  )
  return error instanceof CodedError ? error.code : String(error)
}

/** What every `Network` does, whatever carries it. */
export function networkBehavior(implementation: Implementation): void {
  describe(`network over ${implementation.name}`, () => {
    let world: World
    beforeEach(() => {
      world = implementation.world()
    })
    afterEach(() => world.stopAll())

    const pair = async () => {
      const a = world.network(1)
      const b = world.network(2)
      await committee(a, b)
      return [a, b] as const
    }

    it('peers that keep each other come up once on both sides, with agent and authority', async () => {
      const a = world.network(1, { agent: 'ogpu/test a' })
      const b = world.network(2, { agent: 'ogpu/test b' })
      const events: string[] = []
      a.onPeer((peer, up) => events.push(`${peer === b.self} ${up}`))
      await committee(a, b)
      await sleep(200)
      expect(events).toEqual(['true true'])
      expect(a.peers()).toHaveLength(1)
      expect(a.peers()[0]).toMatchObject({ id: b.self, agent: 'ogpu/test b', authority: 1, score: 0 })
      expect(b.peers()[0]).toMatchObject({ id: a.self, agent: 'ogpu/test a', authority: 0 })
    })

    it('frames of one channel arrive whole and in order, large and small', async () => {
      const [a, b] = await pair()
      const sizes: number[] = []
      b.onFrame('vertices', (from, frame) => {
        expect(from).toBe(a.self)
        expect(frame.every(byte => byte === frame.length % 251)).toBe(true)
        sizes.push(frame.length)
        return accept
      })
      const sent = [0, 1, 5, 1_000, 600_000, 3, 2_000_000, 7]
      for (const size of sent) expect(a.send(b.self, 'vertices', new Uint8Array(size).fill(size % 251))).toBe(true)
      await until('all frames arrived', () => sizes.length === sent.length)
      expect(sizes).toEqual(sent)
    })

    it('both channels work in both directions', async () => {
      const [a, b] = await pair()
      const heard: string[] = []
      for (const network of [a, b]) {
        for (const channel of ['vertices', 'control'] as const) {
          network.onFrame(channel, (_from, frame) => {
            heard.push(text(frame))
            return accept
          })
        }
      }
      for (const channel of ['vertices', 'control'] as const) {
        a.send(b.self, channel, utf8(`a ${channel}`))
        b.send(a.self, channel, utf8(`b ${channel}`))
      }
      await until('four frames', () => heard.length === 4)
      expect(heard.sort()).toEqual(['a control', 'a vertices', 'b control', 'b vertices'])
    })

    it('a frame for nobody, for a stranger or above the limit is not sent', async () => {
      const [a, b] = await pair()
      const stranger = world.network(3)
      await stranger.start()
      connect(a, stranger)
      await until('the stranger is up', () => isUp(a, stranger.self))
      expect(a.send('12D3KooWnobody', 'control', utf8('x'))).toBe(false)
      expect(a.send(stranger.self, 'control', utf8('x'))).toBe(false)
      expect(() => a.send(b.self, 'control', new Uint8Array(65 * 1024))).toThrow(CodedError)
    })

    it('a feed reaches whom it is meant for and who wants it, member or not, and nobody else', async () => {
      const [a, b] = await pair()
      const stranger = world.network(3)
      await stranger.start()
      connect(a, stranger)
      await until('the stranger is up', () => isUp(a, stranger.self))
      const heard: string[] = []
      for (const network of [b, stranger])
        network.onFrame('feed', (_from, frame) => {
          heard.push(`${network === b ? 'b' : 'stranger'} ${text(frame)}`)
          return accept
        })
      expect(a.send(stranger.self, 'feed', utf8('nobody asked'))).toBe(false)
      stranger.follow(new Set([a.self]))
      a.feed(new Set([stranger.self]))
      expect(a.send(stranger.self, 'feed', utf8('one'))).toBe(true)
      expect(a.send(b.self, 'feed', utf8('one'))).toBe(false)
      await until('the feed arrived', () => heard.length === 1)
      // Who does not follow (any more) takes no such stream, and blames nobody for it.
      stranger.follow(new Set())
      a.send(stranger.self, 'feed', utf8('two'))
      await new Promise(resolve => setTimeout(resolve, 100))
      stranger.follow(new Set([a.self]))
      await until('it works again', () => {
        a.send(stranger.self, 'feed', utf8('three'))
        return heard.includes('stranger three')
      })
      a.feed(new Set())
      expect(a.send(stranger.self, 'feed', utf8('four'))).toBe(false)
      expect(heard).not.toContain('stranger four')
      expect(heard.filter(word => word.startsWith('b'))).toEqual([])
      expect(stranger.peers()[0]?.score).toBe(0)
      expect(isUp(a, stranger.self)).toBe(true)
    })

    it('a change of the committee opens and closes channels', async () => {
      const [a, b] = await pair()
      const heard: string[] = []
      b.onFrame('control', (_from, frame) => {
        heard.push(text(frame))
        return accept
      })
      a.send(b.self, 'control', utf8('one'))
      await until('the first frame', () => heard.length === 1)
      for (const network of [a, b]) network.setCommittee(new Map([[a.self, 0]]))
      expect(a.send(b.self, 'control', utf8('two'))).toBe(false)
      const both = new Map([a, b].map((network, index) => [network.self, index]))
      for (const network of [b, a]) network.setCommittee(both)
      await until('a frame passes again', () => {
        a.send(b.self, 'control', utf8('three'))
        return heard.includes('three')
      })
      expect(heard).not.toContain('two')
      expect(isUp(a, b.self)).toBe(true)
    })

    it('requests are answered, also many at a time and one after another', async () => {
      const [a, b] = await pair()
      b.onRequest('vertices', async (from, body) => {
        expect(from).toBe(a.self)
        await sleep(body.length % 7)
        return utf8(`answer to ${text(body)}`)
      })
      const answers = await Promise.all(
        Array.from({ length: 16 }, (_, i) => a.request(b.self, 'vertices', utf8(`${i}`), { timeoutMs: 5_000 })),
      )
      expect(answers.map(text)).toEqual(Array.from({ length: 16 }, (_, i) => `answer to ${i}`))
      for (let i = 0; i < 20; i++) {
        expect(text(await a.request(b.self, 'vertices', utf8(`again ${i}`), { timeoutMs: 5_000 }))).toBe(
          `answer to again ${i}`,
        )
      }
    })

    it('a large answer comes whole, and a larger one is an error', async () => {
      const [a, b] = await pair()
      let size = 8 * 1024 * 1024
      b.onRequest('commits', async () => new Uint8Array(size).fill(9))
      const answer = await a.request(b.self, 'commits', utf8('x'), { timeoutMs: 20_000 })
      expect(answer.length).toBe(size)
      size += 1
      expect(await codeOf(a.request(b.self, 'commits', utf8('x'), { timeoutMs: 20_000 }))).toBe('response too large')
      expect(a.peers()[0]?.score).toBe(0)
    })

    it('a request fails with its code: refused, failed handler, timeout, nobody there, too large', async () => {
      const [a, b] = await pair()
      b.onRequest('status', async () => undefined)
      b.onRequest('blocks', async () => {
        throw new Error('broken handler')
      })
      b.onRequest('own-last', () => new Promise(() => undefined))
      const ask = (peer: PeerId, protocol: 'status' | 'blocks' | 'own-last' | 'vertices', size = 1) =>
        codeOf(a.request(peer, protocol, new Uint8Array(size), { timeoutMs: 300 }))
      expect(await ask(b.self, 'status')).toBe('request refused')
      expect(await ask(b.self, 'blocks')).toBe('request refused')
      expect(await ask(b.self, 'vertices')).toBe('request refused')
      expect(await ask(b.self, 'own-last')).toBe('request timeout')
      expect(await ask('12D3KooWnobody', 'status')).toBe('peer unavailable')
      expect(await ask(b.self, 'status', 5_000)).toBe('message too large')
    })

    it('a request in flight fails at once when the peer goes', async () => {
      const [a, b] = await pair()
      b.onRequest('own-last', () => new Promise(() => undefined))
      const asked = codeOf(a.request(b.self, 'own-last', utf8('x'), { timeoutMs: 30_000 }))
      await sleep(100)
      await b.stop()
      expect(await asked).toBe('peer unavailable')
      await until('the peer is down', () => a.peers().length === 0)
    })

    it('gossip reaches peers that are not neighbours, once, when every hop accepts it', async () => {
      const [a, b, c] = [world.network(1), world.network(2), world.network(3)] as const
      for (const network of [a, b, c]) await network.start()
      const heard: string[] = []
      b.onGossip('transactions', () => accept)
      c.onGossip('transactions', (from, message) => {
        heard.push(`${from === b.self} ${text(message)}`)
        return accept
      })
      connect(a, b)
      connect(b, c)
      a.keep([{ id: b.self, addresses: b.addresses() }])
      b.keep([a, c].map(network => ({ id: network.self, addresses: network.addresses() })))
      c.keep([{ id: b.self, addresses: b.addresses() }])
      await until('the chain is connected', () => b.peers().length === 2)
      let round = 0
      await until('a message passes', () => {
        round += 1
        if (round % 100 === 1) void a.publish('transactions', utf8(`message ${round}`))
        return heard.length > 0
      })
      expect(heard[0]).toMatch(/^true message/)
      await a.publish('transactions', utf8('the same'))
      await a.publish('transactions', utf8('the same'))
      await until('the message arrived', () => heard.includes('true the same'))
      await sleep(200)
      expect(heard.filter(line => line === 'true the same')).toHaveLength(1)
    })

    it('gossip that a hop rejects or ignores goes no further, and rejecting costs score', async () => {
      const [a, b, c] = [world.network(1), world.network(2), world.network(3)] as const
      for (const network of [a, b, c]) await network.start()
      const heard: string[] = []
      b.onGossip('commits', (_from, message) =>
        text(message).startsWith('bad')
          ? { kind: 'reject', reason: 'bad message' }
          : text(message).startsWith('old')
            ? { kind: 'ignore' }
            : accept,
      )
      c.onGossip('commits', (_from, message) => {
        heard.push(text(message))
        return accept
      })
      a.keep([{ id: b.self, addresses: b.addresses() }])
      c.keep([{ id: b.self, addresses: b.addresses() }])
      await until('the chain is connected', () => b.peers().length === 2)
      let round = 0
      await until('a good message passes', () => {
        if (round++ % 100 === 0) void a.publish('commits', utf8(`good ${round}`))
        return heard.length > 0
      })
      await a.publish('commits', utf8('bad 1'))
      await a.publish('commits', utf8('old 1'))
      await a.publish('commits', utf8('good end'))
      await until('the last message passes', () => heard.includes('good end'))
      expect(heard.filter(line => !line.startsWith('good'))).toEqual([])
      expect(b.peers().find(info => info.id === a.self)?.score).toBeLessThan(-5)
      expect(await codeOf(a.publish('commits', new Uint8Array(2 * 1024 * 1024)))).toBe('message too large')
    })

    it('a kept peer that stops and comes back is connected again, and frames pass again', async () => {
      const a = world.network(1)
      let b: Network = world.network(2)
      await committee(a, b)
      const events: boolean[] = []
      a.onPeer((_peer, up) => events.push(up))
      await b.stop()
      await until('down', () => events.length === 1)
      await sleep(150)
      b = world.network(2)
      const heard: string[] = []
      b.onFrame('vertices', (_from, frame) => {
        heard.push(text(frame))
        return accept
      })
      await b.start()
      b.setCommittee(new Map([a, b].map((network, index) => [network.self, index])))
      connect(a, b)
      await until('up again', () => events.length === 2)
      expect(events).toEqual([false, true])
      await until('a frame passes', () => {
        a.send(b.self, 'vertices', utf8('hello again'))
        return heard.length > 0
      })
    })

    it('a peer whose handler is slow is not read faster than it works, and nothing is lost', async () => {
      const a = world.network(1)
      const b = world.network(2, { limits: { framesInWorkMax: 4 } })
      await committee(a, b)
      let working = 0
      let most = 0
      const done: number[] = []
      b.onFrame('control', async (_from, frame) => {
        working += 1
        most = Math.max(most, working)
        await sleep(1)
        working -= 1
        done.push(new DataView(frame.buffer).getUint32(0))
        return accept
      })
      for (let i = 0; i < 300; i++) {
        const bytes = new Uint8Array(32)
        new DataView(bytes.buffer).setUint32(0, i)
        expect(a.send(b.self, 'control', bytes)).toBe(true)
      }
      await until('all are done', () => done.length === 300)
      expect(most).toBeLessThanOrEqual(4)
      expect(done).toEqual(Array.from({ length: 300 }, (_, i) => i))
    })

    it('a full queue drops the oldest vertices and refuses control frames', async () => {
      const limits = {
        sendQueueFramesMax: { vertices: 4, control: 4, feed: 4 },
        sendQueueBytesMax: { vertices: 1e7, control: 1e7, feed: 1e7 },
        framesInWorkMax: 1,
      }
      const a = world.network(1, { limits })
      const b = world.network(2, { limits })
      await committee(a, b)
      const heard: number[] = []
      b.onFrame('vertices', (_from, frame) => {
        heard.push(frame[0] as number)
        return accept
      })
      b.onFrame('control', () => accept)
      for (let i = 0; i < 20; i++) expect(a.send(b.self, 'vertices', Uint8Array.of(i))).toBe(true)
      const control = Array.from({ length: 20 }, () => a.send(b.self, 'control', Uint8Array.of(1)))
      expect(control.filter(Boolean).length).toBeLessThan(20)
      await until('the newest arrived', () => heard.includes(19))
      expect(heard).toEqual([...heard].sort((x, y) => x - y))
      expect(heard.length).toBeLessThan(20)
    })
  })
}
