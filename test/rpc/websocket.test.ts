import { afterEach, describe, expect, it } from 'vitest'
import { toHex } from '#lib/bytes'
import type { DagReader } from '#rpc'
import { privateKeyToAddress, signTransaction } from '#types'
import { backendOf, memoryChain, serve } from './memory-chain.ts'

type Served = Awaited<ReturnType<typeof serve>>
type Message = {
  id?: number
  result?: unknown
  error?: { code: number; message: string }
  method?: string
  params?: { subscription: string; result: unknown }
}

const KEY = new Uint8Array(32).fill(6)

/** A client that keeps every message. */
async function connect(url: string) {
  const socket = new WebSocket(url)
  const messages: Message[] = []
  let closed = false
  socket.addEventListener('message', event => messages.push(JSON.parse(String(event.data))))
  socket.addEventListener('close', () => {
    closed = true
  })
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  const until = async <T>(find: () => T | undefined): Promise<T> => {
    for (let i = 0; i < 2_000; i++) {
      const found = find()
      if (found !== undefined) return found
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    throw new Error(`nothing came; ${JSON.stringify(messages)}`)
  }
  let nextId = 0
  return {
    socket,
    messages,
    until,
    isClosed: () => closed,
    async call(method: string, ...params: unknown[]): Promise<unknown> {
      const id = ++nextId
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
      const answer = await until(() => messages.find(message => message.id === id))
      if (answer.error !== undefined) throw Object.assign(new Error(answer.error.message), answer.error)
      return answer.result
    },
    notifications: (id: unknown) =>
      messages.filter(message => message.params?.subscription === id).map(message => message.params?.result),
  }
}

function transfer(nonce: number) {
  return signTransaction(
    {
      type: 2,
      chainId: 1071n,
      nonce: BigInt(nonce),
      gasLimit: 21_000n,
      maxFeePerGas: 3n * 10n ** 9n,
      maxPriorityFeePerGas: 1n,
      to: new Uint8Array(20),
      value: 0n,
      data: new Uint8Array(0),
      accessList: [],
    },
    KEY,
  )
}

describe('JSON-RPC over WebSocket', () => {
  let served: Served
  afterEach(async () => {
    await served.server.close()
  })

  it('answers calls and batches as HTTP does', async () => {
    served = await serve()
    const client = await connect(served.server.wsUrl)
    expect(await client.call('eth_chainId')).toBe('0x42f')
    await expect(client.call('nope')).rejects.toMatchObject({ code: -32601 })
    client.socket.send('[{"jsonrpc":"2.0","id":70,"method":"net_version"},{"jsonrpc":"2.0","id":71,"method":"x"}]')
    const batch = (await client.until(() => client.messages.find(Array.isArray))) as unknown as Message[]
    expect(batch.map(item => item.id)).toEqual([70, 71])
  })

  it('pushes heads that equal the blocks, whole pending transactions, logs and receipts', async () => {
    served = await serve()
    const { memory } = served
    memory.fund(privateKeyToAddress(KEY))
    const client = await connect(served.server.wsUrl)
    const heads = await client.call('eth_subscribe', 'newHeads')
    const hashes = await client.call('eth_subscribe', 'newPendingTransactions')
    const whole = await client.call('eth_subscribe', 'newPendingTransactions', true)
    const address = `0x${'cc'.repeat(20)}`
    const logs = await client.call('eth_subscribe', 'logs', { address })
    const none = await client.call('eth_subscribe', 'logs', { address: `0x${'dd'.repeat(20)}` })
    const transaction = transfer(0)
    const receipts = await client.call('eth_subscribe', 'transactionReceipts', {
      transactionHashes: [toHex(transaction.hash)],
    })
    await client.call('eth_sendRawTransaction', toHex(transaction.raw))
    const log = { address: new Uint8Array(20).fill(0xcc), topics: [], data: Uint8Array.of(7) }
    const block = memory.mine([transaction], [[log]])
    await client.until(() => (client.notifications(receipts).length > 0 ? true : undefined))
    expect(client.notifications(hashes)).toEqual([toHex(transaction.hash)])
    expect(client.notifications(whole)).toMatchObject([{ hash: toHex(transaction.hash), blockHash: null }])
    expect(client.notifications(logs)).toMatchObject([{ data: '0x07', logIndex: '0x0' }])
    expect(client.notifications(none)).toEqual([])
    expect(client.notifications(receipts)).toMatchObject([[{ transactionHash: toHex(transaction.hash) }]])
    const [head] = client.notifications(heads) as Record<string, unknown>[]
    const shown = (await client.call('eth_getBlockByHash', toHex(block.hash), false)) as Record<string, unknown>
    expect(shown).toMatchObject(head as Record<string, unknown>)
    expect(head).toMatchObject({ baseFeePerGas: '0x3b9aca00', number: '0x1' })
    expect(head).not.toHaveProperty('transactions')
  })

  it('stops pushing when asked, and refuses what is not there', async () => {
    served = await serve()
    const client = await connect(served.server.wsUrl)
    const other = await connect(served.server.wsUrl)
    const heads = await client.call('eth_subscribe', 'newHeads')
    await expect(other.call('eth_unsubscribe', heads)).rejects.toMatchObject({ message: 'subscription not found' })
    expect(await client.call('eth_unsubscribe', heads)).toBe(true)
    served.memory.mine()
    await client.call('eth_chainId')
    expect(client.notifications(heads)).toEqual([])
    await expect(client.call('eth_subscribe', 'nope')).rejects.toMatchObject({ code: -32601 })
    await expect(client.call('eth_subscribe', 'logs', { address: 1 })).rejects.toMatchObject({ code: -32602 })
    await expect(client.call('dag_subscribe', 'dagCommits')).rejects.toMatchObject({ code: -32601 })
    await expect(served.rpc('eth_subscribe', 'newHeads')).rejects.toMatchObject({
      code: -32601,
      message: 'notifications not supported',
    })
  })

  it('pushes the commits of consensus', async () => {
    const memory = memoryChain()
    let emit: (commit: Readonly<Record<string, unknown>>) => void = () => {}
    const dag: DagReader = {
      status: () => ({ round: 5 }),
      validators: () => [],
      rounds: async () => [],
      commit: async index => ({ index }),
      vertex: async () => undefined,
      certificate: async (height = 0) => ({ height }),
      timeline: () => ({ receivedMs: 1 }),
      onCommit: listener => {
        emit = listener
        return () => {}
      },
    }
    served = await serve({ backend: backendOf(memory, { dag }) })
    const client = await connect(served.server.wsUrl)
    const id = await client.call('dag_subscribe', 'dagCommits')
    emit({ index: 9 })
    await client.until(() => client.notifications(id)[0])
    expect(client.messages.at(-1)).toMatchObject({ method: 'dag_subscription', params: { result: { index: 9 } } })
    expect(await client.call('dag_status')).toEqual({ round: 5 })
    expect(await client.call('dag_getCommit', '0x7')).toEqual({ index: 7 })
    expect(await client.call('dag_getCertificate')).toEqual({ height: 0 })
    await expect(client.call('dag_getRounds', 5, 4)).rejects.toMatchObject({ code: -32602 })
    await expect(client.call('dag_getRounds', 0, 5_000)).rejects.toMatchObject({ code: -32602 })
  })

  it('bounds subscriptions and connections', async () => {
    served = await serve({ limits: { subscriptionsPerConnectionMax: 2, connectionsPerAddressMax: 2 } })
    const client = await connect(served.server.wsUrl)
    await client.call('eth_subscribe', 'newHeads')
    await client.call('eth_subscribe', 'newHeads')
    await expect(client.call('eth_subscribe', 'newHeads')).rejects.toMatchObject({ code: -32005 })
    await connect(served.server.wsUrl)
    const third = await connect(served.server.wsUrl)
    await third.until(() => (third.isClosed() ? true : undefined))
    client.socket.close()
    await new Promise(resolve => setTimeout(resolve, 20))
    const fourth = await connect(served.server.wsUrl)
    expect(await fourth.call('eth_chainId')).toBe('0x42f')
  })

  it('drops a client that does not read', async () => {
    served = await serve({ limits: { notificationsQueuedMax: 5 } })
    const client = await connect(served.server.wsUrl)
    await client.call('eth_subscribe', 'newHeads')
    for (let i = 0; i < 50; i++) served.memory.mine()
    await client.until(() => (client.isClosed() ? true : undefined))
  })

  it('refuses too large messages and foreign origins', async () => {
    served = await serve({ corsOrigins: ['https://good.example'], limits: { requestBytesMax: 500 } })
    const client = await connect(served.server.wsUrl)
    client.socket.send('x'.repeat(600))
    await client.until(() => (client.isClosed() ? true : undefined))
    const upgrade = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      origin: 'https://evil.example',
    }
    const { request } = await import('node:http')
    const status = await new Promise(resolve => {
      const req = request(served.server.url, { headers: upgrade }, response => resolve(response.statusCode))
      req.on('upgrade', (_response, socket) => {
        socket.destroy()
        resolve('upgraded')
      })
      req.on('error', () => resolve('error'))
      req.end()
    })
    expect(status).not.toBe('upgraded')
  })
})
