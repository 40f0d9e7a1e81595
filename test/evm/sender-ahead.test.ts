import { expect, test } from 'vitest'
import { createRecoveryPool, type RecoveryPool } from '#evm'
import { createSenderAhead } from '../../chain/evm/sender-ahead.ts'
import { addressOfUser, signed } from './fixtures.ts'

test('senders that were recovered ahead cost execution nothing', async () => {
  const recovery = createRecoveryPool({ workers: 0 })
  const raw = [0, 1, 2].map(user => signed(user, { nonce: 0n, to: addressOfUser(9), value: 1n }).raw)
  createSenderAhead(recovery)(raw)
  await new Promise(resolve => setImmediate(resolve))
  await recovery.recover(raw)
  expect(recovery.stats()).toMatchObject({ recovered: 3, cacheHits: 3 })
  await recovery.close()
})

test('no more than 8,192 transactions are recovered ahead at a time, and a failure leaves room again', async () => {
  const asked: number[] = []
  let fail: (error: Error) => void = () => {}
  const recovery = {
    recover: (raw: readonly Uint8Array[]) => {
      asked.push(raw.length)
      return new Promise<never>((_, reject) => {
        fail = reject
      })
    },
  } as unknown as RecoveryPool
  const ahead = createSenderAhead(recovery)
  const batch = (count: number) => Array.from({ length: count }, () => Uint8Array.of(1))
  ahead([])
  ahead(batch(8_000))
  ahead(batch(500))
  expect(asked).toEqual([8_000])
  fail(new Error('closed'))
  await new Promise(resolve => setImmediate(resolve))
  ahead(batch(500))
  expect(asked).toEqual([8_000, 500])
})
