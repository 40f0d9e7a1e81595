import { blake2b } from '@noble/hashes/blake2.js'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { concat, fromHex, toHex } from '#lib/bytes'
import { compress } from '../../chain/evm/precompiles/blake2f.ts'
import { createTwins } from './precompile-twins.ts'

const ADDRESS = 0x09

function inputOf(rounds: number, rest: Uint8Array, flag: number): Uint8Array {
  const head = new Uint8Array(4)
  new DataView(head.buffer).setUint32(0, rounds)
  return concat(head, rest, Uint8Array.of(flag))
}

describe('BLAKE2F on WebAssembly', () => {
  let twins: Awaited<ReturnType<typeof createTwins>>
  beforeAll(async () => {
    twins = await createTwins()
  })

  test('is the function of EthereumJS for any state, message, counter and number of rounds', async () => {
    const rest = fc.uint8Array({ minLength: 208, maxLength: 208 })
    const rounds = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 20_000 }))
    await fc.assert(
      fc.asyncProperty(rounds, rest, fc.constantFrom(0, 1), async (count, bytes, flag) => {
        const { isFailure } = await twins.same(ADDRESS, inputOf(count, bytes, flag))
        expect(isFailure).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('goes on where one call into WebAssembly ends', async () => {
    const rest = Uint8Array.from({ length: 208 }, (_, index) => index * 7)
    for (const rounds of [49_999, 50_000, 50_001, 100_007]) await twins.same(ADDRESS, inputOf(rounds, rest, 1))
  })

  test('refuses what EthereumJS refuses: any other length, any other flag, too little gas', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 205, maxLength: 220 }),
        fc.integer({ min: 0, max: 60 }),
        async (bytes, gas) => {
          bytes.fill(0, 0, 3)
          await twins.same(ADDRESS, bytes, BigInt(gas))
        },
      ),
      { numRuns: 300 },
    )
    await twins.same(ADDRESS, new Uint8Array(0))
    const rest = new Uint8Array(208)
    for (const flag of [2, 128, 255]) await twins.same(ADDRESS, inputOf(12, rest, flag))
    await twins.same(ADDRESS, inputOf(0xffffffff, rest, 1), 0xfffffffen)
  })

  test('hashes as BLAKE2b does, with twelve rounds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), message => {
        // The state of an empty BLAKE2b-512: its initial vector, the first word xored with the parameters.
        const state = fromHex(
          '48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5' +
            'd182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b',
        )
        const block = new Uint8Array(128)
        block.set(message)
        const counter = new Uint8Array(16)
        counter[0] = message.length
        expect(toHex(compress(inputOf(12, concat(state, block, counter), 1), 12))).toBe(toHex(blake2b(message)))
      }),
      { numRuns: 300 },
    )
  })
})
