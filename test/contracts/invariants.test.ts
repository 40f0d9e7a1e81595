import { contractsOf } from '@ogpu/sdk'
import { describe, expect, test } from 'vitest'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { type FuzzAct, FuzzFailure, shrink } from './fuzz-acts.ts'
import { FuzzWorld } from './fuzz-world.ts'
import { type ContractKey, createTestChain, OGPU, word } from './harness.ts'

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
 * Code of an account that passes what it is sent on to `target`, and whenever it is paid calls `target` with `payload` again.
 * First `36 60 .. 57`: with calldata, jump to what passes it on.
 */
function reentrantCode(target: Hex, payload: Uint8Array): Uint8Array {
  const [to, length] = [target.slice(2), payload.length.toString(16).padStart(4, '0')]
  const paid = (offset: string) => `61${length}61${offset}5f395f5f61${length}5f5f73${to}5af100`
  const passOn = (end: string) => `5b365f5f375f5f365f3473${to}5af160${end}575f5ffd5b00`
  const at = (place: number, width: number) => place.toString(16).padStart(width, '0')
  const jump = 4 + paid('0000').length / 2
  const end = jump + passOn('00').length / 2
  return fromHex(
    `36 60${at(jump, 2)}57${paid(at(end, 4))}${passOn(at(end - 2, 2))}${toHex(payload).slice(2)}`.replaceAll(
      ' ',
      '',
    ) as Hex,
  )
}

const THIEF: Hex = '0x00000000000000000000000000000000000bad00'

/** A chain with an account that, whenever it is paid, calls `method` again. */
async function thieve(key: ContractKey, method: string, args: readonly unknown[]) {
  const chain = await createTestChain()
  const [handle, payer] = [chain.contract(key), chain.person('payer')]
  const payload = fromHex(handle.abi.encodeFunctionData(method, args) as Hex)
  chain.machine.setCode(THIEF, reentrantCode(handle.address, payload))
  const asThief = (name: string, values: readonly unknown[], wei = 0n) => {
    const data = fromHex(handle.abi.encodeFunctionData(name, values) as Hex)
    expect([name, chain.machine.call(payer, THIEF, data, wei).ok]).toEqual([name, true])
  }
  const held = () => chain.machine.balanceOf(handle.address)
  return { chain, handle, honest: chain.person('honest'), asThief, held, got: () => chain.machine.balanceOf(THIEF) }
}

describe('an account that calls back while it is paid gets no more than its own', () => {
  test('by withdrawing from the vault', async () => {
    const t = await thieve('vault', 'withdraw', [OGPU])
    await t.handle.send(t.honest, 'deposit', [t.honest], 50n * OGPU)
    await t.handle.send(t.honest, 'deposit', [THIEF], 3n * OGPU)
    t.asThief('withdraw', [OGPU])
    // It did come back in: three times in one call, each time for coins of its own.
    expect(t.got()).toBe(3n * OGPU)
    expect(await t.handle.read('balanceOf', THIEF)).toBe(0n)
    expect(t.held()).toBe(50n * OGPU)
  })

  test('by withdrawing once more while it leaves the vault', async () => {
    const t = await thieve('vault', 'withdraw', [OGPU])
    await t.handle.send(t.honest, 'deposit', [t.honest], 50n * OGPU)
    await t.handle.send(t.honest, 'deposit', [THIEF], 3n * OGPU)
    t.asThief('emergencyExit', [THIEF])
    expect([t.got(), t.held()]).toEqual([3n * OGPU, 50n * OGPU])
  })

  test('by unwrapping', async () => {
    const t = await thieve('wrappedOgpu', 'withdraw', [OGPU])
    await t.handle.send(t.honest, 'deposit', [], 50n * OGPU)
    t.asThief('deposit', [], 3n * OGPU)
    t.asThief('withdraw', [OGPU])
    expect([t.got(), t.held()]).toEqual([3n * OGPU, 50n * OGPU])
    expect(await t.handle.read('totalSupply')).toBe(50n * OGPU)
  })

  test.each(['withdraw', 'withdrawTo'])('by taking stake out with %s', async method => {
    const operator: Hex = '0x2222222222222222222222222222222222222222'
    const args = method === 'withdraw' ? [operator] : [operator, THIEF]
    const t = await thieve('staking', method, args)
    const keys = [word('c'), word('n'), word('k'), '']
    t.chain.machine.setBalance(operator, 100n * OGPU)
    await t.handle.send(operator, 'register', [keys, 0], 50n * OGPU)
    t.asThief('delegate', [operator], 3n * OGPU)
    const [owned] = await t.handle.read<bigint[]>('positionOf', operator, THIEF)
    t.asThief('undelegate', [operator, owned])
    t.chain.pass(1_000_000)
    t.asThief(method, args)
    expect(t.got()).toBeGreaterThan(3n * OGPU - 10n)
    expect(t.held()).toBe(53n * OGPU - t.got())
    expect(t.held()).toBeGreaterThanOrEqual(50n * OGPU)
  })

  test('by asking the faucet', async () => {
    const t = await thieve('faucet', 'drip', [THIEF])
    await t.handle.send(t.honest, 'drip', [THIEF])
    expect(t.got()).toBe(100n * OGPU)
  })
})
