import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { addressOfUser } from '../evm/fixtures.ts'
import { type RealChain, realChain } from './real-chain.ts'

/** Where overrides put code. */
const PLACE: Hex = '0x00000000000000000000000000000000000c0de0'
const OTHER: Hex = '0x00000000000000000000000000000000000c0de1'

/** Rules of go-ethereum's tracers that its own fixtures test (`npm run conformance -- tracers`), in small. */
describe('tracers', () => {
  let chain: RealChain
  beforeAll(async () => {
    chain = await realChain()
  })
  afterAll(async () => {
    await chain.close()
  })

  interface Setup {
    readonly code: Hex
    readonly tracer: string
    readonly config?: object
    readonly other?: Hex
  }

  async function trace({ code, tracer, config = {}, other = '0x' }: Setup) {
    const overrides = { [PLACE]: { code }, [OTHER]: { code: other } }
    const call = { from: toHex(addressOfUser(1)), to: PLACE, gas: '0x30d40' }
    const options = { tracer, tracerConfig: config, stateOverrides: overrides }
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'debug_traceCall', params: [call, 'latest', options] })
    const answer = await fetch(chain.server.url, { method: 'POST', headers, body })
    return ((await answer.json()) as { result: unknown }).result as Record<string, never>
  }

  // CALL of OTHER with the word in memory, value below.
  const callOther = (value: string) => `5f5f60205f${value}620c0de15af150`

  it('keep the input of a call as it was, whatever its memory holds later', async () => {
    const code: Hex = `0x60115f52${callOther('5f')}60225f52${callOther('5f')}00`
    const found = await trace({ code, tracer: 'callTracer' })
    const inputs = (found.calls as unknown as { input: string }[]).map(({ input }) => BigInt(input))
    expect(inputs).toEqual([0x11n, 0x22n])
  })

  it('show calls and creations that fail before they begin', async () => {
    // CREATE of 32 bytes with 7 wei, then a call with 9.
    const code: Hex = `0x60205f6007f050${callOther('6009')}00`
    const found = await trace({ code, tracer: 'callTracer' })
    expect(found.calls).toMatchObject([
      { type: 'CREATE', error: 'insufficient balance for transfer', gasUsed: '0x0', value: '0x7' },
      { type: 'CALL', error: 'insufficient balance for transfer', gasUsed: '0x0', value: '0x9', to: OTHER },
    ])
  })

  it('count logs without those that were undone', async () => {
    // Logs; calls OTHER, which logs and reverts; logs again.
    const code: Hex = `0x5f5fa0${callOther('5f')}5f5fa000`
    const found = await trace({ code, other: '0x5f5fa05f5ffd', tracer: 'callTracer', config: { withLog: true } })
    expect(found.logs).toMatchObject([
      { index: '0x0', position: '0x0' },
      { index: '0x1', position: '0x1' },
    ])
    expect((found.calls as unknown as { logs?: unknown }[])[0]?.logs).toBe(undefined)
  })

  it('say why a store, a creation or a precompile failed', async () => {
    // OTHER gets 2,300 gas and stores.
    const store = await trace({ code: `0x5f5f5f5f5f620c0de16108fcf15000`, other: '0x60015f55', tracer: 'callTracer' })
    expect(store.calls).toMatchObject([{ error: 'out of gas: not enough gas for reentrancy sentry' }])
    // Init code that returns 24,000 bytes, which 200,000 gas do not pay for.
    const made = await trace({ code: '0x64615dc05ff35f526005601b5ff000', tracer: 'callTracer' })
    expect(made.calls).toMatchObject([{ type: 'CREATE', error: 'contract creation code storage out of gas' }])
    // BLAKE2F wants 213 bytes.
    const blake = await trace({ code: '0x5f5f60205f5f60095af15000', tracer: 'callTracer' })
    expect(blake.calls).toMatchObject([{ error: 'invalid input length' }])
  })

  it('flatCallTracer: go-ethereum’s errors and no precompiles, unless asked otherwise', async () => {
    // Calls SHA-256, then reverts.
    const code: Hex = '0x5f5f5f5f5f60025af15f5ffd'
    const plain = await trace({ code, tracer: 'flatCallTracer' })
    expect(plain).toMatchObject([{ error: 'execution reverted', subtraces: 0 }])
    const all = { convertParityErrors: true, includePrecompiles: true }
    expect(await trace({ code, tracer: 'flatCallTracer', config: all })).toMatchObject([
      { error: 'Reverted', subtraces: 1 },
      { type: 'call', traceAddress: [0] },
    ])
  })

  it('prestateTracer: accounts that instructions name, empty ones only when asked for', async () => {
    const balance: Hex = '0x61beef315000'
    const named: Hex = `0x${'beef'.padStart(40, '0')}`
    expect(Object.keys(await trace({ code: balance, tracer: 'prestateTracer' }))).not.toContain(named)
    const all = await trace({ code: balance, tracer: 'prestateTracer', config: { includeEmpty: true } })
    expect(all[named]).toEqual({ balance: '0x0' })
    const hidden = await trace({ code: balance, tracer: 'prestateTracer', config: { disableCode: true } })
    expect(hidden[PLACE]).toEqual({ balance: '0x0', codeHash: toHex(keccak256(fromHex(balance))) })
  })

  it('prestateTracer with diffMode: what was made is only in the second half, with code and its hash', async () => {
    // CREATE of init code that returns one zero byte.
    const code: Hex = '0x6460015ff3005f526005601b5ff05000'
    const { pre, post } = (await trace({ code, tracer: 'prestateTracer', config: { diffMode: true } })) as unknown as {
      pre: Record<string, unknown>
      post: Record<string, { code?: string }>
    }
    const made = Object.keys(post).filter(key => !(key in pre))
    expect(made).toHaveLength(1)
    expect(post[String(made[0])]).toEqual({ nonce: 1, code: '0x00', codeHash: toHex(keccak256(Uint8Array.of(0))) })
    expect(pre[PLACE]).toMatchObject({ balance: '0x0' })
  })
})
