import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Hex } from '#lib/bytes'
import { type RealChain, realChain } from './real-chain.ts'

/** Stores the time when it is another than the stored one; answers the block's number. */
const CLOCK: Hex = '0x00000000000000000000000000000000000000c1'
const CLOCK_CODE = '0x5f544214600a57425f555b435f5260205ff3'
const FROM = '0x00000000000000000000000000000000000000f1'

describe('pending', () => {
  let chain: RealChain
  const rpc = async (method: string, ...params: unknown[]): Promise<string> => {
    const response = await fetch(chain.server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const { result, error } = (await response.json()) as { result: string; error?: { message: string } }
    if (error !== undefined) throw new Error(error.message)
    return result
  }
  const stateDiff = (time: bigint) => ({
    [CLOCK]: { stateDiff: { [`0x${'0'.repeat(64)}`]: `0x${time.toString(16).padStart(64, '0')}` } },
  })

  beforeAll(async () => {
    chain = await realChain({ [CLOCK]: { code: CLOCK_CODE, balance: '0x0' } })
  })
  afterAll(async () => {
    await chain.close()
  })

  it('is the block that comes next: its number and another second', async () => {
    const head = chain.engine.chain.headHeader().number
    expect(Number(await rpc('eth_call', { to: CLOCK }, 'latest'))).toBe(head)
    expect(Number(await rpc('eth_call', { to: CLOCK }))).toBe(head)
    expect(Number(await rpc('eth_call', { to: CLOCK }, 'pending'))).toBe(head + 1)
    expect(Number(await rpc('eth_call', { to: CLOCK }, 'pending', {}, { number: '0x63' }))).toBe(99)
  })

  it('is what an estimate without a block or on the latest one means, so that work once a second is paid for', async () => {
    const { number, timestamp } = chain.engine.chain.headHeader()
    const state = stateDiff(timestamp)
    const estimate = async (...block: unknown[]) =>
      Number(await rpc('eth_estimateGas', { from: FROM, to: CLOCK }, ...block, state))
    const [past, pending] = [await estimate(`0x${number.toString(16)}`), await estimate('pending')]
    expect(pending - past).toBeGreaterThan(2_000)
    expect(await estimate(null)).toBe(pending)
    expect(await estimate('latest')).toBe(pending)
  })
})
