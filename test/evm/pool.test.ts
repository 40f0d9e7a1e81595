import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesToBigint, concat, toRawHex } from '#lib/bytes'
import { signRecoverably } from '#lib/secp256k1'
import { authorizationHash, type RecoveredTransaction, signTransaction } from '#types'
import { addressOf, admit, CHAIN_ID, GWEI, keyOf, poolFixture, settled, transfer } from './pool-fixture.ts'

const PLENTY = { transactions: 10_000, bytes: 1 << 24 }
const DELEGATION = concat(Uint8Array.of(0xef, 0x01, 0x00), new Uint8Array(20).fill(7))

function authorizationBy(index: number, nonce = 0n) {
  const tuple = { chainId: BigInt(CHAIN_ID), address: new Uint8Array(20).fill(5), nonce }
  const { signature, recovery } = signRecoverably(authorizationHash(tuple), keyOf(index))
  return {
    ...tuple,
    yParity: recovery,
    r: bytesToBigint(signature.subarray(0, 32)),
    s: bytesToBigint(signature.subarray(32)),
  }
}

function setCode(sender: number, nonce: number, authorities: readonly number[]): RecoveredTransaction {
  return transfer(sender, nonce, {
    type: 4,
    gasLimit: 500_000n,
    authorizationList: authorities.map(index => authorizationBy(index)),
  })
}

describe('pool admission', () => {
  it('admits a sound transaction once', async () => {
    const { pool } = poolFixture()
    const seen: string[] = []
    pool.onAdded(transaction => seen.push(toRawHex(transaction.hash)))
    const transaction = transfer(0, 0)
    expect(await pool.add([transaction.raw], 'local')).toEqual([{ kind: 'added', hash: transaction.hash }])
    expect(await pool.add([transaction.raw], 'gossip')).toEqual([
      { kind: 'rejected', hash: transaction.hash, message: 'already known', retryable: false },
    ])
    expect(pool.get(transaction.hash)?.sender).toEqual(addressOf(0))
    expect(pool.status()).toEqual({ pending: 1, queued: 0 })
    expect(seen).toEqual([toRawHex(transaction.hash)])
  })

  const plain = { type: 0 as const, gasPrice: 2n * GWEI }
  it.each<[string, RecoveredTransaction | Uint8Array, string | RegExp]>([
    ['bytes that are no transaction', Uint8Array.of(0xc0), /^rlp: malformed transaction/],
    ['an unknown type', Uint8Array.of(0x7f, 0xc0), /^transaction type not supported/],
    [
      'blobs',
      transfer(0, 0, { type: 3, maxFeePerBlobGas: 1n, blobVersionedHashes: [] }),
      /^transaction type not supported/,
    ],
    ['another chain', transfer(0, 0, { chainId: 1n }), 'invalid sender: invalid chain id for signer: have 1 want 1071'],
    [
      'no replay protection',
      (() => {
        const { chainId: _, ...rest } = transfer(0, 0, plain)
        return signTransaction(rest, keyOf(0))
      })(),
      'only replay-protected (EIP-155) transactions allowed over RPC',
    ],
    [
      'too many bytes',
      transfer(0, 0, { data: new Uint8Array(131_072), gasLimit: 16_000_000n }),
      /^oversized data: transaction size 131\d{3}, limit 131072$/,
    ],
    [
      'too much init code',
      (() => {
        const { to: _, ...rest } = transfer(0, 0, { data: new Uint8Array(49_153), gasLimit: 16_000_000n })
        return signTransaction(rest, keyOf(0))
      })(),
      'max initcode size exceeded: code size 49153, limit 49152',
    ],
    [
      'more gas than EIP-7825 lets',
      transfer(0, 0, { gasLimit: 16_777_217n }),
      'transaction gas limit too high (cap: 16777216, tx: 16777217)',
    ],
    [
      'a tip above the cap',
      transfer(0, 0, { tip: 101n * GWEI }),
      /^max priority fee per gas higher than max fee per gas/,
    ],
    ['the last nonce', transfer(0, 2n ** 64n - 1n), 'nonce has max value'],
    ['too little gas', transfer(0, 0, { gasLimit: 20_999n }), 'intrinsic gas too low: gas 20999, minimum needed 21000'],
    [
      'less than the data floor',
      transfer(0, 0, { data: new Uint8Array(100).fill(1), gasLimit: 24_000n }),
      'insufficient gas for floor data gas cost: gas 24000, minimum needed 25000',
    ],
    [
      'a cap below any base fee',
      transfer(0, 0, { maxFeePerGas: GWEI - 1n, tip: 0n }),
      /^max fee per gas less than block base fee: address 0x.*, baseFee: 1000000000$/,
    ],
    ['no authorisation', setCode(0, 0, []), 'set code tx must have at least one authorization tuple'],
    [
      'no money',
      transfer(9, 0),
      /^insufficient funds for gas \* price \+ value: balance 0, tx cost 2100000000000001, overshot 2100000000000001$/,
    ],
  ])('refuses %s in go-ethereum words', async (_name, transaction, message) => {
    const { pool } = poolFixture()
    const text = await admit(pool, transaction)
    if (typeof message === 'string') expect(text).toBe(message)
    else expect(text).toMatch(message)
    expect(pool.status()).toEqual({ pending: 0, queued: 0 })
  })

  it('refuses a broken signature', async () => {
    const { pool } = poolFixture()
    const raw = transfer(0, 0).raw.slice()
    raw.fill(0xff, raw.length - 32)
    expect(await admit(pool, raw)).toBe('invalid sender: invalid transaction v, r, s values')
  })

  it('refuses a nonce of the past and names the next one', async () => {
    const { pool, fund } = poolFixture()
    fund(0, 10n ** 20n, 5n)
    expect(await admit(pool, transfer(0, 4))).toBe('nonce too low: next nonce 5, tx nonce 4')
  })

  it('refuses more than the gas limit of a block', async () => {
    const { pool, includes } = poolFixture()
    await includes([], { gasLimit: 1_000_000n })
    expect(await admit(pool, transfer(0, 0, { gasLimit: 1_000_001n }))).toBe('exceeds block gas limit')
  })

  it('refuses a contract as sender', async () => {
    const { pool, setCode } = poolFixture()
    setCode(0, Uint8Array.of(0x60))
    expect(await admit(pool, transfer(0, 0))).toMatch(/^sender not an eoa: address 0x/)
  })

  it('counts what a sender already promised', async () => {
    const { pool, fund } = poolFixture()
    const cost = 21_000n * 100n * GWEI + 1n
    fund(0, 2n * cost)
    expect(await admit(pool, transfer(0, 0))).toBe('added')
    expect(await admit(pool, transfer(0, 1))).toBe('added')
    expect(await admit(pool, transfer(0, 2))).toBe(
      `insufficient funds for gas * price + value: balance ${2n * cost}, queued cost ${2n * cost}, tx cost ${cost}, overshot ${cost}`,
    )
  })

  it('gives a verdict for each of a batch, in order', async () => {
    const { pool } = poolFixture()
    const batch = [
      transfer(0, 0).raw,
      Uint8Array.of(1),
      new Uint8Array(200_000),
      transfer(1, 0).raw,
      transfer(0, 0).raw,
    ]
    const kinds = (await pool.add(batch, 'gossip')).map(v => (v.kind === 'added' ? 'added' : v.message.slice(0, 9)))
    expect(kinds).toEqual(['added', 'rlp: malf', 'oversized', 'added', 'already k'])
  })

  it('any bytes give a verdict', async () => {
    const { pool } = poolFixture()
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 4 }), async batch => {
        const verdicts = await pool.add(batch, 'gossip')
        expect(verdicts).toHaveLength(batch.length)
        for (const verdict of verdicts) expect(verdict.kind).toBe('rejected')
      }),
      { numRuns: 200 },
    )
  })
})

describe('replacement', () => {
  it('needs ten per cent more in fee cap and in tip', async () => {
    const { pool } = poolFixture()
    const underpriced = 'replacement transaction underpriced'
    expect(await admit(pool, transfer(0, 0, { tip: 10n * GWEI }))).toBe('added')
    expect(await admit(pool, transfer(0, 0, { tip: 11n * GWEI }))).toBe(underpriced)
    expect(await admit(pool, transfer(0, 0, { tip: 10n * GWEI, maxFeePerGas: 110n * GWEI }))).toBe(underpriced)
    expect(await admit(pool, transfer(0, 0, { tip: 11n * GWEI, maxFeePerGas: 109n * GWEI }))).toBe(underpriced)
    const better = transfer(0, 0, { tip: 11n * GWEI, maxFeePerGas: 110n * GWEI })
    expect(await admit(pool, better)).toBe('added')
    expect(pool.status()).toEqual({ pending: 1, queued: 0 })
    expect(pool.take(PLENTY)).toEqual([better.raw])
  })

  it('of a transaction in flight waits until that one came back', async () => {
    const { pool, advance } = poolFixture({ takeTimeoutMs: 1_000 })
    expect(await admit(pool, transfer(0, 0))).toBe('added')
    pool.take(PLENTY)
    const better = transfer(0, 0, { tip: 2n * GWEI, maxFeePerGas: 200n * GWEI })
    expect(await admit(pool, better)).toBe('added')
    expect(pool.take(PLENTY)).toEqual([])
    advance(1_000)
    expect(pool.take(PLENTY)).toEqual([better.raw])
  })
})

describe('order and flight', () => {
  it('hands out the best tip first and each sender in nonce order', async () => {
    const { pool } = poolFixture()
    const [a0, a1, b0, c0] = [
      transfer(0, 0, { tip: GWEI }),
      transfer(0, 1, { tip: 50n * GWEI }),
      transfer(1, 0, { tip: 3n * GWEI }),
      transfer(2, 0, { tip: 2n * GWEI }),
    ]
    await pool.add([a1.raw, a0.raw, b0.raw, c0.raw], 'local')
    expect(pool.take({ transactions: 2, bytes: 1 << 20 })).toEqual([b0.raw, c0.raw])
    expect(pool.take(PLENTY)).toEqual([a0.raw, a1.raw])
  })

  it('keeps to its limits of transactions and bytes', async () => {
    const { pool } = poolFixture()
    const big = transfer(0, 0, { data: new Uint8Array(5_000), gasLimit: 100_000n, tip: 9n * GWEI })
    const small = transfer(1, 0)
    await pool.add([big.raw, small.raw], 'local')
    expect(pool.take({ transactions: 10, bytes: 1_000 })).toEqual([small.raw])
    expect(pool.take({ transactions: 0, bytes: 10_000 })).toEqual([])
    expect(pool.take(PLENTY)).toEqual([big.raw])
  })

  it('hands nothing out twice until it is put back or timed out', async () => {
    const { pool, advance } = poolFixture({ takeTimeoutMs: 5_000 })
    const [first, second] = [transfer(0, 0), transfer(0, 1)]
    await pool.add([first.raw, second.raw], 'local')
    expect(pool.take(PLENTY)).toEqual([first.raw, second.raw])
    expect(pool.take(PLENTY)).toEqual([])
    pool.putBack([second.raw])
    expect(pool.take(PLENTY)).toEqual([second.raw])
    advance(5_000)
    expect(pool.take(PLENTY)).toEqual([first.raw, second.raw])
  })

  it('leaves out what cannot pay the base fee until it falls', async () => {
    const { pool, includes } = poolFixture()
    const cheap = transfer(0, 0, { maxFeePerGas: 2n * GWEI })
    await pool.add([cheap.raw], 'local')
    await includes([], { baseFeePerGas: 50n * GWEI })
    expect(pool.take(PLENTY)).toEqual([])
    await includes([], { baseFeePerGas: GWEI })
    expect(pool.take(PLENTY)).toEqual([cheap.raw])
  })

  it('leaves gossip to the validator that heard it first for a while', async () => {
    const { pool, advance } = poolFixture({ gossipHoldMs: 300 })
    const [own, other] = [transfer(0, 0), transfer(1, 0, { tip: 5n * GWEI })]
    await pool.add([own.raw], 'local')
    await pool.add([other.raw], 'gossip')
    expect(pool.take(PLENTY)).toEqual([own.raw])
    advance(300)
    expect(pool.take(PLENTY)).toEqual([other.raw])
  })

  it('leaves gossip of some senders longer to others than that of others', async () => {
    const first = toRawHex(addressOf(0))
    const { pool, advance } = poolFixture({ gossipHoldMs: sender => (toRawHex(sender) === first ? 0 : 600) })
    const [mine, theirs] = [transfer(0, 0), transfer(1, 0)]
    await pool.add([mine.raw, theirs.raw], 'gossip')
    expect(pool.take(PLENTY)).toEqual([mine.raw])
    advance(599)
    expect(pool.take(PLENTY)).toEqual([])
    advance(1)
    expect(pool.take(PLENTY)).toEqual([theirs.raw])
  })

  it('queues beyond a gap and promotes when it closes', async () => {
    const { pool } = poolFixture()
    const [t0, t1, t2, t4] = [transfer(0, 0), transfer(0, 1), transfer(0, 2), transfer(0, 4)]
    await pool.add([t1.raw, t2.raw, t4.raw], 'local')
    expect(pool.status()).toEqual({ pending: 0, queued: 3 })
    expect(await pool.nextNonce(addressOf(0))).toBe(0n)
    expect(pool.take(PLENTY)).toEqual([])
    await pool.add([t0.raw], 'local')
    expect(pool.status()).toEqual({ pending: 3, queued: 1 })
    expect(await pool.nextNonce(addressOf(0))).toBe(3n)
    expect(await pool.nextNonce(addressOf(5))).toBe(0n)
    const { pending, queued } = pool.content()
    expect(pending.get(toRawHex(addressOf(0)))?.map(t => t.nonce)).toEqual([0n, 1n, 2n])
    expect(queued.get(toRawHex(addressOf(0)))?.map(t => t.nonce)).toEqual([4n])
    expect(pool.take(PLENTY)).toEqual([t0.raw, t1.raw, t2.raw])
  })
})

describe('blocks', () => {
  it('drop what they include and what they make impossible', async () => {
    const { pool, includes } = poolFixture()
    const [a0, a1, rival] = [transfer(0, 0), transfer(0, 1), transfer(0, 0, { value: 2n })]
    await pool.add([a0.raw, a1.raw], 'local')
    await includes([rival])
    expect(pool.get(a0.hash)).toBeUndefined()
    expect(pool.status()).toEqual({ pending: 1, queued: 0 })
    expect(pool.take(PLENTY)).toEqual([a1.raw])
    expect(await pool.nextNonce(addressOf(0))).toBe(2n)
  })

  it('drop what a sender can no longer pay; later nonces wait', async () => {
    const { pool, fund, includes } = poolFixture()
    const [a0, a1, a2] = [transfer(0, 0), transfer(0, 1, { value: 10n ** 19n }), transfer(0, 2)]
    await pool.add([a0.raw, a1.raw, a2.raw], 'local')
    fund(0, 10n ** 18n)
    await includes([a0])
    expect(pool.get(a1.hash)).toBeUndefined()
    expect(pool.status()).toEqual({ pending: 0, queued: 1 })
  })

  it('a full flight leaves the pool empty', async () => {
    const { pool, includes } = poolFixture()
    const all = [0, 1, 2].map(nonce => transfer(3, nonce))
    await pool.add(
      all.map(transaction => transaction.raw),
      'local',
    )
    pool.take(PLENTY)
    await includes(all)
    expect(pool.status()).toEqual({ pending: 0, queued: 0 })
    expect(pool.take(PLENTY)).toEqual([])
    expect(await admit(pool, all[1] as RecoveredTransaction)).toBe('nonce too low: next nonce 3, tx nonce 1')
  })

  it('queued transactions expire', async () => {
    const { pool, advance, includes } = poolFixture({ queuedLifetimeMs: 100_000 })
    await pool.add([transfer(0, 3).raw, transfer(1, 0).raw], 'local')
    advance(100_000)
    await includes([])
    expect(pool.status()).toEqual({ pending: 1, queued: 0 })
  })
})

describe('bounds', () => {
  it('per sender, executable and queued', async () => {
    const { pool } = poolFixture({ executablePerSenderMax: 2, queuedPerSenderMax: 1 })
    await pool.add([transfer(0, 0).raw, transfer(0, 1).raw, transfer(0, 5).raw], 'local')
    expect(await admit(pool, transfer(0, 2))).toBe('account limit exceeded: pooled 2 txs')
    expect(await admit(pool, transfer(0, 6))).toBe('account limit exceeded: pooled 1 txs')
  })

  it('a full pool evicts the lowest fee for a better one, from the end of its sender', async () => {
    const { pool } = poolFixture({ transactionsMax: 3 })
    const [a0, a1, b0] = [
      transfer(0, 0, { tip: 2n * GWEI }),
      transfer(0, 1, { tip: 9n * GWEI }),
      transfer(1, 0, { tip: 4n * GWEI }),
    ]
    await pool.add([a0.raw, a1.raw, b0.raw], 'local')
    expect(await admit(pool, transfer(2, 0, { tip: 2n * GWEI }))).toBe('transaction underpriced')
    expect(await admit(pool, transfer(2, 0, { tip: 3n * GWEI }))).toBe('added')
    expect(pool.get(a1.hash)).toBeUndefined()
    expect(pool.get(a0.hash)).toBeDefined()
    expect(await admit(pool, transfer(3, 7, { tip: 90n * GWEI }))).toBe('future transaction tries to replace pending')
    expect(pool.status()).toEqual({ pending: 3, queued: 0 })
  })

  it('says when it is full of transactions in flight, and that a retry may help', async () => {
    const { pool } = poolFixture({ transactionsMax: 1 })
    await pool.add([transfer(0, 0).raw], 'local')
    pool.take(PLENTY)
    const better = transfer(1, 0, { tip: 9n * GWEI })
    expect(await pool.add([better.raw], 'local')).toEqual([
      { kind: 'rejected', hash: better.hash, message: 'txpool is full', retryable: true },
    ])
  })

  it('bounds bytes, also of replacements', async () => {
    const { pool } = poolFixture({ bytesMax: 1_000 })
    expect(await admit(pool, transfer(0, 0))).toBe('added')
    const grown = transfer(0, 0, {
      tip: 2n * GWEI,
      maxFeePerGas: 200n * GWEI,
      data: new Uint8Array(1_000),
      gasLimit: 60_000n,
    })
    expect(await admit(pool, grown)).toBe('txpool is full')
    expect(await admit(pool, transfer(1, 0, { data: new Uint8Array(1_000), gasLimit: 60_000n }))).toBe(
      'transaction underpriced',
    )
  })

  it('bounds transactions in the middle of admission', async () => {
    const { pool } = poolFixture({ admissionsMax: 1 })
    const [first, second] = await Promise.all([admit(pool, transfer(0, 0)), admit(pool, transfer(1, 0))])
    expect([first, second]).toEqual(['added', 'txpool is full'])
  })
})

describe('delegated accounts (EIP-7702)', () => {
  it('have one transaction in flight and no gaps', async () => {
    const { pool, setCode } = poolFixture()
    setCode(0, DELEGATION)
    expect(await admit(pool, transfer(0, 1))).toBe('gapped-nonce tx from delegated accounts')
    expect(await admit(pool, transfer(0, 0))).toBe('added')
    expect(await admit(pool, transfer(0, 0, { tip: 2n * GWEI, maxFeePerGas: 200n * GWEI }))).toBe('added')
    expect(await admit(pool, transfer(0, 1))).toBe('gapped-nonce tx from delegated accounts')
  })

  it('include those that a pooled transaction delegates, until it is gone', async () => {
    const { pool, includes } = poolFixture()
    const delegating = setCode(1, 0, [0])
    expect(await admit(pool, delegating)).toBe('added')
    expect(await admit(pool, transfer(0, 1))).toBe('gapped-nonce tx from delegated accounts')
    expect(await admit(pool, transfer(0, 0))).toBe('added')
    await includes([delegating])
    await settled()
    expect(await admit(pool, transfer(0, 1))).toBe('added')
  })

  it('cannot be delegated while they have several transactions', async () => {
    const { pool } = poolFixture()
    await pool.add([transfer(0, 0).raw, transfer(0, 1).raw], 'local')
    expect(await admit(pool, setCode(1, 0, [0]))).toBe('authority already reserved')
    expect(await admit(pool, setCode(1, 0, [2]))).toBe('added')
  })
})

describe('under any history', () => {
  it('hands out each transaction once, in nonce order, and its totals are right', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('add' as const),
        sender: fc.nat(2),
        nonce: fc.nat(5),
        tip: fc.integer({ min: 1, max: 4 }),
      }),
      fc.record({ kind: fc.constant('take' as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant('back' as const) }),
      fc.record({ kind: fc.constant('commit' as const) }),
      fc.record({ kind: fc.constant('wait' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
        const { pool, includes, advance } = poolFixture({ transactionsMax: 8, queuedMax: 4, takeTimeoutMs: 1_000 })
        const nonces = [0n, 0n, 0n]
        const flying = new Map<string, RecoveredTransaction>()
        for (const item of steps) {
          if (item.kind === 'add') {
            const fee = BigInt(item.tip)
            await admit(pool, transfer(item.sender, item.nonce, { tip: fee * GWEI, maxFeePerGas: 10n ** fee * GWEI }))
          } else if (item.kind === 'take') {
            for (const raw of pool.take({ transactions: item.count, bytes: 1 << 20 })) {
              const key = toRawHex(raw)
              expect(flying.has(key)).toBe(false)
              const { pending } = pool.content()
              const transaction = [...pending.values()].flat().find(t => toRawHex(t.raw) === key)
              expect(transaction).toBeDefined()
              if (transaction !== undefined) flying.set(key, transaction)
            }
          } else if (item.kind === 'back') {
            pool.putBack([...flying.values()].map(t => t.raw))
            flying.clear()
          } else if (item.kind === 'wait') {
            advance(1_000)
            flying.clear()
          } else {
            const block: RecoveredTransaction[] = []
            for (const transaction of flying.values()) {
              const sender = [0, 1, 2].find(i => toRawHex(addressOf(i)) === toRawHex(transaction.sender)) ?? 0
              if (transaction.nonce !== nonces[sender]) continue
              nonces[sender] = transaction.nonce + 1n
              block.push(transaction)
            }
            await includes(block)
            for (const transaction of block) flying.delete(toRawHex(transaction.raw))
          }
          const { pending, queued } = pool.content()
          const counts = { pending: [...pending.values()].flat().length, queued: [...queued.values()].flat().length }
          expect(pool.status()).toEqual(counts)
          expect(counts.pending + counts.queued).toBeLessThanOrEqual(8)
          for (const list of pending.values()) {
            list.forEach((transaction, index) => {
              expect(transaction.nonce).toBe((list[0]?.nonce ?? 0n) + BigInt(index))
            })
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})
