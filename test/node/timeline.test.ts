import { expect, test } from 'vitest'
import { Timeline } from '../../chain/node/timeline.ts'

function hashOf(i: number): Uint8Array {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setUint32(0, i)
  return hash
}

test('a timeline keeps the first time of each stage, and the stages of a vertex and a block for all in it', () => {
  const timeline = new Timeline()
  timeline.received(hashOf(0), 1)
  timeline.received(hashOf(0), 2)
  const passage = { acceptedMs: 3, committedMs: 5, executedMs: 9 }
  timeline.executed(hashOf(0), 7, passage)
  timeline.executed(hashOf(1), 8, passage)
  timeline.executed(hashOf(0), 8, { executedMs: 10 })
  expect(timeline.get(hashOf(0))).toEqual({ receivedMs: 1, ...passage })
  expect(timeline.get(hashOf(1))).toEqual(passage)
  timeline.certified(7, 20)
  timeline.certified(8, 30)
  timeline.certified(7, 40)
  expect(timeline.get(hashOf(0))).toEqual({ receivedMs: 1, ...passage, certifiedMs: 20 })
  expect(timeline.get(hashOf(1))).toEqual({ ...passage, certifiedMs: 30 })
})

test('blocks certified before the node started have no time', () => {
  const timeline = new Timeline(10)
  timeline.executed(hashOf(0), 10, { executedMs: 1 })
  timeline.executed(hashOf(1), 11, { executedMs: 1 })
  timeline.certified(11, 5)
  expect(timeline.get(hashOf(0))).toEqual({ executedMs: 1 })
  expect(timeline.get(hashOf(1))).toEqual({ executedMs: 1, certifiedMs: 5 })
})

test('a timeline remembers the latest 50,000 transactions, and nothing of those before', () => {
  const timeline = new Timeline()
  const last = 80_000
  for (let i = 1; i <= last; i++) {
    timeline.received(hashOf(i), i)
    if (i <= 50_000) timeline.executed(hashOf(i), i, { executedMs: i })
  }
  expect(timeline.get(hashOf(last))).toEqual({ receivedMs: last })
  expect(timeline.get(hashOf(last - 49_999))).toEqual({ receivedMs: last - 49_999, executedMs: last - 49_999 })
  expect(timeline.get(hashOf(last - 50_000))).toBeUndefined()
  expect(timeline.get(hashOf(0))).toBeUndefined()
})
