import { expect, test } from 'vitest'
import { compareRemotely, type RemoteCall, requireRemote } from './differential-remote.ts'

/** A node that takes everything and says that nothing ever ran. */
const idleNode: RemoteCall = async method => {
  if (method === 'eth_chainId') return '0x42f'
  if (method === 'eth_getTransactionReceipt') return null
  if (method === 'eth_getCode') return '0x'
  return '0x0'
}

test('a node that does something else than we do is found out, transaction by transaction and in its state', async () => {
  const results = await compareRemotely(idleNode, 'remote', 0, 12)
  expect(results).toHaveLength(12)
  for (const { outcome, difference } of results) {
    if (outcome !== 'refused') expect(difference).toMatch(/we run it, the node does not|account 0x/)
  }
  expect(results.at(-1)?.difference).toBeDefined()
})

test('a node with another chain id or with blocks is not compared with', async () => {
  await expect(requireRemote(async () => '0x1')).rejects.toThrow('chain id 1')
  await expect(requireRemote(async method => (method === 'eth_chainId' ? '0x42f' : '0x5'))).rejects.toThrow('block 0')
})
