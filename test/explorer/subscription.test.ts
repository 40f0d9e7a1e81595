import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import websocket from '@fastify/websocket'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { createNodeClient, subscribe } from '../../explorer/src/server/node-client.ts'

test('subscriptions are kept alive over lost connections, and junk is ignored', async () => {
  const server = fastify()
  await server.register(websocket)
  let connections = 0
  server.get('/', { websocket: true }, socket => {
    const connection = ++connections
    socket.on('message', raw => {
      const { id, params } = JSON.parse(String(raw)) as { id: number; params: [string] }
      const subscription = `0x${connection}${id}`
      socket.send('not json')
      socket.send('null')
      socket.send(JSON.stringify({ id, result: subscription }))
      socket.send(JSON.stringify({ params: { subscription: '0xdead', result: 'foreign' } }))
      socket.send(JSON.stringify({ params: { subscription, result: `${params[0]} ${connection}` } }))
      if (connection === 1 && id === 1) setTimeout(() => socket.close(), 20)
    })
  })
  await server.listen({ port: 0, host: '127.0.0.1' })
  const events: string[] = []
  const { port } = server.server.address() as AddressInfo
  const subscription = subscribe(`ws://127.0.0.1:${port}`, ['newHeads', 'dagCommits'], (topic, payload) =>
    events.push(`${topic}: ${payload}`),
  )
  for (let waited = 0; events.length < 4 && waited < 10_000; waited += 20) await sleep(20)
  subscription.stop()
  await server.close()
  expect(events).toEqual([
    'newHeads: newHeads 1',
    'dagCommits: dagCommits 1',
    'newHeads: newHeads 2',
    'dagCommits: dagCommits 2',
  ])
})

test('a node that answers nonsense, too little or nothing is an unreachable node', async () => {
  const server = fastify()
  let answer = ''
  server.post('/', (_request, reply) => reply.send(answer))
  const url = await server.listen({ port: 0, host: '127.0.0.1' })
  const node = createNodeClient(url, new AbortController().signal)
  for (answer of ['<html>', '', '[]', '{"id":0}', 'null'])
    await expect(node.batch([{ method: 'eth_chainId', params: [] }]), answer).rejects.toMatchObject({
      code: 'node unreachable',
    })
  answer = '[{"id":0,"error":{"code":3,"message":"execution reverted","data":"0x"}}]'
  expect(await node.batch([{ method: 'eth_call', params: [] }])).toEqual([
    { kind: 'error', code: 3, message: 'execution reverted', data: '0x' },
  ])
  await server.close()
  await expect(node.call('eth_chainId', [])).rejects.toMatchObject({ code: 'node unreachable', status: 503 })
})
