import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodeStreamFrame, encodeStreamFrame } from '#consensus'
import { defined } from '#lib/assert'
import { concat } from '#lib/bytes'
import { publicKeysOf } from '#node'
import { createLibp2pTransport, networkIdOf, type Transport } from '#p2p'
import { CHAIN_ID, type Cluster, createCluster, type NodeProcess } from '../chaos/cluster.ts'
import { sendJunk } from '../chaos/junk.ts'
import { ChaosLoad } from '../chaos/load.ts'
import { fundedLoadAccounts } from '../load/accounts.ts'
import { metricOf, type Samples, scrape } from '../load/observe.ts'
import { channelProtocol, frame, type Hostile, hello, hostile, sleep } from './fixture.ts'

/** Resident memory of a process. */
function memoryBytes(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1_024
}

describe('three validator processes of four, whose fourth is hostile', () => {
  let cluster: Cluster
  let load: ChaosLoad
  let transport: Transport
  let evil: Hostile
  let victim: NodeProcess
  beforeEach(async () => {
    cluster = await createCluster({ validators: 4, funded: fundedLoadAccounts(3), seed: 1 })
    const honest = cluster.nodes.slice(0, 3)
    victim = defined(honest[0], 'a validator')
    await Promise.all(honest.map(node => node.start()))
    load = new ChaosLoad(
      honest.map(({ rpcUrl }) => rpcUrl),
      CHAIN_ID,
      2,
    )
    const { genesisHash } = cluster
    transport = createLibp2pTransport({
      networkKeySeed: defined(cluster.nodes[3], 'a validator').keys.network.seed,
      genesisHash,
      listen: ['/ip4/127.0.0.1/tcp/0'],
    })
    evil = await hostile(transport, hello(genesisHash), networkIdOf(genesisHash))
  })
  afterEach(async () => {
    await load.stop()
    await transport.stop()
    await cluster.close(false)
  })

  const until = async (what: string, holds: (samples: Samples) => boolean) => {
    const deadlineMs = performance.now() + 20_000
    for (;;) {
      const samples = await scrape(victim.healthUrl)
      if (holds(samples)) return
      if (performance.now() > deadlineMs) throw new Error(`waited in vain: ${what}`)
      await sleep(50)
    }
  }
  const penalties = (samples: Samples, reason: string) =>
    metricOf(samples, 'ogpu_p2p_penalties_total', `reason="${reason}"`)
  const validatorsUp = (samples: Samples) => metricOf(samples, 'ogpu_p2p_peers', 'role="validator"')
  /** Transactions still get receipts. */
  const expectProgress = async () => {
    const had = load.acknowledged.length
    await until('a receipt', () => load.acknowledged.length > had + 4)
  }

  it('go on, keep their links, and score it down with the reason for garbage, forgeries, replays and floods', {
    timeout: 240_000,
  }, async () => {
    const target = {
      self: publicKeysOf(victim.keys).peerId,
      addresses: () => [`/ip4/127.0.0.1/tcp/${victim.p2pPort}`],
    }
    const vertices = channelProtocol('vertices', networkIdOf(cluster.genesisHash))
    await expectProgress()
    await evil.dial(target)
    await until('the hostile one is up', samples => validatorsUp(samples) === 3)
    const stream = await evil.open(target, vertices)
    const send = (body: Uint8Array) => stream.write(frame(body.length, body))

    // It hears the others' vertices, as every validator does.
    const heard = () => evil.heard.filter(({ protocol }) => protocol === vertices).map(({ bytes }) => bytes)
    await until('vertices of the victim', () => concat(...heard()).length > 100_000 || heard().length > 40)
    const stolen = () => verticesIn(concat(...heard())).slice(-30)
    const newest = () => defined(stolen().at(-1), 'a vertex of the victim')

    const memoryBefore = memoryBytes(victim.pid)
    send(encodeStreamFrame({ kind: 'own', vertices: [newest()] }))
    await until("another one's vertex as its own", samples => penalties(samples, "another author's vertex as own") > 0)
    const forged = newest().slice()
    forged.set([(forged.at(-1) ?? 0) ^ 1], forged.length - 1)
    send(encodeStreamFrame({ kind: 'own', vertices: [forged] }))
    await until('a forged signature', samples => penalties(samples, 'vertex: signature') > 0)
    send(Uint8Array.of(9, 9, 9))
    await until('garbage', samples => penalties(samples, 'malformed vertex frame') > 0)
    await expectProgress()

    const replay = encodeStreamFrame({ kind: 'history', vertices: stolen() })
    await until('it is put out for a flood of replays', samples => {
      for (let i = 0; i < 50; i++) send(replay)
      return penalties(samples, 'replayed vertices') > 10 && validatorsUp(samples) === 2
    })
    await expectProgress()

    await sendJunk(victim.p2pPort, 500, 2_000, 'junk')
    await expectProgress()
    await until('the honest links are up', samples => validatorsUp(samples) >= 2)
    expect(memoryBytes(victim.pid) - memoryBefore).toBeLessThan(200 * 1_024 ** 2)
  })
})

/** The vertices in what came over a stream of frames; a frame that is not complete yet is left out. */
function verticesIn(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0)
    if (at + 4 + length > bytes.length) break
    const decoded = decodeStreamFrame(bytes.subarray(at + 4, at + 4 + length))
    if (decoded.kind === 'accept') found.push(...decoded.value.vertices)
    at += 4 + length
  }
  return found
}
