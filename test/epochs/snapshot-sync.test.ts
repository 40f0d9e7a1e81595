import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  checkChain,
  createRecoveryPool,
  decodeSnapshotManifest,
  encodeSnapshotManifest,
  genesisBlock,
  snapshotIdentity,
} from '#evm'
import { assert, defined } from '#lib/assert'
import { toHex, utf8 } from '#lib/bytes'
import { type Log, silentLog } from '#lib/env'
import { sha256 } from '#lib/hash'
import { createMetrics } from '#lib/metrics'
import { createMemoryNetwork, type Network, type RequestProtocol } from '#p2p'
import { createMemoryStore } from '#storage'
import { createNodeParts, type NodeParts } from '../../chain/node/node-parts.ts'
import { decodeSnapshotRequest, encodeSnapshotOffers } from '../../chain/node/snapshot-protocol.ts'
import { type SnapshotProgress, syncFromSnapshot } from '../../chain/node/snapshot-sync.ts'
import { createEpochCluster, type EpochCluster } from './cluster.ts'
import { addressOf, type TestNetwork, testNetwork, transferOf } from './fixture.ts'

const EPOCH_MS = 5_000
const recovery = createRecoveryPool({ workers: 0 })

const opened: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop()
})

// All tests look at one network, which goes on meanwhile.
let running: Awaited<ReturnType<typeof runningNetwork>>
beforeAll(async () => {
  running = await runningNetwork()
}, 130_000)
afterAll(async () => {
  await running?.cluster.close()
  rmSync(running?.path ?? '', { recursive: true, force: true })
})

/** Four validators in their second epoch at least, who have executed transfers and made snapshots in it. */
async function runningNetwork() {
  const timestampSec = Math.floor(Date.now() / 1_000)
  const consensus = { epochDurationMs: EPOCH_MS, checkpointIntervalMs: 500, scheduleWindowCommits: 20, gcDepth: 20 }
  const network = await testNetwork({ validators: 4, timestampSec, consensus })
  const path = mkdtempSync(join(tmpdir(), 'ogpu-test-'))
  const cluster = createEpochCluster(network, path, 500)
  for (let i = 0; i < 4; i++) await cluster.start(i)
  let nonce = 0n
  const send = () => {
    const next = nonce++
    void cluster.add(Number(next) % 4, [transferOf(0, next), transferOf(1, next)])
  }
  await cluster.until(
    'a second epoch',
    () => {
      send()
      return cluster.running().every(parts => parts.epochs.current().setup.epoch >= 1)
    },
    60_000,
  )
  const first = cluster.node(0).engine.chain.head().header.number
  await cluster.until(
    'snapshots of the second epoch on three nodes',
    () => {
      send()
      return [0, 1, 2, 3].filter(index => newestSnapshot(join(path, `snapshots-${index}`)) > first).length >= 3
    },
    60_000,
  )
  return { cluster, network, path }
}

const newestSnapshot = (path: string) =>
  Math.max(
    0,
    ...readdirSync(path)
      .filter(name => /^\d+$/.test(name))
      .map(Number),
  )

let joiners = 0

interface Joiner {
  readonly wire: Network
  readonly scores: { readonly peer: string; readonly reason: string }[]
  sync(options?: { readonly signal?: AbortSignal; onProgress?(progress: SnapshotProgress): void }): Promise<number>
  /** What the deep check of the chain store finds. */
  check(): Promise<readonly unknown[]>
  start(): Promise<NodeParts>
}

/** A new node without keys that connects to `peers` (validators by index) and to `addresses`. */
function joiner(
  { cluster, network }: { readonly cluster: EpochCluster; readonly network: TestNetwork },
  extra: readonly { readonly id: string; readonly addresses: readonly string[] }[] = [],
  isConnected: () => boolean = () => true,
): Joiner {
  const { genesis } = network
  const stores = { chainStore: createMemoryStore(), consensusStore: createMemoryStore() }
  const scores: { readonly peer: string; readonly reason: string }[] = []
  const wire = createMemoryNetwork(cluster.hub, {
    networkKeySeed: sha256(utf8(`joiner ${joiners++}`)),
    genesisHash: genesisBlock(genesis).hash,
  })
  const watched: Network = Object.assign(Object.create(wire) as Network, {
    report(peer: string, points: number, reason: string) {
      scores.push({ peer, reason })
      wire.report(peer, points, reason)
    },
  })
  const bound = new Proxy(watched, {
    get(_, name) {
      const own = name === 'report' ? watched.report : (wire as unknown as Record<string | symbol, unknown>)[name]
      return typeof own === 'function' && name !== 'report' ? own.bind(wire) : own
    },
  })
  opened.push({ stop: () => wire.stop() })
  return {
    wire,
    scores,
    async sync(options = {}) {
      await wire.start()
      return syncFromSnapshot({
        genesis,
        ...stores,
        network: bound,
        recovery,
        log: silentLog,
        searchMs: 1_500,
        connect(setup) {
          const members = setup.peers.map((id, index) => ({ id, addresses: [...(setup.addresses[index] ?? [])] }))
          wire.keep(isConnected() ? [...members, ...extra] : extra)
        },
        ...options,
      })
    },
    check: async () => (await checkChain({ store: stores.chainStore, deep: true })).findings,
    async start() {
      const parts = await createNodeParts({
        genesis,
        keys: undefined,
        ...stores,
        network: wire,
        recovery,
        registry: createMetrics({ build: { version: 'test' }, processMetrics: false }).registry,
        signingGuardPath: '',
        historyBlocks: undefined,
        keptPeers: [],
        clock: { now: () => Date.now() },
        log: silentLog as Log,
        onFailure: error => cluster.failures.push(error),
      })
      opened.push(parts)
      await parts.start()
      return parts
    },
  }
}

async function expectInStep(cluster: EpochCluster, parts: NodeParts, base: number): Promise<void> {
  const first = cluster.node(0)
  const target = first.engine.chain.head().header.number + 5
  await cluster.until('the joined node in step', () => parts.engine.chain.head().header.number >= target, 30_000)
  for (let number = base; number <= target; number++) {
    const own = defined(await parts.engine.chain.blockByNumber(number), 'a block after the snapshot')
    const theirs = defined(await first.engine.chain.blockByNumber(number), 'a block of the others')
    expect(toHex(own.hash)).toBe(toHex(theirs.hash))
  }
  expect(cluster.failures).toEqual([])
}

/** A peer that answers like the first validator but for what `change` makes of the answer. */
async function impostor(
  { cluster, network }: { readonly cluster: EpochCluster; readonly network: TestNetwork },
  change: (request: ReturnType<typeof decodeSnapshotRequest>, answer: Uint8Array) => Uint8Array | Promise<Uint8Array>,
) {
  const wire = createMemoryNetwork(cluster.hub, {
    networkKeySeed: sha256(utf8(`impostor ${joiners++}`)),
    genesisHash: genesisBlock(network.genesis).hash,
  })
  opened.push({ stop: () => wire.stop() })
  const server = defined(cluster.node(0).epochs.current().setup.peers[0], 'a validator')
  const index = network.keys.findIndex(keys => addressOf(keys).endsWith(server))
  wire.keep([{ id: server, addresses: [addressOf(defined(network.keys[index], 'its keys'))] }])
  const forward = (protocol: RequestProtocol, body: Uint8Array) =>
    wire.request(server, protocol, body, { timeoutMs: 5_000 }).catch(() => undefined)
  for (const protocol of ['status', 'commits', 'vertices'] as const)
    wire.onRequest(protocol, (_, body) => forward(protocol, body))
  wire.onRequest('snapshot', async (_, body) => {
    const answer = await forward('snapshot', body)
    return answer === undefined ? undefined : change(decodeSnapshotRequest(body), answer)
  })
  await wire.start()
  await cluster.until('the impostor connected', () => wire.peers().length > 0)
  return { id: wire.self, addresses: [`/memory/${wire.self}`], wire, server }
}

describe('a new node', () => {
  it('starts from a snapshot that a certificate proves, and goes on by certified commits over epochs', {
    timeout: 90_000,
  }, async () => {
    const { cluster } = running
    const node = joiner(running)
    const phases = new Set<string>()
    const base = await node.sync({ onProgress: ({ phase }) => phases.add(phase) })
    expect(base).toBeGreaterThan(0)
    expect([...phases]).toEqual(['searching', 'fetching', 'building', 'commits'])
    expect(await node.check()).toEqual([])
    const parts = await node.start()
    expect(parts.engine.chain.earliest()).toBe(base)
    const epoch = parts.epochs.current().setup.epoch
    expect(epoch).toBeGreaterThan(0)
    await cluster.until('the next epoch on the new node', () => parts.epochs.current().setup.epoch > epoch, 30_000)
    await expectInStep(cluster, parts, base)
    expect(node.scores).toEqual([])
    // Records of all epochs before are here, for the next newcomer.
    for (let old = 0; old < epoch; old++) expect(parts.epochs.record(old)).toBeDefined()
  })

  it('refuses forged chunks, scores their sender down, and takes them from others', { timeout: 90_000 }, async () => {
    const liar = await impostor(running, (request, answer) => {
      if (request?.kind !== 'chunk') return answer
      const forged = answer.slice()
      forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1
      return forged
    })
    let isHonest = false
    const node = joiner(running, [liar], () => isHonest)
    const base = await node.sync({
      onProgress({ phase }) {
        // At first it knows only the liar, so that this one is asked in any case.
        if (phase === 'fetching') isHonest = true
      },
    })
    expect(node.scores).toContainEqual({ peer: liar.id, reason: 'forged snapshot chunk' })
    expect(new Set(node.scores.map(({ peer }) => peer))).toEqual(new Set([liar.id]))
    await expectInStep(running.cluster, await node.start(), base)
  })

  it('finds out a false state whose manifest fits it, and begins again with an honest one', {
    timeout: 90_000,
  }, async () => {
    const { cluster } = running
    const chunks = new Map<string, Uint8Array>()
    // The last state chunk loses its last record; everything else, certificate included, is genuine.
    const rewrite = async (wire: Network, server: string, height: number, bytes: Uint8Array) => {
      const decoded = decodeSnapshotManifest(bytes)
      assert(decoded.kind === 'accept', 'an honest manifest')
      const index = decoded.value.chunks.length - 1
      const body = new Uint8Array([3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
      const view = new DataView(body.buffer)
      view.setUint32(3, height)
      view.setUint32(7, index)
      const chunk = await wire.request(server, 'snapshot', body, { timeoutMs: 5_000 })
      const forged = withoutLastRecord(chunk)
      chunks.set(`${height}/${index}`, forged)
      const changed = decoded.value.chunks.with(index, { digest: sha256(forged), bytes: forged.length })
      return { ...decoded.value, chunks: changed }
    }
    const context: { wire?: Network; server?: string } = {}
    const liar = await impostor(running, async (request, answer) => {
      const { wire, server } = context
      if (request === undefined || wire === undefined || server === undefined) return answer
      if (request.kind === 'list') {
        const height = new DataView(answer.buffer, answer.byteOffset).getUint32(3)
        const body = Uint8Array.of(2, ...answer.slice(1, 7))
        const manifest = await wire.request(server, 'snapshot', body, { timeoutMs: 5_000 })
        return encodeSnapshotOffers([
          { height, identity: snapshotIdentity(await rewrite(wire, server, height, manifest)) },
        ])
      }
      if (request.kind === 'manifest')
        return encodeSnapshotManifest(await rewrite(wire, server, request.height, answer))
      return chunks.get(`${request.height}/${request.index}`) ?? answer
    })
    context.wire = liar.wire
    context.server = liar.server
    let isHonest = false
    const node = joiner(running, [liar], () => isHonest)
    const base = await node.sync({
      onProgress({ phase }) {
        // As long as it knows only the liar it has no choice.
        if (phase === 'building') isHonest = true
      },
    })
    expect(node.scores).toContainEqual({ peer: liar.id, reason: 'false snapshot' })
    await expectInStep(cluster, await node.start(), base)
  })

  it('goes on where a stopped attempt ended', { timeout: 90_000 }, async () => {
    const node = joiner(running)
    const stop = new AbortController()
    let fetched = 0
    const stopped = node.sync({
      signal: stop.signal,
      onProgress({ phase, chunksDone }) {
        if (phase !== 'fetching') return
        fetched = chunksDone
        if (chunksDone >= 3) stop.abort()
      },
    })
    await expect(stopped).rejects.toMatchObject({ code: 'sync stopped' })
    expect(fetched).toBeGreaterThanOrEqual(3)
    const starts: number[] = []
    const base = await node.sync({
      onProgress({ phase, chunksDone }) {
        if (phase === 'fetching') starts.push(chunksDone)
      },
    })
    expect(starts[0]).toBeGreaterThan(0)
    await expectInStep(running.cluster, await node.start(), base)
  })
})

/** A state chunk without its last record: accounts have 20 bytes of key, slots 52, code 32. */
function withoutLastRecord(chunk: Uint8Array): Uint8Array {
  const keyBytes: Readonly<Record<number, number>> = { 16: 20, 17: 52, 18: 32 }
  const view = new DataView(chunk.buffer, chunk.byteOffset)
  let at = 0
  let last = 0
  while (at < chunk.length) {
    last = at
    const key = defined(keyBytes[chunk[at] as number], 'a record of the state')
    at += 1 + key + 4 + view.getUint32(at + 1 + key)
  }
  return chunk.slice(0, last)
}
