import { afterEach, describe, expect, test } from 'vitest'
import {
  decodeStreamFrame,
  encodeFetchAnswer,
  encodeOwnLastAnswer,
  encodeRangeAnswer,
  encodeStreamFrame,
  type Input,
} from '#consensus'
import { defined } from '#lib/assert'
import { toHex } from '#lib/bytes'
import { silentLog } from '#lib/env'
import {
  createMemoryHub,
  createMemoryNetwork,
  type MemoryHub,
  type MessageVerdict,
  type Network,
  peerIdOfSeed,
} from '#p2p'
import { createValidatorLink, type ValidatorLink } from '../../chain/node/validator-link.ts'
import { GENESIS, QUICK, seedOf } from '../p2p/fixture.ts'
import { grownCluster, storedLog, until } from './fixture.ts'

const cluster = grownCluster(1_500)
const peers = [0, 1, 2, 3].map(index => peerIdOfSeed(seedOf(index)))
const members = new Map(peers.map((peer, index) => [peer, index]))
const vertexOf = (author: number, round: number) =>
  defined(
    cluster.vertices(0).find(vertex => vertex.author === author && vertex.round === round),
    'a vertex',
  )

const running: Network[] = []
afterEach(async () => {
  for (const network of running.splice(0)) await network.stop()
})

async function startNetwork(hub: MemoryHub, index: number): Promise<Network> {
  const network = createMemoryNetwork(hub, { networkKeySeed: seedOf(index), genesisHash: GENESIS, limits: QUICK })
  running.push(network)
  network.setCommittee(members)
  await network.start()
  return network
}

interface Linked {
  readonly link: ValidatorLink
  readonly inputs: Input[]
  readonly verdicts: MessageVerdict[]
  readonly network: Network
  /** The bare networks of validators 1 to `others`. */
  readonly others: readonly Network[]
  full: boolean
  nowMs: number
  /** Vertices whose signature was checked. */
  verified: number
}

/** Validator 0 with its link, connected with others that only have a network. */
async function linked(others = 1, openRounds = { above: 0, upTo: 1_000 }): Promise<Linked> {
  const hub = createMemoryHub()
  const network = await startNetwork(hub, 0)
  const bare: Network[] = []
  for (let index = 1; index <= others; index++) bare.push(await startNetwork(hub, index))
  const world = { inputs: [] as Input[], verdicts: [] as MessageVerdict[], full: false, nowMs: 1_000, verified: 0 }
  const link = createValidatorLink({
    network,
    peers,
    own: 0,
    epoch: 0,
    verifier: {
      verify(bytes) {
        world.verified++
        return cluster.verifier.verify(bytes)
      },
    },
    openRounds: () => openRounds,
    consensusLog: await storedLog(cluster.node(0)),
    clock: { now: () => world.nowMs },
    log: silentLog,
  })
  network.onFrame('vertices', async (from, bytes) => {
    const frame = decodeStreamFrame(bytes)
    if (frame.kind !== 'accept') return { kind: 'reject', reason: 'malformed' }
    const verdict = await link.onFrame(from, frame.value)
    world.verdicts.push(verdict)
    return verdict
  })
  network.onPeer((peer, up) => link.onPeer(peer, up))
  link.start(input => {
    if (world.full) return false
    world.inputs.push(input)
    return true
  })
  network.keep(bare.map(one => ({ id: one.self, addresses: one.addresses() })))
  await until(() => network.peers().length === others && bare.every(one => one.peers().length > 0))
  return Object.assign(world, { link, network, others: bare })
}

const deliveries = (world: Linked) => world.inputs.filter(input => input.kind === 'vertices')
const scoreOf = (world: Linked, index: number) =>
  world.network.peers().find(({ id }) => id === peers[index])?.score ?? 0

describe('a validator link', () => {
  test('checks no signature of collected rounds, and one in a while of rounds beyond the look-ahead', async () => {
    const world = await linked(1, { above: 3, upTo: 6 })
    const send = async (round: number) => {
      const before = world.verdicts.length
      const frame = encodeStreamFrame({ kind: 'own', vertices: [vertexOf(1, round).bytes] })
      world.others[0]?.send(world.network.self, 'vertices', frame)
      await until(() => world.verdicts.length > before)
    }
    for (const round of [1, 2, 3]) await send(round)
    expect(world.verified).toBe(0)
    for (const round of [4, 6]) await send(round)
    expect(world.verified).toBe(2)
    for (const round of [7, 8, 9, 10, 11]) await send(round)
    expect(world.verified).toBe(3)
    expect(deliveries(world).length).toBe(3)
    world.nowMs += 250
    for (const round of [12, 13]) await send(round)
    expect(world.verified).toBe(4)
    expect(world.verdicts.every(verdict => verdict.kind === 'accept')).toBe(true)
  })

  test('turns a peer’s own vertex into an input, and tells who is connected', async () => {
    const world = await linked()
    expect(world.link.isUp(0)).toBe(true)
    expect(world.link.isUp(1)).toBe(true)
    expect(world.link.isUp(2)).toBe(false)
    expect(world.inputs).toContainEqual({ kind: 'peer', who: 1, up: true, nowMs: 1_000 })
    const vertex = vertexOf(1, 3)
    world.others[0]?.send(world.network.self, 'vertices', encodeStreamFrame({ kind: 'own', vertices: [vertex.bytes] }))
    await until(() => deliveries(world).length === 1)
    expect(deliveries(world)[0]).toMatchObject({ from: 1, nowMs: 1_000, vertices: [{ round: 3, author: 1 }] })
    await world.others[0]?.stop()
    await until(() => world.inputs.some(input => input.kind === 'peer' && !input.up))
    expect(world.link.isUp(1)).toBe(false)
  })

  test('rejects a forged vertex with a reason and scores its sender down', async () => {
    const world = await linked()
    const forged = vertexOf(1, 3).bytes.slice()
    forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
    world.others[0]?.send(world.network.self, 'vertices', encodeStreamFrame({ kind: 'own', vertices: [forged] }))
    await until(() => world.verdicts.length === 1)
    expect(world.verdicts[0]).toMatchObject({ kind: 'reject', reason: expect.stringContaining('vertex: ') })
    await until(() => scoreOf(world, 1) < 0)
    expect(deliveries(world)).toEqual([])
  })

  test('checks the signature of a replayed vertex once, and scores down who replays without end', async () => {
    const world = await linked()
    const bytes = [1, 2, 3, 4].map(round => vertexOf(1, round).bytes)
    const frame = encodeStreamFrame({ kind: 'history', vertices: Array.from({ length: 16 }, () => bytes).flat() })
    const send = async (times: number) => {
      const wanted = world.verdicts.length + times
      for (let i = 0; i < times; i++) {
        world.others[0]?.send(world.network.self, 'vertices', frame)
        await until(() => world.verdicts.length === wanted - times + i + 1)
      }
    }
    // The first 60 repeats are in the first frame; 2,000 are allowed at once.
    await send(31)
    expect(world.verified).toBe(4)
    expect(scoreOf(world, 1)).toBe(0)
    await send(5)
    expect(world.verified).toBe(4)
    expect(scoreOf(world, 1)).toBeLessThan(-3)
    expect(world.verdicts.slice(-4).every(({ kind }) => kind === 'ignore')).toBe(true)
    // Honest amounts are taken again after a while, and reach the core as before.
    world.nowMs += 1_000
    const before = deliveries(world).length
    await send(1)
    expect(deliveries(world).length).toBe(before + 1)
  })

  test('takes another author’s vertex as history, and not as the sender’s own', async () => {
    const world = await linked()
    const bytes = vertexOf(2, 3).bytes
    world.others[0]?.send(world.network.self, 'vertices', encodeStreamFrame({ kind: 'history', vertices: [bytes] }))
    await until(() => deliveries(world).length === 1)
    expect(scoreOf(world, 1)).toBeGreaterThanOrEqual(0)
    world.others[0]?.send(world.network.self, 'vertices', encodeStreamFrame({ kind: 'own', vertices: [bytes] }))
    await until(() => world.verdicts.length === 2)
    expect(world.verdicts[1]?.kind).toBe('reject')
    await until(() => scoreOf(world, 1) < 0)
    expect(deliveries(world)).toHaveLength(1)
  })

  test('keeps what does not fit into a full inbox until there is room', async () => {
    const world = await linked()
    world.full = true
    const vertex = vertexOf(1, 4)
    world.others[0]?.send(world.network.self, 'vertices', encodeStreamFrame({ kind: 'own', vertices: [vertex.bytes] }))
    await new Promise(resolve => setTimeout(resolve, 30))
    expect(world.verdicts).toEqual([])
    world.full = false
    await until(() => deliveries(world).length === 1)
  })

  test('sends an own vertex to all, and pushes stored vertices as history', async () => {
    const world = await linked(2)
    const frames: { readonly to: number; readonly kind: string; readonly bytes: string[] }[] = []
    for (const [i, other] of world.others.entries()) {
      other.onFrame('vertices', (_from, bytes) => {
        const frame = decodeStreamFrame(bytes)
        if (frame.kind === 'accept')
          frames.push({ to: i + 1, kind: frame.value.kind, bytes: frame.value.vertices.map(toHex) })
        return { kind: 'accept' }
      })
    }
    const own = vertexOf(0, 2)
    world.link.broadcast(own)
    await until(() => frames.length === 2)
    expect(frames.map(({ to, kind }) => [to, kind]).sort()).toEqual([
      [1, 'own'],
      [2, 'own'],
    ])
    world.link.push(2, [vertexOf(3, 2), { ...own, digest: new Uint8Array(32) }])
    await until(() => frames.length === 3)
    expect(frames[2]).toEqual({ to: 2, kind: 'history', bytes: [toHex(vertexOf(3, 2).bytes)] })
  })

  test('asks the next peer when the first lacks a vertex or answers with something broken, which costs that one', async () => {
    const world = await linked(3)
    const [empty, liar, good] = world.others
    empty?.onRequest('vertices', async () => encodeFetchAnswer([]))
    liar?.onRequest('vertices', async () => Uint8Array.of(1, 2, 3))
    good?.onRequest('vertices', async () => encodeFetchAnswer([vertexOf(2, 5).bytes]))
    world.link.fetch([vertexOf(2, 5)], [0, 1, 2, 3])
    await until(() => deliveries(world).length === 1)
    expect(deliveries(world)[0]).toMatchObject({ from: 3, vertices: [{ round: 5, author: 2 }] })
    expect(scoreOf(world, 1)).toBeGreaterThanOrEqual(0)
    expect(scoreOf(world, 2)).toBeLessThan(0)
  })

  test('delivers a range of commits whole, and none with a forged vertex in it', async () => {
    const world = await linked(2)
    const { commit } = defined(cluster.node(0).commits[0], 'a commit')
    const vertices = commit.vertices.map(({ author, round }) => vertexOf(author, round).bytes)
    const forged = vertices.map(bytes => bytes.slice())
    const last = defined(forged.at(-1), 'a vertex')
    last[last.length - 1] = (last.at(-1) as number) ^ 1
    const range = (blobs: readonly Uint8Array[]) =>
      encodeRangeAnswer({ commits: [commit], vertices: blobs, certifiers: [] } as never)
    world.others[0]?.onRequest('commits', async () => range(forged))
    world.others[1]?.onRequest('commits', async () => range(vertices))
    world.link.syncCommits(1, 1, [1, 2])
    await until(() => world.inputs.some(input => input.kind === 'commits'))
    const input = world.inputs.find(one => one.kind === 'commits')
    expect(input).toMatchObject({ from: 2, commits: [{ index: 1 }], certifiers: [] })
    expect(scoreOf(world, 1)).toBeLessThan(0)
  })

  test('asks everybody for its own last vertex and passes every answer on', async () => {
    const world = await linked(3)
    for (const [i, other] of world.others.entries())
      other.onRequest('own-last', async () =>
        i === 1 ? Uint8Array.of(9) : encodeOwnLastAnswer({ highestRound: 40 + i, ownRound: 39 }),
      )
    world.link.askOwnLast()
    await until(() => world.inputs.filter(input => input.kind === 'ownLast').length === 2 && scoreOf(world, 2) < 0)
    expect(world.inputs.filter(input => input.kind === 'ownLast')).toEqual(
      expect.arrayContaining([
        { kind: 'ownLast', from: 1, highestRound: 40, ownRound: 39, nowMs: 1_000 },
        { kind: 'ownLast', from: 3, highestRound: 42, ownRound: 39, nowMs: 1_000 },
      ]),
    )
  })
})
