import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { PoolVerdict, TransactionPool } from '#evm'
import { toHex } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { createMemoryHub, createMemoryNetwork, type Network } from '#p2p'
import type { RecoveredTransaction } from '#types'
import { createTransactionGossip, decodeTransactions, encodeTransactions } from '../../chain/node/transaction-gossip.ts'
import { GENESIS, QUICK, seedOf } from '../p2p/fixture.ts'
import { until } from './fixture.ts'

const running: Network[] = []
afterEach(async () => {
  for (const network of running.splice(0)) await network.stop()
})

/** Two connected networks. */
async function pair(): Promise<[Network, Network]> {
  const hub = createMemoryHub()
  const make = (index: number) =>
    createMemoryNetwork(hub, { networkKeySeed: seedOf(index), genesisHash: GENESIS, limits: QUICK })
  const [a, b] = [make(1), make(2)]
  running.push(a, b)
  await a.start()
  await b.start()
  a.keep([{ id: b.self, addresses: b.addresses() }])
  await until(() => a.peers().length === 1 && b.peers().length === 1)
  return [a, b]
}

function recordingPool() {
  const added: { readonly raw: string; readonly origin: string }[] = []
  const listeners = new Set<(transaction: RecoveredTransaction) => void>()
  const pool = {
    async add(raw: readonly Uint8Array[], origin: string): Promise<readonly PoolVerdict[]> {
      return raw.map(bytes => {
        added.push({ raw: toHex(bytes), origin })
        return { kind: 'added', hash: new Uint8Array(32) }
      })
    },
    onAdded(listener: (transaction: RecoveredTransaction) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  } as unknown as TransactionPool
  const admit = (raw: Uint8Array) => {
    for (const listener of listeners) listener({ raw } as RecoveredTransaction)
  }
  return { pool, added, admit, listeners }
}

describe('a batch of transactions', () => {
  test('decodes to what was encoded', () => {
    const transactions = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(transactions, list => {
        expect(decodeTransactions(encodeTransactions(list))?.map(toHex)).toEqual(list.map(toHex))
      }),
    )
  })

  test('that is empty, cut, longer than it says or says too many is refused', () => {
    const good = encodeTransactions([Uint8Array.of(1, 2, 3), Uint8Array.of(4)])
    for (let cut = 0; cut < good.length; cut++) expect(decodeTransactions(good.subarray(0, cut))).toBeUndefined()
    expect(decodeTransactions(Uint8Array.of(...good, 0))).toBeUndefined()
    expect(decodeTransactions(encodeTransactions([]))).toBeUndefined()
    expect(decodeTransactions(Uint8Array.of(0xff, 0xff, ...good.subarray(2)))).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        const decoded = decodeTransactions(bytes)
        if (decoded !== undefined) expect(toHex(encodeTransactions(decoded))).toBe(toHex(bytes))
      }),
    )
  })
})

describe('gossip of transactions', () => {
  test('brings what a follower admits to the others in one message, as gossip', async () => {
    const [a, b] = await pair()
    const follower = recordingPool()
    const validator = recordingPool()
    const sending = createTransactionGossip({ network: a, pool: follower.pool, publishes: () => true, log: silentLog })
    const receiving = createTransactionGossip({
      network: b,
      pool: validator.pool,
      publishes: () => false,
      log: silentLog,
    })
    for (let i = 0; i < 5; i++) follower.admit(Uint8Array.of(i, 1))
    await until(() => validator.added.length === 5)
    expect(validator.added).toEqual([0, 1, 2, 3, 4].map(i => ({ raw: toHex(Uint8Array.of(i, 1)), origin: 'gossip' })))
    sending.stop()
    receiving.stop()
    expect(follower.listeners.size).toBe(0)
  })

  test('is not sent by a validator, which proposes what it has itself', async () => {
    const [a, b] = await pair()
    const validator = recordingPool()
    const other = recordingPool()
    createTransactionGossip({ network: a, pool: validator.pool, publishes: () => false, log: silentLog })
    createTransactionGossip({ network: b, pool: other.pool, publishes: () => false, log: silentLog })
    validator.admit(Uint8Array.of(1))
    await new Promise(resolve => setTimeout(resolve, 60))
    expect(other.added).toEqual([])
  })

  test('that is malformed costs its sender score and reaches no pool', async () => {
    const [a, b] = await pair()
    const receiver = recordingPool()
    createTransactionGossip({ network: a, pool: recordingPool().pool, publishes: () => false, log: silentLog })
    createTransactionGossip({ network: b, pool: receiver.pool, publishes: () => false, log: silentLog })
    await a.publish('transactions', Uint8Array.of(0, 9, 1, 2, 3))
    await until(() => (b.peers()[0]?.score ?? -1) < 0)
    expect(receiver.added).toEqual([])
  })
})
