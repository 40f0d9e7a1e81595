import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { ExecutedBlock } from '#evm'
import { toHex } from '#lib/bytes'
import { connectLink, createLinkCells, serveLink } from '#rpc'
import type { RecoveredTransaction } from '#types'
import { addressOfUser, signed } from '../evm/fixtures.ts'
import { createAttacker } from '../load/attacker.ts'
import { memoryChain } from './memory-chain.ts'
import { startThreadServer, type ThreadServer } from './thread-server.ts'

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const transfer = (user: number, nonce: number) =>
  signed(user, { nonce: BigInt(nonce), to: addressOfUser(9), value: 1n, gasLimit: 21_000n })

describe('JSON-RPC on a thread of its own', () => {
  let node: ThreadServer
  beforeAll(async () => {
    node = await startThreadServer({ workers: 1 })
  })
  afterAll(async () => {
    await node.close()
  })

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
    while (node.pool.status().pending === 0) await sleep(5)
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
    while (names.size < 3) await sleep(5)
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

describe('the thread of consensus', () => {
  it('has no more to do when strangers send bodies and connections that keep the listener busy', async () => {
    const node = await startThreadServer({ limits: { connectionsMax: 1_000 } })
    const attacker = createAttacker()
    let nonce = 0
    const blocksUs = async (blocks: number): Promise<number> => {
      const before = process.threadCpuUsage()
      for (let i = 0; i < blocks; i++) {
        await node.pool.add([transfer(1, nonce++).raw], 'local')
        await node.produce()
        await sleep(20)
      }
      const { user, system } = process.threadCpuUsage(before)
      return user + system
    }
    try {
      // Compiled and warm first.
      await blocksUs(50)
      const quietUs = await blocksUs(50)
      attacker.start(['connections', 'bodies'], { urls: [node.url], connections: 500 })
      await sleep(500)
      const attackedUs = await blocksUs(50)
      const answers = await attacker.stop()
      expect(answers.connections.connected).toBeGreaterThan(100)
      expect(Object.values(answers.bodies).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0)
      // On this thread their bodies would cost many times more than fifty small blocks.
      expect(attackedUs / quietUs).toBeLessThan(2)
      expect(await node.rpc('eth_chainId')).toMatchObject({ result: '0x42f' })
    } finally {
      attacker.close()
      await node.close()
    }
  }, 240_000)

  it('goes on without the listener’s, which starts again at the same address', async () => {
    process.env.OGPU_TEST_LISTENER_FAILS = '1'
    const entry = new URL('./failing-listener.ts', import.meta.url)
    const node = await startThreadServer({ entry }).finally(() => delete process.env.OGPU_TEST_LISTENER_FAILS)
    try {
      const isServed = () =>
        node.rpc('eth_blockNumber').then(
          answer => answer.result,
          () => undefined,
        )
      expect(await isServed()).toBe('0x0')
      while ((await isServed()) !== undefined) await sleep(20)
      await node.pool.add([transfer(1, 0).raw], 'local')
      await node.produce()
      let found: unknown
      while (found === undefined) {
        await sleep(50)
        found = await isServed()
      }
      expect(found).toBe('0x1')
    } finally {
      await node.close()
    }
  }, 240_000)
})

describe('the link between both threads', () => {
  const open = () => {
    const { port1, port2 } = new MessageChannel()
    const cells = createLinkCells()
    const memory = memoryChain()
    const blocks = new Set<(executed: ExecutedBlock) => void>()
    const pending = new Set<(transaction: RecoveredTransaction) => void>()
    const live = {
      pool: {
        ...memory.pool,
        onAdded(listener: (transaction: RecoveredTransaction) => void) {
          pending.add(listener)
          return () => pending.delete(listener)
        },
      },
      network: { peerCount: () => 0, listening: () => true },
      syncing: () => undefined,
    }
    const onBlock = (listener: (executed: ExecutedBlock) => void) => {
      blocks.add(listener)
      return () => blocks.delete(listener)
    }
    const server = serveLink({ port: port1, cells, live, chain: { onBlock } })
    return { port2, cells, memory, blocks, pending, server }
  }

  it('leaves a bounded number of messages to a listener that reads none', async () => {
    const { port2, memory, blocks, server } = open()
    for (let i = 0; i < 1_000; i++) {
      memory.mine()
      const executed = { block: memory.chain.head(), receipts: [] }
      for (const tell of blocks) tell(executed)
      await Promise.resolve()
    }
    let messages = 0
    while (receiveMessageOnPort(port2) !== undefined) messages += 1
    expect(messages).toBeGreaterThan(50)
    expect(messages).toBeLessThan(150)
    server.close()
  })

  it('refuses questions that a node which is late would have to remember', async () => {
    const { port1, port2 } = new MessageChannel()
    const facts = { hasDag: false, admin: undefined }
    const live = connectLink({ port: port1, cells: createLinkCells(), facts, onNews: () => {} })
    let refused = 0
    for (let i = 0; i < 10_100; i++) {
      Promise.resolve(live.network.peerCount()).catch(error => {
        expect(error).toMatchObject({ number: -32005, message: 'the node is busy: try again later' })
        refused += 1
      })
    }
    await sleep(0)
    expect(refused).toBe(100)
    port1.close()
    port2.close()
  })

  it('asks for pending transactions only while somebody listens', async () => {
    const { port2, cells, pending, memory, server } = open()
    const live = connectLink({ port: port2, cells, facts: { hasDag: false, admin: undefined }, onNews: () => {} })
    const seen: string[] = []
    const until = async (isSo: () => boolean) => {
      while (!isSo()) await sleep(1)
    }
    const stop = live.pool.onAdded(transaction => seen.push(toHex(transaction.hash)))
    await until(() => pending.size === 1)
    const transaction = transfer(1, 0)
    for (const tell of pending) tell(transaction)
    await until(() => seen.length === 1)
    expect(seen).toEqual([toHex(transaction.hash)])
    stop()
    await until(() => pending.size === 0)
    expect(memory.pool.status()).toEqual({ pending: 0, queued: 0 })
    server.close()
  })
})
