import { describe, expect, test } from 'vitest'
import { createConsensus, decodeLogRecord, encodeLogRecord, type LogRecord } from '#consensus'
import { toHex } from '#lib/bytes'
import { compareRefs, type VertexRef } from '#types'
import { Cluster, EPOCH_START_MS, makeValidators, optionsFor } from './cluster.ts'

const FOUR = makeValidators([1, 1, 1, 1])

function runCluster(params = {}, untilMs = 3_000): Cluster {
  const cluster = new Cluster(FOUR, params)
  cluster.start()
  cluster.run(untilMs)
  return cluster
}

function throughBytes(log: readonly LogRecord[]): readonly LogRecord[] {
  return log.map(record => {
    const decoded = decodeLogRecord(encodeLogRecord(record))
    if (decoded.kind !== 'accept') throw new Error('a record decodes')
    return decoded.value
  })
}

const isCheckpoint = (record: LogRecord) => record.kind === 'checkpoint'

/** What a store keeps for a fast restart: a checkpoint (the newest), the vertices above it, the commits after it. */
function tailOf(log: readonly LogRecord[], last = log.findLast(isCheckpoint)): readonly LogRecord[] {
  if (last?.kind !== 'checkpoint') return log
  const { gcRound, state } = last.checkpoint
  const vertices = log.filter(record => record.kind === 'vertex' && record.vertex.round > gcRound)
  const commits = log.filter(record => record.kind === 'commit' && record.commit.index > state.index)
  const bySlot = (a: LogRecord, b: LogRecord) =>
    a.kind === 'vertex' && b.kind === 'vertex' ? compareRefs(a.vertex, b.vertex) : 0
  return [last, ...[...vertices].sort(bySlot), ...commits]
}

describe('recovery from the log', () => {
  test('a restart continues the same chain, sends the last vertex again and signs no round twice', () => {
    const cluster = runCluster()
    const node = cluster.node(2)
    const before = node.core.status()
    const last = node.published.at(-1)
    cluster.crash(2)
    node.published.length = 0
    cluster.restart(2)
    expect(node.core.status().lastCommitIndex).toBe(before.lastCommitIndex)
    expect(toHex(node.core.status().lastCommitDigest)).toBe(toHex(before.lastCommitDigest))
    const [resent] = node.published
    expect(resent && toHex(resent.digest)).toBe(last && toHex(last.digest))
    cluster.run(6_000)
    expect(node.published.filter(vertex => vertex.round === last?.round).every(vertex => vertex === resent)).toBe(true)
    expect(node.core.status().lastCommitIndex).toBeGreaterThan(before.lastCommitIndex + 20)
    expect(node.alarms()).toEqual([])
  })

  test('a store without a checkpoint is replayed although vertices name parents that only their author ever had', () => {
    const cluster = new Cluster(FOUR, { gcDepth: 10, maxRoundLookahead: 20, scheduleWindowCommits: 1_000 })
    cluster.start()
    // Nobody hears validator 3 for longer than vertices are kept; after that its chain begins in the middle for all others.
    cluster.run(500)
    cluster.passes = from => from !== 3
    cluster.run(4_000)
    cluster.passes = () => true
    cluster.run(12_000)
    const node = cluster.node(0)
    const vertices = node.log.flatMap(record => (record.kind === 'vertex' ? [record] : []))
    const held = new Set(vertices.map(({ vertex }) => toHex(vertex.digest)))
    const gone = (ref: VertexRef) => ref.round > 0 && !held.has(toHex(ref.digest))
    expect(vertices.some(({ vertex }) => vertex.parents.some(gone))).toBe(true)
    const log = [
      ...vertices.sort((a, b) => compareRefs(a.vertex, b.vertex)),
      ...node.log.filter(({ kind }) => kind === 'commit'),
    ]
    const copy = createConsensus({ ...node.options, log })
    const { lastCommitIndex, lastCommitDigest } = node.core.status()
    expect(copy.status()).toMatchObject({ lastCommitIndex, lastCommitDigest })
  })

  test('a log read back from bytes gives the same state', () => {
    const cluster = runCluster({ scheduleWindowCommits: 10 })
    const node = cluster.node(1)
    const copy = createConsensus({ ...node.options, log: throughBytes(node.log) })
    const { round, ...expected } = node.core.status()
    expect(copy.status()).toMatchObject({
      lastCommitIndex: expected.lastCommitIndex,
      gcRound: expected.gcRound,
      highestAcceptedRound: expected.highestAcceptedRound,
      scores: expected.scores,
      swappedOut: expected.swappedOut,
    })
    expect(toHex(copy.status().lastCommitDigest)).toBe(toHex(expected.lastCommitDigest))
  })

  test('a log that begins with a checkpoint, in the order of a store, gives the same commits afterwards', () => {
    const cluster = runCluster({ scheduleWindowCommits: 7, gcDepth: 10 }, 4_000)
    const node = cluster.node(1)
    const digest = toHex(node.core.status().lastCommitDigest)
    const tail = tailOf(node.log)
    expect(tail.length).toBeLessThan(node.log.length / 2)
    cluster.crash(1)
    cluster.restart(1, { log: tail })
    expect(toHex(node.core.status().lastCommitDigest)).toBe(digest)
    cluster.run(8_000)
    const chain = cluster.node(0).commits.map(commit => toHex(commit.digest))
    const own = node.commits.map(commit => toHex(commit.digest))
    expect(own).toEqual(chain.slice(0, own.length))
    expect(own.length).toBeGreaterThan(80)
    expect(node.alarms()).toEqual([])
  })

  test('a checkpoint in the middle of a round with two leaders leaves the second to the schedule before it', () => {
    const cluster = new Cluster(FOUR, { leadersPerRound: 2, scheduleWindowCommits: 5, scheduleBadStakePercent: 30 })
    cluster.start()
    cluster.run(2_000)
    // One is silent for a while, so that slots are swapped.
    cluster.crash(3)
    cluster.run(8_000)
    const node = cluster.node(1)
    const digest = toHex(node.core.status().lastCommitDigest)
    let midRound = 0
    for (const checkpoint of node.log.filter(isCheckpoint)) {
      if (checkpoint.kind === 'checkpoint' && checkpoint.checkpoint.cursor.rank === 0) midRound++
      const copy = createConsensus({ ...node.options, log: throughBytes(tailOf(node.log, checkpoint)) })
      expect(toHex(copy.status().lastCommitDigest)).toBe(digest)
    }
    expect(midRound).toBeGreaterThan(3)
  })

  test('all nodes restart together and go on', () => {
    const cluster = runCluster()
    const before = cluster.node(0).commits.length
    for (const index of cluster.nodes.keys()) cluster.crash(index)
    cluster.run(3_500)
    for (const index of cluster.nodes.keys()) cluster.restart(index)
    cluster.run(5_000)
    expect(cluster.node(0).commits.length).toBeGreaterThan(before + 15)
  })

  test('commits that execution did not process are delivered again at start', () => {
    const cluster = runCluster()
    const node = cluster.node(0)
    const count = node.commits.length
    const copy = createConsensus({ ...node.options, log: node.log, redeliverFrom: count - 4 })
    const effects = copy.step({ kind: 'start', nowMs: cluster.nowMs })
    const again = effects.flatMap(effect => (effect.kind === 'commit' ? [effect.ordered] : []))
    expect(again.slice(0, 5).map(ordered => toHex(ordered.digest))).toEqual(
      node.commits.slice(count - 5).map(ordered => toHex(ordered.digest)),
    )
    expect(again[0]?.executes).toEqual(node.commits[count - 5]?.executes)
  })

  test('a log with a gap is refused', () => {
    const cluster = runCluster()
    const node = cluster.node(0)
    const log = node.log.filter(record => record.kind !== 'commit' || record.commit.index !== 5)
    expect(() => createConsensus({ ...node.options, log })).toThrow('gap')
  })

  test('nothing is signed at or below the signer’s last round when the log was rolled back', () => {
    const cluster = runCluster()
    const node = cluster.node(3)
    const signed = node.published.at(-1)?.round ?? 0
    cluster.crash(3)
    node.published.length = 0
    const half = node.log.slice(0, Math.floor(node.log.length / 2))
    const own = { index: 3, signer: defined(node.options.own).signer, lastSignedRound: signed }
    cluster.restart(3, { log: half, own })
    const resent = node.published.at(0)?.round ?? 0
    expect(resent).toBeLessThan(signed)
    cluster.run(8_000)
    const fresh = node.published.filter(vertex => vertex.round > resent).map(vertex => vertex.round)
    expect(Math.min(...fresh)).toBeGreaterThan(signed)
    expect(node.core.status().halted).toBe(false)
  })
})

describe('amnesia', () => {
  test('a validator without its database is silent until a quorum of others told how far they are', () => {
    const cluster = runCluster()
    const node = cluster.node(2)
    const signed = node.published.at(-1)?.round ?? 0
    cluster.crash(2)
    cluster.run(3_300)
    node.log.length = 0
    node.published.length = 0
    node.commits.length = 0
    cluster.restart(2, { log: [], trustLog: false })
    expect(node.published).toEqual([])
    expect(node.core.payloadRoom().transactions).toBe(0)
    cluster.run(20_000)
    expect(node.published.length).toBeGreaterThan(0)
    expect(Math.min(...node.published.map(vertex => vertex.round))).toBeGreaterThan(signed)
    expect(node.core.status().halted).toBe(false)
    const chain = cluster.node(0).commits.map(commit => toHex(commit.digest))
    const own = node.commits.map(commit => toHex(commit.digest))
    expect(own).toEqual(chain.slice(0, own.length))
    expect(own.length).toBeGreaterThan(100)
  })

  test('a fresh network in which nobody trusts its log starts with round 1', () => {
    const fresh = new Cluster(FOUR)
    for (const index of fresh.nodes.keys()) fresh.restart(index, { log: [], trustLog: false })
    fresh.run(5_900)
    expect(fresh.node(0).published).toEqual([])
    fresh.run(9_000)
    expect(fresh.node(0).commits.length).toBeGreaterThan(20)
    for (const node of fresh.nodes) expect(node.published[0]?.round).toBe(1)
  })

  test('who asks late in a fresh network starts with the others', () => {
    const fresh = new Cluster(FOUR)
    // Nobody hears validator 3 at first; then its answers make the others ready at different times.
    fresh.passes = (from, to) => from !== 3 && to !== 3
    for (const index of [0, 1, 2, 3]) fresh.restart(index, { log: [], trustLog: false })
    fresh.run(2_500)
    fresh.passes = (from, to) => (from !== 3 && to !== 3) || from + to === 3
    fresh.run(7_000)
    fresh.passes = () => true
    fresh.run(22_000)
    for (const node of fresh.nodes) expect(node.published[0]?.round).toBe(1)
    expect(fresh.node(3).commits.length).toBeGreaterThan(20)
  })

  test('signed twice, round 1 is the same vertex: two lives of a fresh network make no twins', () => {
    const firstVertex = (nowMs: number, payload: readonly Uint8Array[]) => {
      const core = createConsensus({ ...optionsFor(FOUR, 2), trustLog: false })
      core.step({ kind: 'start', nowMs })
      for (const from of [0, 1, 3])
        core.step({ kind: 'ownLast', from, highestRound: 0, ownRound: 0, nowMs: nowMs + from })
      core.step({ kind: 'payload', transactions: payload, nowMs: nowMs + 10 })
      const effects = core.step({ kind: 'tick', nowMs: nowMs + 7_000 })
      const publish = effects.find(effect => effect.kind === 'publish')
      if (publish?.kind !== 'publish') throw new Error('a fresh validator starts')
      return publish.vertex
    }
    const one = firstVertex(EPOCH_START_MS + 100, [Uint8Array.of(1)])
    const other = firstVertex(EPOCH_START_MS + 7_000, [Uint8Array.of(2), Uint8Array.of(3)])
    expect(one.round).toBe(1)
    expect(toHex(other.bytes)).toBe(toHex(one.bytes))
  })

  test('it stays silent while one of the others does not answer', () => {
    const cluster = runCluster()
    const node = cluster.node(2)
    cluster.crash(2)
    cluster.crash(0)
    node.published.length = 0
    cluster.restart(2, { log: [], trustLog: false })
    cluster.run(9_000)
    expect(node.published).toEqual([])
    expect(node.effects.filter(effect => effect.kind === 'askOwnLast').length).toBeGreaterThan(1)
  })

  test('a foreign vertex under our name stops proposing at once', () => {
    const cluster = new Cluster(FOUR)
    // Vertices of round 1 carry the start of the epoch: another start makes another vertex.
    const twin = createConsensus({ ...optionsFor(FOUR, 3, {}), epochStartMs: EPOCH_START_MS - 7 })
    const [publish] = twin.step({ kind: 'start', nowMs: EPOCH_START_MS }).filter(one => one.kind === 'publish')
    cluster.start()
    cluster.run(200)
    if (publish?.kind !== 'publish') throw new Error('the twin publishes')
    cluster.feed(3, { kind: 'vertices', vertices: [publish.vertex], nowMs: 0 })
    expect(cluster.node(3).alarms()).toContain('own equivocation')
    const count = cluster.node(3).published.length
    cluster.run(2_000)
    expect(cluster.node(3).published.length).toBe(count)
    expect(cluster.node(3).core.status().halted).toBe(true)
    expect(cluster.node(0).commits.length).toBeGreaterThan(10)
  })
})

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('absent')
  return value
}
