import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createExecutionEngine, createRecoveryPool, createTransactionCheck } from '#evm'
import { EMPTY, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { createMemoryStore } from '#storage'
import { signTransaction, type TransactionType, type UnsignedTransaction } from '#types'
import { addressOfUser, CHAIN_ID, commitOf, genesisFile, keyOfUser } from './fixtures.ts'
import { keyOf, poolFixture } from './pool-fixture.ts'

const GWEI = 10n ** 9n
const BLOCK_GAS = 20_000_000n
const TO = new Uint8Array(20).fill(7)
const genesis = genesisFile({ blockGasLimit: BLOCK_GAS })
const check = createTransactionCheck({ genesis, protocolVersion: 1 })

const AUTHORIZATION = { chainId: BigInt(CHAIN_ID), address: TO, nonce: 0n, yParity: 0, r: 1n, s: 1n }

/** Signed bytes of any type; what a type lacks is left out of `fields`. */
function raw(type: TransactionType, fields: Partial<UnsignedTransaction> = {}, key = keyOfUser(0)): Uint8Array {
  const isLegacyPriced = type < 2
  return signTransaction(
    {
      type,
      chainId: BigInt(CHAIN_ID),
      nonce: 0n,
      gasLimit: 100_000n,
      ...(isLegacyPriced ? { gasPrice: 100n * GWEI } : { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: GWEI }),
      to: TO,
      value: 1n,
      data: EMPTY,
      ...(type === 0 ? {} : { accessList: [] }),
      ...(type === 3 ? { maxFeePerBlobGas: GWEI, blobVersionedHashes: [new Uint8Array(32).fill(1)] } : {}),
      ...(type === 4 ? { authorizationList: [AUTHORIZATION] } : {}),
      ...fields,
    },
    key,
  ).raw
}

function unprotected(): Uint8Array {
  const { type, nonce, gasLimit, gasPrice, to, value, data } = {
    ...{ type: 0 as const, nonce: 0n, gasLimit: 100_000n, gasPrice: 100n * GWEI },
    ...{ to: TO, value: 1n, data: EMPTY },
  }
  return signTransaction({ type, nonce, gasLimit, gasPrice, to, value, data }, keyOfUser(0)).raw
}

/** The last byte of the signature is another one: it decodes, and may name anybody or nobody. */
function unsigned(): Uint8Array {
  const bytes = raw(2).slice()
  bytes.fill(0xff, bytes.length - 32)
  return bytes
}

function creation(data: Uint8Array, gasLimit: bigint): Uint8Array {
  const fields: UnsignedTransaction = {
    ...{ type: 2, chainId: BigInt(CHAIN_ID), nonce: 0n, gasLimit, maxFeePerGas: 100n * GWEI },
    ...{ maxPriorityFeePerGas: GWEI, value: 0n, data, accessList: [] },
  }
  return signTransaction(fields, keyOfUser(0)).raw
}

const REFUSED: readonly (readonly [what: string, raw: Uint8Array, reason: string])[] = [
  ['junk', Uint8Array.of(0xc0), 'malformed'],
  ['no bytes', EMPTY, 'malformed'],
  ['a cut transaction', raw(2).subarray(0, -1), 'malformed'],
  ['bytes after a transaction', Uint8Array.of(...raw(2), 0), 'malformed'],
  ['a type that nobody knows', Uint8Array.of(5, 0xc0), 'unsupported type'],
  ['blobs', raw(3), 'unsupported type'],
  ['a foreign chain', raw(2, { chainId: 1n }), 'wrong chain'],
  ['a foreign chain in the old form', raw(0, { chainId: 1n }), 'wrong chain'],
  ['less gas than it costs to begin', raw(2, { gasLimit: 20_999n }), 'intrinsic gas'],
  ['less gas than its data costs', raw(2, { gasLimit: 21_100n, data: new Uint8Array(100).fill(1) }), 'intrinsic gas'],
  [
    'less gas than the floor of its data',
    raw(1, { gasLimit: 22_000n, data: new Uint8Array(40).fill(1) }),
    'intrinsic gas',
  ],
  ['less gas than its tuples cost', raw(4, { gasLimit: 45_999n }), 'intrinsic gas'],
  ['more gas than a transaction may have', raw(2, { gasLimit: 2n ** 24n + 1n }), 'gas limit too high'],
  ['a tip above its fee', raw(2, { maxFeePerGas: GWEI, maxPriorityFeePerGas: 2n * GWEI }), 'malformed'],
  ['code that is too long', creation(new Uint8Array(49_153), 10_000_000n), 'malformed'],
  ['no tuples', raw(4, { authorizationList: [] }), 'malformed'],
  ['the last nonce', raw(2, { nonce: 2n ** 64n - 1n }), 'nonce too high'],
]

describe('the static check of transactions in vertices', () => {
  test.each(REFUSED)('refuses %s', (_what, bytes, reason) => {
    expect(check(bytes)).toBe(reason)
  })

  test.each([
    ['every type but blobs', [raw(0), raw(1), raw(2), raw(4)]],
    ['a transaction without replay protection', [unprotected()]],
    ['a signature of nobody: senders are not recovered', [unsigned()]],
    ['exactly the gas that it costs', [raw(2, { gasLimit: 21_000n })]],
    [
      'a transaction of an empty account and a far nonce: nothing asks the state',
      [raw(2, { nonce: 999n, value: 2n ** 200n })],
    ],
  ])('lets pass %s', (_what, all) => {
    for (const bytes of all) expect(check(bytes)).toBeUndefined()
  })

  test('takes the gas limit of blocks from the genesis', () => {
    const small = createTransactionCheck({ genesis: genesisFile({ blockGasLimit: 50_000n }), protocolVersion: 1 })
    expect(small(raw(2, { gasLimit: 50_000n }))).toBeUndefined()
    expect(small(raw(2, { gasLimit: 50_001n }))).toBe('gas limit too high')
  })

  test('decodes once: recovery goes on from what the check has decoded', async () => {
    const recovery = createRecoveryPool({ workers: 0 })
    const remembering = createTransactionCheck({ genesis, protocolVersion: 1, decode: recovery.decode })
    const bytes = raw(2)
    expect(remembering(bytes)).toBeUndefined()
    const before = recovery.decode(bytes)
    const [verdict] = await recovery.recover([bytes])
    if (before.kind !== 'accept' || verdict?.kind !== 'accept') throw new Error('a good transaction')
    expect(verdict.value).toBe(before.value)
    expect(toHex(verdict.value.sender)).toBe(toHex(addressOfUser(0)))
    await recovery.close()
  })

  test('what it refuses never runs: execution leaves all of it out', async () => {
    const engine = await createExecutionEngine({ genesis, store: createMemoryStore() })
    const bytes = REFUSED.map(([, one]) => one).filter(one => one.length > 0)
    const { blocks, skipped } = await engine.execute(commitOf(1, [bytes]))
    expect(blocks.flatMap(({ block }) => block.transactions)).toEqual([])
    const reasons = new Map(skipped.map(({ hash, reason }) => [toHex(hash), reason]))
    for (const one of bytes) expect(reasons.get(toHex(keccak256(one)))).toBeDefined()
    await engine.close()
  })

  test('what the pool admits passes it, whatever a client sends: an own vertex is never invalid for it', async () => {
    const { pool } = poolFixture()
    // The fixture's chain has blocks of 30,000,000 gas.
    const ours = createTransactionCheck({ genesis: genesisFile({ blockGasLimit: 30_000_000n }), protocolVersion: 1 })
    let admitted = 0
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          type: fc.constantFrom<TransactionType>(0, 1, 2, 3, 4),
          chainId: fc.constantFrom(BigInt(CHAIN_ID), BigInt(CHAIN_ID), BigInt(CHAIN_ID), 1n),
          nonce: fc.constantFrom(0n, 1n, 2n, 3n, 2n ** 64n - 1n),
          gasLimit: fc.oneof(
            fc.constantFrom(20_999n, 21_000n, 2n ** 24n, 2n ** 24n + 1n),
            fc.bigInt(20_000n, 120_000n),
          ),
          data: fc.uint8Array({ maxLength: 200 }),
          tip: fc.constantFrom(GWEI, 200n * GWEI),
          tuples: fc.constantFrom(0, 1, 2),
          user: fc.integer({ min: 0, max: 7 }),
          spoiled: fc.constantFrom('whole', 'whole', 'whole', 'cut', 'longer'),
        }),
        async ({ type, chainId, nonce, gasLimit, data, tip, tuples, user, spoiled }) => {
          const signed = raw(
            type,
            {
              ...{ chainId, nonce, gasLimit, data },
              ...(type < 2 ? {} : { maxPriorityFeePerGas: tip }),
              ...(type === 4 ? { authorizationList: Array.from({ length: tuples }, () => AUTHORIZATION) } : {}),
            },
            keyOf(user),
          )
          const bytes =
            spoiled === 'whole' ? signed : spoiled === 'cut' ? signed.slice(0, -1) : Uint8Array.of(...signed, 0)
          const [verdict] = await pool.add([bytes], 'local')
          if (verdict?.kind === 'added') admitted += 1
          if (ours(bytes) !== undefined) expect(verdict?.kind).toBe('rejected')
          for (const taken of pool.take({ transactions: 512, bytes: 2 ** 20 })) expect(ours(taken)).toBeUndefined()
        },
      ),
      { numRuns: 300 },
    )
    expect(admitted).toBeGreaterThan(10)
  })
})
