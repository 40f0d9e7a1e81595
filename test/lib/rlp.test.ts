import { RLP } from '@ethereumjs/rlp'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '#lib/bytes'
import { DecodeError } from '#lib/codec'
import { decodeRlp, encodeRlp, type RlpItem, RlpReader, uintToRlp } from '#lib/rlp'

const { item } = fc.letrec<{ item: RlpItem }>(tie => ({
  item: fc.oneof({ depthSize: 'small' }, fc.uint8Array({ maxLength: 80 }), fc.array(tie('item'), { maxLength: 6 })),
}))

describe('RLP', () => {
  it('encodes as @ethereumjs/rlp does and decodes its own encoding', () => {
    fc.assert(
      fc.property(item, value => {
        const encoded = encodeRlp(value)
        expect(toHex(encoded)).toBe(toHex(RLP.encode(value as Parameters<typeof RLP.encode>[0])))
        expect(decodeRlp(encoded)).toEqual(value)
      }),
    )
  })

  it('has one encoding for each value: whatever decodes encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), bytes => {
        let value: RlpItem
        try {
          value = decodeRlp(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
          return
        }
        expect(toHex(encodeRlp(value))).toBe(toHex(bytes))
      }),
      { numRuns: 2_000 },
    )
  })

  it('encodes lengths of every size', () => {
    for (const length of [0, 1, 55, 56, 255, 256, 65_535, 65_536, 1 << 24]) {
      const value = new Uint8Array(length).fill(0x81)
      expect(decodeRlp(encodeRlp([value]))).toEqual([value])
    }
  })

  it.each([
    ['8100', 'single byte with a length'],
    ['b800', 'long form of a short string'],
    ['b90001ff', 'length with a leading zero'],
    ['bfffffffffffffffff', 'length beyond any input'],
    ['f800', 'long form of a short list'],
    ['c2', 'list cut off'],
    ['83aabb', 'string cut off'],
    ['c0c0', 'bytes after the item'],
    ['', 'nothing'],
    ['c483ffffff81', 'bytes after the list'],
  ])('refuses %s: %s', text => {
    expect(() => decodeRlp(fromHex(text))).toThrow(DecodeError)
  })

  it('refuses nesting beyond its depth without exhausting the stack', () => {
    const deep = new Uint8Array(200).fill(0xc0)
    for (let i = 0; i < 200; i++) deep[i] = i < 144 ? 0xf8 : 0xc0
    let nested: RlpItem = []
    for (let i = 0; i < 100; i++) nested = [nested]
    expect(() => decodeRlp(encodeRlp(nested))).toThrow(DecodeError)
    expect(() => decodeRlp(deep)).toThrow(DecodeError)
  })

  it('reads integers of any width and refuses leading zeros', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 256n - 1n), value => {
        expect(new RlpReader(encodeRlp(uintToRlp(value))).uint(32)).toBe(value)
      }),
    )
    expect(() => new RlpReader(fromHex('00')).uint(8)).toThrow(DecodeError)
    expect(() => new RlpReader(fromHex('820001')).uint(8)).toThrow(DecodeError)
    expect(() => new RlpReader(fromHex('89010203040506070809')).uint(8)).toThrow(DecodeError)
  })
})
