import { contractsOf } from '@ogpu/sdk'
import { Interface } from 'ethers'
import { describe, expect, test } from 'vitest'
import { artifactOf } from '#contracts'
import { fromHex, type Hex } from '#lib/bytes'
import { type FuzzAct, FuzzFailure, shrink } from './fuzz-acts.ts'
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

test('a failure is made as short as it can be, and a run can be done again act by act', async () => {
  const world = await FuzzWorld.create(5)
  await world.run(60)
  await FuzzWorld.replay(5, world.acts)
  const needed = world.acts.filter((_, i) => i === 7 || i === 40)
  const replay = async (acts: readonly FuzzAct[]) => {
    if (needed.every(act => acts.includes(act))) throw new FuzzFailure(`broken after ${acts.length}`, 5, acts)
  }
  let ms = 0
  const failure = new FuzzFailure('broken after 60', 5, world.acts)
  expect(await shrink(failure, replay, 1_000_000, () => ms++)).toEqual(needed)
  expect(
    await shrink(
      failure,
      async () => {},
      1_000,
      () => ms++,
    ),
  ).toBeUndefined()
})

test('the books notice a coin too much or too few', async () => {
  const world = await FuzzWorld.create(6)
  await world.run(60)
  const { vault, staking, wrappedOgpu, dataRegistry } = contractsOf(1071)
  for (const address of [vault, staking, wrappedOgpu, dataRegistry]) {
    const act: FuzzAct = { kind: 'balance', address, wei: 12_345n }
    await expect(FuzzWorld.replay(6, [act])).rejects.toThrow(FuzzFailure)
  }
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
  chain.machine.setCode(thief, reentrantCode(vault, OGPU))
  const handle = chain.contract('vault')
  await handle.send(chain.person('honest'), 'deposit', [chain.person('honest')], 50n * OGPU)
  await handle.send(chain.person('x'), 'deposit', [thief], 3n * OGPU)
  const data = fromHex(new Interface(artifactOf('Vault').abi).encodeFunctionData('withdraw', [OGPU]))
  const result = chain.machine.call(chain.person('x'), thief, data)
  expect(result.ok).toBe(true)
  // It did come back in: three times in one call, each time for coins of its own.
  expect(chain.machine.balanceOf(thief)).toBe(3n * OGPU)
  expect(await handle.read('balanceOf', thief)).toBe(0n)
  expect(chain.machine.balanceOf(vault)).toBe(50n * OGPU)
})
