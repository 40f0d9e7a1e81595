import { bls12_381 } from '@noble/curves/bls12-381.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { bigintToBytes, concat, toHex } from '#lib/bytes'
import { Bls12381 } from '../../chain/evm/precompiles/bls12-381.ts'
import { Mcl } from '../../chain/evm/precompiles/mcl.ts'
import { createTwins, joined, ofOrder, scalarsOf, times, word } from './precompile-twins.ts'

const ADD1 = 0x0b
const MSM1 = 0x0c
const ADD2 = 0x0d
const MSM2 = 0x0e
const PAIRING = 0x0f
const MAP1 = 0x10
const MAP2 = 0x11
const { G1, G2, fields } = bls12_381
const { Fp, Fp2 } = fields
const ORDER = fields.Fr.ORDER
type Point1 = InstanceType<typeof G1.Point>
type Point2 = InstanceType<typeof G2.Point>

const padded = (value: bigint) => bigintToBytes(value, 64)

function encode1(point: Point1): Uint8Array {
  const { x, y } = point.toAffine()
  return concat(padded(x), padded(y))
}

function encode2(point: Point2): Uint8Array {
  const { x, y } = point.toAffine()
  return concat(padded(x.c0), padded(x.c1), padded(y.c0), padded(y.c1))
}

// On the curve but, as good as certainly, not in the subgroup: the first x from `seed` on that has a y.
function stray1(seed: bigint): Point1 {
  for (let x = seed; ; x++) {
    try {
      return G1.Point.fromAffine({ x, y: Fp.sqrt(Fp.create(x ** 3n + 4n)) })
    } catch {}
  }
}

function stray2(seed: bigint): Point2 {
  const { b } = G2.Point.CURVE()
  for (let c0 = seed; ; c0++) {
    const x = Fp2.create({ c0: Fp.create(c0), c1: Fp.create(seed * seed) })
    try {
      return G2.Point.fromAffine({ x, y: Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b)) })
    } catch {}
  }
}

// Points of small orders, which divide the cofactors. A subgroup test by an endomorphism has to see them as well.
const small1 = (prime: bigint) => ofOrder(G1.Point.ZERO, prime, ORDER * G1.Point.CURVE().h, stray1)
const small2 = (prime: bigint) => ofOrder(G2.Point.ZERO, prime, ORDER * G2.Point.CURVE().h, stray2)

const number = fc.bigInt({ min: 1n, max: ORDER - 1n })
const element = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, Fp.ORDER - 1n, Fp.ORDER, Fp.ORDER + 1n, (1n << 384n) - 1n, 1n << 384n),
  fc.bigInt({ min: 0n, max: Fp.ORDER - 1n }),
)
const good1 = number.map(factor => encode1(G1.Point.BASE.multiply(factor)))
const good2 = number.map(factor => encode2(G2.Point.BASE.multiply(factor)))
const infinity1 = fc.constant(new Uint8Array(128))
const infinity2 = fc.constant(new Uint8Array(256))
const strange1 = fc.oneof(
  number.map(seed => encode1(stray1(seed))),
  // x = 0: of order 3.
  fc.constantFrom(2n, Fp.ORDER - 2n).map(y => concat(padded(0n), padded(y))),
)
const strange2 = number.map(seed => encode2(stray2(seed)))
// The same point with a coordinate that is not reduced.
const large1 = fc.tuple(number, fc.boolean()).map(([factor, isX]) => {
  const { x, y } = G1.Point.BASE.multiply(factor).toAffine()
  return concat(padded(x + (isX ? Fp.ORDER : 0n)), padded(y + (isX ? 0n : Fp.ORDER)))
})
const large2 = fc.tuple(number, fc.integer({ min: 0, max: 3 })).map(([factor, at]) => {
  const { x, y } = G2.Point.BASE.multiply(factor).toAffine()
  return concat(...[x.c0, x.c1, y.c0, y.c1].map((value, index) => padded(value + (index === at ? Fp.ORDER : 0n))))
})
const wild1 = fc.tuple(element, element).map(([x, y]) => concat(padded(x), padded(y)))
const wild2 = fc.array(element, { minLength: 4, maxLength: 4 }).map(all => concat(...all.map(padded)))

const any1 = (strange: number) =>
  fc.oneof(
    { weight: 12, arbitrary: good1 },
    { weight: 3, arbitrary: infinity1 },
    { weight: strange, arbitrary: strange1 },
    { weight: 1, arbitrary: large1 },
    { weight: 1, arbitrary: wild1 },
  )
const any2 = (strange: number) =>
  fc.oneof(
    { weight: 12, arbitrary: good2 },
    { weight: 3, arbitrary: infinity2 },
    { weight: strange, arbitrary: strange2 },
    { weight: 1, arbitrary: large2 },
    { weight: 1, arbitrary: wild2 },
  )

describe('BLS12-381 on WebAssembly, beside noble', () => {
  let twins: Awaited<ReturnType<typeof createTwins>>
  beforeAll(async () => {
    twins = await createTwins()
  })

  test('adds any two points of the curves, those outside the subgroups too', async () => {
    const runs = { numRuns: 200 }
    await fc.assert(
      fc.asyncProperty(any1(6), any1(6), async (left, right) => {
        await twins.same(ADD1, concat(left, right))
      }),
      runs,
    )
    await fc.assert(
      fc.asyncProperty(any2(6), any2(6), async (left, right) => {
        await twins.same(ADD2, concat(left, right))
      }),
      runs,
    )
  })

  test('adds equal and opposite points', async () => {
    await fc.assert(
      fc.asyncProperty(number, fc.boolean(), async (seed, isStrange) => {
        const p = isStrange ? stray1(seed) : G1.Point.BASE.multiply(seed)
        const q = isStrange ? stray2(seed) : G2.Point.BASE.multiply(seed)
        await twins.same(ADD1, concat(encode1(p), encode1(p)))
        await twins.same(ADD2, concat(encode2(q), encode2(q)))
        const { output } = await twins.same(ADD1, concat(encode1(p), encode1(p.negate())))
        expect(output).toBe(`0x${'00'.repeat(128)}`)
        expect((await twins.same(ADD2, concat(encode2(q), encode2(q.negate())))).output).toBe(`0x${'00'.repeat(256)}`)
      }),
      { numRuns: 30 },
    )
  })

  test('multiplies and adds any points by any 256-bit numbers', async () => {
    const scalar = scalarsOf(ORDER).map(word)
    const list1 = fc.array(fc.tuple(any1(0), scalar), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(list1, async list => {
        await twins.same(MSM1, joined(list.flat()))
      }),
      { numRuns: 120 },
    )
    const list2 = fc.array(fc.tuple(any2(0), scalar), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(list2, async list => {
        await twins.same(MSM2, joined(list.flat()))
      }),
      { numRuns: 60 },
    )
  })

  test('multiplies equal and opposite points, whose sum is infinity', async () => {
    const zero = (bytes: number) => `0x${'00'.repeat(bytes)}`
    await fc.assert(
      fc.asyncProperty(number, scalarsOf(ORDER).map(word), async (factor, scalar) => {
        const [p, q] = [G1.Point.BASE.multiply(factor), G2.Point.BASE.multiply(factor)]
        await twins.same(MSM1, concat(encode1(p), scalar, encode1(p), scalar, encode1(p), word(1n)))
        await twins.same(MSM2, concat(encode2(q), scalar, encode2(q), scalar))
        const sum1 = concat(encode1(p), scalar, encode1(p.negate()), scalar)
        const sum2 = concat(encode2(q), scalar, encode2(q.negate()), scalar)
        expect((await twins.same(MSM1, sum1)).output).toBe(zero(128))
        expect((await twins.same(MSM2, sum2)).output).toBe(zero(256))
      }),
      { numRuns: 20 },
    )
  })

  test('goes on where the room for one multiplication ends', async () => {
    const factors = [1n, 2n, 3n, ORDER - 1n, ORDER - 2n, 1n << 200n, 12_345n ** 17n % ORDER]
    const points1 = factors.map(factor => encode1(G1.Point.BASE.multiply(factor)))
    const points2 = factors.map(factor => encode2(G2.Point.BASE.multiply(factor)))
    for (const count of [7, 8, 15, 16, 17, 31, 33, 63, 65, 100, 127, 128, 129, 256, 300]) {
      let sum = 0n
      const pairs1: Uint8Array[] = []
      const pairs2: Uint8Array[] = []
      for (let index = 0; index < count; index++) {
        const at = index % factors.length
        const scalar =
          index % 7 === 5 ? ORDER * BigInt(index % 2) : (BigInt(index) ** 9n * 0x9e3779b97f4a7c15n ** 5n) % (1n << 256n)
        sum += (factors[at] as bigint) * scalar
        pairs1.push(points1[at] as Uint8Array, word(scalar))
        pairs2.push(points2[at] as Uint8Array, word(scalar))
      }
      const expected = sum % ORDER
      expect((await twins.ours(MSM1, joined(pairs1))).output).toBe(toHex(encode1(G1.Point.BASE.multiply(expected))))
      expect((await twins.ours(MSM2, joined(pairs2))).output).toBe(toHex(encode2(G2.Point.BASE.multiply(expected))))
    }
  })

  test('checks the pairings of any pairs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(any1(1), any2(1)), { maxLength: 3 }), async list => {
        await twins.same(PAIRING, joined(list.flat()))
      }),
      { numRuns: 80 },
    )
  })

  test('finds that the pairings of any number of pairs cancel, or do not', async () => {
    for (const count of [2, 16, 17, 33]) {
      const factors = Array.from({ length: count }, (_, index) => BigInt(index) ** 5n + 3n)
      const sum = factors.slice(1).reduce((total, factor) => total + factor, 0n)
      for (const [first, expected] of [
        [ORDER - (sum % ORDER), '1'],
        [7n, '0'],
      ] as const) {
        factors[0] = first
        const pairs = factors.flatMap((factor, index) => [
          ...(index % 5 === 3 ? [new Uint8Array(128), encode2(G2.Point.BASE)] : []),
          encode1(G1.Point.BASE.multiply(factor)),
          encode2(G2.Point.BASE),
        ])
        expect((await twins.ours(PAIRING, joined(pairs))).output).toBe(`0x${expected.padStart(64, '0')}`)
      }
    }
  })

  test('refuses points outside the subgroups, those of small orders too', async () => {
    const refused1 = async (point: Point1) => {
      expect(point.is0()).toBe(false)
      expect((await twins.same(MSM1, concat(encode1(point), word(5n)))).isFailure).toBe(true)
      expect((await twins.same(PAIRING, concat(encode1(point), encode2(G2.Point.BASE)))).isFailure).toBe(true)
    }
    const refused2 = async (point: Point2) => {
      expect(point.is0()).toBe(false)
      expect((await twins.same(MSM2, concat(encode2(point), word(5n)))).isFailure).toBe(true)
      expect((await twins.same(PAIRING, concat(encode1(G1.Point.BASE), encode2(point)))).isFailure).toBe(true)
    }
    for (let seed = 1n; seed < 8n; seed++) {
      await refused1(stray1(seed))
      await refused1(times(G1.Point.ZERO, stray1(seed), ORDER))
      await refused2(stray2(seed))
      await refused2(times(G2.Point.ZERO, stray2(seed), ORDER))
    }
    for (const order of [3n, 11n]) {
      const point = small1(order)
      expect(times(G1.Point.ZERO, point, order).is0()).toBe(true)
      await refused1(point)
      await refused1(point.add(G1.Point.BASE))
    }
    for (const order of [13n, 23n]) {
      const point = small2(order)
      expect(times(G2.Point.ZERO, point, order).is0()).toBe(true)
      await refused2(point)
      await refused2(point.add(G2.Point.BASE))
    }
  })

  test('maps any field element to its point', async () => {
    await fc.assert(
      fc.asyncProperty(element, element, async (a, b) => {
        await twins.same(MAP1, padded(a))
        await twins.same(MAP2, concat(padded(a), padded(b)))
      }),
      { numRuns: 150 },
    )
  })

  test('takes any bytes', async () => {
    const bytes = fc.uint8Array({ maxLength: 400 })
    await fc.assert(
      fc.asyncProperty(bytes, async data => {
        for (const address of [ADD1, MSM1, ADD2, MSM2, PAIRING, MAP1, MAP2]) await twins.same(address, data)
      }),
      { numRuns: 100 },
    )
  })

  test('takes no more memory however much it is used', async () => {
    const mcl = await Mcl.load('bls12-381')
    const curve = new Bls12381(mcl)
    const before = mcl.memoryBytes
    const [p, q] = [encode1(G1.Point.BASE), encode2(G2.Point.BASE)]
    const scalar = word(ORDER - 2n)
    const use = () => {
      curve.msmG1(joined(Array(300).fill(concat(p, scalar))))
      curve.msmG2(joined(Array(300).fill(concat(q, scalar))))
      curve.pairingCheck(joined(Array(20).fill(concat(p, q))))
      expect(() => curve.addG1(concat(encode1(G1.Point.BASE).fill(1, 100), p))).toThrow()
    }
    for (let turn = 0; turn < 4; turn++) use()
    for (let turn = 0; turn < 2_000; turn++) curve.addG2(concat(q, q))
    expect(mcl.memoryBytes).toBe(before)
  })
})
