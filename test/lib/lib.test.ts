import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bigintToBytes, bytesToBigint, compareBytes, concat, equalBytes, fromHex, isHex, toHex } from '#lib/bytes'
import { GenerationCache } from '#lib/cache'
import { DecodeError, Reader, Writer } from '#lib/codec'
import { keccak256, sha256 } from '#lib/hash'
import { BoundedQueue } from '#lib/queue'

describe('cache in two generations', () => {
  it('keeps what is used, at most its capacity, and nothing that was deleted', () => {
    const cache = new GenerationCache<number, number>(8)
    const kept = () => Array.from({ length: 30 }, (_, key) => key).filter(key => cache.get(key) !== undefined)
    for (let key = 0; key < 30; key++) {
      cache.set(key, key)
      expect(cache.get(0)).toBe(0)
    }
    const present = kept()
    expect(present.length).toBeLessThanOrEqual(8)
    expect(present).toContain(29)
    for (const key of present) cache.delete(key)
    expect(kept()).toEqual([])
  })
})

describe('bytes', () => {
  it('hexadecimal text and bytes are inverse', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        expect(fromHex(toHex(bytes))).toEqual(bytes)
      }),
    )
  })

  it('text is of the view alone, not of the buffer behind it', () => {
    expect(toHex(Uint8Array.of(1, 0xab, 0xcd, 2).subarray(1, 3))).toBe('0xabcd')
    expect(toHex(new Uint8Array(0))).toBe('0x')
  })

  it('foreign characters and odd lengths are refused', () => {
    expect(() => fromHex('0x1')).toThrow(RangeError)
    expect(() => fromHex('0xzz')).toThrow(RangeError)
    expect(isHex('0x1')).toBe(false)
    expect(isHex('0x1g')).toBe(false)
    expect(isHex('0xaB', 1)).toBe(true)
    expect(isHex('0xab', 2)).toBe(false)
  })

  it('integers survive the way to bytes and back', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 256n - 1n), value => {
        expect(bytesToBigint(bigintToBytes(value, 32))).toBe(value)
      }),
    )
    expect(() => bigintToBytes(256n, 1)).toThrow(RangeError)
    expect(() => bigintToBytes(-1n, 1)).toThrow(RangeError)
  })

  it('byte order is lexicographic with prefixes first', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(Buffer.compare(a, b)))
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
        expect(concat(a, b).length).toBe(a.length + b.length)
      }),
    )
  })
})

describe('codec', () => {
  it('a reader returns what a writer wrote and then ends', () => {
    fc.assert(
      fc.property(
        fc.nat(255),
        fc.nat(65535),
        fc.nat(2 ** 31 - 1),
        fc.maxSafeNat(),
        fc.uint8Array(),
        (a, b, c, d, bytes) => {
          const reader = new Reader(new Writer(1).u8(a).u16(b).u32(c).u64(d).bytes(bytes).finish())
          expect([reader.u8(), reader.u16(), reader.u32(), reader.u64(), reader.bytes(bytes.length)]).toEqual([
            a,
            b,
            c,
            d,
            bytes,
          ])
          reader.end()
        },
      ),
    )
  })

  it('missing bytes, bytes too many and unsafe integers are decode errors', () => {
    expect(() => new Reader(new Uint8Array(3)).u32()).toThrow(DecodeError)
    expect(() => new Reader(new Uint8Array(1)).end()).toThrow(DecodeError)
    expect(() => new Reader(new Uint8Array(8).fill(255)).u64()).toThrow(DecodeError)
  })
})

describe('hash', () => {
  it('known answers', () => {
    expect(toHex(keccak256(new Uint8Array(0)))).toBe(
      '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    )
    expect(toHex(sha256(new Uint8Array(0)))).toBe('0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(sha256(new Uint8Array([1]), new Uint8Array([2]))).toEqual(sha256(new Uint8Array([1, 2])))
  })
})

describe('queue', () => {
  it('keeps order and refuses beyond its bound', () => {
    const queue = new BoundedQueue<number>(100)
    for (let i = 0; i < 100; i++) expect(queue.push(i)).toBe(true)
    expect(queue.push(100)).toBe(false)
    for (let i = 0; i < 100; i++) expect(queue.shift()).toBe(i)
    expect(queue.shift()).toBeUndefined()
    expect(queue.size).toBe(0)
  })
})
