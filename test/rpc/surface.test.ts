import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METHODS, openRpcDocument } from '#rpc'
import { serve } from './memory-chain.ts'
import { METHOD_ROWS } from './method-rows.ts'

describe('the method table', () => {
  const names = METHODS.map(({ name }) => name)

  it.each(Object.entries(METHOD_ROWS))('has every row that the survey calls "%s"', (_group, rows) => {
    expect(rows.filter(name => !names.includes(name))).toEqual([])
  })

  it('names no method twice', () => {
    expect(names.length).toBe(new Set(names).size)
  })

  it('is what the OpenRPC document says, with a schema for every parameter and result', () => {
    const { methods } = openRpcDocument(METHODS, 'v1') as { methods: { name: string; params: { schema: unknown }[] }[] }
    expect(methods.map(({ name }) => name)).toEqual(names)
    for (const { params } of methods) for (const { schema } of params) expect(schema).toBeTypeOf('object')
  })
})

describe('methods with one answer', () => {
  let node: Awaited<ReturnType<typeof serve>>
  beforeAll(async () => {
    node = await serve()
  })
  afterAll(async () => {
    await node.server.close()
  })

  it.each([
    ['eth_accounts', []],
    ['eth_mining', false],
    ['eth_hashrate', '0x0'],
    ['eth_syncing', false],
    ['eth_blobBaseFee', '0x1'],
    ['debug_getBadBlocks', []],
  ])('%s answers %j', async (name, answer) => {
    expect(await node.rpc(name)).toEqual(answer)
  })

  it.each(['eth_getUncleCountByBlockNumber', 'eth_getUncleByBlockNumberAndIndex'])('%s knows no uncles', async name => {
    const answer = await node.rpc(name, 'latest', ...(name.endsWith('Index') ? ['0x0'] : []))
    expect(answer).toBe(name.endsWith('Index') ? null : '0x0')
  })

  it.each(['eth_sendTransaction', 'eth_sign', 'eth_signTransaction', 'debug_setHead', 'eth_getWork', 'debug_dbGet'])(
    '%s says that it does not do that',
    async name => {
      await expect(node.rpc(name, '0x1', {})).rejects.toMatchObject({ code: -32000 })
    },
  )
})

describe('admin methods', () => {
  const peer = '12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo'

  it('tell who the node is and whom it knows, and keep a peer', async () => {
    const added: string[] = []
    const { memory, server } = await serve()
    const { createRpcServer } = await import('#rpc')
    const { backendOf } = await import('./memory-chain.ts')
    const admin = await createRpcServer({
      backend: backendOf(memory, {
        admin: {
          id: peer,
          dataDir: '/data',
          genesisHash: new Uint8Array(32),
          addresses: () => [`/ip4/10.0.0.1/tcp/30303/p2p/${peer}`],
          peers: () => [
            { id: peer, addresses: [`/ip6/::1/tcp/7/p2p/${peer}`], outbound: true, authority: 2, agent: 'ogpu/1' },
          ],
          addPeer: address => {
            added.push(address)
          },
        },
      }),
    })
    const ask = async (method: string, ...params: unknown[]) => {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      return (await (await fetch(admin.url, { method: 'POST', headers, body })).json()) as Record<string, unknown>
    }
    try {
      expect(await ask('admin_nodeInfo')).toMatchObject({
        result: {
          id: peer,
          ip: '10.0.0.1',
          ports: { listener: 30_303 },
          listenAddr: '10.0.0.1:30303',
          protocols: { ogpu: { network: 1071, height: 0 } },
        },
      })
      expect(await ask('admin_peers')).toMatchObject({
        result: [{ id: peer, name: 'ogpu/1', network: { remoteAddress: '[::1]:7', inbound: false, trusted: true } }],
      })
      const address = `/dns4/node.example/tcp/30303/p2p/${peer}`
      expect(await ask('admin_addPeer', address)).toMatchObject({ result: true })
      for (const wrong of ['enode://aa@1.2.3.4:1', '/ip4/1.2.3.4/tcp/1', 7, `/ip4/1/tcp/1/p2p/${'x'.repeat(400)}`]) {
        expect(await ask('admin_addPeer', wrong)).toMatchObject({ error: { code: -32602 } })
      }
      expect(added).toEqual([address])
      expect(await ask('admin_datadir')).toMatchObject({ result: '/data' })
    } finally {
      await admin.close()
      await server.close()
    }
  })

  it('are refused by a node without the interface', async () => {
    const node = await serve()
    try {
      await expect(node.rpc('admin_nodeInfo')).rejects.toMatchObject({ code: -32000 })
    } finally {
      await node.server.close()
    }
  })
})
