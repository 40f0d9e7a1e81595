import { describe, expect, test } from 'vitest'
import { defined } from '#lib/assert'
import { toHex } from '#lib/bytes'
import { createDagView, type DagView } from '../../chain/node/dag-view.ts'
import { Timeline } from '../../chain/node/timeline.ts'
import { FOUR, grownCluster, storedLog } from './fixture.ts'

const cluster = grownCluster()
const node = cluster.node(1)
const authorities = FOUR.map(validator => validator.authority)

async function viewOf(timeline = new Timeline()): Promise<DagView> {
  return createDagView({
    core: node.core,
    authorities,
    authoritiesOf: () => authorities,
    names: ['a', 'b', 'c'],
    peerIds: ['p0', 'p1', 'p2', 'p3'],
    isUp: index => index !== 3,
    quorum: 3,
    consensusLog: await storedLog(node),
    timeline,
    heights: () => ({ head: 12, finalized: 10 }),
    certificateAt: height =>
      height === 10
        ? {
            epoch: 0,
            height,
            blockHash: new Uint8Array(32).fill(9),
            signatures: [0, 2, 3].map(author => ({ author, signature: new Uint8Array(64) })),
          }
        : undefined,
  })
}

/** Shows the view everything that the node went through. */
async function grownView(): Promise<DagView> {
  const view = await viewOf()
  for (const vertex of cluster.vertices(1)) view.onVertex(vertex, vertex.author === 1, 5_000 + vertex.round)
  for (const ordered of node.commits) {
    view.onOrdered(ordered, 6_000)
    view.onExecuted(
      ordered,
      { blocks: [{ block: { header: { number: ordered.commit.index }, transactions: [] } }] } as never,
      7_000,
    )
  }
  return view
}

describe('the view of the DAG', () => {
  test('lists rounds with every vertex, its arrival and its leader', async () => {
    const rounds = (await (await grownView()).rounds(4, 6)) as {
      readonly round: number
      readonly vertices: readonly { readonly author: number; readonly receivedMs: number }[]
      readonly leader: { readonly author: number; readonly status: string }
    }[]
    expect(rounds.map(({ round }) => round)).toEqual([4, 5, 6])
    for (const { round, vertices, leader } of rounds) {
      expect(vertices.map(({ author }) => author)).toEqual([0, 1, 2, 3])
      expect(vertices.every(({ receivedMs }) => receivedMs === 5_000 + round)).toBe(true)
      expect(leader).toMatchObject({ author: node.core.leaders(round)[0], status: 'committed' })
    }
  })

  test('answers at most 200 rounds at a time', async () => {
    const view = await grownView()
    expect((await view.rounds(1, 1_000_000)).length).toBeLessThanOrEqual(200)
    expect(await view.rounds(1_000_000, 1_000_010)).toEqual([])
  })

  test('shows a commit with its vertices and blocks, and nothing for one that does not exist', async () => {
    const view = await grownView()
    const { commit, digest } = defined(node.commits[4], 'a commit')
    expect(await view.commit(commit.index)).toMatchObject({
      index: commit.index,
      digest: toHex(digest),
      leader: { author: commit.leader.author, round: commit.leader.round },
      blocks: [commit.index],
    })
    expect(await view.commit(1_000_000)).toBeUndefined()
  })

  test('finds a vertex by its digest', async () => {
    const view = await grownView()
    const vertex = defined(cluster.vertices(1)[10], 'a vertex')
    expect(await view.vertex(vertex.digest)).toMatchObject({
      round: vertex.round,
      author: vertex.author,
      digest: toHex(vertex.digest),
      epoch: 0,
    })
    expect(await view.vertex(new Uint8Array(32))).toBeUndefined()
  })

  test('counts who led, and names validators that have no name', async () => {
    const validators = (await grownView()).validators() as readonly {
      readonly name: string
      readonly up: boolean
      readonly lastRound: number
      readonly leadersCommitted: number
      readonly leadersSkipped: number
    }[]
    expect(validators.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'validator 3'])
    expect(validators.map(({ up }) => up)).toEqual([true, true, true, false])
    expect(validators.reduce((sum, { leadersCommitted }) => sum + leadersCommitted, 0)).toBe(node.commits.length)
    expect(validators.every(({ leadersSkipped }) => leadersSkipped === 0)).toBe(true)
    expect(Math.max(...validators.map(({ lastRound }) => lastRound))).toBe(node.core.status().highestAcceptedRound)
  })

  test('remembers after a restart who led and how far each validator was', async () => {
    const before = await grownView()
    const after = await viewOf()
    await after.restore()
    expect(after.validators()).toEqual(before.validators())
    expect(after.highestRoundOf(2)).toBe(before.highestRoundOf(2))
    const leaders = (rounds: readonly unknown[]) => rounds.map(round => (round as { readonly leader: unknown }).leader)
    expect(leaders(await after.rounds(4, 9))).toEqual(leaders(await before.rounds(4, 9)))
  })

  test('times an executed transaction by the vertex and the commit that brought it', async () => {
    const timeline = new Timeline()
    const view = await viewOf(timeline)
    const [vertex] = cluster.vertices(1)
    const raw = new Uint8Array([1])
    const carrier = { ...defined(vertex, 'a vertex'), transactions: [raw] }
    view.onVertex(carrier, false, 1)
    const ordered = { ...defined(node.commits[0], 'a commit'), vertices: [carrier], executes: [true] }
    view.onOrdered(ordered, 2)
    const hash = new Uint8Array(32).fill(7)
    view.onExecuted(
      ordered,
      { blocks: [{ block: { header: { number: 5 }, transactions: [{ hash, raw }] } }] } as never,
      3,
    )
    expect(view.timeline(hash)).toEqual({ acceptedMs: 1, committedMs: 2, executedMs: 3 })
    expect(view.timeline(new Uint8Array(32))).toBeUndefined()
  })

  test('tells listeners of each executed commit until they leave', async () => {
    const view = await viewOf()
    const heard: unknown[] = []
    const leave = view.onCommit(commit => heard.push(commit.index))
    const executed = { blocks: [] } as never
    const commitOf = (index: number) => ({ commit: { index }, vertices: [] }) as never
    view.onExecuted(commitOf(1), executed, 0)
    view.onExecuted(commitOf(2), executed, 0)
    leave()
    view.onExecuted(commitOf(3), executed, 0)
    expect(heard).toEqual([1, 2])
  })

  test('weighs a certificate by its signers', async () => {
    const view = await viewOf()
    expect(await view.certificate(10)).toMatchObject({ height: 10, signers: [0, 2, 3], stake: 3 })
    expect(await view.certificate(11)).toBeUndefined()
    expect(view.status()).toMatchObject({ headNumber: 12, finalizedNumber: 10, committeeSize: 4, quorum: 3 })
  })
})
