import { describe, expect, test } from 'vitest'
import { createConsensus, type Effect } from '#consensus'
import { toHex } from '#lib/bytes'
import type { OrderedCommit } from '#types'
import { Cluster, makeValidators, optionsFor } from './cluster.ts'
import { randomFrom, shuffle } from './random-dag.ts'

const FOUR = makeValidators([1, 1, 1, 1])

function chainOf(commits: readonly OrderedCommit[]): readonly string[] {
  return commits.map(commit => toHex(commit.digest))
}

/** Every node's commits are a prefix of the longest; returns the shortest length. */
function expectAgreement(cluster: Cluster): number {
  const chains = cluster.nodes.map(node => chainOf(node.commits))
  const longest = chains.reduce((a, b) => (a.length >= b.length ? a : b))
  for (const chain of chains) expect(chain).toEqual(longest.slice(0, chain.length))
  return Math.min(...chains.map(chain => chain.length))
}

function expectNoOwnEquivocation(cluster: Cluster): void {
  for (const node of cluster.nodes) {
    const byRound = new Map<number, string>()
    for (const vertex of node.published) {
      const known = byRound.get(vertex.round)
      if (known !== undefined) expect(toHex(vertex.digest)).toBe(known)
      byRound.set(vertex.round, toHex(vertex.digest))
    }
  }
}

function payloadsOf(commits: readonly OrderedCommit[]): readonly string[] {
  return commits.flatMap(commit =>
    commit.vertices.flatMap((vertex, at) => (commit.executes[at] ? vertex.transactions.map(toHex) : [])),
  )
}

describe('a cluster of cores with signatures', () => {
  test('four cores make the same commits, one per round', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(3_000)
    expect(expectAgreement(cluster)).toBeGreaterThan(40)
    for (const node of cluster.nodes) {
      expect(node.alarms()).toEqual([])
      expect(node.core.status().suspended).toBe(0)
    }
    expectNoOwnEquivocation(cluster)
  })

  test('several leaders in a round and short windows change nothing in that', () => {
    const cluster = new Cluster(makeValidators([3, 1, 1, 1, 1]), {
      leadersPerRound: 2,
      scheduleWindowCommits: 5,
      scheduleBadStakePercent: 20,
    })
    cluster.node(4).up = false
    cluster.start()
    cluster.run(6_000)
    const live = cluster.nodes.slice(0, 4).map(node => chainOf(node.commits))
    const shortest = Math.min(...live.map(chain => chain.length))
    expect(shortest).toBeGreaterThan(40)
    for (const chain of live) expect(chain.slice(0, shortest)).toEqual(live[0]?.slice(0, shortest))
    const leaders = cluster.node(0).commits.map(({ commit }) => toHex(commit.leader.digest))
    expect(new Set(leaders).size).toBe(leaders.length)
  })

  test('a follower makes the same commits from any order of arrival', () => {
    const cluster = new Cluster(FOUR, { scheduleWindowCommits: 10 })
    cluster.start()
    cluster.run(2_500)
    const vertices = cluster.vertices(0)
    const expected = chainOf(cluster.node(0).commits)
    for (const seed of [1, 2, 3]) {
      const random = randomFrom(seed)
      const follower = createConsensus(optionsFor(FOUR, undefined, { scheduleWindowCommits: 10 }))
      const commits: OrderedCommit[] = []
      for (let left = shuffle([...vertices, ...vertices.slice(0, 30)], random); left.length > 0; ) {
        const batch = left.splice(0, 1 + random(20))
        for (const effect of follower.step({ kind: 'vertices', vertices: batch, nowMs: cluster.nowMs }))
          if (effect.kind === 'commit') commits.push(effect.ordered)
      }
      expect(chainOf(commits)).toEqual(expected)
      expect(follower.status()).toMatchObject({ suspended: 0, missing: 0, halted: false })
    }
  })

  test('commit timestamps never go back and lie near the clock', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(1_000)
    let previous = 0
    for (const { commit } of cluster.node(0).commits) {
      expect(commit.timestampMs).toBeGreaterThanOrEqual(previous)
      expect(commit.timestampMs).toBeLessThanOrEqual(cluster.nowMs)
      previous = commit.timestampMs
    }
  })

  test('a network of one validator commits alone, even without a floor on its rounds', () => {
    for (const minRoundDelayMs of [50, 0]) {
      const cluster = new Cluster(makeValidators([5]), { minRoundDelayMs })
      cluster.start()
      cluster.run(1_000)
      expect(cluster.node(0).commits.length).toBeGreaterThan(10)
    }
  })

  test('persists everything that a published vertex refers to before it is published', () => {
    const cluster = new Cluster(FOUR)
    const durable = new Set<string>()
    const node = cluster.node(0)
    cluster.start()
    cluster.run(1_000)
    for (const effect of node.effects) {
      if (effect.kind === 'persist') {
        for (const record of effect.records) if (record.kind === 'vertex') durable.add(toHex(record.vertex.digest))
      } else if (effect.kind === 'publish') {
        expect(durable.has(toHex(effect.vertex.digest))).toBe(true)
        for (const parent of effect.vertex.parents)
          if (parent.round > 0) expect(durable.has(toHex(parent.digest))).toBe(true)
      } else if (effect.kind === 'commit') {
        for (const vertex of effect.ordered.vertices) expect(durable.has(toHex(vertex.digest))).toBe(true)
      }
    }
  })

  test('goes on with one of four crashed, and gives its slots away after a window', () => {
    const cluster = new Cluster(FOUR, { scheduleWindowCommits: 10, scheduleBadStakePercent: 33 })
    cluster.node(3).up = false
    cluster.start()
    cluster.run(12_000)
    const [first] = cluster.nodes
    expect(first?.commits.length).toBeGreaterThan(30)
    expect(first?.core.status().swappedOut).toEqual([3])
    const late = first?.commits.slice(-10).map(commit => commit.commit.leader.author)
    expect(late).not.toContain(3)
  })

  test('stands still without a quorum and resumes when it is back', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(1_000)
    cluster.crash(2)
    cluster.crash(3)
    cluster.run(6_000)
    const before = cluster.node(0).commits.length
    cluster.run(8_000)
    expect(cluster.node(0).commits.length).toBe(before)
    cluster.restart(2)
    cluster.run(12_000)
    expect(cluster.node(0).commits.length).toBeGreaterThan(before + 10)
    expectAgreement(cluster)
    expectNoOwnEquivocation(cluster)
  })

  test('a partition heals: the minority catches up with equal digests', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(500)
    cluster.passes = (from, to) => (from === 3) === (to === 3)
    cluster.run(3_000)
    expect(cluster.node(3).commits.length).toBeLessThan(cluster.node(0).commits.length)
    cluster.passes = () => true
    cluster.run(12_000)
    expect(expectAgreement(cluster)).toBeGreaterThan(100)
    expect(cluster.node(3).core.status().halted).toBe(false)
  })

  test('a split without a quorum on either side heals although messages were lost', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(500)
    cluster.passes = (from, to) => from < 2 === to < 2
    cluster.run(5_000)
    const before = cluster.node(0).commits.length
    cluster.passes = () => true
    cluster.run(10_000)
    expect(expectAgreement(cluster)).toBeGreaterThan(before + 20)
  })

  test('transactions come out once, in the same order everywhere', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    const sent: string[] = []
    for (let i = 0; i < 40; i++) {
      const transaction = new Uint8Array([1, i])
      sent.push(toHex(transaction))
      cluster.feed(i % 4, { kind: 'payload', transactions: [transaction], nowMs: cluster.nowMs })
      cluster.run(50 * (i + 1))
    }
    cluster.run(4_000)
    const orders = cluster.nodes.map(node => payloadsOf(node.commits))
    for (const order of orders) expect([...order].sort()).toEqual([...sent].sort())
    expect(new Set(orders.map(order => order.join())).size).toBe(1)
  })

  test('back-pressure keeps vertices empty but rounds going, and takes no payload', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.feed(0, { kind: 'backpressure', on: true, nowMs: 0 })
    expect(cluster.node(0).core.payloadRoom()).toEqual({ transactions: 0, bytes: 0 })
    cluster.run(1_000)
    expect(cluster.node(0).published.every(vertex => vertex.transactions.length === 0)).toBe(true)
    expect(cluster.node(0).commits.length).toBeGreaterThan(10)
  })

  test('payload beyond the room comes back at once', () => {
    const cluster = new Cluster(FOUR, { transactionsPerVertexMax: 2 })
    cluster.start()
    const transactions = Array.from({ length: 7 }, (_, i) => new Uint8Array([i + 1]))
    const effects = cluster.feed(1, { kind: 'payload', transactions, nowMs: 0 })
    const back = effects.flatMap(effect => (effect.kind === 'requeue' ? effect.transactions : []))
    expect(back.map(toHex)).toEqual(transactions.slice(4).map(toHex))
  })

  test('own payload that falls under garbage collection uncommitted comes back', () => {
    const cluster = new Cluster(FOUR, { gcDepth: 5 })
    cluster.start()
    cluster.run(300)
    cluster.passes = from => from !== 3
    cluster.run(400)
    cluster.feed(3, { kind: 'payload', transactions: [new Uint8Array([9, 9])], nowMs: 0 })
    cluster.run(6_000)
    const node = cluster.node(3)
    const requeued = node.effects.flatMap(effect => (effect.kind === 'requeue' ? effect.transactions.map(toHex) : []))
    const executed = payloadsOf(cluster.node(0).commits)
    expect(executed).not.toContain('0x0909')
    expect(requeued).toContain('0x0909')
  })

  test('the same inputs give the same effects', () => {
    const outlines = [0, 1].map(() => {
      const cluster = new Cluster(FOUR)
      cluster.start()
      cluster.run(1_000)
      return cluster.nodes.map(node => node.effects.map(outlineOf))
    })
    expect(outlines[0]).toEqual(outlines[1])
  })

  test('a clock that is set back by an hour stops neither its validator nor the others', () => {
    const cluster = new Cluster(FOUR)
    const back = 3_600_000
    cluster.start()
    cluster.run(500)
    const node = cluster.node(0)
    const step = node.core.step.bind(node.core)
    node.core.step = input =>
      step({ ...input, nowMs: input.nowMs - back }).map(effect =>
        effect.kind === 'wake' ? { ...effect, atMs: effect.atMs + back } : effect,
      )
    cluster.feed(0, { kind: 'tick', nowMs: 0 })
    const before = node.published.length
    cluster.run(3_000)
    expect(node.published.length).toBeGreaterThan(before + 20)
    expect(node.alarms()).toEqual(['clock behind'])
    expect(expectAgreement(cluster)).toBeGreaterThan(40)
    const last = node.commits.at(-1)?.commit.timestampMs ?? 0
    expect(last).toBeGreaterThan(cluster.nowMs - 1_000)
  })

  test('timers that fire a millisecond early stop nobody', () => {
    const cluster = new Cluster(FOUR)
    for (const node of cluster.nodes) {
      const step = node.core.step.bind(node.core)
      let firedAtMs = -1
      node.core.step = input => {
        if (input.kind !== 'tick' || input.nowMs === firedAtMs) return step(input)
        firedAtMs = input.nowMs
        return step({ ...input, nowMs: input.nowMs - 1 })
      }
    }
    cluster.start()
    cluster.run(3_000)
    expect(expectAgreement(cluster)).toBeGreaterThan(40)
  })

  test('vertices of a clock that is ahead are delayed, nothing more', () => {
    const cluster = new Cluster(FOUR)
    const node = cluster.node(0)
    const step = node.core.step.bind(node.core)
    node.core.step = input =>
      step({ ...input, nowMs: input.nowMs + 2_000 }).map(effect =>
        effect.kind === 'wake' ? { ...effect, atMs: effect.atMs - 2_000 } : effect,
      )
    cluster.start()
    cluster.run(8_000)
    expect(expectAgreement(cluster)).toBeGreaterThan(10)
    const last = cluster.node(1).commits.at(-1)?.commit.timestampMs ?? 0
    expect(last).toBeLessThanOrEqual(cluster.nowMs)
    expect(cluster.node(1).commits.some(commit => commit.vertices.some(vertex => vertex.author === 0))).toBe(true)
  })
})

function outlineOf(effect: Effect): unknown {
  if (effect.kind === 'publish') return ['publish', toHex(effect.vertex.digest)]
  if (effect.kind === 'commit') return ['commit', toHex(effect.ordered.digest)]
  if (effect.kind === 'persist') return ['persist', effect.records.length]
  return effect.kind === 'wake' ? ['wake', effect.atMs] : effect.kind
}
