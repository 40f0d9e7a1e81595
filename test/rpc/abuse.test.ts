import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startAttack } from '../load/attacks.ts'
import { startWorkerServer, type WorkerServer } from './worker-server.ts'

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

describe('a node that strangers abuse', () => {
  let node: WorkerServer
  beforeAll(async () => {
    node = await startWorkerServer({ limits: { callTimeoutMs: 400, connectionsMax: 100, requestBytesMax: 1_000_000 } })
  })
  afterAll(async () => {
    await node.close()
  })

  /** Answers over a connection that was there before, as those who come when all are taken are turned away. */
  async function isServed(socket: WebSocket): Promise<boolean> {
    const answered = new Promise<string>(resolve => socket.once('message', data => resolve(String(data))))
    socket.send('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}')
    return (await answered) === '{"jsonrpc":"2.0","id":1,"result":"0x42f"}'
  }

  it.each(['loops', 'connections', 'bodies'] as const)(
    'goes on under %s',
    async attack => {
      const socket = new WebSocket(node.server.wsUrl)
      await new Promise(resolve => socket.once('open', resolve))
      const running = startAttack(attack, { urls: [node.server.url], loops: 3, connections: 300 })
      let served = 0
      const end = performance.now() + 2_500
      while (performance.now() < end) {
        if (await isServed(socket)) served += 1
        await sleep(20)
      }
      const answers = await running.stop()
      expect(served).toBeGreaterThan(5)
      expect(answers['internal error']).toBe(undefined)
      socket.terminate()
      await sleep(100)
      expect(await node.rpc('eth_blockNumber')).toMatchObject({ result: '0x0' })
    },
    20_000,
  )

  it('turns away who comes when all connections are taken', async () => {
    const running = startAttack('connections', { urls: [node.server.url], connections: 300 })
    await sleep(1_000)
    const answers = await running.stop()
    expect(answers.closed ?? 0).toBeGreaterThanOrEqual(150)
  })

  it('reads a big body no further than it may, and says so', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': String(100 * 1024 * 1024) }
      const sent = request(node.server.url, { method: 'POST', headers }, answer => resolve(answer.statusCode))
      sent.once('error', reject)
      sent.write('[')
    })
    expect(status).toBe(413)
  })

  it('refuses deep nesting before it reads it, and takes what is honest', async () => {
    const post = async (body: string) => {
      const headers = { 'content-type': 'application/json' }
      return (await fetch(node.server.url, { method: 'POST', headers, body })).json()
    }
    const deep = (depth: number) => `[${'['.repeat(depth)}${']'.repeat(depth)}]`
    expect(await post(`{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${deep(64)}}`)).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32700, message: 'parse error: nested too deeply' },
    })
    const brackets = `{"jsonrpc":"2.0","id":1,"method":"web3_sha3","params":["${'[{'.repeat(100)}\\"[["]}`
    expect(await post(brackets)).toMatchObject({ id: 1, error: { code: -32602 } })
    expect(await post(`{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${deep(60)}}`)).toMatchObject({
      error: { code: -32602 },
    })
  })
})
