import { createSocket } from 'node:dgram'
import { afterEach, expect, it } from 'vitest'
import { sha256 } from '#lib/hash'
import { createLibp2pNetwork, type Network } from '#p2p'
import { GENESIS, isUp, QUICK, seedOf, sleep, until } from './fixture.ts'

const running: Network[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(network => network.stop()))
})

async function start(index: number, genesisHash: Uint8Array, mdns = true): Promise<Network> {
  const network = createLibp2pNetwork({
    genesisHash,
    networkKeySeed: seedOf(index),
    listen: ['/ip4/0.0.0.0/tcp/0'],
    limits: QUICK,
    discovery: { mdns },
  })
  running.push(network)
  await network.start()
  return network
}

/** Whether what is sent to the group of multicast DNS comes back here: machines without a network, and some containers, have none. */
function hearsMulticast(): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket({ type: 'udp4', reuseAddr: true })
    const end = (heard: boolean) => {
      clearTimeout(timer)
      socket.close()
      resolve(heard)
    }
    const timer = setTimeout(() => end(false), 2_000)
    socket.on('error', () => end(false))
    socket.on('message', () => end(true))
    socket.bind(0, () => {
      try {
        socket.addMembership('224.0.0.251')
        socket.send('hello', socket.address().port, '224.0.0.251')
      } catch {
        end(false)
      }
    })
  })
}

it('nodes on one local network find each other by multicast, those of another chain are left alone', {
  timeout: 40_000,
}, async () => {
  const a = await start(1, GENESIS)
  // Without multicast a node finds nobody, and runs all the same.
  if (!(await hearsMulticast())) return console.log('passed over: this machine hears no multicast')
  const stranger = await start(2, sha256(GENESIS))
  const silent = await start(3, GENESIS, false)
  const b = await start(4, GENESIS)
  await until('connected', () => isUp(a, b.self) && isUp(b, a.self), 30_000)
  await sleep(500)
  expect(stranger.peers()).toEqual([])
  expect(silent.peers()).toEqual([])
})
