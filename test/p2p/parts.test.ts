import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, utf8 } from '#lib/bytes'
import { DecodeError } from '#lib/codec'
import { CodedError } from '#lib/errors'
import { peerIdOfPublicKey, peerIdOfSeed, publicKeyOfPeerId } from '#p2p'
import { encodeFrame, FrameDecoder } from '../../chain/p2p/frames.ts'
import { DEFAULT_LIMITS } from '../../chain/p2p/limits.ts'
import { decodeLinkFrame, encodeLinkFrame, LINK_FRAME_BYTES_MAX } from '../../chain/p2p/link.ts'
import { ScoreBook } from '../../chain/p2p/score.ts'
import { SendQueue } from '../../chain/p2p/send-queue.ts'
import { TokenBucket } from '../../chain/p2p/token-bucket.ts'
import { seedOf } from './fixture.ts'

describe('frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 20 })),
        (bodies, cuts) => {
          const bytes = concat(...bodies.map(encodeFrame))
          const decoder = new FrameDecoder(50)
          const got: Uint8Array[] = []
          for (let offset = 0; offset < bytes.length; ) {
            const length = cuts.next().value ?? 1
            decoder.push(bytes.subarray(offset, offset + length))
            offset += length
            for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) got.push(frame)
          }
          expect(got).toEqual(bodies)
          expect(decoder.buffered).toBe(0)
        },
      ),
    )
  })

  it('a length above the limit is refused as soon as the prefix is there', () => {
    const decoder = new FrameDecoder(100)
    decoder.push(Uint8Array.of(0, 0, 0))
    expect(decoder.next()).toBeUndefined()
    decoder.push(Uint8Array.of(101))
    expect(() => decoder.next()).toThrow(CodedError)
  })
})

describe('link frames', () => {
  it('survive the way to bytes and back', () => {
    const text = fc.string({ unit: fc.constantFrom(...'abcXYZ /.-19'), maxLength: 128 })
    fc.assert(
      fc.property(
        fc.oneof(
          fc.record({
            kind: fc.constant('hello' as const),
            genesisHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
            agent: text,
          }),
          fc.record({ kind: fc.constantFrom('ping' as const, 'pong' as const), nonce: fc.nat() }),
          fc.record({ kind: fc.constant('bye' as const), reason: text }),
        ),
        frame => {
          const bytes = encodeLinkFrame(frame)
          expect(bytes.length).toBeLessThanOrEqual(LINK_FRAME_BYTES_MAX)
          expect(decodeLinkFrame(bytes)).toEqual(frame)
        },
      ),
    )
  })

  it('any bytes either decode or are a decode error, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        try {
          expect(encodeLinkFrame(decodeLinkFrame(bytes))).toEqual(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
    )
    expect(() => decodeLinkFrame(concat(Uint8Array.of(4, 2), utf8('\n!')))).toThrow(DecodeError)
  })
})

describe('token bucket', () => {
  it('never lets more through than burst and rate allow', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ wait: fc.nat(500), take: fc.nat(50) }), { maxLength: 50 }), steps => {
        const bucket = new TokenBucket(100, 200, 0)
        let nowMs = 0
        let taken = 0
        for (const { wait, take } of steps) {
          nowMs += wait
          if (bucket.tryTake(take, nowMs)) taken += take
          expect(taken).toBeLessThanOrEqual(200 + nowMs / 10 + 1e-6)
        }
      }),
    )
  })

  it('a debt is waited off exactly', () => {
    const bucket = new TokenBucket(1_000, 10, 0)
    expect(bucket.takeAndWait(10, 0)).toBe(0)
    expect(bucket.takeAndWait(50, 0)).toBe(50)
    expect(bucket.tryTake(1, 50)).toBe(false)
    expect(bucket.tryTake(1, 51)).toBe(true)
  })
})

describe('score book', () => {
  it('scores go back to zero with time, and good ones are capped', () => {
    const book = new ScoreBook(DEFAULT_LIMITS)
    book.add('a', -30, 0)
    expect(book.score('a', 10_000)).toBe(-20)
    expect(book.score('a', 60_000)).toBe(0)
    for (let i = 0; i < 10; i++) book.add('b', 20, 0)
    expect(book.score('b', 0)).toBe(50)
    expect(book.score('b', 20_000)).toBe(30)
  })

  it('a ban lasts its time and ends half-way to the next one', () => {
    const book = new ScoreBook(DEFAULT_LIMITS)
    expect(book.add('a', -99, 0)).toBe(false)
    expect(book.add('a', -2, 0)).toBe(true)
    book.ban('a', 'test', 60_000, 0)
    expect(book.banOf('a', 59_999)).toEqual({ remainingMs: 1, reason: 'test' })
    expect(book.banOf('a', 60_000)).toBeUndefined()
    expect(book.score('a', 60_000)).toBe(-50)
  })

  it('is bounded, and forgets who was quiet longest', () => {
    const book = new ScoreBook({ ...DEFAULT_LIMITS, scoresMax: 10 })
    for (let i = 0; i < 100; i++) {
      book.add(`peer ${i}`, -1, i)
      book.add('regular', -0.001, i)
    }
    expect(book.size).toBe(10)
    expect(book.score('regular', 99)).toBeLessThan(0)
    expect(book.score('peer 5', 99)).toBe(0)
  })
})

describe('send queue', () => {
  it('is bounded in frames and bytes under both rules', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('drop-oldest' as const, 'refuse' as const),
        fc.array(fc.nat(60), { maxLength: 60 }),
        (whenFull, sizes) => {
          const queue = new SendQueue({ framesMax: 5, bytesMax: 100, whenFull })
          const model: number[] = []
          for (const size of sizes) {
            const dropped = queue.push(new Uint8Array(size))
            if (dropped !== undefined) {
              model.splice(0, dropped)
              model.push(size)
            } else expect(whenFull).toBe('refuse')
            expect(queue.size).toBe(model.length)
            expect(queue.size).toBeLessThanOrEqual(5)
            expect(queue.bytes).toBe(model.reduce((sum, one) => sum + one, 0))
            expect(queue.bytes).toBeLessThanOrEqual(100)
          }
        },
      ),
    )
    expect(new SendQueue({ framesMax: 5, bytesMax: 10, whenFull: 'drop-oldest' }).push(new Uint8Array(11))).toBe(
      undefined,
    )
  })
})

describe('peer id', () => {
  it('is what libp2p derives from the same seed, and gives the key back', async () => {
    for (let i = 0; i < 5; i++) {
      const key = await generateKeyPairFromSeed('Ed25519', seedOf(i))
      expect(peerIdOfSeed(seedOf(i))).toBe(peerIdFromPrivateKey(key).toString())
      expect(peerIdOfPublicKey(key.publicKey.raw)).toBe(peerIdOfSeed(seedOf(i)))
      expect(publicKeyOfPeerId(peerIdOfSeed(seedOf(i)))).toEqual(new Uint8Array(key.publicKey.raw))
    }
    expect(publicKeyOfPeerId('not a peer id!')).toBeUndefined()
    expect(publicKeyOfPeerId('QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N')).toBeUndefined()
  })
})
