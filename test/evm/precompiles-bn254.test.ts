import { bn254 } from '@noble/curves/bn254.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { concat } from '#lib/bytes'
import { createTwins, joined, ofOrder, scalarsOf, times, word } from './precompile-twins.ts'

const ADD = 0x06
const MUL = 0x07
const PAIRING = 0x08
const { G1, G2, fields } = bn254
const { Fp, Fp2 } = fields
const ORDER = fields.Fr.ORDER
type Point1 = InstanceType<typeof G1.Point>
type Point2 = InstanceType<typeof G2.Point>

function encode1(point: Point1): Uint8Array {
  const { x, y } = point.toAffine()
  return concat(word(x), word(y))
}

function encode2(point: Point2): Uint8Array {
  const { x, y } = point.toAffine()
  return concat(word(x.c1), word(x.c0), word(y.c1), word(y.c0))
}

// On the curve but, as good as certainly, not in the subgroup: the first x from `seed` on that has a y.
function stray2(seed: bigint): Point2 {
  const { b } = G2.Point.CURVE()
  for (let c0 = seed; ; c0++) {
    const x = Fp2.create({ c0: Fp.create(c0), c1: Fp.create(seed * seed) })
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b))
      return G2.Point.fromAffine({ x, y })
    } catch {}
  }
}

/** The smallest divisor of the number of points on the curve over Fp2. */
const SMALL_ORDER = 10_069n
const small2 = () => ofOrder(G2.Point.ZERO, SMALL_ORDER, ORDER * (2n * Fp.ORDER - ORDER), stray2)

const number = fc.bigInt({ min: 1n, max: ORDER - 1n })
const element = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, Fp.ORDER - 1n, Fp.ORDER, Fp.ORDER + 1n, (1n << 256n) - 1n),
  fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
)
const good1 = number.map(factor => encode1(G1.Point.BASE.multiply(factor)))
const good2 = number.map(factor => encode2(G2.Point.BASE.multiply(factor)))
const infinity1 = fc.constant(new Uint8Array(64))
const infinity2 = fc.constant(new Uint8Array(128))
// The same point with a coordinate that is not reduced.
const large1 = fc.tuple(number, fc.boolean()).map(([factor, isX]) => {
  const { x, y } = G1.Point.BASE.multiply(factor).toAffine()
  return concat(word(x + (isX ? Fp.ORDER : 0n)), word(y + (isX ? 0n : Fp.ORDER)))
})
const large2 = fc.tuple(number, fc.integer({ min: 0, max: 3 })).map(([factor, at]) => {
  const { x, y } = G2.Point.BASE.multiply(factor).toAffine()
  return concat(...[x.c1, x.c0, y.c1, y.c0].map((value, index) => word(value + (index === at ? Fp.ORDER : 0n))))
})
const any1 = fc.oneof(
  { weight: 6, arbitrary: good1 },
  { weight: 2, arbitrary: infinity1 },
  { weight: 1, arbitrary: large1 },
  { weight: 1, arbitrary: fc.tuple(element, element).map(([x, y]) => concat(word(x), word(y))) },
)
const any2 = fc.oneof(
  { weight: 8, arbitrary: good2 },
  { weight: 2, arbitrary: infinity2 },
  { weight: 1, arbitrary: large2 },
  { weight: 1, arbitrary: number.map(seed => encode2(stray2(seed))) },
  { weight: 1, arbitrary: fc.array(element, { minLength: 4, maxLength: 4 }).map(all => concat(...all.map(word))) },
)

describe('bn254 on WebAssembly, beside noble', () => {
  let twins: Awaited<ReturnType<typeof createTwins>>
  beforeAll(async () => {
    twins = await createTwins()
  })

  test('adds any two points, equal and opposite ones too', async () => {
    await fc.assert(
      fc.asyncProperty(any1, any1, async (left, right) => {
        await twins.same(ADD, concat(left, right))
      }),
      { numRuns: 300 },
    )
    await fc.assert(
      fc.asyncProperty(number, async factor => {
        const point = G1.Point.BASE.multiply(factor)
        await twins.same(ADD, concat(encode1(point), encode1(point)))
        const { output } = await twins.same(ADD, concat(encode1(point), encode1(point.negate())))
        expect(output).toBe(`0x${'00'.repeat(64)}`)
      }),
      { numRuns: 40 },
    )
  })

  test('multiplies any point by any 256-bit number', async () => {
    await fc.assert(
      fc.asyncProperty(any1, scalarsOf(ORDER), async (point, scalar) => {
        await twins.same(MUL, concat(point, word(scalar)))
      }),
      { numRuns: 250 },
    )
  })

  test('pads short inputs with zeros and cuts long ones', async () => {
    await fc.assert(
      fc.asyncProperty(good1, good1, fc.integer({ min: 0, max: 150 }), async (left, right, length) => {
        const bytes = new Uint8Array(length)
        bytes.set(concat(left, right).subarray(0, length))
        await twins.same(ADD, bytes)
        await twins.same(MUL, bytes)
      }),
      { numRuns: 150 },
    )
  })

  test('takes any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async bytes => {
        for (const address of [ADD, MUL, PAIRING]) await twins.same(address, bytes)
      }),
      { numRuns: 150 },
    )
  })

  test('checks the pairings of any pairs', async () => {
    const pairs = fc.array(fc.tuple(any1, any2), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(pairs, async list => {
        await twins.same(PAIRING, joined(list.flat()))
      }),
      { numRuns: 120 },
    )
  })

  test('finds that the pairings of any number of pairs cancel, or do not', async () => {
    for (const count of [1, 2, 15, 16, 17, 32, 33, 40]) {
      // a_1 + … + a_n = 0 in the first case.
      const factors = Array.from({ length: count }, (_, index) => BigInt(index) ** 5n + 3n)
      const sum = factors.slice(1).reduce((total, factor) => total + factor, 0n)
      for (const [first, expected] of [
        [(ORDER - (sum % ORDER)) % ORDER, '1'],
        [7n, '0'],
      ] as const) {
        factors[0] = first
        const pairs = factors.flatMap((factor, index) => [
          ...(index % 5 === 3 ? [new Uint8Array(64), encode2(G2.Point.BASE)] : []),
          first === 0n && index === 0 ? new Uint8Array(64) : encode1(G1.Point.BASE.multiply(factor)),
          encode2(G2.Point.BASE),
        ])
        const { output } = await twins.ours(PAIRING, joined(pairs))
        expect(output).toBe(`0x${expected.padStart(64, '0')}`)
      }
    }
  })

  test('refuses points of G2 outside the subgroup, those of a small order too', async () => {
    const outside = stray2(11n)
    const points = [outside, times(G2.Point.ZERO, outside, ORDER), small2()]
    for (const point of points) {
      expect(point.is0()).toBe(false)
      const { isFailure } = await twins.same(PAIRING, concat(encode1(G1.Point.BASE), encode2(point)))
      expect(isFailure).toBe(true)
      const shifted = encode2(point.add(G2.Point.BASE))
      expect((await twins.same(PAIRING, concat(new Uint8Array(64), shifted))).isFailure).toBe(true)
    }
    expect(times(G2.Point.ZERO, small2(), SMALL_ORDER).is0()).toBe(true)
  })
})
