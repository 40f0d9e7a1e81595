import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fromHex, toHex, utf8 } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import {
  type Log,
  privateKeyToAddress,
  type RecoveredTransaction,
  signTransaction,
  type UnsignedTransaction,
} from '#types'
import { serve } from './memory-chain.ts'

type Served = Awaited<ReturnType<typeof serve>>

const KEY = new Uint8Array(32).fill(5)
const SENDER = privateKeyToAddress(KEY)
const TOKEN = fromHex('0x00000000000000000000000000000000000000aa')
const TRANSFER = keccak256(utf8('Transfer(address,address,uint256)'))
const GWEI = 10n ** 9n

function signed(nonce: number, changes: Partial<UnsignedTransaction> = {}): RecoveredTransaction {
  return signTransaction(
    {
      type: 2,
      chainId: 1071n,
      nonce: BigInt(nonce),
      gasLimit: 21_000n,
      maxFeePerGas: 3n * GWEI,
      maxPriorityFeePerGas: GWEI,
      to: TOKEN,
      value: 1n,
      data: new Uint8Array(0),
      accessList: [],
      ...changes,
    },
    KEY,
  )
}

function log(topic: number): Log {
  return { address: TOKEN, topics: [TRANSFER, new Uint8Array(32).fill(topic)], data: Uint8Array.of(1) }
}

describe('methods', () => {
  let served: Served
  beforeEach(async () => {
    served = await serve()
    served.memory.fund(SENDER)
  })
  afterEach(async () => {
    await served.server.close()
  })

  it('name the node', async () => {
    const { rpc } = served
    expect(await rpc('web3_clientVersion')).toBe('ogpu/test')
    expect(await rpc('web3_sha3', '0x')).toBe('0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
    expect(await rpc('net_version')).toBe('1071')
    expect(await rpc('net_listening')).toBe(true)
    expect(await rpc('net_peerCount')).toBe('0x3')
    expect(await rpc('eth_syncing')).toBe(false)
    expect(await rpc('eth_accounts')).toEqual([])
    expect(await rpc('eth_mining')).toBe(false)
  })

  it('every method refuses too many arguments, and none crashes on nonsense', async () => {
    const { rpc } = served
    const document = (await rpc('rpc.discover')) as { methods: { name: string; params: unknown[] }[] }
    expect(document.methods.length).toBeGreaterThan(60)
    for (const { name, params } of document.methods) {
      const many = Array.from({ length: params.length + 1 }, () => null)
      await expect(rpc(name, ...many)).rejects.toMatchObject({ code: -32602 })
      for (const nonsense of [{}, [], -1, 1e300, 'x', '0x', true, [[[]]], { a: { b: 1 } }, '0xzz', '\u0000']) {
        const outcome = await rpc(name, ...params.map(() => nonsense)).then(
          () => 0,
          (error: { code: number }) => error.code,
        )
        expect(outcome, `${name} ${JSON.stringify(nonsense)}`).not.toBe(-32603)
      }
    }
  })

  it('accept every way of naming a block', async () => {
    const { rpc, memory } = served
    const block = memory.mine()
    const account = toHex(SENDER)
    const hash = toHex(block.hash)
    const refs = [
      [],
      ['latest'],
      ['safe'],
      ['finalized'],
      ['pending'],
      ['earliest'],
      ['0x1'],
      [hash],
      [{ blockHash: hash }],
      [{ blockHash: hash, requireCanonical: true }],
      [{ blockNumber: '0x1' }],
      [null],
    ]
    for (const ref of refs) expect(await rpc('eth_getBalance', account, ...ref)).toBe('0x3635c9adc5dea00000')
    const wrong: [unknown, number, string][] = [
      ['0x99', -32000, 'header not found'],
      [`0x${'ab'.repeat(32)}`, -32000, 'header for hash not found'],
      ['1', -32602, 'invalid argument 1: hex string without 0x prefix'],
      [1, -32602, 'invalid argument 1: json: cannot unmarshal number'],
      ['0x01', -32602, 'invalid argument 1: hex number with leading zero digits'],
      ['newest', -32602, 'invalid argument 1: hex string without 0x prefix'],
      [{}, -32602, 'invalid argument 1: at least one of'],
      [{ blockHash: hash, blockNumber: '0x1' }, -32602, 'invalid argument 1: cannot specify both'],
    ]
    for (const [ref, code, message] of wrong) {
      const failure = await rpc('eth_getBalance', account, ref).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code, message: expect.stringContaining(message) })
    }
  })

  it('check addresses, hashes and data in go-ethereum words', async () => {
    const { rpc } = served
    const cases: [string, unknown[], string][] = [
      ['eth_getBalance', [], 'missing value for required argument 0'],
      ['eth_getBalance', ['0x12'], 'invalid argument 0: hex string has length 2, want 40 for common.Address'],
      [
        'eth_getTransactionByHash',
        ['11'],
        'json: cannot unmarshal hex string without 0x prefix into Go value of type common.Hash',
      ],
      ['web3_sha3', ['0x123'], 'invalid argument 0: hex string of odd length'],
      ['eth_getStorageAt', [toHex(SENDER), '0xasdf'], 'invalid hex in storage key: "0xasdf"'],
      ['eth_getStorageAt', [toHex(SENDER), `0x${'1'.repeat(65)}`], 'storage key too long'],
    ]
    for (const [name, params, message] of cases) {
      const failure = await rpc(name, ...params).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: -32602, message: expect.stringContaining(message) })
    }
  })

  it('show a transaction from the pool, then from its block, then its receipt', async () => {
    const { rpc, memory } = served
    const transaction = signed(0)
    const hash = toHex(transaction.hash)
    expect(await rpc('eth_getTransactionByHash', hash)).toBeNull()
    expect(await rpc('eth_sendRawTransaction', toHex(transaction.raw))).toBe(hash)
    expect(await rpc('eth_getTransactionCount', toHex(SENDER), 'latest')).toBe('0x0')
    expect(await rpc('eth_getTransactionCount', toHex(SENDER), 'pending')).toBe('0x1')
    expect(await rpc('eth_getTransactionByHash', hash)).toMatchObject({
      blockHash: null,
      blockNumber: null,
      transactionIndex: null,
      gasPrice: '0xb2d05e00',
    })
    expect(await rpc('eth_getTransactionReceipt', hash)).toBeNull()
    expect(await rpc('txpool_status')).toEqual({ pending: '0x1', queued: '0x0' })
    const block = memory.minePool()
    expect(await rpc('eth_getTransactionByHash', hash)).toMatchObject({
      blockHash: toHex(block.hash),
      blockNumber: '0x1',
      transactionIndex: '0x0',
      gasPrice: '0x77359400',
      maxFeePerGas: '0xb2d05e00',
      type: '0x2',
      chainId: '0x42f',
      yParity: expect.any(String),
    })
    expect(await rpc('eth_getTransactionReceipt', hash)).toMatchObject({
      status: '0x1',
      transactionHash: hash,
      blockNumber: '0x1',
      contractAddress: null,
      logs: [],
    })
    expect(await rpc('eth_getTransactionByBlockNumberAndIndex', '0x1', '0x0')).toMatchObject({ hash })
    expect(await rpc('eth_getTransactionByBlockNumberAndIndex', '0x1', '0x1')).toBeNull()
    expect(await rpc('eth_getTransactionByBlockHashAndIndex', toHex(block.hash), '0x0')).toMatchObject({ hash })
    expect(await rpc('eth_getRawTransactionByHash', hash)).toBe(toHex(transaction.raw))
    expect(await rpc('debug_getRawTransaction', hash)).toBe(toHex(transaction.raw))
    expect(await rpc('eth_getBlockTransactionCountByNumber', '0x1')).toBe('0x1')
    expect(await rpc('eth_getBlockReceipts', '0x1')).toMatchObject([{ transactionHash: hash }])
    expect(await rpc('eth_getBlockReceipts', '0x9')).toBeNull()
    expect(await rpc('eth_getBlockByNumber', '0x9', true)).toBeNull()
  })

  it('give a block without and with transactions, and the same hash in its header', async () => {
    const { rpc, memory } = served
    const transaction = signed(0)
    const block = memory.mine([transaction])
    const plain = (await rpc('eth_getBlockByNumber', '0x1', false)) as Record<string, unknown>
    expect(plain.transactions).toEqual([toHex(transaction.hash)])
    expect(plain).not.toHaveProperty('totalDifficulty')
    expect(plain).toMatchObject({ uncles: [], withdrawals: [], baseFeePerGas: '0x3b9aca00', hash: toHex(block.hash) })
    const full = (await rpc('eth_getBlockByHash', toHex(block.hash), true)) as { transactions: { hash: string }[] }
    expect(full.transactions[0]?.hash).toBe(toHex(transaction.hash))
    const header = await rpc('eth_getHeaderByNumber', 'latest')
    expect(plain).toMatchObject(header as Record<string, unknown>)
    expect(toHex(keccak256(fromHex(String(await rpc('debug_getRawHeader', '0x1')))))).toBe(toHex(block.hash))
  })

  it('pass the words of the pool on', async () => {
    const { rpc, memory } = served
    await rpc('eth_sendRawTransaction', toHex(signed(0).raw))
    const cases: [string, string][] = [
      [toHex(signed(0).raw), 'already known'],
      [toHex(signed(0, { value: 2n }).raw), 'replacement transaction underpriced'],
      [toHex(signed(1, { gasLimit: 20_000n }).raw), 'intrinsic gas too low: gas 20000, minimum needed 21000'],
      ['0x05', 'transaction type not supported: transaction type not valid'],
      ['0x', 'rlp: malformed transaction: no bytes'],
    ]
    for (const [raw, message] of cases) {
      await expect(rpc('eth_sendRawTransaction', raw)).rejects.toMatchObject({ code: -32000, message })
    }
    memory.minePool()
    await expect(rpc('eth_sendRawTransaction', toHex(signed(0).raw))).rejects.toMatchObject({
      message: 'nonce too low: next nonce 1, tx nonce 0',
    })
  })

  it('a batch of transactions arrives in order', async () => {
    const { post, memory } = served
    const batch = Array.from({ length: 200 }, (_, nonce) => ({
      jsonrpc: '2.0',
      id: nonce,
      method: 'eth_sendRawTransaction',
      params: [toHex(signed(nonce).raw)],
    }))
    const answers = (await (await post(JSON.stringify(batch))).json()) as { id: number; result?: string }[]
    expect(answers.map(answer => answer.id)).toEqual(batch.map(item => item.id))
    expect(answers.every(answer => answer.result !== undefined)).toBe(true)
    expect(memory.pool.status()).toEqual({ pending: 200, queued: 0 })
  })

  it('send and wait for the receipt (EIP-7966)', async () => {
    const { rpc, memory } = served
    const transaction = signed(0)
    const answer = rpc('eth_sendRawTransactionSync', toHex(transaction.raw))
    while (memory.pool.status().pending === 0) await new Promise(resolve => setTimeout(resolve, 1))
    memory.minePool()
    expect(await answer).toMatchObject({ transactionHash: toHex(transaction.hash), status: '0x1' })
    const late = signed(1)
    await expect(rpc('eth_sendRawTransactionSync', toHex(late.raw), 20)).rejects.toMatchObject({
      code: 4,
      data: toHex(late.hash),
    })
    await expect(rpc('eth_sendRawTransactionSync', toHex(signed(9).raw))).rejects.toMatchObject({
      code: 6,
      data: '0x2',
    })
    await expect(rpc('eth_sendRawTransactionSync', '0x05')).rejects.toMatchObject({ code: -32000 })
  })

  it('give revert data, reason and code on call and on estimate alike', async () => {
    const { rpc, memory } = served
    const reason = `08c379a0${'20'.padStart(64, '0')}${'8'.padStart(64, '0')}${toHex(utf8('NotOwner')).slice(2).padEnd(64, '0')}`
    const cases: [string, string][] = [
      [reason, 'execution reverted: NotOwner'],
      [`4e487b71${'11'.padStart(64, '0')}`, 'execution reverted: arithmetic underflow or overflow'],
      ['82b42900', 'execution reverted'],
      ['', 'execution reverted'],
      [`08c379a0${'20'.padStart(64, '0')}${'ff'.repeat(32)}`, 'execution reverted'],
    ]
    for (const [output, message] of cases) {
      memory.answerCalls(() => ({ kind: 'revert', output: fromHex(output), gasUsed: 1n }))
      for (const name of ['eth_call', 'eth_estimateGas']) {
        const failure = await rpc(name, { to: toHex(TOKEN), data: '0x01' }).catch((error: unknown) => error)
        expect(failure).toMatchObject({ code: 3, message, data: `0x${output}` })
      }
    }
    memory.answerCalls(() => ({ kind: 'halt', reason: 'out of gas', gasUsed: 1n }))
    await expect(rpc('eth_call', {})).rejects.toMatchObject({ code: -32000, message: 'out of gas' })
    memory.answerCalls(() => ({ kind: 'halt', reason: 'gas required exceeds allowance (21001)', gasUsed: 1n }))
    await expect(rpc('eth_estimateGas', { gas: '0x5209' })).rejects.toMatchObject({
      code: -32000,
      message: 'gas required exceeds allowance (21001)',
    })
  })

  it('take data and input when they agree', async () => {
    const { rpc, memory } = served
    memory.answerCalls(data => ({ kind: 'success', output: data, gasUsed: 1n, logs: [] }))
    expect(await rpc('eth_call', { data: '0x0102' })).toBe('0x0102')
    expect(await rpc('eth_call', { input: '0x0102' }, 'latest')).toBe('0x0102')
    expect(await rpc('eth_call', { input: '0x0102', data: '0x0102' })).toBe('0x0102')
    await expect(rpc('eth_call', { input: '0x01', data: '0x02' })).rejects.toMatchObject({ code: -32602 })
    await expect(rpc('eth_call', { gas: 21000 })).rejects.toMatchObject({ code: -32602 })
    await expect(rpc('eth_call', { gasPrice: '0x1', maxFeePerGas: '0x1' })).rejects.toMatchObject({ code: -32602 })
  })

  it('tell fees', async () => {
    const { rpc, memory } = served
    expect(await rpc('eth_maxPriorityFeePerGas')).toBe('0x5f5e100')
    memory.mine([signed(0), signed(1, { maxPriorityFeePerGas: 2n * GWEI })])
    memory.mine([])
    expect(await rpc('eth_maxPriorityFeePerGas')).toBe('0x3b9aca00')
    expect(await rpc('eth_baseFee')).toBe('0x3b9aca00')
    expect(await rpc('eth_gasPrice')).toBe('0x77359400')
    expect(await rpc('eth_blobBaseFee')).toBe('0x1')
    const history = await rpc('eth_feeHistory', '0x2', 'latest', [0, 50, 100])
    expect(history).toEqual({
      oldestBlock: '0x1',
      reward: [
        ['0x3b9aca00', '0x3b9aca00', '0x77359400'],
        ['0x0', '0x0', '0x0'],
      ],
      baseFeePerGas: ['0x3b9aca00', '0x3b9aca00', '0x3b9aca00'],
      gasUsedRatio: [0.0014, 0],
      baseFeePerBlobGas: ['0x1', '0x1', '0x1'],
      blobGasUsedRatio: [0, 0],
    })
    expect(await rpc('eth_feeHistory', 10, 'pending', [5.0])).toMatchObject({ oldestBlock: '0x0' })
    expect(await rpc('eth_feeHistory', '10', 'latest')).not.toHaveProperty('reward')
    await expect(rpc('eth_feeHistory', 1, '0x99', [])).rejects.toMatchObject({ code: -32000 })
    await expect(rpc('eth_feeHistory', 1, 'latest', [50, 10])).rejects.toMatchObject({ code: -32000 })
    await expect(rpc('eth_feeHistory', 1, 'latest', [101])).rejects.toMatchObject({ code: -32000 })
  })

  it('find logs by address, topics with wildcards, range and block', async () => {
    const { rpc, memory } = served
    memory.mine([signed(0), signed(1)], [[log(1), log(2)], [log(1)]])
    const block = memory.mine([signed(2)], [[log(2)]])
    const topic = (n: number) => toHex(new Uint8Array(32).fill(n))
    const counts: [Record<string, unknown>, number][] = [
      [{}, 1],
      [{ fromBlock: '0x0' }, 4],
      [{ fromBlock: 'earliest', toBlock: 'latest' }, 4],
      [{ fromBlock: '0x1', toBlock: '0x1' }, 3],
      [{ fromBlock: '0x0', address: toHex(TOKEN) }, 4],
      [{ fromBlock: '0x0', address: [toHex(SENDER)] }, 0],
      [{ fromBlock: '0x0', topics: [toHex(TRANSFER)] }, 4],
      [{ fromBlock: '0x0', topics: [null, topic(1)] }, 2],
      [{ fromBlock: '0x0', topics: [[], [topic(1), topic(2)]] }, 4],
      [{ fromBlock: '0x0', topics: [[null], [null, topic(2)]] }, 4],
      [{ fromBlock: '0x0', topics: [[], [], []] }, 0],
      [{ blockHash: toHex(block.hash) }, 1],
    ]
    for (const [filter, count] of counts) {
      const found = (await rpc('eth_getLogs', filter)) as unknown[]
      expect(found.length, JSON.stringify(filter)).toBe(count)
    }
    const logs = (await rpc('eth_getLogs', { fromBlock: '0x1', toBlock: '0x1' })) as Record<string, unknown>[]
    expect(logs.map(item => [item.logIndex, item.transactionIndex, item.removed])).toEqual([
      ['0x0', '0x0', false],
      ['0x1', '0x0', false],
      ['0x2', '0x1', false],
    ])
    const wrong: [Record<string, unknown>, number, string][] = [
      [{ fromBlock: '0x2', toBlock: '0x1' }, -32602, 'invalid block range params'],
      [{ fromBlock: '0x2', toBlock: '0x9' }, -32602, 'block range extends beyond current head block'],
      [{ blockHash: toHex(block.hash), fromBlock: '0x1' }, -32602, 'cannot specify both'],
      [{ blockHash: topic(9) }, -32000, 'unknown block'],
      [{ topics: [1] }, -32602, 'invalid topic(s)'],
      [{ topics: [[], [], [], [], []] }, -32000, 'exceed max topics'],
      [{ address: Array.from({ length: 1_001 }, () => toHex(TOKEN)) }, -32000, 'exceed max addresses'],
    ]
    for (const [filter, code, message] of wrong) {
      const failure = await rpc('eth_getLogs', filter).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code, message: expect.stringContaining(message) })
    }
  })

  it('prove accounts', async () => {
    const { rpc } = served
    const key = `0x${'01'.padStart(64, '0')}`
    expect(await rpc('eth_getProof', toHex(SENDER), [key, '0x02'], 'latest')).toMatchObject({
      address: toHex(SENDER),
      balance: '0x3635c9adc5dea00000',
      nonce: '0x0',
      storageProof: [
        { key, value: '0x0', proof: [] },
        { key: '0x2', value: '0x0', proof: [] },
      ],
    })
    expect(await rpc('eth_getStorageValues', { [toHex(SENDER)]: [key] })).toEqual({
      [toHex(SENDER)]: [`0x${'0'.repeat(64)}`],
    })
  })

  it('tell why an ordered transaction was dropped', async () => {
    const { rpc, memory } = served
    const hash = new Uint8Array(32).fill(3)
    memory.skip({ hash, reason: 'nonce too low', epoch: 0, commitIndex: 17 })
    expect(await rpc('ogpu_droppedTransaction', toHex(hash))).toEqual({
      hash: toHex(hash),
      reason: 'nonce too low',
      epoch: '0x0',
      commitIndex: '0x11',
    })
    expect(await rpc('ogpu_droppedTransaction', toHex(SENDER).padEnd(66, '0'))).toBeNull()
    await expect(rpc('dag_status')).rejects.toMatchObject({ code: -32000 })
  })

  it('show the pool by checksummed sender', async () => {
    const { rpc } = served
    await rpc('eth_sendRawTransaction', toHex(signed(0).raw))
    await rpc('eth_sendRawTransaction', toHex(signed(5).raw))
    const content = (await rpc('txpool_content')) as Record<string, Record<string, Record<string, unknown>>>
    const [sender] = Object.keys(content.pending ?? {})
    expect(sender?.toLowerCase()).toBe(toHex(SENDER))
    expect(sender).not.toBe(toHex(SENDER))
    expect(content.pending?.[String(sender)]?.['0']).toMatchObject({ nonce: '0x0', blockHash: null })
    expect(content.queued?.[String(sender)]?.['5']).toMatchObject({ nonce: '0x5' })
    expect(await rpc('txpool_contentFrom', toHex(SENDER))).toMatchObject({ pending: { 0: {} }, queued: { 5: {} } })
    expect(JSON.stringify(await rpc('txpool_inspect'))).toContain('1 wei + 21000 gas × 3000000000 wei')
  })
})

describe('filters', () => {
  let served: Served
  let nowMs = 0
  beforeAll(async () => {
    served = await serve({ clock: { now: () => nowMs }, limits: { filtersMax: 4, logResultsMax: 3 } })
    served.memory.fund(SENDER)
  })
  afterAll(async () => {
    await served.server.close()
  })

  it('report what is new since the last poll, once', async () => {
    const { rpc, memory } = served
    const blocks = await rpc('eth_newBlockFilter')
    const logs = await rpc('eth_newFilter', { address: toHex(TOKEN) })
    const pending = await rpc('eth_newPendingTransactionFilter')
    const transaction = signed(0)
    await rpc('eth_sendRawTransaction', toHex(transaction.raw))
    const block = memory.mine([transaction], [[log(1)]])
    expect(await rpc('eth_getFilterChanges', blocks)).toEqual([toHex(block.hash)])
    expect(await rpc('eth_getFilterChanges', blocks)).toEqual([])
    expect(await rpc('eth_getFilterChanges', logs)).toMatchObject([{ transactionHash: toHex(transaction.hash) }])
    expect(await rpc('eth_getFilterChanges', logs)).toEqual([])
    expect(await rpc('eth_getFilterLogs', logs)).toHaveLength(1)
    expect(await rpc('eth_getFilterChanges', pending)).toEqual([toHex(transaction.hash)])
    await expect(rpc('eth_getFilterLogs', blocks)).rejects.toMatchObject({ message: 'filter not found' })
    for (const id of [blocks, logs, pending]) expect(await rpc('eth_uninstallFilter', id)).toBe(true)
    expect(await rpc('eth_uninstallFilter', blocks)).toBe(false)
    await expect(rpc('eth_getFilterChanges', blocks)).rejects.toMatchObject({
      code: -32000,
      message: 'filter not found',
    })
  })

  it('have a bound and expire after five idle minutes', async () => {
    const { rpc } = served
    const ids = []
    for (let i = 0; i < 4; i++) ids.push(await rpc('eth_newBlockFilter'))
    await expect(rpc('eth_newBlockFilter')).rejects.toMatchObject({ code: -32005 })
    nowMs += 200_000
    await rpc('eth_getFilterChanges', ids[0])
    nowMs += 200_000
    await expect(rpc('eth_getFilterChanges', ids[1])).rejects.toMatchObject({ message: 'filter not found' })
    expect(await rpc('eth_getFilterChanges', ids[0])).toEqual([])
  })

  it('name a range to retry with when there is too much', async () => {
    const { rpc, memory } = served
    const first = memory.mine([signed(1)], [[log(1), log(1)]]).header.number
    memory.mine([signed(2)], [[log(1), log(1)]])
    const failure = await rpc('eth_getLogs', { fromBlock: `0x${first.toString(16)}` }).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: -32602,
      message: `query exceeds max results 3, retry with the range ${first}-${first}`,
    })
    expect(
      await rpc('eth_getLogs', { fromBlock: `0x${first.toString(16)}`, toBlock: `0x${first.toString(16)}` }),
    ).toHaveLength(2)
  })
})
