import { contractsOf, createClient, deposit, INTERFACES, lockStake, type OgpuClient, SdkError } from '@ogpu/sdk'
import { AbiCoder, concat } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '#lib/bytes'
import { keyOfUser } from '../evm/fixtures.ts'
import { type RealChain, realChain } from '../rpc/real-chain.ts'

const contracts = contractsOf(1071)
const ACCEPTS_ALL = '0x00'

/** Code that reverts with `data`: copies what follows it and returns it as the reason. */
function reverting(data: string): `0x${string}` {
  const length = (data.length - 2) / 2
  // PUSH2 length, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, REVERT
  const push = `61${length.toString(16).padStart(4, '0')}`
  const code = `0x${push}80600a5f395ffd`
  return concat([code, data]) as `0x${string}`
}

let chain: RealChain
let client: OgpuClient

beforeAll(async () => {
  const words = AbiCoder.defaultAbiCoder().encode(['string'], ['SourceInactive'])
  chain = await realChain({
    [contracts.vault]: { code: ACCEPTS_ALL },
    [contracts.controller]: { code: reverting(`0x08c379a0${words.slice(2)}`) },
    [contracts.proofManager]: {
      code: reverting(INTERFACES.proofManager.encodeErrorResult('WrongPhase', [contracts.vault, 2])),
    },
  })
  chain.run()
  client = await createClient({ rpcUrl: chain.server.url, privateKey: toHex(keyOfUser(0)), pollingMs: 20 })
})
afterAll(async () => {
  client.provider.destroy()
  await chain.close()
})

describe('a client', () => {
  it('sends many transactions at once with consecutive nonces, and waits for each', async () => {
    const before = await client.provider.getTransactionCount(String(client.address))
    const sent = await Promise.all(Array.from({ length: 12 }, (_, i) => lockStake(client, { amountWei: BigInt(i) })))
    expect(new Set(sent.map(each => each.hash)).size).toBe(12)
    expect(await client.provider.getTransactionCount(String(client.address))).toBe(before + 12)
  })

  it('goes on when another process used the same key in between', async () => {
    const other = await createClient({ rpcUrl: chain.server.url, privateKey: toHex(keyOfUser(0)), pollingMs: 20 })
    for (let i = 0; i < 3; i++) {
      await deposit(client, { amountWei: 1n })
      await deposit(other, { amountWei: 2n })
    }
    await Promise.all([deposit(client, { amountWei: 3n }), deposit(other, { amountWei: 4n })])
    other.provider.destroy()
  })

  it('says in the contract’s own words why a call would revert, and sends nothing', async () => {
    const before = await client.provider.getTransactionCount(String(client.address))
    const text = client.send('controller', 'cancelTask', [contracts.vault])
    await expect(text).rejects.toMatchObject({ code: 'REVERTED', data: { reason: 'SourceInactive' } })
    const custom = client.send('proofManager', 'draw', [contracts.vault])
    await expect(custom).rejects.toMatchObject({ code: 'REVERTED' })
    await expect(custom).rejects.toThrow(/WrongPhase\(0x.*, 2\)/i)
    await expect(client.read('proofManager', 'due', [contracts.vault])).rejects.toThrow(/WrongPhase/)
    expect(await client.provider.getTransactionCount(String(client.address))).toBe(before)
  })

  it('tells a missing contract, a missing key, another network and a missing node apart', async () => {
    await expect(client.read('routing', 'scoreOf', [contracts.vault, contracts.vault])).rejects.toMatchObject({
      code: 'WRONG_NETWORK',
    })
    const reader = await createClient({ rpcUrl: chain.server.url })
    await expect(lockStake(reader, { amountWei: 1n })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    reader.provider.destroy()
    await expect(createClient({ rpcUrl: chain.server.url, chainId: 5 })).rejects.toMatchObject({
      code: 'WRONG_NETWORK',
    })
    await expect(createClient({ rpcUrl: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 'RPC_FAILED' })
    await expect(createClient({ rpcUrl: 'http://127.0.0.1:1' })).rejects.toBeInstanceOf(SdkError)
  })
})
