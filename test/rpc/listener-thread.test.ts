import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { toHex } from '#lib/bytes'
import { addressOfUser, signed } from '../evm/fixtures.ts'
import { startThreadServer, type ThreadServer } from './thread-server.ts'

describe('JSON-RPC on a thread of its own', () => {
  let node: ThreadServer
  beforeAll(async () => {
    node = await startThreadServer({ workers: 1 })
  })
  afterAll(async () => {
    await node.close()
  })

  const transfer = (user: number, nonce: number) =>
    signed(user, { nonce: BigInt(nonce), to: addressOfUser(9), value: 1n, gasLimit: 21_000n })

  it('shows every block from the moment that it is durable, on every way', async () => {
    for (let nonce = 0; nonce < 20; nonce++) {
      const { raw, hash } = transfer(1, nonce)
      expect(await node.rpc('eth_sendRawTransaction', toHex(raw))).toMatchObject({ result: toHex(hash) })
      const address = toHex(addressOfUser(1))
      expect(await node.rpc('eth_getTransactionCount', address, 'pending')).toMatchObject({
        result: `0x${(nonce + 1).toString(16)}`,
      })
      expect(await node.rpc('eth_getTransactionByHash', toHex(hash))).toMatchObject({ result: { blockHash: null } })
      await node.produce()
      const number = `0x${(nonce + 1).toString(16)}`
      expect(await node.rpc('eth_getTransactionReceipt', toHex(hash))).toMatchObject({
        result: { blockNumber: number },
      })
      expect(await node.rpc('eth_blockNumber')).toMatchObject({ result: number })
      expect(await node.rpc('eth_call', {}, number)).toMatchObject({ result: '0x' })
    }
  })

  it('waits for receipts, which others can read at once', async () => {
    const { raw, hash } = transfer(2, 0)
    const answer = node.rpc('eth_sendRawTransactionSync', toHex(raw))
    while (node.pool.status().pending === 0) await new Promise(resolve => setTimeout(resolve, 5))
    await node.produce()
    expect(await answer).toMatchObject({ result: { transactionHash: toHex(hash), status: '0x1' } })
    expect(await node.rpc('eth_getTransactionReceipt', toHex(hash))).toMatchObject({ result: { status: '0x1' } })
  })

  it('pushes pending transactions, heads and receipts in order, when they can be read', async () => {
    const socket = new WebSocket(node.wsUrl)
    await new Promise(resolve => socket.once('open', resolve))
    const seen: string[] = []
    const reads: Promise<unknown>[] = []
    const names = new Map<string, string>()
    const head = new Promise<void>(resolve => {
      socket.on('message', data => {
        const message = JSON.parse(String(data))
        if (message.method !== 'eth_subscription') names.set(message.result, message.id)
        else {
          const name = String(names.get(message.params.subscription))
          seen.push(name)
          if (name === 'newHeads') reads.push(node.rpc('eth_getBlockByHash', message.params.result.hash, false))
          if (name === 'transactionReceipts') resolve()
        }
      })
    })
    for (const name of ['newPendingTransactions', 'newHeads', 'transactionReceipts']) {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: name, method: 'eth_subscribe', params: [name] }))
    }
    while (names.size < 3) await new Promise(resolve => setTimeout(resolve, 5))
    const { raw } = transfer(3, 0)
    await node.rpc('eth_sendRawTransaction', toHex(raw))
    await node.produce()
    await head
    expect(seen).toEqual(['newPendingTransactions', 'newHeads', 'transactionReceipts'])
    for (const read of reads) expect(await read).toMatchObject({ result: { transactions: [expect.any(String)] } })
    socket.terminate()
  })

  it('takes a batch in order, with the pool’s own words for what it refuses', async () => {
    const batch = [transfer(4, 0), transfer(4, 1), transfer(4, 1), transfer(4, 2)]
    const answers = (await node.post(
      batch.map(({ raw }, id) => ({ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [toHex(raw)] })),
    )) as { id: number; result?: string; error?: { code: number; message: string } }[]
    expect(answers.map(({ result, error }) => result ?? error?.message)).toEqual([
      toHex(batch[0]?.hash as Uint8Array),
      toHex(batch[1]?.hash as Uint8Array),
      'already known',
      toHex(batch[3]?.hash as Uint8Array),
    ])
    expect(await node.rpc('txpool_status')).toMatchObject({ result: { pending: '0x3', queued: '0x0' } })
    const content = (await node.rpc('txpool_contentFrom', toHex(addressOfUser(4)))).result
    expect(Object.keys((content as { pending: object }).pending)).toEqual(['0', '1', '2'])
    expect(Object.keys(((await node.rpc('txpool_content')).result as { pending: object }).pending)).toHaveLength(1)
    await node.produce()
    expect(await node.rpc('txpool_status')).toMatchObject({ result: { pending: '0x0', queued: '0x0' } })
  })

  it('says what the node’s thread says of the network, and measures itself', async () => {
    expect(await node.rpc('net_peerCount')).toMatchObject({ result: '0x3' })
    expect(await node.rpc('eth_syncing')).toMatchObject({ result: false })
    expect(await node.rpc('dag_status')).toMatchObject({ error: { code: -32000 } })
    expect(await node.thread.metricsText()).toContain('ogpu_rpc_calls_total{method="net_peerCount",outcome="ok"} 1')
  })
})
