import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toHex } from '#lib/bytes'
import { signed } from '../evm/fixtures.ts'
import { type RealChain, realChain } from './real-chain.ts'

let chain: RealChain
const hashes: string[] = []
beforeAll(async () => {
  chain = await realChain({}, { historyBlocks: 5, bodyBlocks: 8, lagBlocks: 2 })
  chain.engine.chain.onBlock(({ block }) => hashes.push(toHex(block.hash)))
  for (let nonce = 0n; nonce < 20n; nonce++) {
    await ask('eth_sendRawTransaction', toHex(signed(0, { nonce }).raw))
    await chain.produce()
  }
})
afterAll(() => chain.close())

async function ask(
  method: string,
  ...params: unknown[]
): Promise<{ result?: unknown; error?: { code: number; message: string } }> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const answer = await fetch(chain.server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return (await answer.json()) as never
}

const PRUNED = { error: { code: 4444, message: 'pruned history unavailable' } }

describe('a node that keeps the last 8 of 20 blocks', () => {
  test('has its earliest block there', async () => {
    expect(await ask('eth_getBlockByNumber', 'earliest', false)).toMatchObject({ result: { number: '0xd' } })
    expect(await ask('eth_getLogs', { fromBlock: 'earliest', toBlock: 'latest' })).toMatchObject({ result: [] })
  })

  test.each([
    ['eth_getBlockByNumber', ['0xc', false]],
    ['eth_getBlockReceipts', ['0xc']],
    ['eth_getBlockTransactionCountByNumber', ['0x3']],
    ['eth_getTransactionByBlockNumberAndIndex', ['0x3', '0x0']],
    ['eth_getLogs', [{ fromBlock: '0xc', toBlock: 'latest' }]],
  ])('answers %s before it with the code of pruned history', async (method, params) => {
    expect(await ask(method, ...params)).toMatchObject(PRUNED)
  })

  test('knows the hash of a block that it does not keep, and no hash of a transaction in it', async () => {
    expect(await ask('eth_getBlockByHash', hashes[2], false)).toMatchObject(PRUNED)
    expect(await ask('eth_getBlockByHash', `0x${'11'.repeat(32)}`, false)).toMatchObject({ result: null })
    const { hash } = signed(0, { nonce: 2n })
    expect(await ask('eth_getTransactionReceipt', toHex(hash))).toMatchObject({ result: null })
    expect(await ask('eth_getTransactionReceipt', toHex(signed(0, { nonce: 15n }).hash))).toMatchObject({
      result: { blockNumber: '0x10' },
    })
  })

  test('has the states of the last 5 blocks', async () => {
    const address = `0x${'22'.repeat(20)}`
    expect(await ask('eth_getBalance', address, '0xf')).toMatchObject({ result: '0x0' })
    expect(await ask('eth_getBalance', address, '0xe')).toMatchObject({ error: { code: -32000 } })
    expect(await ask('eth_getProof', address, [], '0xf')).toMatchObject({ result: { balance: '0x0' } })
  })
})
