import { afterEach, describe, expect, it } from 'vitest'
import { createLibp2pNetwork, type Libp2pNetworkOptions, type Network, peerOfAddress } from '#p2p'
import { GENESIS, isUp, QUICK, seedOf, sleep, until } from './fixture.ts'

const running: Network[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(network => network.stop()))
})

async function start(index: number, discovery: Libp2pNetworkOptions['discovery'], limits = {}): Promise<Network> {
  const network = createLibp2pNetwork({
    genesisHash: GENESIS,
    networkKeySeed: seedOf(index),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    limits: { ...QUICK, ...limits },
    ...(discovery === undefined ? {} : { discovery }),
  })
  running.push(network)
  await network.start()
  return network
}

describe('discovery', () => {
  it('a node reaches its bootnodes by their addresses', async () => {
    const a = await start(1, undefined)
    const b = await start(2, { bootstrap: a.addresses() })
    await until('connected', () => isUp(a, b.self) && isUp(b, a.self))
  })

  it('nodes that know only one bootnode find each other through it', async () => {
    const bootnode = await start(1, { dht: true })
    const others: Network[] = []
    for (const index of [2, 3, 4]) others.push(await start(index, { dht: true, bootstrap: bootnode.addresses() }))
    await until(
      'everybody knows everybody',
      () => others.every(one => others.every(other => one === other || isUp(one, other.self))),
      30_000,
    )
  })

  it('a bootnode that starts later is reached then', async () => {
    const first = await start(1, undefined)
    const addresses = first.addresses()
    await first.stop()
    const b = await start(2, { bootstrap: addresses })
    await sleep(300)
    const port = /tcp\/(\d+)/.exec(addresses[0] ?? '')?.[1]
    const again = createLibp2pNetwork({
      genesisHash: GENESIS,
      networkKeySeed: seedOf(1),
      listen: [`/ip4/127.0.0.1/tcp/${port}`],
      limits: QUICK,
    })
    running.push(again)
    await again.start()
    await until('connected', () => isUp(again, b.self))
  })

  it('addresses without a peer id, or that are none, are refused', () => {
    for (const text of ['/ip4/1.2.3.4/tcp/1', 'localhost:30303', '']) {
      expect(() => peerOfAddress(text)).toThrow(expect.objectContaining({ code: 'address invalid' }))
    }
  })

  it('dials nobody once it has enough peers', async () => {
    const a = await start(1, undefined)
    const b = await start(2, { bootstrap: a.addresses() }, { peersTarget: 0 })
    await sleep(500)
    expect(b.peers()).toEqual([])
  })
})
