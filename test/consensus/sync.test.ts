import { describe, expect, test } from 'vitest'
import { assembleRange, checkCommitRange, type LogRecord, planFetches, stakesOf } from '#consensus'
import { toHex } from '#lib/bytes'
import { type Commit, commitDigest, type VerifiedVertex } from '#types'
import { Cluster, makeValidators } from './cluster.ts'
import { refNamed } from './random-dag.ts'

const FOUR = makeValidators([1, 1, 1, 1])
const SHORT = { gcDepth: 10, commitSyncBatch: 10, maxRoundLookahead: 20 }

function chainOf(cluster: Cluster, index: number): readonly string[] {
  return cluster.node(index).commits.map(commit => toHex(commit.digest))
}

/** A cluster whose last node was cut off for many garbage-collection depths. */
function withStraggler(): Cluster {
  const cluster = new Cluster(FOUR, SHORT)
  cluster.start()
  cluster.run(500)
  cluster.passes = (from, to) => (from === 3) === (to === 3)
  cluster.run(10_000)
  return cluster
}

function rangeOf(cluster: Cluster, from: number, upTo: number) {
  const { log } = cluster.node(0)
  const commits: Commit[] = []
  let certifiers: readonly VerifiedVertex[] = []
  for (const record of log) {
    if (record.kind === 'commit' && record.commit.index >= from && record.commit.index <= upTo)
      commits.push(record.commit)
    if (record.kind === 'certifiers' && record.index === upTo)
      certifiers = record.vertices.flatMap(ref => cluster.stored(0, ref.digest))
  }
  const vertices = commits.flatMap(commit => commit.vertices.flatMap(ref => cluster.stored(0, ref.digest)))
  return { commits, certifiers, vertices }
}

describe('commit sync', () => {
  test('a node far behind fetches certified commits, takes up live rounds and agrees', () => {
    const cluster = withStraggler()
    const straggler = cluster.node(3)
    cluster.passes = () => true
    cluster.run(14_000)
    expect(straggler.effects.some(effect => effect.kind === 'syncCommits')).toBe(true)
    expect(straggler.core.status().syncing).toBe(false)
    const chain = chainOf(cluster, 0)
    const own = chainOf(cluster, 3)
    expect(own.length).toBeGreaterThan(chain.length - 10)
    expect(own).toEqual(chain.slice(0, own.length))
    const lately = cluster.node(0).commits.slice(-20)
    expect(lately.some(commit => commit.vertices.some(vertex => vertex.author === 3))).toBe(true)
  })

  test('what a node took over it serves with proof: the votes are in the vertices of the range', () => {
    const cluster = withStraggler()
    const before = cluster.node(3).core.status().lastCommitIndex
    cluster.passes = () => true
    cluster.run(14_000)
    const { log } = cluster.node(3)
    const proven = new Set<number>()
    for (const record of log) {
      if (record.kind !== 'certifiers') continue
      const held = record.vertices.every(ref => cluster.stored(3, ref.digest).length === 1)
      if (held) proven.add(record.index)
    }
    const last = cluster.node(3).core.status().lastCommitIndex
    const unproven: number[] = []
    for (let index = before + 1; index < last - 5; index++) if (!proven.has(index)) unproven.push(index)
    expect(unproven).toEqual([])
  })

  test('a range is used only with unbroken digests and votes of a quorum for its end', () => {
    const cluster = withStraggler()
    const straggler = cluster.node(3)
    const { lastCommitIndex, lastCommitDigest } = straggler.core.status()
    const good = rangeOf(cluster, lastCommitIndex + 1, lastCommitIndex + 5)
    const check = (commits: readonly Commit[], certifiers: readonly VerifiedVertex[]) => {
      const verdict = checkCommitRange(commits, certifiers, {
        epoch: 0,
        committee: stakesOf([1, 1, 1, 1]),
        localIndex: lastCommitIndex,
        localDigest: lastCommitDigest,
      })
      return verdict.kind === 'accept' ? 'accept' : verdict.reason
    }
    const [first, ...rest] = good.commits as [Commit, ...Commit[]]
    expect(check(good.commits, good.certifiers)).toBe('accept')
    expect(check(good.commits, good.certifiers.slice(1))).toBe('uncertified')
    expect(check(good.commits.slice(0, 4), good.certifiers)).toBe('uncertified')
    expect(check(rest, good.certifiers)).toBe('gap')
    expect(check([first, ...rest.slice(1)], good.certifiers)).toBe('gap')
    expect(check([{ ...first, timestampMs: first.timestampMs + 1 }, ...rest], good.certifiers)).toBe('chain')
    expect(check([{ ...first, epoch: 1 }, ...rest], good.certifiers)).toBe('epoch')
    expect(check([], good.certifiers)).toBe('stale')
  })

  test('a lying server is refused and another one asked', () => {
    const cluster = withStraggler()
    const straggler = cluster.node(3)
    const { lastCommitIndex } = straggler.core.status()
    const good = rangeOf(cluster, lastCommitIndex + 1, lastCommitIndex + 5)
    const feed = (change: Partial<typeof good>) =>
      cluster.feed(3, { kind: 'commits', ...good, ...change, from: 0, nowMs: 0 })
    feed({ vertices: good.vertices.slice(0, 2) })
    expect(straggler.core.status().lastCommitIndex).toBe(lastCommitIndex)
    expect(straggler.alarms()).toEqual(['commit range refused'])
    feed({})
    expect(straggler.core.status().lastCommitIndex).toBe(lastCommitIndex + 5)
    expect(straggler.core.status().halted).toBe(false)
  })

  test('without proof nothing is taken as given: the vertices are decided on', () => {
    const cluster = withStraggler()
    const straggler = cluster.node(3)
    const { lastCommitIndex } = straggler.core.status()
    const range = rangeOf(cluster, lastCommitIndex + 1, lastCommitIndex + 12)
    const [first, ...rest] = range.commits as [Commit, ...Commit[]]
    const forged = [{ ...first, endsEpoch: true }, ...rest]
    cluster.feed(3, { kind: 'commits', ...range, commits: forged, certifiers: [], from: 0, nowMs: 0 })
    expect(straggler.core.status().lastCommitIndex).toBe(lastCommitIndex)
    cluster.feed(3, { kind: 'commits', ...range, certifiers: [], from: 0, nowMs: 0 })
    const reached = straggler.core.status().lastCommitIndex
    expect(reached).toBeGreaterThan(lastCommitIndex + 6)
    expect(reached).toBeLessThan(lastCommitIndex + 12)
    expect(chainOf(cluster, 3)).toEqual(chainOf(cluster, 0).slice(0, reached))
  })

  test('a server answers with the longest range that it can prove and that fits', () => {
    const cluster = withStraggler()
    const { log } = cluster.node(0)
    const commits = new Map<number, Commit>()
    const proofs = new Map<number, Extract<LogRecord, { kind: 'certifiers' }>>()
    for (const record of log) {
      if (record.kind === 'commit') commits.set(record.commit.index, record.commit)
      if (record.kind === 'certifiers') proofs.set(record.index, record)
    }
    const source = {
      commit: (index: number) => commits.get(index),
      certifiers: (index: number) => proofs.get(index)?.vertices,
      vertexBytes: (ref: { readonly digest: Uint8Array }) => cluster.stored(0, ref.digest)[0]?.bytes,
    }
    const request = { epoch: 0, from: 20, upTo: 60 }
    const whole = assembleRange(request, source, { bytesMax: 8_000_000, commitsMax: 100 })
    expect(whole?.commits.map(commit => commit.index)).toEqual(Array.from({ length: 41 }, (_, i) => 20 + i))
    const small = assembleRange(request, source, { bytesMax: 20_000, commitsMax: 100 })
    expect(small?.commits.length).toBeLessThan(20)
    const certified = defined(small).certifiers.length
    expect(certified).toBeGreaterThanOrEqual(3)
    const last = defined(small).commits.at(-1)
    expect(last && toHex(commitDigest(last))).toBe(last && toHex(defined(proofs.get(last.index)).digest))
    expect(assembleRange({ ...request, from: 10_000, upTo: 10_001 }, source, { bytesMax: 1, commitsMax: 1 })).toBe(
      undefined,
    )
    proofs.clear()
    const unproven = assembleRange(request, source, { bytesMax: 8_000_000, commitsMax: 10 })
    expect(unproven).toMatchObject({ certifiers: [] })
    expect(unproven?.commits.length).toBe(10)
  })
})

describe('fetching', () => {
  test('a vertex that only one node has reaches everybody', () => {
    const cluster = new Cluster(FOUR)
    // Node 3 speaks to node 0 only: its vertices are known to the others through node 0 alone.
    cluster.passes = (from, to) => from !== 3 || to === 0
    cluster.start()
    cluster.run(5_000)
    const authors = new Set(cluster.node(1).commits.flatMap(commit => commit.vertices.map(vertex => vertex.author)))
    expect(authors).toEqual(new Set([0, 1, 2, 3]))
    expect(cluster.node(1).core.status().missing).toBeLessThan(8)
    const chain = chainOf(cluster, 0)
    expect(chain.length).toBeGreaterThan(30)
  })

  test('missing parents are asked from who delivered the child first', () => {
    const cluster = new Cluster(FOUR)
    cluster.passes = (from, to) => from !== 3 || to === 0
    cluster.start()
    cluster.run(2_000)
    const fetches = cluster.node(1).effects.flatMap(effect => (effect.kind === 'fetch' ? [effect] : []))
    expect(fetches.length).toBeGreaterThan(0)
    expect(fetches[0]?.to[0]).toBe(0)
    expect(fetches.every(fetch => fetch.refs.length <= 32 && !fetch.to.includes(1))).toBe(true)
  })

  test('a new peer that names a missing vertex is asked at once, and everybody comes by in turn', () => {
    const wanted = { ref: refNamed(5, 6), holders: [2], holdersAsked: 0, attempts: 0, askAtMs: 0 }
    const plan = (nowMs: number, down: readonly number[] = []) => {
      const { effects } = planFetches([wanted], nowMs, 10, 0, new Set(down))
      return effects.flatMap(effect => (effect.kind === 'fetch' ? effect.to : []))
    }
    expect(plan(0).slice(0, 2)).toEqual([2, 6])
    expect(plan(10)).toEqual([])
    wanted.holders.push(9)
    wanted.askAtMs = 60
    expect(plan(60)[0]).toBe(9)
    const asked = new Set<number>()
    let nowMs = wanted.askAtMs
    for (; asked.size < 9 && nowMs < 20_000; nowMs = wanted.askAtMs) for (const peer of plan(nowMs)) asked.add(peer)
    expect([...asked].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(nowMs).toBeLessThan(4_000)
    expect(plan(nowMs, [1, 2, 3, 4, 5, 6, 7, 8])).toEqual([9])
    wanted.askAtMs = nowMs
    expect(plan(nowMs, [1, 2, 3, 4, 5, 6, 7, 8, 9]).length).toBe(3)
  })

  test('nobody is asked while nothing is missing', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(3_000)
    for (const node of cluster.nodes)
      expect(node.effects.filter(effect => effect.kind === 'fetch' || effect.kind === 'push')).toEqual([])
  })

  test('a peer that returns is sent the vertices that it missed', () => {
    const cluster = new Cluster(FOUR)
    cluster.start()
    cluster.run(500)
    cluster.feed(0, { kind: 'peer', who: 2, up: false, nowMs: 0 })
    cluster.passes = (from, to) => from !== 0 || to !== 2
    cluster.run(700)
    cluster.passes = () => true
    const effects = cluster.feed(0, { kind: 'peer', who: 2, up: true, nowMs: 0 })
    const pushed = effects.flatMap(effect => (effect.kind === 'push' ? effect.vertices : []))
    expect(pushed.length).toBeGreaterThan(0)
    expect(pushed.every(ref => ref.author === 0)).toBe(true)
  })
})

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('absent')
  return value
}
