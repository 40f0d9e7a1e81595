import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createRecoveryPool, genesisBlock } from '#evm'
import { defined } from '#lib/assert'
import { toHex, utf8 } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { sha256 } from '#lib/hash'
import { createMetrics } from '#lib/metrics'
import { createMemoryNetwork, type Network, type PeerId } from '#p2p'
import { createMemoryStore } from '#storage'
import { createNodeParts, type NodeParts } from '../../chain/node/node-parts.ts'
import { createEpochCluster, type EpochCluster } from './cluster.ts'
import { addressOf, type TestNetwork, testNetwork, transferOf } from './fixture.ts'

const recovery = createRecoveryPool({ workers: 0 })
let network: TestNetwork
let cluster: EpochCluster
let path: string
const opened: { stop(): Promise<void> }[] = []

beforeAll(async () => {
  path = mkdtempSync(join(tmpdir(), 'ogpu-test-'))
  const timestampSec = Math.floor(Date.now() / 1_000)
  network = await testNetwork({ validators: 4, timestampSec, electsCommittee: false })
  cluster = createEpochCluster(network, path)
  for (let i = 0; i < 4; i++) await cluster.start(i)
}, 30_000)
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop()
})
afterAll(async () => {
  await cluster?.close()
  if (path !== undefined) rmSync(path, { recursive: true, force: true })
})

let followers = 0

/** A node without keys that is connected to these peers only. */
async function follower(peers: readonly { readonly id: PeerId; readonly addresses: readonly string[] }[]) {
  const wire = createMemoryNetwork(cluster.hub, {
    networkKeySeed: sha256(utf8(`follower ${followers++}`)),
    genesisHash: genesisBlock(network.genesis).hash,
  })
  const count = { commits: 0, follow: 0, reports: [] as string[] }
  const counting = new Proxy(wire, {
    get(_, name) {
      if (name === 'keep') return () => wire.keep(peers)
      if (name === 'report')
        return (peer: PeerId, points: number, reason: string) => {
          count.reports.push(reason)
          wire.report(peer, points, reason)
        }
      if (name === 'request')
        return (...args: Parameters<Network['request']>) => {
          if (args[1] === 'commits') count.commits += 1
          if (args[1] === 'follow') count.follow += 1
          return wire.request(...args)
        }
      const value = (wire as unknown as Record<string | symbol, unknown>)[name]
      return typeof value === 'function' ? value.bind(wire) : value
    },
  })
  const parts = await createNodeParts({
    genesis: network.genesis,
    keys: undefined,
    chainStore: createMemoryStore(),
    consensusStore: createMemoryStore(),
    network: counting,
    recovery,
    registry: createMetrics({ build: { version: 'test' }, processMetrics: false }).registry,
    signingGuardPath: '',
    historyBlocks: undefined,
    keptPeers: [],
    clock: { now: () => Date.now() },
    log: silentLog,
    onFailure: error => cluster.failures.push(error),
  })
  await parts.start()
  opened.push({
    async stop() {
      await wire.stop()
      await parts.stop()
    },
  })
  return { parts, wire, count }
}

const validator = (index: number) => {
  const keys = defined(network.keys[index], 'a validator')
  return { id: addressOf(keys).slice('/memory/'.length), addresses: [addressOf(keys)] }
}

const committed = (parts: NodeParts) => parts.epochs.current().core.status().lastCommitIndex
const heightOf = (parts: NodeParts) => parts.engine.chain.head().header.number

async function expectSameHead(parts: NodeParts): Promise<void> {
  const height = heightOf(parts)
  const [own, theirs] = await Promise.all(
    [parts, cluster.node(0)].map(async one => defined(await one.engine.chain.blockByNumber(height), 'a block')),
  )
  expect(toHex(defined(own, 'ours').hash)).toBe(toHex(defined(theirs, 'theirs').hash))
}

describe('a follower', () => {
  it('is streamed to, commits with the validators, and asks for nothing', { timeout: 40_000 }, async () => {
    const { parts, count } = await follower([0, 1, 2, 3].map(validator))
    const first = cluster.node(0)
    await cluster.until('the follower in step', () => committed(parts) > 0 && committed(parts) >= committed(first) - 3)
    await cluster.add(1, [transferOf(0, 0n)])
    const from = committed(parts)
    const before = count.commits
    await cluster.until('thirty commits more', () => committed(parts) >= from + 30, 30_000)
    // Ranges are for who is behind: on a busy machine once in a while.
    expect(count.commits - before).toBeLessThan(10)
    await expectSameHead(parts)
    expect(parts.epochs.dag.status()).toMatchObject({ committeeSize: 4 })
  })

  it('takes another source when its own is gone', { timeout: 90_000 }, async () => {
    const { parts, wire } = await follower([0, 1, 2].map(validator))
    await cluster.until('the follower in step', () => committed(parts) > 0, 30_000)
    // One of these is its source.
    for (const gone of [0, 1, 2]) {
      cluster.hub.cut(wire.self, validator(gone).id)
      const at = committed(parts)
      await cluster.until('it goes on', () => committed(parts) >= at + 10, 20_000)
      cluster.hub.heal(wire.self, validator(gone).id)
      await cluster.until('it is back', () => wire.peers().length === 3, 20_000)
    }
    await expectSameHead(parts)
  })

  it('scores a source down that sends forged vertices', { timeout: 60_000 }, async () => {
    const liar = createMemoryNetwork(cluster.hub, {
      networkKeySeed: sha256(utf8('lying source')),
      genesisHash: genesisBlock(network.genesis).hash,
    })
    opened.push({ stop: () => liar.stop() })
    liar.onRequest('follow', async from => {
      liar.feed(new Set([from]))
      setTimeout(() => liar.send(from, 'feed', Uint8Array.of(2, 0, 0, 0, 1, 0, 0, 0, 1, 7)), 50)
      return Uint8Array.of(1)
    })
    await liar.start()
    const { parts, wire } = await follower([{ id: liar.self, addresses: [`/memory/${liar.self}`] }])
    await cluster.until('the liar scored down', () => (wire.peers()[0]?.score ?? -1) < 0, 20_000)
    expect(committed(parts)).toBe(0)
  })
})
