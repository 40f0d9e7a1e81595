import { expect, test } from 'vitest'
import { Timeline } from '../../chain/node/timeline.ts'

function hashOf(i: number): Uint8Array {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setUint32(0, i)
  return hash
}

test('a timeline keeps the first time of each stage, the latest 25,000 transactions, and never twice as many', () => {
  const timeline = new Timeline()
  timeline.mark(hashOf(0), 'receivedMs', 1)
  timeline.mark(hashOf(0), 'receivedMs', 2)
  timeline.mark(hashOf(0), 'executedMs', 9)
  expect(timeline.get(hashOf(0))).toEqual({ receivedMs: 1, executedMs: 9 })
  const last = 80_000
  for (let i = 1; i <= last; i++) timeline.mark(hashOf(i), 'receivedMs', i)
  expect(timeline.get(hashOf(last))).toEqual({ receivedMs: last })
  expect(timeline.get(hashOf(last - 24_999))).toEqual({ receivedMs: last - 24_999 })
  expect(timeline.get(hashOf(last - 50_000))).toBeUndefined()
  expect(timeline.get(hashOf(0))).toBeUndefined()
})
