import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hex, toHex } from '#lib/bytes'
import { addressOfUser, signed } from '../evm/fixtures.ts'
import { CELL, SLOW, startWorkerServer, type WorkerServer } from './worker-server.ts'

const word = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

describe('heavy methods in threads', () => {
  let node: WorkerServer
  beforeAll(async () => {
    node = await startWorkerServer()
  })
  afterAll(async () => {
    await node.close()
  })

  it('see every block from the moment that it is shown', async () => {
    for (let nonce = 0; nonce < 15; nonce++) {
      const { raw, hash } = signed(1, {
        nonce: BigInt(nonce),
        to: Buffer.from(CELL.slice(2), 'hex') as Uint8Array,
        data: Buffer.from(word(nonce + 7).slice(2), 'hex') as Uint8Array,
        gasLimit: 100_000n,
      })
      await node.produce(raw)
      expect(await node.rpc('eth_call', { to: CELL })).toMatchObject({ result: word(nonce + 7) })
      if (nonce < 3) continue
      const old = `0x${(nonce - 2).toString(16)}`
      expect(await node.rpc('eth_call', { to: CELL }, old)).toMatchObject({ result: word(nonce - 3 + 7) })
      const trace = await node.rpc('debug_traceTransaction', toHex(hash), { tracer: 'callTracer' })
      expect(trace.result).toMatchObject({ type: 'CALL', from: toHex(addressOfUser(1)), to: CELL })
    }
    expect(await node.rpc('eth_estimateGas', { to: CELL, from: toHex(addressOfUser(2)), value: '0x1' })).toMatchObject({
      result: expect.stringMatching(/^0x5[0-9a-f]{3}$/),
    })
    const proof = await node.rpc('eth_getProof', CELL, ['0x0'], 'latest')
    expect(proof.result).toMatchObject({ storageProof: [{ key: '0x0', value: '0x15' }] })
    expect(await node.rpc('eth_feeHistory', '0x4', 'latest', [50])).toMatchObject({ result: { oldestBlock: '0xc' } })
    expect(await node.rpc('eth_getLogs', { fromBlock: '0x0' })).toMatchObject({ result: [] })
  })

  it('answer errors as the node’s own thread does', async () => {
    expect((await node.rpc('eth_call')).error).toEqual({
      code: -32602,
      message: 'missing value for required argument 0',
    })
    expect((await node.rpc('eth_call', { to: 'x' })).error).toMatchObject({ code: -32602 })
    expect((await node.rpc('eth_call', {}, '0xffff')).error).toEqual({ code: -32000, message: 'header not found' })
    const reverted = await node.rpc('eth_call', { data: '0x602a5f5260205ffd' })
    expect(reverted.error).toEqual({ code: 3, message: 'execution reverted', data: word(42) })
    for (const params of [
      JSON.parse(`[{"to":"${CELL}"},"latest",{"__proto__":{"balance":"0x1"},"constructor":{}}]`) as unknown[],
      [JSON.parse('['.repeat(50) + ']'.repeat(50))],
      [{ to: CELL }, 'latest', { [CELL]: { stateDiff: JSON.parse('{"__proto__":"0x"}') } }],
    ]) {
      expect((await node.rpc('eth_call', ...params)).error).toMatchObject({ code: -32602 })
    }
    expect(({} as { balance?: unknown }).balance).toBe(undefined)
  })

  it('are ended after their time, with go-ethereum’s words, while everything else goes on', async () => {
    const { ended } = node.workers.stats()
    const slow = Array.from({ length: 3 }, () => node.rpc('eth_call', { to: SLOW, gas: '0x2faf080' }))
    let light = 0
    let isOver = false
    void Promise.all(slow).then(() => {
      isOver = true
    })
    while (!isOver) {
      expect(await node.rpc('eth_chainId')).toMatchObject({ result: '0x42f' })
      light += 1
    }
    for (const answer of await Promise.all(slow)) {
      expect(answer.error).toEqual({ code: -32000, message: 'execution aborted (timeout = 0.3s)' })
    }
    expect(light).toBeGreaterThan(5)
    expect(node.workers.stats().ended).toBe(ended + 3)
    expect(await node.rpc('eth_call', { to: CELL })).toMatchObject({ result: word(21) })
  }, 60_000)
})

describe('the queue in front of the threads', () => {
  it('has an end', async () => {
    const node = await startWorkerServer({ count: 1, queueMax: 3 })
    try {
      const answers = await Promise.all(Array.from({ length: 8 }, () => node.rpc('eth_call', { to: CELL })))
      expect(answers.filter(({ result }) => result === word(0)).length).toBeGreaterThanOrEqual(3)
      const refused = answers.filter(({ error }) => error !== undefined)
      expect(refused.length).toBeGreaterThan(0)
      for (const { error } of refused) {
        expect(error).toEqual({ code: -32005, message: 'too many calls are waiting: try again later' })
      }
    } finally {
      await node.close()
    }
  })

  it('answers with an error when threads cannot start', async () => {
    const node = await startWorkerServer({ entry: new URL('./no-such-file.ts', import.meta.url) })
    try {
      expect((await node.rpc('eth_call', { to: CELL })).error).toMatchObject({ code: -32603 })
      expect((await node.rpc('eth_chainId')).result).toBe('0x42f')
    } finally {
      await node.close()
    }
  })
})
