import { getAddress, Interface, type InterfaceAbi } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { concat, fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { signTransaction, type UnsignedTransaction } from '#types'
import { addressOfUser, keyOfUser } from '../evm/fixtures.ts'
import { probeContract, type RealChain, realChain } from './real-chain.ts'

type Json = Record<string, unknown>
const GWEI = 10n ** 9n
/** Sends 3 wei to the address in the call data. */
const PAYER: Hex = '0x00000000000000000000000000000000000000cc'
const PAYER_CODE: Hex = '0x600060006000600060036000355af100'

describe('what explorers ask', () => {
  let chain: RealChain
  let probe: Hex
  let created: Hex
  let paid: Hex
  let failed: Hex
  let nonce = 0
  const abi = new Interface(probeContract().abi as InterfaceAbi)
  const sender = toHex(addressOfUser(0))

  async function rpc(method: string, ...params: unknown[]): Promise<unknown> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const answer = (await (await fetch(chain.server.url, { method: 'POST', headers, body })).json()) as {
      result?: unknown
      error?: { code: number; message: string }
    }
    if (answer.error !== undefined) throw Object.assign(new Error(answer.error.message), answer.error)
    return answer.result
  }

  async function send(changes: Partial<UnsignedTransaction>): Promise<Hex> {
    const fields = { type: 2, chainId: 1071n, nonce: BigInt(nonce++), gasLimit: 500_000n, value: 0n } as const
    const fees = { maxFeePerGas: 5n * GWEI, maxPriorityFeePerGas: GWEI, accessList: [], data: new Uint8Array(0) }
    const transaction = signTransaction({ ...fields, ...fees, ...changes }, keyOfUser(0))
    await rpc('eth_sendRawTransaction', toHex(transaction.raw))
    await chain.produce()
    return toHex(transaction.hash)
  }

  beforeAll(async () => {
    chain = await realChain({ [PAYER]: { code: PAYER_CODE, balance: '0x64' } })
    const start = '7'.padStart(64, '0')
    created = await send({ data: fromHex(`${probeContract().bytecode}${start}`), gasLimit: 2_000_000n })
    probe = ((await rpc('eth_getTransactionReceipt', created)) as { contractAddress: Hex }).contractAddress
    paid = await send({ to: fromHex(PAYER), data: concat(new Uint8Array(12), addressOfUser(4)) })
    failed = await send({ to: fromHex(probe), data: fromHex(abi.encodeFunctionData('fail', [])) })
  })
  afterAll(async () => {
    await chain.close()
  })

  it('Otterscan: accounts and blocks', async () => {
    expect(await rpc('ots_getApiLevel')).toBe(8)
    expect(await rpc('ots_hasCode', probe, 'latest')).toBe(true)
    expect(await rpc('ots_hasCode', sender)).toBe(false)
    expect(await rpc('ots_getBlockDetails', '0x2')).toMatchObject({
      block: { number: '0x2', transactionCount: 1 },
      issuance: { issuance: '0x0' },
    })
    expect(await rpc('ots_getBlockDetails', '0x99')).toBeNull()
    expect(await rpc('ots_getBlockTransactions', '0x1', 0, 10)).toMatchObject({
      fullblock: { transactionCount: 1, transactions: [{ hash: created }] },
      receipts: [{ transactionHash: created, logs: null }],
    })
    expect(await rpc('erigon_getHeaderByNumber', '0x1')).toMatchObject({ number: '0x1' })
  })

  it('Otterscan: plain numbers name blocks, as the app sends them', async () => {
    expect(await rpc('erigon_getHeaderByNumber', 1)).toMatchObject({ number: '0x1' })
    expect(await rpc('ots_getBlockDetails', 2)).toMatchObject({ block: { number: '0x2' } })
    expect(await rpc('ots_getBlockDetails', 999)).toBeNull()
    expect(await rpc('ots_getBlockTransactions', 1, 0, 10)).toMatchObject({ fullblock: { number: '0x1' } })
    expect(await rpc('ots_hasCode', probe, 0)).toBe(false)
    expect(await rpc('ots_hasCode', probe, 1)).toBe(true)
    await expect(rpc('ots_getBlockDetails', 1.5)).rejects.toThrow('invalid argument 0')
    await expect(rpc('eth_getBlockByNumber', 1, false)).rejects.toThrow('invalid argument 0')
  })

  it('Otterscan: inside of transactions', async () => {
    expect(await rpc('ots_getInternalOperations', paid)).toEqual([
      { type: 0, from: PAYER, to: toHex(addressOfUser(4)), value: '0x3' },
    ])
    expect(await rpc('ots_traceTransaction', paid)).toMatchObject([
      { type: 'CALL', depth: 0, from: sender, to: PAYER },
      { type: 'CALL', depth: 1, from: PAYER, value: '0x3' },
    ])
    expect(await rpc('ots_getTransactionError', paid)).toBe('0x')
    expect(String(await rpc('ots_getTransactionError', failed)).slice(0, 10)).toBe('0x08c379a0')
  })

  it('Otterscan: who made what', async () => {
    expect(await rpc('ots_getTransactionBySenderAndNonce', sender, 1)).toBe(paid)
    expect(await rpc('ots_getTransactionBySenderAndNonce', sender, 99)).toBeNull()
    expect(await rpc('ots_getContractCreator', probe)).toEqual({ hash: created, creator: sender })
    expect(await rpc('ots_getContractCreator', PAYER)).toBeNull()
    expect(await rpc('ots_getContractCreator', sender)).toBeNull()
  })

  it('Otterscan: the history of an account, in pages', async () => {
    const newest = (await rpc('ots_searchTransactionsBefore', sender, 0, 2)) as { txs: Json[]; lastPage: boolean }
    expect(newest.txs.map(tx => tx.hash)).toEqual([failed, paid])
    expect(newest).toMatchObject({ firstPage: true, lastPage: false })
    const older = (await rpc('ots_searchTransactionsBefore', sender, 2, 2)) as { txs: Json[]; receipts: Json[] }
    expect(older.txs.map(tx => tx.hash)).toEqual([created])
    expect(older).toMatchObject({ firstPage: false, lastPage: true })
    expect(older.receipts[0]).toMatchObject({ transactionHash: created, timestamp: expect.any(Number) })
    const after = (await rpc('ots_searchTransactionsAfter', sender, 1, 10)) as { txs: Json[] }
    expect(after.txs.map(tx => tx.hash)).toEqual([failed, paid])
  })

  it('trace_*: flat traces by block, transaction, path and filter', async () => {
    const byTransaction = (await rpc('trace_transaction', paid)) as Json[]
    expect(byTransaction).toMatchObject([
      { type: 'call', traceAddress: [], subtraces: 1, transactionPosition: 0, blockNumber: 2 },
      { type: 'call', traceAddress: [0], action: { value: '0x3' }, result: { output: '0x' } },
    ])
    expect(await rpc('trace_block', '0x2')).toEqual(byTransaction)
    expect(await rpc('trace_block', '0x0')).toEqual([])
    expect(await rpc('trace_block', '0x99')).toBeNull()
    expect(await rpc('trace_get', paid, ['0x0'])).toEqual(byTransaction[1])
    expect(await rpc('trace_get', paid, ['0x5'])).toBeNull()
    expect(await rpc('trace_transaction', created)).toMatchObject([{ type: 'create', result: { address: probe } }])
    expect(await rpc('trace_transaction', failed)).toMatchObject([{ error: 'Reverted' }])
    const filtered = (await rpc('trace_filter', { fromBlock: '0x1', toBlock: '0x3', fromAddress: [PAYER] })) as Json[]
    expect(filtered).toEqual([byTransaction[1]])
    const paged = (await rpc('trace_filter', { fromBlock: '0x1', toBlock: '0x3', after: 1, count: 1 })) as Json[]
    expect(paged).toEqual([byTransaction[0]])
  })

  it('trace_*: replays and calls', async () => {
    const replay = (await rpc('trace_replayTransaction', paid, ['trace', 'stateDiff'])) as {
      stateDiff: Json
      trace: Json[]
    }
    expect(replay.trace).toHaveLength(2)
    expect(replay.stateDiff[PAYER]).toMatchObject({
      balance: { '*': { from: '0x64', to: '0x61' } },
      nonce: '=',
      code: '=',
    })
    expect(replay.stateDiff[sender]).toMatchObject({ nonce: { '*': { from: '0x1', to: '0x2' } } })
    expect(await rpc('trace_replayBlockTransactions', '0x2', ['trace'])).toMatchObject([
      { transactionHash: paid, stateDiff: null, trace: [{ type: 'call' }, { type: 'call' }] },
    ])
    const data = abi.encodeFunctionData('value', [])
    expect(await rpc('trace_call', { to: probe, data }, ['trace'], 'latest')).toMatchObject({
      output: `0x${'7'.padStart(64, '0')}`,
      trace: [{ action: { to: probe } }],
    })
    await expect(rpc('trace_replayTransaction', paid, ['else'])).rejects.toMatchObject({ code: -32602 })
  })

  it('debuggers: storage and state roots inside of a block', async () => {
    const slot0 = keccak256(new Uint8Array(32))
    const word = (value: number) => `0x${value.toString(16).padStart(64, '0')}`
    // Block and position as Remix sends them: a hash, or a quantity, and plain numbers.
    const after = await rpc('debug_storageRangeAt', '0x1', 1, probe, '0x', 100)
    expect(after).toEqual({ storage: { [toHex(slot0)]: { key: word(0), value: word(7) } }, nextKey: null })
    const { hash, stateRoot } = (await rpc('eth_getBlockByNumber', '0x1', false)) as { hash: Hex; stateRoot: Hex }
    expect(await rpc('debug_storageRangeAt', hash, 0, probe, '0x', 100)).toEqual({ storage: {}, nextKey: null })
    expect(await rpc('debug_storageRangeAt', hash, 1, probe, '0x00', 0)).toEqual({
      storage: {},
      nextKey: toHex(slot0),
    })
    expect(await rpc('debug_intermediateRoots', hash)).toEqual([stateRoot])
    await expect(rpc('debug_storageRangeAt', hash, 2, probe, '0x', 100)).rejects.toMatchObject({ code: -32000 })
    await expect(rpc('debug_storageRangeAt', hash, -1, probe, '0x', 100)).rejects.toMatchObject({ code: -32602 })
    await expect(rpc('debug_storageRangeAt', '0x99', 0, probe, '0x', 1)).rejects.toThrow('block #153 not found')
    await expect(rpc('debug_intermediateRoots', word(1))).rejects.toThrow(`block ${word(1)} not found`)
  })

  it('debuggers: accounts of a state, by hash of the address', async () => {
    interface Dump {
      readonly root: string
      readonly accounts: Readonly<Record<string, Json>>
      readonly next?: string
    }
    const { stateRoot } = (await rpc('eth_getBlockByNumber', 'latest', false)) as { stateRoot: Hex }
    const all = (await rpc('debug_accountRange', 'latest', '0x', 0, false, false, false)) as Dump
    expect(all.root).toBe(stateRoot.slice(2))
    expect(all.next).toBeUndefined()
    const contract = all.accounts[getAddress(probe)]
    expect(contract).toEqual({
      balance: '0',
      nonce: 1,
      root: ((await rpc('eth_getProof', probe, [], 'latest')) as { storageHash: Hex }).storageHash,
      codeHash: toHex(keccak256(fromHex((await rpc('eth_getCode', probe, 'latest')) as Hex))),
      code: await rpc('eth_getCode', probe, 'latest'),
      storage: { [`0x${'0'.repeat(64)}`]: '07' },
      address: probe.toLowerCase(),
      key: toHex(keccak256(fromHex(probe))),
    })
    const keys = Object.values(all.accounts).map(({ key }) => String(key))
    expect(keys).toEqual([...keys].sort())
    // In pages of two, without code and storage.
    const paged: Record<string, Json> = {}
    for (let start: string | undefined = '0x'; start !== undefined; ) {
      const page = (await rpc('debug_accountRange', 'latest', start, 2, true, true, false)) as Dump
      expect(Object.keys(page.accounts).length).toBeLessThanOrEqual(2)
      Object.assign(paged, page.accounts)
      start = page.next
    }
    const bare = Object.entries(all.accounts).map(([name, { code: _, storage: __, ...rest }]) => [name, rest])
    expect(Object.entries(paged)).toEqual(bare)
    const before = (await rpc('debug_accountRange', '0x0', '0x', 256, true, true)) as Dump
    expect(before.accounts[getAddress(probe)]).toBeUndefined()
    await expect(rpc('debug_accountRange', '0x99', '0x', 1, true, true, false)).rejects.toThrow('block #153 not found')
  })

  it('stateless clients: the witness of a block', async () => {
    const { hash, parentHash } = (await rpc('eth_getBlockByNumber', '0x1', false)) as { hash: Hex; parentHash: Hex }
    const witness = (await rpc('debug_executionWitness', '0x1')) as Readonly<Record<string, Hex[]>>
    expect(Object.keys(witness)).toEqual(['state', 'codes', 'headers', 'keys'])
    expect(witness.headers?.map(rlp => toHex(keccak256(fromHex(rlp))))).toEqual([parentHash])
    const { stateRoot } = (await rpc('eth_getBlockByNumber', '0x0', false)) as { stateRoot: Hex }
    expect(witness.state?.map(node => toHex(keccak256(fromHex(node))))).toContain(stateRoot)
    expect(witness.keys).toContain(sender.toLowerCase())
    expect(await rpc('debug_executionWitness', hash)).toEqual(witness)
    await expect(rpc('debug_executionWitness', '0x0')).rejects.toThrow('genesis is not traceable')
    await expect(rpc('debug_executionWitness', '0x99')).rejects.toThrow('block #153 not found')
    await expect(rpc('debug_executionWitness', 'pending')).rejects.toThrow('the pending block is not executed')
  })

  it('makers of test vectors: blocks of this chain come from consensus only', async () => {
    const word = `0x${'0'.repeat(64)}`
    const attributes = { timestamp: '0xffffffff', prevRandao: word, suggestedFeeRecipient: `0x${'0'.repeat(40)}` }
    await expect(rpc('testing_buildBlockV1', word, attributes, [])).rejects.toMatchObject({
      code: -32000,
      message: 'blocks of this chain come from consensus',
    })
    await expect(rpc('testing_buildBlockV1', word, {}, [])).rejects.toMatchObject({ code: -32602 })
  })

  it('simulations: several blocks on our own chain, and their errors', async () => {
    const from = sender
    const set = abi.encodeFunctionData('set', [99n])
    const get = abi.encodeFunctionData('value', [])
    const blocks = (await rpc('eth_simulateV1', {
      blockStateCalls: [{ calls: [{ from, to: probe, input: set }] }, { calls: [{ from, to: probe, input: get }] }],
      traceTransfers: true,
    })) as { number: string; parentHash: string; hash: string; calls: { returnData: string; logs: Json[] }[] }[]
    expect(blocks.map(made => made.number)).toEqual(['0x4', '0x5'])
    expect(blocks[1]?.parentHash).toBe(blocks[0]?.hash)
    expect(blocks[0]?.calls[0]?.logs).toHaveLength(1)
    expect(blocks[1]?.calls[0]?.returnData).toBe(`0x${'63'.padStart(64, '0')}`)
    expect(await rpc('eth_call', { to: probe, data: get })).toBe(`0x${'7'.padStart(64, '0')}`)
    const wrong: [Json, number][] = [
      [{ blockStateCalls: [] }, -32602],
      [{ blockStateCalls: [{ blockOverrides: { number: '0x1' } }] }, -38020],
      [{ blockStateCalls: [{ blockOverrides: { number: '0xffff' } }] }, -38026],
      [{ blockStateCalls: [{ calls: [{ from: `0x${'9'.repeat(40)}`, value: '0x1', to: probe }] }] }, -38014],
      [
        {
          blockStateCalls: [{ calls: [{ from, nonce: '0x0', to: probe, maxFeePerGas: '0x3b9aca00' }] }],
          validation: true,
        },
        -38010,
      ],
    ]
    for (const [payload, code] of wrong) await expect(rpc('eth_simulateV1', payload)).rejects.toMatchObject({ code })
  })

  it('eth_config: one fork from genesis on', async () => {
    expect(await rpc('eth_config')).toMatchObject({
      current: { activationTime: 0, chainId: '0x42f', precompiles: { P256VERIFY: `0x${'100'.padStart(40, '0')}` } },
      next: null,
      last: null,
    })
  })
})
