import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { createRpcServer, issueToken } from '#rpc'
import { backendOf, memoryChain, serve } from './memory-chain.ts'

type Served = Awaited<ReturnType<typeof serve>>

function call(method: string, params: unknown[] = [], id: unknown = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}

/** Raw request, for headers that fetch does not let through. */
function raw(url: string, method: string, headers: Record<string, string>, body = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method, headers }, response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    req.on('error', reject)
    req.end(body)
  })
}

describe('JSON-RPC over HTTP', () => {
  let served: Served
  afterEach(async () => {
    await served.server.close()
  })

  it('answers a call and echoes its id as it was sent', async () => {
    served = await serve()
    for (const id of [1, 0, -5, 'abc', '', null, 1.5]) {
      const response = await served.post(call('eth_chainId', [], id))
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({ jsonrpc: '2.0', id, result: '0x42f' })
    }
  })

  it('answers a batch in its order, and one bad element spoils nothing', async () => {
    served = await serve()
    const body = `[${call('eth_chainId', [], 1)},5,${call('nope', [], 'x')},{"jsonrpc":"2.0","method":"eth_chainId"},${call('net_version', [], 2)}]`
    expect(await (await served.post(body)).json()).toEqual([
      { jsonrpc: '2.0', id: 1, result: '0x42f' },
      { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'invalid request' } },
      {
        jsonrpc: '2.0',
        id: 'x',
        error: { code: -32601, message: 'the method nope does not exist/is not available' },
      },
      { jsonrpc: '2.0', id: 2, result: '1071' },
    ])
  })

  it('does not answer notifications', async () => {
    served = await serve()
    const single = await served.post('{"jsonrpc":"2.0","method":"eth_chainId"}')
    expect([single.status, await single.text()]).toEqual([200, ''])
    const batch = await served.post('[{"jsonrpc":"2.0","method":"eth_chainId"},{"jsonrpc":"2.0","method":"nope"}]')
    expect([batch.status, await batch.text()]).toEqual([200, ''])
  })

  it.each([
    ['{', -32700],
    ['', -32700],
    ['[]', -32600],
    ['1', -32600],
    ['null', -32600],
    ['"eth_chainId"', -32600],
    ['{"jsonrpc":"2.0","id":1}', -32600],
    ['{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{}}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[1]}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByHash","params":[]}', -32602],
    ['{"jsonrpc":"2.0","id":1,"method":"__proto__","params":[]}', -32601],
    ['{"jsonrpc":"2.0","id":1,"method":"constructor"}', -32601],
  ])('answers %s with error %i and status 200', async (body, code) => {
    served = await serve()
    const response = await served.post(body)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ error: { code } })
  })

  it('speaks HTTP: media type, method, path, size', async () => {
    served = await serve({ limits: { requestBytesMax: 1_000 } })
    const { url } = served.server
    const text = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: call('eth_chainId'),
    })
    expect(text.status).toBe(415)
    expect((await served.post(call('eth_chainId', ['x'.repeat(2_000)]))).status).toBe(413)
    expect((await fetch(url)).status).toBe(200)
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200)
    expect((await fetch(url, { method: 'PUT' })).status).toBe(405)
    expect((await fetch(`${url}/x`, { method: 'POST' })).status).toBe(404)
    const charset = { 'content-type': 'application/json; charset=utf-8' }
    expect((await served.post(call('eth_chainId'), charset)).status).toBe(200)
  })

  it('lets browsers in from anywhere unless told otherwise', async () => {
    served = await serve()
    const preflight = await fetch(served.server.url, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
    const answer = await served.post(call('eth_chainId'), { origin: 'https://app.example' })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('lets only named origins in when told so', async () => {
    served = await serve({ corsOrigins: ['https://good.example'] })
    const good = await served.post(call('eth_chainId'), { origin: 'https://good.example' })
    expect(good.headers.get('access-control-allow-origin')).toBe('https://good.example')
    const bad = await served.post(call('eth_chainId'), { origin: 'https://bad.example' })
    expect(bad.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('refuses host names that nobody allowed (DNS rebinding)', async () => {
    served = await serve({ hosts: ['localhost', 'rpc.example'] })
    const { url } = served.server
    const json = { 'content-type': 'application/json' }
    const status = (host: string) => raw(url, 'POST', { ...json, host }, call('eth_chainId'))
    expect(await status('evil.example')).toBe(403)
    expect(await status('rpc.example')).toBe(200)
    expect(await status('RPC.example:443')).toBe(200)
    expect(await status('10.1.2.3:8545')).toBe(200)
    expect(await status('[::1]:8545')).toBe(200)
  })

  it('bounds batches and answers', async () => {
    served = await serve({ limits: { batchItemsMax: 3, responseBytesMax: 300 } })
    const four = `[${Array.from({ length: 4 }, (_, id) => call('eth_chainId', [], id)).join(',')}]`
    expect(await (await served.post(four)).json()).toMatchObject({
      error: { code: -32600, message: 'batch too large' },
    })
    const large = await (await served.post(call('eth_getBlockByNumber', ['latest', false]))).json()
    expect(large).toMatchObject({ id: 1, error: { code: -32003, message: 'response too large' } })
  })

  it('limits the rate of a client by the weight of its methods', async () => {
    served = await serve({ trustProxy: 'loopback', limits: { rate: { perSecond: 1, burst: 12 } } })
    const from = { 'x-forwarded-for': '203.0.113.9' }
    expect((await served.post(call('eth_getLogs', [{}]), from)).status).toBe(200)
    const refused = await served.post(call('eth_getLogs', [{}], 7), from)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ id: 7, error: { code: -32005 } })
    expect((await served.post(call('eth_getLogs', [{}]), { 'x-forwarded-for': '203.0.113.10' })).status).toBe(200)
    expect((await served.post(call('eth_getLogs', [{}]))).status).toBe(200)
  })

  it('compresses long answers for clients elsewhere', async () => {
    served = await serve({ trustProxy: 'loopback' })
    const headers = { 'content-type': 'application/json', 'accept-encoding': 'gzip', 'x-forwarded-for': '203.0.113.9' }
    const body = await new Promise<Buffer>(resolve => {
      const req = request(served.server.url, { method: 'POST', headers }, response => {
        expect(response.headers['content-encoding']).toBe('gzip')
        const parts: Buffer[] = []
        response.on('data', part => parts.push(part))
        response.on('end', () => resolve(Buffer.concat(parts)))
      })
      req.end(call('rpc.discover'))
    })
    expect(JSON.parse(gunzipSync(body).toString())).toMatchObject({ result: { openrpc: '1.3.2' } })
  })

  it('takes too long and says so', async () => {
    served = await serve({ limits: { methodTimeoutMs: 50 } })
    served.memory.chain.blockByHash = () => new Promise(() => {})
    const answer = await served.post(call('eth_getBlockByHash', [`0x${'00'.repeat(32)}`]))
    expect(await answer.json()).toMatchObject({ error: { code: -32002, message: 'request timed out' } })
  })

  it('gives a batch one time for all its calls, and answers each', async () => {
    served = await serve({ limits: { methodTimeoutMs: 50, batchConcurrency: 1 } })
    served.memory.chain.blockByHash = () => new Promise(() => {})
    const slow = JSON.parse(call('eth_getBlockByHash', [`0x${'00'.repeat(32)}`]))
    const quick = JSON.parse(call('eth_chainId'))
    const answer = await served.post(JSON.stringify([quick, slow, slow, slow, slow, slow, slow, slow, slow, quick]))
    const late = { error: { code: -32002, message: 'request timed out' } }
    expect(await answer.json()).toMatchObject([
      { result: expect.any(String) },
      ...Array.from({ length: 9 }, () => late),
    ])
  })

  it('keeps what broke to itself', async () => {
    served = await serve()
    served.memory.chain.blockByHash = () => Promise.reject(new Error('secret path /home'))
    const answer = await served.post(call('eth_getBlockByHash', [`0x${'00'.repeat(32)}`]))
    expect(await answer.json()).toMatchObject({ error: { code: -32603, message: 'internal error' } })
  })

  it('serves chosen namespaces behind a token', async () => {
    served = await serve()
    const secret = new Uint8Array(32).fill(7)
    const backend = backendOf(memoryChain())
    const guarded = await createRpcServer({ backend, jwtSecret: secret, namespaces: ['debug', 'net'] })
    const ask = (method: string, token?: string) =>
      fetch(guarded.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: call(method),
      })
    const now = Date.now()
    expect((await ask('net_version')).status).toBe(401)
    expect((await ask('net_version', issueToken(new Uint8Array(32), now))).status).toBe(401)
    expect((await ask('net_version', issueToken(secret, now - 120_000))).status).toBe(401)
    expect((await ask('net_version', 'a.b.c')).status).toBe(401)
    const good = await ask('net_version', issueToken(secret, now))
    expect(await good.json()).toMatchObject({ result: '1071' })
    const modules = await ask('rpc_modules', issueToken(secret, now))
    expect(await modules.json()).toMatchObject({ result: { debug: '1.0', net: '1.0', rpc: '1.0' } })
    const other = await ask('eth_chainId', issueToken(secret, now))
    expect(await other.json()).toMatchObject({ error: { code: -32601 } })
    await guarded.close()
  })
})
