import { expect, test } from 'vitest'
import type { RecoveredTransaction } from '#types'
import { DecodedCache } from '../../chain/evm/decoded-cache.ts'

const transaction = (raw: Uint8Array) => ({ raw }) as RecoveredTransaction

test('a decoded transaction is found by the identity of its bytes, never by equal bytes', () => {
  const cache = new DecodedCache()
  const raw = Uint8Array.of(1, 2, 3)
  const known = transaction(raw)
  cache.set(known)
  expect(cache.get(raw)).toBe(known)
  expect(cache.get(Uint8Array.of(1, 2, 3))).toBeUndefined()
})

test('views of many large buffers push older entries out long before their number would', () => {
  const cache = new DecodedCache(1024 * 1024)
  const views = Array.from({ length: 40 }, () => new Uint8Array(100 * 1024).subarray(0, 100))
  for (const raw of views) cache.set(transaction(raw))
  const kept = views.filter(raw => cache.get(raw) !== undefined)
  expect(kept.length).toBeGreaterThanOrEqual(10)
  expect(kept.length).toBeLessThanOrEqual(22)
  expect(cache.get(views.at(-1) as Uint8Array)).toBeDefined()
})

test('the transactions of one buffer are counted with it once', () => {
  const cache = new DecodedCache(1024 * 1024)
  const buffer = new Uint8Array(500 * 1024)
  const views = Array.from({ length: 400 }, (_, i) => buffer.subarray(i * 100, i * 100 + 100))
  for (const raw of views) cache.set(transaction(raw))
  expect(views.every(raw => cache.get(raw) !== undefined)).toBe(true)
})

test('what is deleted is gone, whichever generation it was in', () => {
  const cache = new DecodedCache(4 * 1_024)
  const views = Array.from({ length: 6 }, () => new Uint8Array(100))
  for (const raw of views) cache.set(transaction(raw))
  const known = views.filter(raw => cache.get(raw) !== undefined)
  expect(known.length).toBeGreaterThan(3)
  for (const raw of known) cache.delete(raw)
  expect(views.some(raw => cache.get(raw) !== undefined)).toBe(false)
})
