import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from '#types'
import { addressOfUser, signed } from '../evm/fixtures.ts'
import { type RealChain, realChain } from './real-chain.ts'

const IDENTITY = `0x${'4'.padStart(40, '0')}`
const SHA256 = `0x${'2'.padStart(40, '0')}`
const RIPEMD = `0x${'3'.padStart(40, '0')}`
const NOBODY = `0x${'9'.repeat(40)}`
const ELSEWHERE = `0x${'e'.repeat(40)}`
const ZERO = `0x${'0'.repeat(64)}`
const LAST_NONCE = { [toHex(addressOfUser(0))]: { nonce: '0xffffffffffffffff' } }
/** One byte more than init code may have. */
const LONG = `0x${'00'.repeat(49_153)}`
/** Emits an event with its call data as topic. */
const LOGGER: Hex = '0x0000000000000000000000000000000000010660'

/** go-ethereum's behaviour where its own test suite has no case that we keep. */
describe('rules of go-ethereum', () => {
  let chain: RealChain
  const from = toHex(addressOfUser(0))

  async function ask(method: string, ...params: unknown[]) {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const response = await fetch(chain.server.url, { method: 'POST', headers, body })
    return (await response.json()) as { result?: never; error?: { code: number; message: string; data?: unknown } }
  }

  beforeAll(async () => {
    chain = await realChain({ [LOGGER]: { code: '0x5f355f5fa100', balance: '0x0' } })
    for (let nonce = 0; nonce < 4; nonce++) {
      const data = fromHex(`${'0'.repeat(63)}${nonce}`)
      const { raw } = signed(0, { nonce: BigInt(nonce), to: fromHex(LOGGER), data, gasLimit: 90_000n })
      await ask('eth_sendRawTransaction', toHex(raw))
      await chain.produce()
    }
  })
  afterAll(async () => {
    await chain.close()
  })

  describe('eth_call and overrides', () => {
    const call = { from, to: IDENTITY, data: '0x1234' }

    it('a moved precompile answers at its new place and no more at the old one', async () => {
      const moved = { [IDENTITY]: { movePrecompileToAddress: ELSEWHERE } }
      expect(await ask('eth_call', { ...call, to: ELSEWHERE }, 'latest', moved)).toMatchObject({ result: '0x1234' })
      expect(await ask('eth_call', call, 'latest', moved)).toMatchObject({ result: '0x' })
      expect(await ask('eth_call', call, 'latest')).toMatchObject({ result: '0x1234' })
    })

    it('the account of a precompile that is overridden is code', async () => {
      const coded = { [IDENTITY]: { code: '0x60425f5260205ff3' } }
      expect(await ask('eth_call', call, 'latest', coded)).toMatchObject({ result: `0x${'42'.padStart(64, '0')}` })
      expect(await ask('eth_call', call, 'latest', { [IDENTITY]: { balance: '0x1' } })).toMatchObject({ result: '0x' })
    })

    it.each([
      [{ [NOBODY]: { movePrecompileToAddress: ELSEWHERE } }, 'is not a precompile'],
      [{ [SHA256]: { movePrecompileToAddress: ELSEWHERE }, [ELSEWHERE]: { nonce: '0x1' } }, 'is already overridden'],
      [{ [SHA256]: { movePrecompileToAddress: RIPEMD }, [RIPEMD]: { nonce: '0x1' } }, 'is already overridden'],
    ])('overrides that contradict each other are refused, and nothing of them stays: %j', async (overrides, text) => {
      const { error } = await ask('eth_call', call, 'latest', overrides)
      expect(error).toMatchObject({ code: -32000, message: expect.stringContaining(text) })
      expect(await ask('eth_call', { ...call, to: SHA256 }, 'latest')).toMatchObject({
        result: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      })
    })

    it('two precompiles may go to one place; the last one in the order of addresses stays', async () => {
      const both = {
        [IDENTITY]: { movePrecompileToAddress: ELSEWHERE },
        [SHA256]: { movePrecompileToAddress: ELSEWHERE },
      }
      expect(await ask('eth_call', { ...call, to: ELSEWHERE }, 'latest', both)).toMatchObject({ result: '0x1234' })
    })

    it.each(['beaconRoot', 'withdrawals'])('the block override %s belongs to simulations', async name => {
      const value = name === 'beaconRoot' ? ZERO : []
      const { error } = await ask('eth_call', call, 'latest', {}, { [name]: value })
      const message = `block override "${name}" is not supported for this RPC method`
      expect(error).toEqual({ code: -32000, message })
    })

    it('block overrides reach the code', async () => {
      // NUMBER, TIMESTAMP, COINBASE, PREVRANDAO, GASLIMIT, BASEFEE, BLOBBASEFEE in one word each.
      const ops = ['43', '42', '41', '44', '45', '48', '4a']
      const code = `0x${ops.map((op, i) => `${op}60${(i * 32).toString(16).padStart(2, '0')}52`).join('')}60e05ff3`
      const header = {
        ...{ number: '0x11', time: '0x22', feeRecipient: ELSEWHERE, prevRandao: `0x${'7'.repeat(64)}` },
        ...{ gasLimit: '0x55', baseFeePerGas: '0x66', blobBaseFee: '0x77' },
      }
      const { result } = await ask('eth_call', { from, data: code, gasPrice: '0x100' }, 'latest', {}, header)
      const words = (result as unknown as string).slice(2).match(/.{64}/g) ?? []
      expect(words.map(word => BigInt(`0x${word}`))).toEqual(
        [0x11n, 0x22n, BigInt(ELSEWHERE), BigInt(header.prevRandao), 0x55n, 0x66n, 0x77n].map(BigInt),
      )
    })

    it('an access list sees overrides of the state', async () => {
      const code = '0x60075460085550'
      const { result } = await ask('eth_createAccessList', { from, to: NOBODY }, 'latest', { [NOBODY]: { code } })
      expect(result).toMatchObject({ accessList: [{ address: NOBODY, storageKeys: expect.any(Array) }] })
    })
  })

  describe('eth_simulateV1', () => {
    it('puts the parent beacon root into the block and into the EIP-4788 contract', async () => {
      const beaconRoot = `0x${'ab'.repeat(32)}`
      const { result } = await ask('eth_simulateV1', { blockStateCalls: [{ blockOverrides: { beaconRoot } }] })
      expect(result).toMatchObject([{ parentBeaconBlockRoot: beaconRoot }])
    })

    it('fills gaps with empty blocks', async () => {
      const blocks = [{ blockOverrides: { number: '0x8' } }]
      const { result } = await ask('eth_simulateV1', { blockStateCalls: blocks })
      expect((result as unknown as { number: string }[]).map(({ number }) => number)).toEqual([
        '0x5',
        '0x6',
        '0x7',
        '0x8',
      ])
    })

    it.each([
      [{ calls: [{ from: NOBODY, to: NOBODY, value: '0x1' }] }, false, -38014],
      [{ calls: [{ from, to: NOBODY, gas: '0x5207' }] }, false, -38013],
      [{ calls: [{ from, to: NOBODY, gas: '0xffffffffffff' }] }, false, -38015],
      [{ calls: [{ from, to: NOBODY, nonce: '0x63', maxFeePerGas: '0xffffffffff' }] }, true, -38011],
      [{ calls: [{ from, to: NOBODY, nonce: '0x0', maxFeePerGas: '0xffffffffff' }] }, true, -38010],
      [{ calls: [{ from, to: NOBODY, maxFeePerGas: '0x1' }] }, true, -38012],
      [{ calls: [{ from, to: NOBODY, maxFeePerGas: '0x1', maxPriorityFeePerGas: '0x2' }] }, true, -32602],
      [{ calls: [{ from, data: LONG }] }, false, -38025],
      [{ stateOverrides: LAST_NONCE, calls: [{ from, to: NOBODY, maxFeePerGas: '0xffffffffff' }] }, true, -32603],
      [{ blockOverrides: { number: '0x4' } }, false, -38020],
      [{ blockOverrides: { time: '0x1' } }, false, -38021],
      [{ blockOverrides: { number: '0x200' } }, false, -38026],
    ])('request %# ends with its code', async (block, validation, code) => {
      const { error } = await ask('eth_simulateV1', { blockStateCalls: [block], validation })
      expect(error?.code).toBe(code)
    })

    it('reports failures of calls with their codes and goes on', async () => {
      const calls = [
        { from, data: '0x5f5ffd' },
        { from, data: '0xfe', gas: '0x15f90' },
        { from, to: NOBODY },
      ]
      const { result, error } = await ask('eth_simulateV1', { blockStateCalls: [{ calls }] })
      expect(error).toBe(undefined)
      expect((result as unknown as { calls: unknown[] }[])[0]?.calls).toMatchObject([
        { status: '0x0', error: { code: 3, message: 'execution reverted' } },
        { status: '0x0', error: { code: -32015, message: 'invalid opcode: INVALID' } },
        { status: '0x1' },
      ])
    })
  })

  describe('eth_getProof', () => {
    it('tells an account that is not there from an empty one', async () => {
      expect((await ask('eth_getProof', NOBODY, [ZERO, '0x1'], 'latest')).result).toMatchObject({
        balance: '0x0',
        nonce: '0x0',
        codeHash: ZERO,
        storageHash: ZERO,
        storageProof: [
          { key: ZERO, value: '0x0', proof: [] },
          { key: '0x1', value: '0x0', proof: [] },
        ],
      })
      expect((await ask('eth_getProof', from, [], 'latest')).result).toMatchObject({
        codeHash: toHex(EMPTY_CODE_HASH),
        storageHash: toHex(EMPTY_TRIE_ROOT),
      })
    })

    it('refuses keys that are none', async () => {
      expect((await ask('eth_getProof', from, [`0x${'1'.repeat(65)}`], 'latest')).error?.code).toBe(-32602)
      expect((await ask('eth_getProof', from, ['0xzz'], 'latest')).error?.code).toBe(-32602)
    })
  })

  describe('eth_getLogs', () => {
    it.each([
      [{ fromBlock: '0x2', toBlock: '0x1' }, -32602, 'invalid block range params'],
      [{ fromBlock: '0x1', toBlock: '0xff' }, -32602, 'block range extends beyond current head block'],
      [{ fromBlock: 'pending' }, -32602, 'pending logs are not supported'],
      [{ blockHash: ZERO }, -32000, 'unknown block'],
      [{ blockHash: ZERO, fromBlock: '0x1' }, -32602, 'cannot specify both'],
      [{ topics: [[], [], [], [], []] }, -32000, 'exceed max topics'],
      [{ address: Array.from({ length: 1_001 }, () => NOBODY) }, -32000, 'exceed max addresses'],
      [{ topics: ['0x12'] }, -32602, ''],
    ])('filter %# is refused with its code and text', async (filter, code, message) => {
      expect((await ask('eth_getLogs', filter)).error).toMatchObject({
        code,
        message: expect.stringContaining(message),
      })
    })

    it('takes lists, nothing and null for any topic; empty ranges and lists for themselves', async () => {
      const topic = (n: number) => `0x${n.toString(16).padStart(64, '0')}`
      const count = async (filter: object) =>
        ((await ask('eth_getLogs', { fromBlock: '0x0', ...filter })).result as unknown as unknown[]).length
      expect(await count({})).toBe(4)
      expect(await count({ topics: [] })).toBe(4)
      expect(await count({ topics: [null] })).toBe(4)
      expect(await count({ topics: [[topic(1), topic(3)]] })).toBe(2)
      expect(await count({ topics: [topic(2)] })).toBe(1)
      expect(await count({ topics: [[null, topic(2)]] })).toBe(4)
      // There is no second topic, so nothing can match a filter that has a place for one.
      expect(await count({ topics: [null, null] })).toBe(0)
      expect(await count({ address: LOGGER })).toBe(4)
      expect(await count({ address: [] })).toBe(4)
      expect(await count({ address: [NOBODY] })).toBe(0)
      expect(await count({ fromBlock: 'earliest', toBlock: '0x2' })).toBe(2)
      expect(await count({ fromBlock: 'latest' })).toBe(1)
    })
  })

  describe('eth_feeHistory', () => {
    it('answers one base fee more than blocks, with blob fees and the tips of every percentile', async () => {
      const { result } = await ask('eth_feeHistory', '0x3', 'latest', [0, 50, 100])
      const history = result as unknown as Record<string, unknown[]>
      expect(history.oldestBlock).toBe('0x2')
      for (const name of ['baseFeePerGas', 'baseFeePerBlobGas']) expect(history[name]).toHaveLength(4)
      for (const name of ['gasUsedRatio', 'blobGasUsedRatio', 'reward']) expect(history[name]).toHaveLength(3)
      expect(history.baseFeePerBlobGas).toEqual(['0x1', '0x1', '0x1', '0x1'])
      expect(history.reward?.[0]).toHaveLength(3)
    })

    it('takes what there is, and nothing for nothing', async () => {
      const { result } = await ask('eth_feeHistory', '0x400', '0x1')
      expect(result).toMatchObject({ oldestBlock: '0x0', gasUsedRatio: [0, expect.any(Number)] })
      expect(result).not.toHaveProperty('reward')
      expect((await ask('eth_feeHistory', '0x0', 'latest')).result).toEqual({ oldestBlock: '0x0', gasUsedRatio: null })
      const empty = (await ask('eth_feeHistory', '0x1', '0x0', [10, 90])).result
      expect(empty).toMatchObject({ reward: [['0x0', '0x0']] })
    })

    it.each([
      [['0x1', '0xff', []], 'request beyond head block: requested 255, head 4'],
      [['0x1', 'latest', [50, 50]], 'invalid reward percentile'],
      [['0x1', 'latest', [-1]], 'invalid reward percentile'],
      [['0x1', 'latest', [101]], 'invalid reward percentile'],
      [
        ['0x1', 'latest', Array.from({ length: 101 }, (_, i) => i / 2)],
        'invalid reward percentile: over the query limit',
      ],
    ])('request %# is refused with its text', async (params, message) => {
      expect((await ask('eth_feeHistory', ...params)).error).toMatchObject({
        code: -32000,
        message: expect.stringContaining(message),
      })
    })
  })

  it('names of blocks: tags of a chain that never goes back, and what is not there', async () => {
    for (const tag of ['latest', 'safe', 'finalized', 'pending', '0x4']) {
      expect((await ask('eth_getBlockByNumber', tag, false)).result, tag).toMatchObject({ number: '0x4' })
    }
    expect((await ask('eth_getBlockByNumber', 'earliest', false)).result).toMatchObject({ number: '0x0' })
    expect((await ask('eth_getBlockByNumber', '0x5', false)).result).toBe(null)
    expect((await ask('eth_getBalance', from, '0x5')).error).toEqual({ code: -32000, message: 'header not found' })
    expect((await ask('eth_getBalance', from, { blockHash: ZERO })).error?.code).toBe(-32000)
    expect((await ask('eth_getBlockByNumber', 'newest', false)).error?.code).toBe(-32602)
    expect((await ask('eth_getBlockByNumber', '0x04', false)).error?.code).toBe(-32602)
    expect((await ask('eth_getBlockByNumber', 4, false)).error?.code).toBe(-32602)
  })
})
