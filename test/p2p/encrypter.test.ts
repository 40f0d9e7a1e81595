import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createLibp2pNetwork, type Network } from '#p2p'
import { until } from '../node/fixture.ts'
import { GENESIS, QUICK, seedOf } from './fixture.ts'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function startNode(index: number): Promise<Network> {
  const network = createLibp2pNetwork({
    networkKeySeed: seedOf(index),
    genesisHash: GENESIS,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    limits: QUICK,
  })
  closers.push(() => network.stop())
  await network.start()
  return network
}

/** Stands between two nodes and notes the size of every chunk that passes, each way. */
async function startTap(
  port: number,
): Promise<{ readonly port: number; readonly out: number[]; readonly back: number[] }> {
  const [out, back]: [number[], number[]] = [[], []]
  const sockets: Socket[] = []
  const server: Server = createServer({ noDelay: true }, near => {
    const far = createConnection({ port, host: '127.0.0.1', noDelay: true })
    sockets.push(near, far)
    near.on('data', chunk => {
      out.push(chunk.length)
      far.write(chunk)
    })
    far.on('data', chunk => {
      back.push(chunk.length)
      near.write(chunk)
    })
    for (const socket of [near, far]) socket.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a port')
  return { port: address.port, out, back }
}

const portOf = (network: Network) => Number(/tcp\/(\d+)/.exec(network.addresses()[0] ?? '')?.[1])

test('a small frame crosses the wire as one chunk, and is not answered by the far end', async () => {
  const [sender, receiver] = [await startNode(0), await startNode(1)]
  const tap = await startTap(portOf(receiver))
  const members = new Map([
    [sender.self, 0],
    [receiver.self, 1],
  ])
  for (const network of [sender, receiver]) network.setCommittee(members)
  const frames: number[] = []
  receiver.onFrame('vertices', (_from, frame) => {
    frames.push(frame.length)
    return { kind: 'accept' }
  })
  sender.keep([{ id: receiver.self, addresses: [`/ip4/127.0.0.1/tcp/${tap.port}`] }])
  await until(() => sender.peers().length === 1 && receiver.peers().length === 1)
  await until(() => sender.send(receiver.self, 'vertices', new Uint8Array(300)))
  await until(() => frames.length === 1)
  // Identification and the like are over.
  await new Promise(resolve => setTimeout(resolve, 200))
  const before = [tap.out.length, tap.back.length] as const
  for (let i = 0; i < 20; i++) {
    sender.send(receiver.self, 'vertices', new Uint8Array(300))
    await until(() => frames.length === i + 2)
  }
  const [sent, answered] = [tap.out.length - before[0], tap.back.length - before[1]]
  // Heartbeats may come between.
  expect(sent).toBeGreaterThanOrEqual(20)
  expect(sent).toBeLessThanOrEqual(26)
  expect(answered).toBeLessThanOrEqual(6)
})

test('frames far larger than a window and a message of the cipher arrive whole, in both directions at once', async () => {
  const [one, two] = [await startNode(0), await startNode(1)]
  const members = new Map([
    [one.self, 0],
    [two.self, 1],
  ])
  const sums = new Map<Network, number[]>([
    [one, []],
    [two, []],
  ])
  for (const network of [one, two]) {
    network.setCommittee(members)
    network.onFrame('vertices', (_from, frame) => {
      sums.get(network)?.push(frame.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 0))
      return { kind: 'accept' }
    })
  }
  one.keep([{ id: two.self, addresses: two.addresses() }])
  await until(() => one.peers().length === 1 && two.peers().length === 1)
  const frames = Array.from({ length: 8 }, (_, i) => new Uint8Array(700_000 + i).map((_, at) => (at * (i + 3)) & 255))
  await until(() => one.send(two.self, 'vertices', frames[0] as Uint8Array))
  await until(() => two.send(one.self, 'vertices', frames[0] as Uint8Array))
  for (const frame of frames.slice(1)) {
    one.send(two.self, 'vertices', frame)
    two.send(one.self, 'vertices', frame)
  }
  await until(() => [one, two].every(network => sums.get(network)?.length === frames.length), 15_000)
  const expected = frames.map(frame => frame.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 0))
  expect(sums.get(one)).toEqual(expected)
  expect(sums.get(two)).toEqual(expected)
})
