import { bls12_381 } from '@noble/curves/bls12-381.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { bigintToBytes, bytesToBigint, concat } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { createTwins, scalarsOf, word } from './precompile-twins.ts'

const ADDRESS = 0x0a
const { G1, fields } = bls12_381
const ORDER = fields.Fr.ORDER
type Point = InstanceType<typeof G1.Point>

function inputOf(commitment: Uint8Array, z: bigint, y: bigint, proof: Uint8Array): Uint8Array {
  const hash = sha256(commitment)
  hash[0] = 1
  return concat(hash, word(z), word(y), commitment, proof)
}

function multiple(factor: bigint): Point {
  return factor % ORDER === 0n ? G1.Point.ZERO : G1.Point.BASE.multiply(factor % ORDER)
}

// x of a point that is on the curve but, as good as certainly, not in the subgroup.
function strayX(seed: bigint): bigint {
  const { Fp } = fields
  for (let x = seed; ; x++) {
    try {
      Fp.sqrt(Fp.create(x ** 3n + 4n))
      return x
    } catch {}
  }
}

const number = fc.bigInt({ min: 1n, max: ORDER - 1n })
const encoded = fc.oneof(
  number.map(factor => multiple(factor).toBytes()),
  fc.constant(G1.Point.ZERO.toBytes()),
  number.map(seed => bigintToBytes((1n << 383n) | strayX(seed), 48)),
  // Each of the three flags of the encoding, and numbers of any size behind them.
  fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.constantFrom(0n, 1n, fields.Fp.ORDER, (1n << 381n) - 1n))
    .map(([flags, x]) => bigintToBytes((BigInt(flags) << 381n) | x, 48)),
  fc.uint8Array({ minLength: 48, maxLength: 48 }),
)

describe('KZG proofs on WebAssembly, beside noble', () => {
  let twins: Awaited<ReturnType<typeof createTwins>>
  beforeAll(async () => {
    twins = await createTwins()
  })

  test('takes proofs of constant polynomials at any place, and no other value', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.constant(0n), number), number, number, async (value, z, other) => {
        const commitment = multiple(value).toBytes()
        const proof = G1.Point.ZERO.toBytes()
        const good = await twins.same(ADDRESS, inputOf(commitment, z, value, proof))
        expect(good.isFailure).toBe(false)
        await twins.same(ADDRESS, inputOf(commitment, z, other, proof))
      }),
      { numRuns: 30 },
    )
  })

  test('refuses every commitment and proof that noble refuses, and every scalar above the order', async () => {
    await fc.assert(
      fc.asyncProperty(encoded, scalarsOf(ORDER), scalarsOf(ORDER), encoded, async (commitment, z, y, proof) => {
        await twins.same(ADDRESS, inputOf(commitment, z, y, proof))
      }),
      { numRuns: 150 },
    )
  })

  test('takes one encoding of each point only', async () => {
    const infinity = G1.Point.ZERO.toBytes()
    const flagged = (flags: number, rest: bigint) => bigintToBytes((BigInt(flags) << 381n) | rest, 48)
    for (let flags = 0; flags < 8; flags++) {
      for (const rest of [0n, 1n, 1n << 380n, fields.Fp.ORDER]) {
        const encoding = flagged(flags, rest)
        // Were it taken for infinity, these would be proofs.
        const first = await twins.same(ADDRESS, inputOf(encoding, 9n, 0n, infinity))
        const second = await twins.same(ADDRESS, inputOf(multiple(5n).toBytes(), 9n, 5n, encoding))
        const isInfinity = flags === 6 && rest === 0n
        expect([first.isFailure, second.isFailure]).toEqual([!isInfinity, !isInfinity])
      }
    }
    for (let factor = 1n; factor < 30n; factor++) {
      const right = bytesToBigint(multiple(factor).toBytes())
      const x = right % (1n << 381n)
      for (let flags = 0; flags < 8; flags++) {
        for (const value of [x, x + fields.Fp.ORDER]) {
          if (value >= 1n << 381n) continue
          const encoding = (BigInt(flags) << 381n) | value
          const { isFailure } = await twins.same(ADDRESS, inputOf(bigintToBytes(encoding, 48), 2n, factor, infinity))
          expect(isFailure).toBe(encoding !== right)
        }
      }
    }
  })

  test('checks hash, length and gas as EthereumJS does', async () => {
    const input = inputOf(multiple(3n).toBytes(), 1n, 3n, G1.Point.ZERO.toBytes())
    await twins.same(ADDRESS, input, 49_999n)
    await twins.same(ADDRESS, input.subarray(1))
    input[5] = (input[5] as number) ^ 1
    expect((await twins.same(ADDRESS, input)).isFailure).toBe(true)
  })
})
