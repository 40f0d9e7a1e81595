import { contractsOf } from '@ogpu/sdk'
import { Interface } from 'ethers'
import { describe, expect, test } from 'vitest'
import { artifactOf } from '#contracts'
import { fromHex, type Hex } from '#lib/bytes'
import { FuzzWorld } from './fuzz-world.ts'
import { createTestChain, OGPU } from './harness.ts'

describe('invariants', () => {
  test.each([11, 12])('the books are right after random calls and nothing is left behind (seed %i)', async seed => {
    const world = await FuzzWorld.create(seed)
    const report = await world.run(700)
    expect(report.accepted).toBeGreaterThan(150)
    expect(report.finished).toBeGreaterThan(5)
  })
})

/**
 * Code of an account that passes what it is sent on to `vault`, and whenever it is paid withdraws `amountWei` again.
 * `36 60 50 57`: calldata? then jump to 0x50.
 */
function reentrantCode(vault: Hex, amountWei: bigint): Uint8Array {
  const target = vault.slice(2)
  const amount = amountWei.toString(16).padStart(64, '0')
  const onPayment = `632e1a7d4d60e01b5f527f${amount}6004525f5f60245f5f73${target}5af100`
  const onCall = `5b365f5f375f5f365f5f73${target}5af16077575f5ffd5b00`
  return fromHex(`36605057${onPayment}${onCall}`)
}

test('an account that calls back while it is paid gets no more than its own', async () => {
  const chain = await createTestChain()
  const { vault } = contractsOf(chain.chainId)
  const thief: Hex = '0x00000000000000000000000000000000000bad00'
  await chain.machine.setCode(thief, reentrantCode(vault, OGPU))
  const handle = chain.contract('vault')
  await handle.send(chain.person('honest'), 'deposit', [chain.person('honest')], 50n * OGPU)
  await handle.send(chain.person('x'), 'deposit', [thief], 3n * OGPU)
  const data = fromHex(new Interface(artifactOf('Vault').abi).encodeFunctionData('withdraw', [OGPU]))
  await chain.settle()
  const result = await chain.machine.call({ from: chain.person('x'), to: thief, data })
  expect(result.ok).toBe(true)
  // It did come back in: three times in one call, each time for coins of its own.
  expect(await chain.machine.balanceOf(thief)).toBe(3n * OGPU)
  expect(await handle.read('balanceOf', thief)).toBe(0n)
  expect(await chain.machine.balanceOf(vault)).toBe(50n * OGPU)
})
