import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { addressOfUser, signed } from '../evm/fixtures.ts'
import { type RealChain, realChain } from './real-chain.ts'

/** Adds one to slot 0 and returns it; reverts with a word when there is call data. */
const COUNTER: Hex = '0x00000000000000000000000000000000000c0117'
const COUNTER_CODE: Hex = '0x3615600d57602a5f5260205ffd5b5f546001018060005560005260206000f3'

const word = (n: number) => `0x${n.toString(16).padStart(64, '0')}`

describe('calls on top of each other', () => {
  let chain: RealChain
  const from = toHex(addressOfUser(0))
  const count = { from, to: COUNTER }
  const fail = { from, to: COUNTER, data: '0x01' }

  async function ask(method: string, ...params: unknown[]) {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const response = await fetch(chain.server.url, { method: 'POST', headers, body })
    return (await response.json()) as { result?: unknown; error?: { code: number; message: string } }
  }

  beforeAll(async () => {
    chain = await realChain({ [COUNTER]: { code: COUNTER_CODE, balance: '0x0' } })
    for (let nonce = 0; nonce < 3; nonce++) {
      await ask(
        'eth_sendRawTransaction',
        toHex(signed(1, { nonce: BigInt(nonce), to: fromHex(COUNTER), gasLimit: 100_000n }).raw),
      )
    }
    // One block with three transactions.
    await chain.produce()
  })
  afterAll(async () => {
    await chain.close()
  })

  it('eth_callMany: each call sees those before it, bundles have their own header, failures do not end it', async () => {
    const bundles = [
      { transactions: [count, fail, count] },
      { transactions: [count, { data: '0x435f5260205ff3' }], blockOverride: { number: '0x4d' } },
    ]
    expect(await ask('eth_callMany', bundles)).toMatchObject({
      result: [
        [{ value: word(4) }, { error: { code: 3, message: 'execution reverted', data: word(42) } }, { value: word(5) }],
        [{ value: word(6) }, { value: word(77) }],
      ],
    })
    expect(await ask('eth_call', count)).toMatchObject({ result: word(4) })
    const set = { [COUNTER]: { stateDiff: { [word(0)]: word(100) } } }
    expect(await ask('eth_callMany', [{ transactions: [count, count] }], {}, set)).toMatchObject({
      result: [[{ value: word(101) }, { value: word(102) }]],
    })
    expect((await ask('eth_callMany', [])).error).toMatchObject({ code: -32602 })
  })

  it('eth_callMany and debug_traceCall: inside of a block, before one of its transactions', async () => {
    for (const [transactionIndex, value] of [
      [0, 1],
      [1, 2],
      [3, 4],
      [-1, 4],
    ] as const) {
      const where = { blockNumber: '0x1', transactionIndex }
      expect(await ask('eth_callMany', [{ transactions: [count] }], where)).toMatchObject({
        result: [[{ value: word(value) }]],
      })
    }
    const traced = await ask('debug_traceCall', count, '0x1', { tracer: 'callTracer', txIndex: '0x1' })
    expect(traced.result).toMatchObject({ output: word(2) })
    const beyond = { blockNumber: '0x1', transactionIndex: 9 }
    expect((await ask('eth_callMany', [{ transactions: [count] }], beyond)).error).toMatchObject({ code: -32000 })
  })

  it('debug_traceCallMany: traces of the same', async () => {
    const answer = await ask('debug_traceCallMany', [{ transactions: [count, count] }], null, { tracer: 'callTracer' })
    expect(answer.result).toMatchObject([[{ output: word(4) }, { output: word(5) }]])
  })

  it('trace_callMany and trace_call: traces, state differences and instructions', async () => {
    const types = ['trace', 'stateDiff', 'vmTrace']
    const answer = await ask(
      'trace_callMany',
      [
        [count, types],
        [count, ['stateDiff']],
      ],
      'latest',
    )
    expect(answer.result).toMatchObject([
      {
        output: word(4),
        trace: [{ type: 'call', action: { to: COUNTER } }],
        stateDiff: { [COUNTER]: { storage: { [word(0)]: { '*': { from: word(3), to: word(4) } } } } },
        vmTrace: { code: COUNTER_CODE },
      },
      {
        output: word(5),
        trace: [],
        vmTrace: null,
        stateDiff: { [COUNTER]: { storage: { [word(0)]: { '*': { from: word(4), to: word(5) } } } } },
      },
    ])
    const { result } = await ask('trace_call', count, ['vmTrace'])
    const { vmTrace } = result as { vmTrace: { ops: { op: string; pc: number; ex: Record<string, unknown> }[] } }
    const named = (op: string) => vmTrace.ops.find(item => item.op === op)
    expect(named('SLOAD')?.ex).toMatchObject({ push: ['0x3'], mem: null, store: null })
    expect(named('SSTORE')?.ex).toMatchObject({ push: [], store: { key: '0x0', val: '0x4' } })
    expect(named('MSTORE')?.ex).toMatchObject({ mem: { off: 0, data: word(4) } })
    expect(vmTrace.ops.at(-1)).toMatchObject({ op: 'RETURN', ex: { push: [], mem: null } })
  })

  it('trace_rawTransaction: what a transaction would do that nobody sent', async () => {
    const { raw } = signed(2, { nonce: 0n, to: fromHex(COUNTER), gasLimit: 100_000n })
    const { result } = await ask('trace_rawTransaction', toHex(raw), ['trace', 'stateDiff'])
    expect(result).toMatchObject({ output: word(4), trace: [{ action: { from: toHex(addressOfUser(2)) } }] })
    expect((await ask('trace_rawTransaction', '0x02', ['trace'])).error).toMatchObject({ code: -32602 })
  })

  it('trace_replayBlockTransactions: instructions of a whole block', async () => {
    const { result } = await ask('trace_replayBlockTransactions', '0x1', ['vmTrace'])
    expect(result).toMatchObject(Array.from({ length: 3 }, () => ({ vmTrace: { code: COUNTER_CODE }, trace: [] })))
  })

  it('debug_traceBlock: a block of this chain as RLP', async () => {
    const { result: rlp } = await ask('debug_getRawBlock', '0x1')
    const { result } = await ask('debug_traceBlock', rlp, { tracer: 'callTracer' })
    expect(result).toMatchObject([1, 2, 3].map(n => ({ result: { output: word(n) } })))
    expect((await ask('debug_traceBlock', '0xc0')).error).toMatchObject({ code: -32000 })
    expect((await ask('debug_traceBlock', '0x00')).error).toMatchObject({ code: -32000 })
  })

  it('erigon_getBlockByTimestamp: the last block that is not younger', async () => {
    const { result } = await ask('eth_getBlockByNumber', '0x1', false)
    const { timestamp } = result as { timestamp: Hex }
    expect(await ask('erigon_getBlockByTimestamp', timestamp, false)).toMatchObject({ result: { number: '0x1' } })
    expect(await ask('erigon_getBlockByTimestamp', '0xffffffff', false)).toMatchObject({ result: { number: '0x1' } })
    expect(await ask('erigon_getBlockByTimestamp', '0x0', false)).toMatchObject({ result: { number: '0x0' } })
  })
})
