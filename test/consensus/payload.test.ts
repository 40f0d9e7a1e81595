import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createConsensus, GasInFlight, PayloadCap } from '#consensus'
import { Cluster, EPOCH_START_MS, makeValidators, optionsFor } from './cluster.ts'

const FLOOR = 32 * 1024
const MAX = 512 * 1024

function capAfter(roundsMs: readonly number[]): number {
  const cap = new PayloadCap({ minRoundDelayMs: 50, payloadBytesPerVertexMax: MAX })
  let now = 1_000
  cap.noteVertex(now, 1)
  for (const roundMs of roundsMs) {
    now += roundMs
    cap.noteVertex(now, 1)
  }
  return cap.bytes
}

describe('the adaptive payload cap', () => {
  test('stays at the maximum while rounds take less than three minimal delays', () => {
    expect(capAfter(new Array(100).fill(60))).toBe(MAX)
    expect(capAfter(new Array(100).fill(149))).toBe(MAX)
  })

  test('falls with slow rounds, by three tenths at most each time, and not below the floor', () => {
    expect(capAfter([10_000])).toBe(Math.floor((MAX * 7) / 10))
    expect(capAfter([165])).toBe(Math.floor((MAX * 150) / 165))
    expect(capAfter(new Array(50).fill(400))).toBe(FLOOR)
  })

  test('grows back by a thirty-second per fast round', () => {
    const slow = new Array<number>(50).fill(400)
    // The mean needs nine fast rounds to fall under four fifths of the target.
    const before = capAfter([...slow, ...new Array(9).fill(50)])
    expect(capAfter([...slow, ...new Array(10).fill(50)])).toBe(before + Math.ceil(before / 32))
    expect(capAfter([...slow, ...new Array(300).fill(50)])).toBe(MAX)
  })

  test('is between floor and maximum whatever the rounds are, and a jump says nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20_000), fc.integer({ min: 1, max: 3 }))), rounds => {
        const cap = new PayloadCap({ minRoundDelayMs: 50, payloadBytesPerVertexMax: MAX })
        let now = 0
        for (const [tookMs, skipped] of rounds) {
          now += tookMs
          const before = cap.bytes
          cap.noteVertex(now, skipped)
          if (skipped > 1) expect(cap.bytes).toBe(before)
          expect(cap.bytes).toBeGreaterThanOrEqual(FLOOR)
          expect(cap.bytes).toBeLessThanOrEqual(MAX)
          expect(Number.isInteger(cap.bytes)).toBe(true)
        }
      }),
    )
  })

  test('limits what a validator of a slow network takes and carries', () => {
    // 120 ms per message and a floor of 10 ms per round: every round is too slow.
    const cluster = new Cluster(makeValidators([1, 1, 1, 1]), { minRoundDelayMs: 10, leaderTimeoutMs: 600 }, 120)
    cluster.start()
    const transactions = Array.from({ length: 400 }, (_, k) => new Uint8Array(4_000).fill(k & 255))
    cluster.run(4_000)
    expect(cluster.node(0).core.status().payloadCapBytes).toBe(FLOOR)
    // Two vertices full are 64 KiB, but one transaction of the largest size must fit.
    expect(cluster.node(0).core.payloadRoom().bytes).toBe(128 * 1024)
    const [requeue] = cluster.feed(0, { kind: 'payload', transactions, nowMs: 0 })
    expect(requeue?.kind === 'requeue' && requeue.transactions.length).toBe(400 - 32)
    cluster.run(8_000)
    const sizes = cluster.node(0).published.map(v => v.transactions.reduce((sum, one) => sum + one.length, 0))
    expect(Math.max(...sizes)).toBe(32_000)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(128_000)
  })

  test('lets one transaction of the largest size pass at the floor', () => {
    const cluster = new Cluster(makeValidators([1, 1, 1, 1]), { minRoundDelayMs: 10, leaderTimeoutMs: 600 }, 120)
    cluster.start()
    cluster.run(4_000)
    const large = new Uint8Array(128 * 1024).fill(1)
    cluster.feed(0, { kind: 'payload', transactions: [large, Uint8Array.of(9)], nowMs: 0 })
    cluster.run(6_000)
    expect(cluster.node(0).published.some(vertex => vertex.transactions[0]?.length === large.length)).toBe(true)
  })
})

describe('gas in flight', () => {
  const gas = { gasOf: (raw: Uint8Array) => (raw[0] ?? 0) * 1_000_000, blockGasLimit: 50_000_000 }

  test('of own uncommitted vertices stays within our share: 2 · limit · 4 rounds / N', () => {
    const flight = new GasInFlight(gas, 4)
    const ten = Array.from({ length: 30 }, () => Uint8Array.of(10))
    expect(flight.fitting(ten)).toBe(10)
    flight.add(1, ten.slice(0, 6))
    expect(flight.fitting(ten)).toBe(4)
    flight.add(2, ten.slice(0, 4))
    expect(flight.fitting(ten)).toBe(0)
    flight.remove(1)
    expect(flight.fitting(ten)).toBe(6)
    flight.remove(1)
    flight.remove(2)
    expect(flight.fitting(ten)).toBe(10)
  })

  test('never keeps a transaction back that is alone too large', () => {
    const flight = new GasInFlight(gas, 4)
    expect(flight.fitting([Uint8Array.of(250), Uint8Array.of(1)])).toBe(1)
  })

  test('a validator fills its vertices up to its share and goes on when they are committed', () => {
    const validators = makeValidators([1, 1, 1, 1])
    const cluster = new Cluster(validators)
    for (const index of cluster.nodes.keys()) {
      const node = cluster.node(index)
      node.options = { ...node.options, payloadGas: gas }
      node.core = createConsensus(node.options)
    }
    cluster.start()
    cluster.run(500)
    const transactions = Array.from({ length: 60 }, () => Uint8Array.of(10))
    cluster.feed(1, { kind: 'payload', transactions, nowMs: 0 })
    cluster.run(6_000)
    const carrying = cluster.node(1).published.filter(vertex => vertex.transactions.length > 0)
    expect(carrying.map(vertex => vertex.transactions.length)).toEqual([10, 10, 10, 10, 10, 10])
    // Not before the one ahead was committed: at least three rounds lie between two of them.
    for (const [at, vertex] of carrying.entries())
      if (at > 0) expect(vertex.round - (carrying[at - 1]?.round ?? 0)).toBeGreaterThanOrEqual(3)
    const ordered = cluster.node(0).commits.flatMap(({ vertices }) => vertices.flatMap(vertex => vertex.transactions))
    expect(ordered.length).toBe(60)
  })

  test('is counted again from the log after a restart', () => {
    const validators = makeValidators([1, 1, 1, 1])
    const cluster = new Cluster(validators)
    cluster.start()
    cluster.run(500)
    const transactions = Array.from({ length: 10 }, () => Uint8Array.of(10))
    cluster.feed(1, { kind: 'payload', transactions, nowMs: 0 })
    cluster.passes = () => false
    cluster.run(1_000)
    cluster.crash(1)
    cluster.restart(1, { payloadGas: gas })
    expect(cluster.node(1).published.some(vertex => vertex.transactions.length === 10)).toBe(true)
    cluster.feed(1, { kind: 'payload', transactions: [Uint8Array.of(200)], nowMs: 0 })
    cluster.run(4_000)
    expect(cluster.node(1).published.some(vertex => vertex.transactions[0]?.[0] === 200)).toBe(false)
  })
})

test('round 1 carries no payload, and what was offered before goes into round 2', () => {
  const validators = makeValidators([1])
  const core = createConsensus(optionsFor(validators, 0))
  core.step({ kind: 'payload', transactions: [Uint8Array.of(5)], nowMs: EPOCH_START_MS })
  const published = [
    ...core.step({ kind: 'start', nowMs: EPOCH_START_MS }),
    ...core.step({ kind: 'tick', nowMs: EPOCH_START_MS + 60 }),
  ].flatMap(effect => (effect.kind === 'publish' ? [effect.vertex.transactions.length] : []))
  expect(published).toEqual([0, 1])
})
