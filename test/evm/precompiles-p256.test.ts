import { p256 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { bytesToBigint, concat } from '#lib/bytes'
import { createTwins, scalarsOf, word } from './precompile-twins.ts'

const ADDRESS = 0x100
const { Point } = p256
const { Fp, Fn } = Point
type Key = InstanceType<typeof Point>
const VALID = `0x${'1'.padStart(64, '0')}`

function inputOf(hash: Uint8Array, r: bigint, s: bigint, key: Key): Uint8Array {
  const { x, y } = key.toAffine()
  return concat(hash, word(r), word(s), word(x), word(y))
}

// The first point whose x is not below `x`.
function pointFrom(x: bigint): Key {
  const { a, b } = Point.CURVE()
  for (let at = x; ; at++) {
    try {
      return Point.fromAffine({ x: at, y: Fp.sqrt(Fp.create(at ** 3n + a * at + b)) })
    } catch {}
  }
}

const secret = fc.bigInt({ min: 1n, max: Fn.ORDER - 1n })
const hashes = fc.oneof(fc.uint8Array({ minLength: 32, maxLength: 32 }), scalarsOf(Fn.ORDER).map(word))

describe('P256VERIFY on WebAssembly, beside noble', () => {
  let twins: Awaited<ReturnType<typeof createTwins>>
  beforeAll(async () => {
    twins = await createTwins()
  })

  test('takes every signature, low or high, and none that was changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        secret,
        hashes,
        fc.integer({ min: 0, max: 159 }),
        fc.integer({ min: 1, max: 255 }),
        async (d, hash, at, change) => {
          const signature = p256.sign(hash, word(d), { prehash: false, lowS: false })
          const [r, s] = [bytesToBigint(signature.subarray(0, 32)), bytesToBigint(signature.subarray(32))]
          const input = inputOf(hash, r, s, Point.BASE.multiply(d))
          expect((await twins.same(ADDRESS, input)).output).toBe(VALID)
          input.set(word(Fn.ORDER - s), 64)
          expect((await twins.same(ADDRESS, input)).output).toBe(VALID)
          input[at] = (input[at] as number) ^ change
          await twins.same(ADDRESS, input)
        },
      ),
      { numRuns: 120 },
    )
  })

  test('judges edges of r, s, the hash and the key alike', async () => {
    const key = fc.oneof(
      secret.map(d => Point.BASE.multiply(d)),
      fc.constantFrom(Point.BASE, Point.BASE.negate(), Point.BASE.double()),
    )
    const coordinate = fc.constantFrom(0n, 1n, Fp.ORDER - 1n, Fp.ORDER, (1n << 256n) - 1n)
    await fc.assert(
      fc.asyncProperty(hashes, scalarsOf(Fn.ORDER), scalarsOf(Fn.ORDER), key, async (hash, r, s, point) => {
        await twins.same(ADDRESS, inputOf(hash, r, s, point))
      }),
      { numRuns: 200 },
    )
    await fc.assert(
      fc.asyncProperty(coordinate, coordinate, scalarsOf(Fn.ORDER), async (x, y, s) => {
        await twins.same(ADDRESS, concat(word(1n), word(1n), word(s), word(x), word(y)))
      }),
      { numRuns: 60 },
    )
  })

  test('takes a key that is not reduced for no key', async () => {
    // The point with x = 0: x = p is the same residue.
    const y = Fp.sqrt(Point.CURVE().b)
    for (const x of [0n, Fp.ORDER]) {
      await twins.same(ADDRESS, concat(word(5n), word(3n), word(4n), word(x), word(y)))
    }
  })

  test('adds equal and opposite points inside: sums that double, and sums that are infinity', async () => {
    await fc.assert(
      fc.asyncProperty(secret, secret, secret, async (d, r, s) => {
        const key = Point.BASE.multiply(d)
        const product = Fn.mul(r, d)
        // u1·G = -u2·Q
        await twins.same(ADDRESS, inputOf(word(Fn.neg(product)), r, s, key))
        // u1·G = u2·Q, with the r that makes it a signature: x of 2·u1·G.
        const { x } = Point.BASE.multiply(s).double().toAffine()
        const fit = Fn.create(x)
        const inverse = Fn.inv(Fn.mul(s, Fn.inv(Fn.mul(fit, d))))
        const input = inputOf(word(Fn.mul(fit, d)), fit, inverse, key)
        expect((await twins.same(ADDRESS, input)).output).toBe(VALID)
      }),
      { numRuns: 60 },
    )
  })

  test('compares modulo the order: an x of the result above it counts', async () => {
    const result = pointFrom(Fn.ORDER + 1n)
    const { x } = result.toAffine()
    expect(x).toBeGreaterThan(Fn.ORDER)
    const [r, s, hash] = [x - Fn.ORDER, 12_345n, 99n]
    // Q = (s·R - h·G) / r
    const key = result.multiply(s).subtract(Point.BASE.multiply(hash)).multiply(Fn.inv(r))
    expect((await twins.same(ADDRESS, inputOf(word(hash), r, s, key))).output).toBe(VALID)
  })

  test('answers nothing for any other bytes and lengths', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 150, maxLength: 170 }), async bytes => {
        expect((await twins.same(ADDRESS, bytes)).output).toBe('0x')
      }),
      { numRuns: 100 },
    )
    await twins.same(ADDRESS, new Uint8Array(160))
    await twins.same(ADDRESS, new Uint8Array(160), 6_899n)
  })
})
