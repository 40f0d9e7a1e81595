import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createForkConfigs, createPool, createRecoveryPool } from '#evm'
import { defined } from '#lib/assert'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { silentLog } from '#lib/env'
import { createRpcServer, type RpcServer } from '#rpc'
import { createMemoryStore } from '#storage'
import { decodeBlock, type GenesisFile, type RawBlock } from '#types'
import { fixedFork } from '../../chain/evm/forks.ts'
import { genesisBlock, genesisState, MAINNET_DEPOSIT_CONTRACT } from '../../chain/evm/genesis.ts'
import { createImporter } from '../../chain/evm/import-chain.ts'
import { genesisFile } from '../evm/fixtures.ts'

const LAST: Hex = '0xffffffffffffffff'
const CLOCK: Hex = '0x000000000000000000000000000000000000c10c'
/** Returns TIMESTAMP. */
const CLOCK_CODE: Hex = '0x425f5260205ff3'
const BEACON_ROOTS: Hex = '0x000f3df6d732807ef1319fb7b8bb8522d0beac02'
const suite = new URL('../vectors/ethereum-tests/BlockchainTests/GeneralStateTests/', import.meta.url)

interface PublicCase {
  readonly pre: GenesisFile['alloc']
  readonly genesisRLP: Hex
  readonly blocks: readonly { readonly rlp: Hex }[]
}

function accepted(rlp: Hex): RawBlock {
  const verdict = decodeBlock(fromHex(rlp))
  if (verdict.kind !== 'accept') throw new Error('the vector does not decode')
  return verdict.value
}

/** A public chain whose only block has the last time there is; its transaction asks EIP-4788's contract for that time. */
async function lastMoment() {
  const file = new URL('Pyspecs/cancun/eip4788_beacon_root/beacon_root_equal_to_timestamp.json', suite)
  const cases = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, PublicCase>>)
  const [, found] = defined(
    cases.find(([name]) => name.endsWith('timestamp_18446744073709551615]')),
    'the vector has it',
  )
  const genesis = accepted(found.genesisRLP)
  const importer = await createImporter({
    genesis: { block: { ...genesis, transactions: [] }, hash: genesis.hash, state: genesisState(found.pre).state },
    schedule: fixedFork('cancun'),
    chainId: 1,
    depositContract: fromHex(MAINNET_DEPOSIT_CONTRACT),
    store: createMemoryStore(),
    log: silentLog,
  })
  for (const { rlp } of found.blocks) await importer.importBlock(accepted(rlp))
  return importer
}

describe('a block whose time is the last of 64 bits', () => {
  let importer: Awaited<ReturnType<typeof lastMoment>>
  let server: RpcServer
  beforeAll(async () => {
    importer = await lastMoment()
    const { chain, calls, traces, simulations } = importer
    const recovery = createRecoveryPool({ workers: 0 })
    const pool = createPool({ chain, recovery, clock: { now: () => Date.now() } })
    const network = { peerCount: () => 0, listening: () => true }
    const backend = { clientVersion: 'ogpu/v0.0.0/test', chain, calls, traces, simulations, pool, network }
    server = await createRpcServer({ backend: { ...backend, syncing: () => undefined } })
  })
  afterAll(async () => {
    await server.close()
  })

  async function rpc(method: string, ...params: unknown[]) {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const answer = await fetch(server.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return (await answer.json()) as { readonly result?: unknown; readonly error?: { readonly code: number } }
  }

  it('is shown with it in blocks, headers, transactions and traces', async () => {
    const { result } = await rpc('eth_getBlockByNumber', 'latest', true)
    const block = result as { readonly timestamp: Hex; readonly transactions: readonly { readonly hash: Hex }[] }
    expect(block).toMatchObject({ number: '0x1', timestamp: LAST, transactions: [{ blockTimestamp: LAST }] })
    expect(await rpc('eth_getHeaderByNumber', 'latest')).toMatchObject({ result: { timestamp: LAST } })
    expect(await rpc('ots_getBlockDetails', '0x1')).toMatchObject({ result: { block: { timestamp: LAST } } })
    const [transaction] = block.transactions
    expect(await rpc('debug_traceTransaction', transaction?.hash, { tracer: 'callTracer' })).toMatchObject({
      result: { type: 'CALL' },
    })
    const sender = toHex((await importer.chain.blockByNumber(1))?.transactions[0]?.sender ?? new Uint8Array())
    expect(await rpc('ots_searchTransactionsBefore', sender, 0, 10)).toMatchObject({
      result: { receipts: [{ timestamp: Number(LAST) }] },
    })
  })

  it('is found by its time', async () => {
    expect(await rpc('erigon_getBlockByTimestamp', LAST, false)).toMatchObject({ result: { number: '0x1' } })
    expect(await rpc('erigon_getBlockByTimestamp', '0xfffffffffffffffe', false)).toMatchObject({
      result: { number: '0x0' },
    })
    expect(await rpc('erigon_getBlockByTimestamp', '0x10000000000000000', false)).toMatchObject({
      error: { code: -32602 },
    })
  })

  it('tells contracts that time, on our interpreter and on the other one', async () => {
    const state = { [CLOCK]: { code: CLOCK_CODE } }
    const word = `0x${'f'.repeat(16).padStart(64, '0')}`
    expect(await rpc('eth_call', { to: CLOCK }, 'latest', state)).toMatchObject({ result: word })
    const traced = { tracer: 'callTracer', stateOverrides: state }
    expect(await rpc('debug_traceCall', { to: CLOCK }, 'latest', traced)).toMatchObject({ result: { output: word } })
    expect(await rpc('eth_call', { to: CLOCK }, '0x0', state, { time: LAST })).toMatchObject({ result: word })
    const { parentBeaconBlockRoot } = importer.chain.headHeader()
    expect(await rpc('eth_call', { to: BEACON_ROOTS, data: word }, 'latest')).toMatchObject({
      result: toHex(defined(parentBeaconBlockRoot, 'a block of Cancun has one')),
    })
  })

  it('is the last one that a simulation can make up', async () => {
    const at = (time: Hex) => [{ blockOverrides: { time }, calls: [] }]
    expect(await rpc('eth_simulateV1', { blockStateCalls: at(LAST) }, '0x0')).toMatchObject({
      result: [{ timestamp: LAST }],
    })
    expect(await rpc('eth_simulateV1', { blockStateCalls: at('0x20000000000001') }, '0x0')).toMatchObject({
      result: [{ timestamp: '0x20000000000001' }],
    })
    expect(await rpc('eth_simulateV1', { blockStateCalls: [{ calls: [] }] }, '0x1')).toMatchObject({
      error: { code: -38021 },
    })
    const gap = [{ blockOverrides: { number: '0x4' }, calls: [] }]
    expect(await rpc('eth_simulateV1', { blockStateCalls: gap }, '0x1')).toMatchObject({ error: { code: -38021 } })
  })
})

describe('the fork schedule at such a time', () => {
  const osaka = genesisFile()
  const config = { chainId: 1, terminalTotalDifficulty: 0, shanghaiTime: 0, cancunTime: 5, pragueTime: 9 }
  const genesis: GenesisFile = { ...osaka, config, timestamp: '0x20000000000001' }

  it('is past every fork, and eth_config says so', () => {
    const { block } = genesisBlock(genesis)
    expect(block.header.timestamp).toBe(2n ** 53n + 1n)
    expect(block.header.requestsHash).toBeDefined()
    expect(createForkConfigs(genesis)(block.header)).toMatchObject({
      current: { activationTime: 0, precompiles: { BLS12_G1ADD: `0x${'b'.padStart(40, '0')}` } },
      next: null,
      last: null,
    })
    const early = { ...genesis, timestamp: '0x1' } as const
    const forks = createForkConfigs(early)({ ...genesisBlock(early).block.header, timestamp: 2n ** 64n - 1n })
    expect(forks).toMatchObject({ current: { activationTime: 9 }, next: null })
  })

  it('begins with no genesis beyond 64 bits, and our own with none beyond the clock of commits', () => {
    expect(genesisBlock({ ...genesis, timestamp: LAST }).block.header.timestamp).toBe(2n ** 64n - 1n)
    const bad = expect.objectContaining({ code: 'bad genesis' })
    expect(() => genesisBlock({ ...genesis, timestamp: '0x10000000000000000' })).toThrow(bad)
    expect(() => genesisBlock({ ...osaka, timestamp: '0x20000000000001' })).toThrow(bad)
  })
})
