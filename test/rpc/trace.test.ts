import { Interface, type InterfaceAbi } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { concat, fromHex, type Hex, toHex } from '#lib/bytes'
import { signTransaction, type UnsignedTransaction } from '#types'
import { addressOfUser, keyOfUser } from '../evm/fixtures.ts'
import { probeContract, type RealChain, realChain } from './real-chain.ts'

const GWEI = 10n ** 9n
/** Calls the address in its first argument word with the rest as data, and passes the result on. */
const CALLER = '0x00000000000000000000000000000000000000ca'
const CALLER_CODE: Hex = '0x6020360380602060003760006000826000600060003561fffff13d6000803e156027573d6000f35b3d6000fd'
/** SELFDESTRUCT to the caller. */
const ENDER = '0x00000000000000000000000000000000000000de'
/** Runs into its end after one instruction. */
const OPEN_END = '0x00000000000000000000000000000000000000ee'

type Json = Record<string, unknown>

describe('tracing', () => {
  let chain: RealChain
  let probe: Hex
  let nonce = 0
  const abi = new Interface(probeContract().abi as InterfaceAbi)

  async function rpc(method: string, ...params: unknown[]): Promise<unknown> {
    const response = await fetch(chain.server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const answer = (await response.json()) as { result?: unknown; error?: { code: number; message: string } }
    if (answer.error !== undefined) throw Object.assign(new Error(answer.error.message), answer.error)
    return answer.result
  }

  async function send(changes: Partial<UnsignedTransaction>): Promise<Hex> {
    const transaction = signTransaction(
      {
        type: 2,
        chainId: 1071n,
        nonce: BigInt(nonce++),
        gasLimit: 500_000n,
        maxFeePerGas: 5n * GWEI,
        maxPriorityFeePerGas: GWEI,
        value: 0n,
        data: new Uint8Array(0),
        accessList: [],
        ...changes,
      },
      keyOfUser(0),
    )
    await rpc('eth_sendRawTransaction', toHex(transaction.raw))
    await chain.produce()
    return toHex(transaction.hash)
  }

  const input = (name: string, ...args: unknown[]) => fromHex(abi.encodeFunctionData(name, args))
  const through = (data: Uint8Array) => concat(new Uint8Array(12), fromHex(probe), data)

  beforeAll(async () => {
    chain = await realChain({
      [CALLER]: { code: CALLER_CODE, balance: '0x0' },
      [ENDER]: { code: '0x33ff', balance: '0x5' },
      [OPEN_END]: { code: '0x6001', balance: '0x0' },
    })
    const start = '7'.padStart(64, '0')
    const hash = await send({ data: fromHex(`${probeContract().bytecode}${start}`), gasLimit: 2_000_000n })
    probe = ((await rpc('eth_getTransactionReceipt', hash)) as { contractAddress: Hex }).contractAddress
  })
  afterAll(async () => {
    await chain.close()
  })

  it('reports instructions with their storage, and the gas of the receipt', async () => {
    const hash = await send({ to: fromHex(probe), data: input('set', 9n) })
    const receipt = (await rpc('eth_getTransactionReceipt', hash)) as Json
    const trace = (await rpc('debug_traceTransaction', hash)) as { gas: number; failed: boolean; structLogs: Json[] }
    expect(trace.gas).toBe(Number(receipt.gasUsed))
    expect(trace.failed).toBe(false)
    expect(trace.structLogs[0]).toEqual({
      pc: 0,
      op: 'PUSH1',
      gas: expect.any(Number),
      gasCost: 3,
      depth: 1,
      stack: [],
    })
    const stores = trace.structLogs.filter(step => step.op === 'SSTORE')
    expect(stores[0]?.storage).toEqual({ [`0x${'0'.repeat(64)}`]: `0x${'9'.padStart(64, '0')}` })
    const bare = (await rpc('debug_traceTransaction', hash, {
      disableStack: true,
      disableStorage: true,
      limit: 5,
    })) as {
      structLogs: Json[]
    }
    expect(bare.structLogs).toHaveLength(5)
    expect(bare.structLogs[0]).not.toHaveProperty('stack')
    const rich = (await rpc('debug_traceTransaction', hash, { enableMemory: true })) as { structLogs: Json[] }
    expect(rich.structLogs.some(step => Array.isArray(step.memory))).toBe(true)
  })

  it('shows the stop at the end of code that has none', async () => {
    const hash = await send({ to: fromHex(OPEN_END) })
    const trace = (await rpc('debug_traceTransaction', hash)) as { structLogs: Json[] }
    expect(trace.structLogs.map(step => [step.pc, step.op, step.stack])).toEqual([
      [0, 'PUSH1', []],
      [2, 'STOP', ['0x1']],
    ])
  })

  it('shows the tree of calls with logs, and flat', async () => {
    const hash = await send({ to: fromHex(CALLER), data: through(input('set', 11n)) })
    const tree = (await rpc('debug_traceTransaction', hash, {
      tracer: 'callTracer',
      tracerConfig: { withLog: true },
    })) as Json & {
      calls: (Json & { logs: Json[] })[]
    }
    expect(tree).toMatchObject({
      type: 'CALL',
      from: toHex(addressOfUser(0)),
      to: CALLER,
      gas: '0x7a120',
      value: '0x0',
    })
    expect(tree.calls).toHaveLength(1)
    expect(tree.calls[0]).toMatchObject({ type: 'CALL', from: CALLER, to: probe, input: toHex(input('set', 11n)) })
    expect(tree.calls[0]?.logs).toHaveLength(1)
    const top = (await rpc('debug_traceTransaction', hash, {
      tracer: 'callTracer',
      tracerConfig: { onlyTopCall: true },
    })) as Json
    expect(top).not.toHaveProperty('calls')
    const flat = (await rpc('debug_traceTransaction', hash, { tracer: 'flatCallTracer' })) as Json[]
    expect(flat).toMatchObject([
      { type: 'call', traceAddress: [], subtraces: 1, transactionHash: hash, action: { callType: 'call', to: CALLER } },
      { type: 'call', traceAddress: [0], subtraces: 0, action: { to: probe } },
    ])
  })

  it('tells reverts with their reason, and drops logs that were undone', async () => {
    const call = { from: toHex(addressOfUser(0)), to: CALLER, data: toHex(through(input('fail'))) }
    const trace = await rpc('debug_traceCall', call, 'latest', { tracer: 'callTracer' })
    expect(trace).toMatchObject({
      error: 'execution reverted',
      revertReason: 'NotOwner',
      calls: [{ error: 'execution reverted', revertReason: 'NotOwner', to: probe }],
    })
    const flat = await rpc('debug_traceCall', call, 'latest', { tracer: 'flatCallTracer' })
    expect(flat).toMatchObject([{ error: 'execution reverted' }, { error: 'execution reverted' }])
  })

  it('shows a self-destruction as a frame', async () => {
    const hash = await send({ to: fromHex(ENDER) })
    const tree = await rpc('debug_traceTransaction', hash, { tracer: 'callTracer' })
    expect(tree).toMatchObject({
      calls: [{ type: 'SELFDESTRUCT', from: ENDER, to: toHex(addressOfUser(0)), value: '0x5' }],
    })
  })

  it('shows the state before, and the difference', async () => {
    const hash = await send({ to: fromHex(probe), data: input('set', 21n) })
    const sender = toHex(addressOfUser(0))
    const before = (await rpc('debug_traceTransaction', hash, { tracer: 'prestateTracer' })) as Record<string, Json>
    expect(before[probe]).toMatchObject({
      storage: { [`0x${'0'.repeat(64)}`]: `0x${'b'.padStart(64, '0')}` },
      nonce: 1,
    })
    expect(before[sender]).toMatchObject({ nonce: nonce - 1 })
    const diff = (await rpc('debug_traceTransaction', hash, {
      tracer: 'prestateTracer',
      tracerConfig: { diffMode: true },
    })) as { pre: Record<string, Json>; post: Record<string, Json> }
    expect(diff.post[probe]).toMatchObject({ storage: { [`0x${'0'.repeat(64)}`]: `0x${'15'.padStart(64, '0')}` } })
    expect(diff.post[probe]).not.toHaveProperty('code')
    expect(diff.post[sender]).toMatchObject({ nonce })
    expect(diff.pre[sender]).toMatchObject({ nonce: nonce - 1 })
  })

  it('counts selectors, does nothing, or several things at once', async () => {
    const hash = await send({ to: fromHex(CALLER), data: through(input('set', 3n)) })
    const selector = toHex(input('set', 3n)).slice(0, 10)
    const counts = (await rpc('debug_traceTransaction', hash, { tracer: '4byteTracer' })) as Json
    expect(counts[`${selector}-32`]).toBe(1)
    expect(await rpc('debug_traceTransaction', hash, { tracer: 'noopTracer' })).toEqual({})
    const both = (await rpc('debug_traceTransaction', hash, {
      tracer: 'muxTracer',
      tracerConfig: { callTracer: {}, '4byteTracer': null },
    })) as Json
    expect(Object.keys(both)).toEqual(['callTracer', '4byteTracer'])
    expect(both['4byteTracer']).toEqual(counts)
  })

  it('traces whole blocks, and refuses what is not there', async () => {
    const head = (await rpc('eth_getBlockByNumber', 'latest', false)) as { hash: string; transactions: string[] }
    const traces = (await rpc('debug_traceBlockByHash', head.hash, { tracer: 'callTracer' })) as Json[]
    expect(traces.map(item => item.txHash)).toEqual(head.transactions)
    const failures: [string, unknown[], number, string][] = [
      ['debug_traceBlockByNumber', ['0x0'], -32000, 'genesis is not traceable'],
      ['debug_traceBlockByNumber', ['0x999'], -32000, 'block #2457 not found'],
      ['debug_traceTransaction', [`0x${'1'.repeat(64)}`], -32000, 'transaction not found'],
      ['debug_traceTransaction', [head.transactions[0], { tracer: 'jsTracer' }], -32602, 'tracer not found'],
      ['debug_traceTransaction', [head.transactions[0], { tracer: 'constructor' }], -32602, 'tracer not found'],
    ]
    for (const [method, params, code, message] of failures) {
      const failure = await rpc(method, ...params).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code, message: expect.stringContaining(message) })
    }
  })

  it('ends a trace of an endless call', async () => {
    const data = toHex(input('burn'))
    const failure = await rpc('debug_traceCall', { to: probe, data, gas: '0x2faf080' }, 'latest', {}).catch(
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code: expect.any(Number) })
  })

  it('finds the access list of a call', async () => {
    const sender = toHex(addressOfUser(0))
    const direct = (await rpc('eth_createAccessList', {
      from: sender,
      to: probe,
      data: toHex(input('set', 4n)),
    })) as Json
    expect(direct.accessList).toMatchObject([
      { address: probe, storageKeys: expect.arrayContaining([`0x${'0'.repeat(64)}`]) },
    ])
    expect(Number(direct.gasUsed)).toBeGreaterThan(21_000)
    const failed = await rpc('eth_createAccessList', { from: sender, to: probe, data: toHex(input('fail')) })
    expect(failed).toMatchObject({ error: 'execution reverted' })
  })
})
