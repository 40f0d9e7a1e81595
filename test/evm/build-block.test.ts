import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type BlockBuilder,
  type BlockContents,
  type BuildRequest,
  createExecutionEngine,
  createReadEngine,
  importChain,
  orderTransactions,
  type ReadEngine,
} from '#evm'
import { defined } from '#lib/assert'
import { toHex } from '#lib/bytes'
import { openChainReader, openChainStore } from '#storage'
import { type Block, effectiveTip, type GenesisFile } from '#types'
import { killGenesis } from './kill-workload.ts'

const folder = new URL('../vectors/execution-apis/', import.meta.url)
const genesis = JSON.parse(readFileSync(new URL('genesis.json', folder), 'utf8')) as GenesisFile

const given = (raw: readonly Uint8Array[]): BlockContents => ({ kind: 'given', raw })

/** What would make `block` again, but for its gas limit, which the builder chooses. */
function requestOf({ header, transactions, withdrawals = [] }: Block): BuildRequest {
  return {
    parent: header.number - 1,
    timestamp: header.timestamp,
    prevRandao: header.mixHash,
    feeRecipient: header.coinbase,
    withdrawals,
    parentBeaconBlockRoot: header.parentBeaconBlockRoot,
    extraData: header.extraData,
    transactions: given(transactions.map(({ raw }) => raw)),
  }
}

describe('a block built on an imported chain', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ogpu-build-'))
  let engine: ReadEngine
  let builder: BlockBuilder
  const close: (() => Promise<void>)[] = []
  beforeAll(async () => {
    const store = await openChainStore(directory, { isShared: true })
    const rlp = new Uint8Array(readFileSync(new URL('chain.rlp', folder)))
    const imported = await importChain({ genesisJson: genesis, rlp, store })
    const reader = await openChainReader(directory)
    close.push(
      () => reader.close(),
      () => imported.close(),
      () => store.close(),
    )
    engine = createReadEngine({ genesis, store: reader })
    builder = defined(engine.builder, 'an imported chain has a builder')
  })
  afterAll(async () => {
    for (const step of close) await step()
    rmSync(directory, { recursive: true, force: true })
  })

  const blockAt = async (number: number) => defined(await engine.chain.blockByNumber(number), 'the block is there')

  test('of the transactions of a block of the chain has its state, receipts, requests and fees', async () => {
    let built = 0
    for (let number = 1; number <= engine.chain.headHeader().number; number++) {
      const block = await blockAt(number)
      const { header } = block
      if (header.difficulty > 0n || block.transactions.some(({ type }) => type === 3)) continue
      const again = await builder.build(requestOf(block))
      built += 1
      const { gasLimit, ...rest } = again.block.header
      const { gasLimit: theirs, ...expected } = header
      expect(rest).toEqual(expected)
      // A step of less than 1/1024 towards 60 million.
      expect(gasLimit - theirs).toBe(theirs > 60_000_000n ? 1n - theirs / 1_024n : theirs / 1_024n - 1n)
      const receipts = (await engine.chain.receipts(number)) ?? []
      const tips = block.transactions.map(
        (transaction, i) => effectiveTip(transaction, header.baseFeePerGas ?? 0n) * (receipts[i]?.gasUsed ?? 0n),
      )
      expect(again.value).toBe(tips.reduce((sum, tip) => sum + tip, 0n))
    }
    expect(built).toBeGreaterThan(10)
  })

  test('leaves the chain as it was, and is the same each time', async () => {
    const before = engine.chain.headHeader()
    const request = requestOf(await blockAt(before.number))
    const { block } = await builder.build(request)
    expect(toHex((await builder.build(request)).block.hash)).toBe(toHex(block.hash))
    engine.renew()
    expect(engine.chain.headHeader()).toEqual(before)
    expect(await engine.chain.blockByHash(block.hash)).toBeUndefined()
  })

  test('is refused for what Ethereum would refuse, with the transaction that is to blame', async () => {
    const block = await blockAt(engine.chain.headHeader().number)
    const request = requestOf(block)
    const raw = block.transactions.map(transaction => transaction.raw)
    const refusal = async (changes: Partial<BuildRequest>) => {
      const error: unknown = await builder.build({ ...request, ...changes }).catch(thrown => thrown)
      expect(error).toMatchObject({ code: 'cannot build' })
      return (error as Error).message
    }
    expect(await refusal({ transactions: given([...raw, ...raw]) })).toBe(`transaction ${raw.length}: nonce too low`)
    expect(await refusal({ transactions: given([Uint8Array.of(1, 2, 3)]) })).toBe('transaction 0: malformed')
    expect(await refusal({ timestamp: 1n })).toMatch(/^timestamp 1 is not above the parent's/)
    expect(await refusal({ extraData: new Uint8Array(33) })).toBe('extra data has more than 32 bytes')
    expect(await refusal({ parentBeaconBlockRoot: undefined })).toBe('parentBeaconBlockRoot is missing')
    expect(await refusal({ parent: 10, timestamp: 101n })).toBe('blocks before the merge are not built')
    expect(await refusal({ parent: 999 })).toBe('block 999 is not known')
  })

  test('of the pool holds what can be executed, in the order of a block', async () => {
    const { number } = engine.chain.headHeader()
    const blocks = await Promise.all(Array.from({ length: number }, (_, i) => blockAt(number - i)))
    const block = defined(
      blocks.find(({ transactions }) => transactions.length > 1 && transactions.every(({ type }) => type !== 3)),
      'a block of several transactions is there',
    )
    const pool = [...block.transactions].reverse()
    const pending = [...pool, ...pool]
    const again = await builder.build({ ...requestOf(block), transactions: { kind: 'pool', pending } })
    expect(again.block.transactions).toEqual(orderTransactions(pool, defined(block.header.baseFeePerGas, 'a fee')))
  })
})

test('our own chain has no builder: its blocks come from consensus', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ogpu-build-'))
  const store = await openChainStore(directory, { isShared: true })
  const writer = await createExecutionEngine({ genesis: killGenesis(), store })
  const reader = await openChainReader(directory)
  expect(createReadEngine({ genesis: killGenesis(), store: reader }).builder).toBeUndefined()
  await reader.close()
  await writer.close()
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})
