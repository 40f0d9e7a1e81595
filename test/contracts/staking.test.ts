import { describe, expect, test } from 'vitest'
import type { Hex } from '#lib/bytes'
import { createTestChain, lower, OGPU, only, Reverted, type TestChain, word } from './harness.ts'

async function refusal(action: Promise<unknown>): Promise<string> {
  try {
    await action
  } catch (error) {
    if (error instanceof Reverted) return error.reason.split('(')[0] as string
    throw error
  }
  return 'no revert'
}

const SYSTEM: Hex = '0xfffffffffffffffffffffffffffffffffffffffe'
const EPOCH_SEC = 6 * 60 * 60
const keysOf = (name: string) => [word(`${name} c`), word(`${name} n`), word(`${name} k`), `/dns4/${name}/tcp/1`]

function validators(powers: readonly number[]) {
  return powers.map((stake, i) => ({
    name: `v${i}`,
    operator: `0x${(i + 1).toString(16).padStart(40, '0')}` as Hex,
    consensusKey: word(`v${i} c`),
    networkKey: word(`v${i} n`),
    checkpointKey: word(`v${i} k`),
    stake,
    addresses: [],
  }))
}

interface Member {
  readonly operator: string
  readonly power: bigint
  readonly consensusKey: string
}

const members = (chain: TestChain, epoch: number) => chain.contract('staking').read<Member[]>('committeeOf', epoch)

async function join(chain: TestChain, name: string, stakeWei: bigint, commissionBps = 1_000): Promise<Hex> {
  const operator = chain.person(name)
  await chain.contract('staking').send(operator, 'register', [keysOf(name), commissionBps], stakeWei)
  return operator
}

async function close(chain: TestChain) {
  chain.pass(EPOCH_SEC + 1)
  return chain.contract('staking').send(chain.person('anybody'), 'closeEpoch')
}

describe('committees', () => {
  test('of epoch 0 come from the genesis, ascending by operator, with powers that sum up to 10,000', async () => {
    const chain = await createTestChain({ validators: validators([1, 1, 1, 1]).reverse() })
    const first = await members(chain, 0)
    expect(first.map(m => m.operator)).toEqual([...first.map(m => m.operator)].sort())
    expect(first.map(m => m.power)).toEqual([2_500n, 2_500n, 2_500n, 2_500n])
    expect(first[0]?.consensusKey).toBe(word('v0 c'))
  })

  test('cap every member of four or more below a third', async () => {
    const chain = await createTestChain({ validators: validators([970, 10, 10, 10]) })
    const powers = (await members(chain, 0)).map(m => m.power)
    expect(powers[0]).toBe(3_333n)
    expect(powers.reduce((a, b) => a + b)).toBe(10_000n)
    const three = await createTestChain({ validators: validators([98, 1, 1]) })
    expect((await members(three, 0))[0]?.power).toBe(9_800n)
  })

  test('are elected by stake at the end of an epoch, by anybody once it is over', async () => {
    const chain = await createTestChain()
    const staking = chain.contract('staking')
    expect(await refusal(staking.send(chain.person('anybody'), 'closeEpoch'))).toBe('NotYet')
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const [i, name] of names.entries()) await join(chain, name, BigInt(i + 1) * OGPU)
    await staking.send('0x4f47505500000000000000000000000000000002', 'setCommitteeSize', [4])
    expect(await staking.read<Member[]>('nextCommittee')).toHaveLength(4)
    const sent = await close(chain)
    expect(only(sent, 'EpochClosed').args).toMatchObject({ epoch: 1n, members: 4n })
    const elected = await members(chain, 1)
    expect(elected.map(m => lower(m.operator))).not.toContain(chain.person('a'))
    expect(elected.reduce((sum, m) => sum + m.power, 0n)).toBe(10_000n)
    expect(await staking.read('epochSeedOf', 1)).not.toBe(await staking.read('epochSeedOf', 0))
    // The system account need not wait.
    await staking.send(SYSTEM, 'closeEpoch')
    expect(await staking.read('epoch')).toBe(2n)
  })

  test('are closed by the node alone where it elects them, whatever the clock says', async () => {
    const chain = await createTestChain({ validators: validators([1, 1, 1, 1]), staking: { electsCommittee: true } })
    const staking = chain.contract('staking')
    expect(await staking.read('systemCloses')).toBe(true)
    const tried = async () => refusal(staking.send(chain.person('anybody'), 'closeEpoch'))
    expect(await tried()).toBe('OnlySystem')
    chain.pass(EPOCH_SEC)
    expect(await tried()).toBe('OnlySystem')
    const timelock = chain.contract('timelock').address
    expect(await refusal(staking.send(timelock, 'closeEpoch'))).toBe('OnlySystem')
    only(await staking.send(SYSTEM, 'closeEpoch'), 'EpochClosed')
    expect(await staking.read('epoch')).toBe(1n)
  })

  test('that worked get the collected fees with the closing call', async () => {
    const chain = await createTestChain({ validators: validators([1, 1, 1, 1]), staking: { feeBurnBps: 5_000 } })
    const staking = chain.contract('staking')
    const fees = chain.contract('feeCollector')
    chain.machine.setBalance(fees.address, 8n * OGPU)
    for (const { operator } of validators([1, 1, 1, 1]).slice(0, 2)) await staking.send(operator, 'retire')
    const sent = await staking.send(SYSTEM, 'closeEpoch')
    expect(only(sent, 'FeesDistributed').args).toMatchObject({ rewarded: 4n * OGPU, burned: 4n * OGPU })
    // Also those who are not in the next committee: it is the old one that worked.
    expect(sent.events.filter(e => e.name === 'Rewarded').map(e => e.args.amount)).toEqual(
      Array.from({ length: 4 }, () => OGPU),
    )
    expect(only(sent, 'EpochClosed').args.members).toBe(2n)
    expect(chain.machine.balanceOf(fees.address)).toBe(0n)
  })

  test('come even when the fees cannot be passed on', async () => {
    const chain = await createTestChain({ validators: validators([1, 1, 1, 1]) })
    const fees = chain.contract('feeCollector')
    // A collector whose code is broken.
    chain.machine.setCode(fees.address, Uint8Array.of(0xfe))
    const sent = await chain.contract('staking').send(SYSTEM, 'closeEpoch')
    expect(only(sent, 'FeesNotDistributed').args.epoch).toBe(0n)
    expect(only(sent, 'EpochClosed').args.members).toBe(4n)
  })

  test('stay when nobody can be elected', async () => {
    const chain = await createTestChain({ validators: validators([1, 1, 1, 1]) })
    for (const { operator } of validators([1, 1, 1, 1])) await chain.contract('staking').send(operator, 'retire')
    await close(chain)
    expect(await members(chain, 1)).toHaveLength(4)
  })

  test('are closed within the gas that a block has, with every place taken', async () => {
    const chain = await createTestChain({ validators: validators(Array.from({ length: 128 }, (_, i) => i + 100)) })
    const sent = await close(chain)
    expect(sent.gas).toBeLessThan(60_000_000n)
    expect(await members(chain, 1)).toHaveLength(64)
  })
})

describe('validators', () => {
  test('need stake, sane commission and three keys that nobody else has', async () => {
    const chain = await createTestChain()
    const staking = chain.contract('staking')
    const me = chain.person('me')
    const register = (keys: readonly unknown[], commission: number, value: bigint) =>
      staking.send(me, 'register', [keys, commission], value)
    expect(await refusal(register(keysOf('me'), 0, OGPU - 1n))).toBe('StakeTooLow')
    expect(await refusal(register(keysOf('me'), 5_001, OGPU))).toBe('CommissionTooHigh')
    expect(await refusal(register([word(1), word(1), word(2), ''], 0, OGPU))).toBe('KeysInvalid')
    expect(await refusal(register([word(1), word(2), word(0), ''], 0, OGPU))).toBe('KeysInvalid')
    await join(chain, 'other', OGPU)
    expect(await refusal(register(keysOf('other'), 0, OGPU))).toBe('KeyTaken')
    await register(keysOf('me'), 0, OGPU)
    expect(await refusal(register(keysOf('again'), 0, OGPU))).toBe('WrongStatus')
    only(await staking.send(me, 'update', [keysOf('fresh'), 100]), 'ValidatorUpdated')
    await join(chain, 'third', OGPU)
    expect(await refusal(staking.send(me, 'update', [keysOf('third'), 100]))).toBe('KeyTaken')
    await staking.send(me, 'retire')
    expect(await refusal(staking.send(me, 'update', [keysOf('fresh'), 100]))).toBe('WrongStatus')
    expect(await refusal(staking.send(me, 'retire'))).toBe('WrongStatus')
    expect(await refusal(staking.send(chain.person('x'), 'delegate', [me], 1n))).toBe('WrongStatus')
    expect(await refusal(staking.send(chain.person('x'), 'delegate', [chain.person('y')], 1n))).toBe('NotValidator')
    await register(keysOf('me'), 0, 1n)
  })

  test('share rewards with delegators after commission, through the fee collector', async () => {
    const chain = await createTestChain()
    const staking = chain.contract('staking')
    const operator = await join(chain, 'v', 10n * OGPU, 1_000)
    const friend = chain.person('friend')
    await staking.send(friend, 'delegate', [operator], 30n * OGPU)
    await close(chain)
    const fees = chain.contract('feeCollector')
    chain.machine.setBalance(fees.address, 8n * OGPU)
    const sent = await fees.send(chain.person('anybody'), 'distribute')
    expect(only(sent, 'FeesDistributed').args).toMatchObject({ rewarded: 4n * OGPU, burned: 4n * OGPU })
    const [mine] = await staking.read<bigint[]>('positionOf', operator, friend)
    const [own] = await staking.read<bigint[]>('positionOf', operator, operator)
    // 4 OGPU, a tenth is commission; of the rest three quarters are the friend's.
    const near = (value: bigint | undefined, wanted: bigint) => {
      expect(value).toBeLessThanOrEqual(wanted)
      expect(value).toBeGreaterThan(wanted - 1_000_000n)
    }
    near(mine, 30n * OGPU + (27n * OGPU) / 10n)
    near(own, 10n * OGPU + (9n * OGPU) / 10n + (4n * OGPU) / 10n)
  })

  test('let delegators leave after the unbonding period with what is theirs', async () => {
    const chain = await createTestChain()
    const staking = chain.contract('staking')
    const operator = await join(chain, 'v', 10n * OGPU)
    const friend = chain.person('friend')
    await staking.send(friend, 'delegate', [operator], 5n * OGPU)
    expect(await refusal(staking.send(friend, 'undelegate', [operator, 0]))).toBe('AmountZero')
    expect(await refusal(staking.send(friend, 'undelegate', [operator, 6n * OGPU]))).toBe('AmountTooLarge')
    await staking.send(friend, 'undelegate', [operator, 2n * OGPU])
    expect(await refusal(staking.send(friend, 'withdraw', [operator]))).toBe('NotYet')
    chain.pass(61)
    const sent = await staking.send(friend, 'withdraw', [operator])
    expect(only(sent, 'Withdrawn').args.amount).toBeGreaterThan(2n * OGPU - 10n)
    expect(await refusal(staking.send(friend, 'withdraw', [operator]))).toBe('AmountZero')
  })

  test('pay to another address what belongs to a delegator that takes no coins', async () => {
    const chain = await createTestChain()
    const staking = chain.contract('staking')
    const operator = await join(chain, 'v', 10n * OGPU)
    const [deaf, heir] = [chain.person('deaf'), chain.person('heir')]
    chain.machine.setCode(deaf, Uint8Array.of(0x5f, 0x5f, 0xfd))
    await staking.send(deaf, 'delegate', [operator], 5n * OGPU)
    const [owned] = await staking.read<bigint[]>('positionOf', operator, deaf)
    await staking.send(deaf, 'undelegate', [operator, owned])
    expect(await refusal(staking.send(deaf, 'withdrawTo', [operator, heir]))).toBe('NotYet')
    chain.pass(61)
    expect(await refusal(staking.send(deaf, 'withdraw', [operator]))).toBe('TransferFailed')
    expect(await refusal(staking.send(deaf, 'withdrawTo', [operator, `0x${'00'.repeat(20)}`]))).toBe('TransferFailed')
    expect(await refusal(staking.send(heir, 'withdrawTo', [operator, heir]))).toBe('AmountZero')
    const before = chain.machine.balanceOf(heir)
    const { amount, delegator } = only(await staking.send(deaf, 'withdrawTo', [operator, heir]), 'Withdrawn').args
    expect(lower(delegator)).toBe(deaf)
    expect(chain.machine.balanceOf(heir) - before).toBe(amount)
    expect(amount).toBeGreaterThan(5n * OGPU - 10n)
  })

  test('cannot be robbed by a first depositor who inflates the share price', async () => {
    const chain = await createTestChain({ staking: { selfStakeMinWei: 1n } })
    const staking = chain.contract('staking')
    const thief = await join(chain, 'thief', 1n, 0)
    await close(chain)
    await staking.send(thief, 'distribute', [], 100n * OGPU)
    const victim = chain.person('victim')
    await staking.send(victim, 'delegate', [thief], 50n * OGPU)
    const [position] = await staking.read<bigint[]>('positionOf', thief, victim)
    expect(position).toBeGreaterThan((49n * OGPU * 99n) / 100n)
  })
})

describe('equivocation', () => {
  test('costs both pools, jails, and can be attested by two thirds of the committee or the system account', async () => {
    const chain = await createTestChain({ validators: validators([1, 1, 1, 1]) })
    const staking = chain.contract('staking')
    const all = validators([1, 1, 1, 1]).map(v => v.operator) as [Hex, Hex, Hex, Hex]
    const [culprit, ...others] = all
    const friend = chain.person('friend')
    await staking.send(friend, 'delegate', [culprit], 100n * OGPU)
    await staking.send(friend, 'undelegate', [culprit, 50n * OGPU])
    const report = (by: Hex) => staking.send(by, 'reportEquivocation', [culprit, word('twins')])
    expect(await refusal(report(friend))).toBe('NotMember')
    expect(await refusal(report(culprit))).toBe('NotMember')
    await report(others[0] as Hex)
    expect(await refusal(report(others[0] as Hex))).toBe('AlreadyAttested')
    await report(others[1] as Hex)
    expect((await staking.read<{ status: bigint }>('validator', culprit)).status).toBe(1n)
    only(await report(others[2] as Hex), 'ValidatorSlashed')
    expect(await refusal(report(others[2] as Hex))).toBe('AlreadyPunished')
    const [active, leaving] = await staking.read<bigint[]>('positionOf', culprit, friend)
    expect(active).toBeGreaterThan((475n * OGPU) / 10n - 1_000_000n)
    expect(active).toBeLessThanOrEqual((475n * OGPU) / 10n)
    expect(leaving).toBeLessThanOrEqual((475n * OGPU) / 10n)
    expect(await refusal(staking.send(culprit, 'unjail'))).toBe('NotYet')
    await close(chain)
    expect((await members(chain, 1)).map(m => lower(m.operator))).not.toContain(culprit)
    // Leaving and coming back is no way out of jail.
    await chain.attempt(async () => {
      await staking.send(culprit, 'retire')
      chain.machine.setBalance(culprit, 200n * OGPU)
      expect(await refusal(staking.send(culprit, 'register', [keysOf('back'), 0], 100n * OGPU))).toBe('NotYet')
    })
    for (let i = 0; i < 3; i++) await close(chain)
    await staking.send(culprit, 'unjail')
    await close(chain)
    expect((await members(chain, 5)).map(m => lower(m.operator))).toContain(culprit)
    await staking.send(SYSTEM, 'reportEquivocation', [culprit, word('again')])
    expect((await staking.read<{ status: bigint }>('validator', culprit)).status).toBe(2n)
  })
})

test('the owner of staking and fees is the timelock, within bounds', async () => {
  const chain = await createTestChain()
  const timelock = chain.contract('timelock').address
  const staking = chain.contract('staking')
  const stranger = chain.person('stranger')
  for (const [method, value] of [
    ['setEpochDuration', 100],
    ['setUnbondingPeriod', 100],
    ['setMinSelfStake', 100],
    ['setCommitteeSize', 10],
  ] as const) {
    expect(await refusal(staking.send(stranger, method, [value]))).toBe('OwnableUnauthorizedAccount')
    only(await staking.send(timelock, method, [value]), 'ParameterSet')
  }
  expect(await refusal(staking.send(timelock, 'setCommitteeSize', [65]))).toBe('AmountTooLarge')
  expect(await refusal(staking.send(timelock, 'setEpochDuration', [0]))).toBe('AmountTooLarge')
  expect(await refusal(staking.send(timelock, 'seatFirstCommittee'))).toBe('NotYet')
  expect(await refusal(staking.send(timelock, 'registerFor', [stranger, keysOf('x'), 0], 1n))).not.toBe('no revert')
  const fees = chain.contract('feeCollector')
  expect(await refusal(fees.send(stranger, 'setBurnBps', [0]))).toBe('OwnableUnauthorizedAccount')
  expect(await refusal(fees.send(timelock, 'setBurnBps', [10_001]))).toBe('BurnTooHigh')
  await fees.send(timelock, 'setBurnBps', [0])
})
