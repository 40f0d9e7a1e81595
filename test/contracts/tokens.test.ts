import { Interface, id, Wallet } from 'ethers'
import { describe, expect, test } from 'vitest'
import { artifactOf } from '#contracts'
import { fromHex, type Hex, toHex } from '#lib/bytes'
import { createTestChain, eventsOf, lower, OGPU, only, Reverted, reasonOf, type TestChain, word } from './harness.ts'

async function refusal(action: Promise<unknown>): Promise<string> {
  try {
    await action
  } catch (error) {
    if (error instanceof Reverted) return error.reason.split('(')[0] as string
    throw error
  }
  return 'no revert'
}

const domain = (chain: TestChain) => ({
  name: 'Wrapped OGPU',
  version: '1',
  chainId: chain.chainId,
  verifyingContract: chain.contract('wrappedOgpu').address,
})

const PERMIT = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
}

/** v, r, s of a signature in hexadecimal. */
const split = (signature: string) => [
  Number(`0x${signature.slice(130)}`),
  signature.slice(0, 66),
  `0x${signature.slice(66, 130)}`,
]

describe('wrapped OGPU', () => {
  test('is one token for each coin, both ways', async () => {
    const chain = await createTestChain()
    const token = chain.contract('wrappedOgpu')
    const me = chain.person('me')
    await token.send(me, 'deposit', [], 5n * OGPU)
    expect(await token.read('totalSupply')).toBe(5n * OGPU)
    expect(await refusal(token.send(me, 'withdraw', [6n * OGPU]))).toBe('ERC20InsufficientBalance')
    await token.send(me, 'withdraw', [5n * OGPU])
    expect(chain.machine.balanceOf(me)).toBe(1_000_000n * OGPU)
    expect(chain.machine.balanceOf(token.address)).toBe(0n)
  })

  test('takes permits and transfer authorisations with random nonces, once, in their time', async () => {
    const chain = await createTestChain()
    const token = chain.contract('wrappedOgpu')
    const wallet = new Wallet(id('wallet'))
    const from = lower(wallet.address)
    chain.machine.setBalance(from, 10n * OGPU)
    await token.send(from, 'deposit', [], 4n * OGPU)
    const shop = chain.person('shop')
    const deadline = chain.now() + 100n
    const permit = await wallet.signTypedData(domain(chain), PERMIT, {
      owner: from,
      spender: shop,
      value: OGPU,
      nonce: 0,
      deadline,
    })
    await token.send(shop, 'permit', [from, shop, OGPU, deadline, ...split(permit)])
    await token.send(shop, 'transferFrom', [from, shop, OGPU])

    const nonce = word('random')
    const types = {
      TransferWithAuthorization: [
        { name: 'from', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'validAfter', type: 'uint256' },
        { name: 'validBefore', type: 'uint256' },
        { name: 'nonce', type: 'bytes32' },
      ],
    }
    const message = { from, to: shop, value: OGPU, validAfter: 0, validBefore: deadline, nonce }
    const signed = split(await wallet.signTypedData(domain(chain), types, message))
    const pay = (value = OGPU) =>
      token.send(chain.person('relayer'), 'transferWithAuthorization', [
        from,
        shop,
        value,
        0,
        deadline,
        nonce,
        ...signed,
      ])
    expect(await refusal(pay(2n * OGPU))).toBe('ERC3009InvalidSignature')
    await chain.attempt(async () => {
      chain.pass(101)
      expect(await refusal(pay())).toBe('ERC3009InvalidAuthorizationTime')
    })
    await pay()
    expect(await refusal(pay())).toBe('ERC3009UsedAuthorization')
    expect(await token.read('balanceOf', shop)).toBe(2n * OGPU)
    expect(await token.read('authorizationState', from, nonce)).toBe(true)
  })
})

test('an ORC-20 token carries its metadata and reports swaps; its owner cannot touch balances', async () => {
  const chain = await createTestChain()
  const [maker, stranger] = [chain.person('maker'), chain.person('stranger')]
  const params = ['Coin', 'CN', 6, 1_000n, 'text', 'logo', 'gif', 'emoji', ['x'], ['https://x']]
  const sent = await chain.contract('orc20Factory').send(maker, 'create', [params])
  const token = chain.at('Orc20', lower(only(sent, 'TokenCreated').args.token))
  expect(await token.read('totalSupply')).toBe(1_000_000_000n)
  expect(await token.read('decimals')).toBe(6n)
  expect([...(await token.read<string[]>('getMetadata'))]).toEqual(['text', 'logo', 'gif', 'emoji'])
  expect(await token.read('getSocials', 'x')).toBe('https://x')
  const pair = chain.person('pair')
  expect(await refusal(token.send(stranger, 'setActivePairs', [pair, true]))).toBe('OwnableUnauthorizedAccount')
  only(await token.send(maker, 'setActivePairs', [pair, true]), 'ActivePairsUpdated')
  expect(only(await token.send(maker, 'transfer', [pair, 5n]), 'Swap').args).toMatchObject({ isBuy: false, amount: 5n })
  expect(only(await token.send(pair, 'transfer', [stranger, 2n]), 'Swap').args.isBuy).toBe(true)
  for (const [method, args] of [
    ['setDescription', ['d']],
    ['setLogo', ['l']],
    ['setProjectGif', ['g']],
    ['setProjectEmoji', ['e']],
    ['setSocials', ['x', 'y']],
  ] as const) {
    expect(await refusal(token.send(stranger, method, args))).toBe('OwnableUnauthorizedAccount')
    only(await token.send(maker, method, args), 'MetadataUpdated')
  }
  expect(await refusal(token.send(maker, 'setLogo', ['x'.repeat(3_000)]))).toBe('TextTooLong')
  const uneven = [...params.slice(0, 9), []]
  expect(await refusal(chain.contract('orc20Factory').send(maker, 'create', [uneven]))).toBe('SocialsMismatch')
})

test('an ORC-20 token has what the published one lacks: permits, a transfer of its ownership, no zero addresses', async () => {
  const chain = await createTestChain()
  const wallet = new Wallet(id('maker of tokens'))
  const [from, heir] = [lower(wallet.address), chain.person('heir')]
  const params = ['Coin', 'CN', 6, 1_000n, 'text', 'logo', 'gif', 'emoji', [], []]
  const sent = await chain.contract('orc20Factory').send(from, 'create', [params])
  const token = chain.at('Orc20', lower(only(sent, 'TokenCreated').args.token))
  const deadline = chain.now() + 100n
  const permit = split(
    await wallet.signTypedData(
      { name: 'Coin', version: '1', chainId: chain.chainId, verifyingContract: token.address },
      PERMIT,
      { owner: from, spender: heir, value: 7n, nonce: 0, deadline },
    ),
  )
  await token.send(heir, 'permit', [from, heir, 7n, deadline, ...permit])
  expect(await refusal(token.send(heir, 'permit', [from, heir, 7n, deadline, ...permit]))).toBe('ERC2612InvalidSigner')
  await token.send(heir, 'transferFrom', [from, heir, 7n])
  expect(await token.read('balanceOf', heir)).toBe(7n)

  const nobody = `0x${'00'.repeat(20)}`
  expect(await refusal(token.send(heir, 'transfer', [nobody, 1n]))).toBe('ERC20InvalidReceiver')
  expect(await refusal(token.send(heir, 'approve', [nobody, 1n]))).toBe('ERC20InvalidSpender')

  expect(await refusal(token.send(heir, 'transferOwnership', [heir]))).toBe('OwnableUnauthorizedAccount')
  await token.send(from, 'transferOwnership', [heir])
  only(await token.send(heir, 'setLogo', ['of the heir']), 'MetadataUpdated')
  expect(await refusal(token.send(from, 'setLogo', ['of the maker']))).toBe('OwnableUnauthorizedAccount')
})

test('an ORC-20 token has the allowances and the constructor that clients of the published one call', async () => {
  const chain = await createTestChain()
  const [maker, shop, friend] = [chain.person('maker'), chain.person('shop'), chain.person('friend')]
  const { abi, bytecode } = artifactOf('Orc20')
  const args = ['Coin', 'CN', 6, 1_000n, 'text', 'logo', 'gif', 'emoji', ['x', 'y'], ['https://x', 'https://y']]
  const deploy = (values: readonly unknown[]) =>
    chain.machine.create(maker, fromHex(`${bytecode}${new Interface(abi).encodeDeploy(values).slice(2)}` as Hex))
  const made = deploy(args)
  expect(eventsOf(made).map(event => event.name)).toEqual(['OwnershipTransferred', 'Transfer', 'NewORC20Created'])
  const token = chain.at('Orc20', made.address)
  expect(lower(await token.read('owner'))).toBe(maker)
  expect(await token.read('balanceOf', maker)).toBe(1_000_000_000n)
  expect(await token.read('getSocials', 'y')).toBe('https://y')

  const approval = (value: bigint) => ({ owner: expect.stringMatching(new RegExp(maker, 'i')), value })
  only(await token.send(maker, 'approve', [shop, 10n]), 'Approval')
  expect(only(await token.send(maker, 'increaseAllowance', [shop, 5n]), 'Approval').args).toMatchObject(approval(15n))
  expect(only(await token.send(maker, 'decreaseAllowance', [shop, 3n]), 'Approval').args).toMatchObject(approval(12n))
  expect(await refusal(token.send(maker, 'decreaseAllowance', [shop, 13n]))).toBe('ERC20InsufficientAllowance')
  expect(await refusal(token.send(maker, 'increaseAllowance', [shop, 2n ** 256n - 1n]))).toBe('AllowanceTooLarge')
  // Who adds up the logs knows the allowance: spending makes one too.
  const spent = await token.send(shop, 'transferFrom', [maker, friend, 4n])
  expect(spent.events.map(event => event.name)).toEqual(['Approval', 'Transfer'])
  expect(only(spent, 'Approval').args).toMatchObject(approval(8n))
  expect(await token.read('allowance', maker, shop)).toBe(8n)
  // An allowance without end is not counted down.
  await token.send(maker, 'approve', [shop, 2n ** 256n - 1n])
  expect((await token.send(shop, 'transferFrom', [maker, friend, 4n])).events.map(event => event.name)).toEqual([
    'Transfer',
  ])

  const factory = chain.contract('orc20Factory')
  const changed = (at: number, value: unknown) => args.map((arg, i) => (i === at ? value : arg))
  for (const [at, value] of [
    [2, 78],
    [3, 2n ** 255n],
  ] as const) {
    expect(reasonOf(deploy(changed(at, value)))).toMatch(/^SupplyTooLarge/)
    expect(await refusal(factory.send(maker, 'create', [changed(at, value)]))).toBe('SupplyTooLarge')
  }
  expect(await refusal(factory.send(maker, 'create', [changed(1, 'x'.repeat(2_049))]))).toBe('TextTooLong')
  expect(await refusal(factory.send(maker, 'create', [changed(4, 'x'.repeat(50_000))]))).toBe('ParamsTooLong')
  expect(await refusal(factory.read('tokens', 0))).toBe('TokenUnknown')
  // There is no bound on a name but that of texts; the domain of its permits, which wallets ask for, is another one then.
  for (const [name, domain] of [
    ['x'.repeat(31), 'x'.repeat(31)],
    ['x'.repeat(32), 'ORC-20'],
  ]) {
    const long = chain.at('Orc20', deploy(changed(0, name)).address)
    expect(await long.read('name')).toBe(name)
    expect((await long.read<{ name: string }>('eip712Domain')).name).toBe(domain)
  }
})

test('a token of the factory has the code of one that was deployed by itself', async () => {
  const chain = await createTestChain()
  const maker = chain.person('maker')
  const { abi, bytecode } = artifactOf('Orc20')
  const args = ['Coin', 'CN', 6, 1_000n, 'text', 'logo', 'gif', 'emoji', [], []]
  const init = fromHex(`${bytecode}${new Interface(abi).encodeDeploy(args).slice(2)}` as Hex)
  const single = chain.machine.create(maker, init).address
  const made = await chain.contract('orc20Factory').send(maker, 'create', [args])
  // Their addresses, and the domains of permits that have them, are the only constants in which two tokens differ.
  const plainCode = async (address: Hex) => {
    const domain = await chain.at('Orc20', address).read<string>('DOMAIN_SEPARATOR')
    const code = toHex(chain.machine.codeOf(address))
    expect([code.includes(address.slice(2)), code.includes(domain.slice(2))]).toEqual([true, true])
    return code.replaceAll(address.slice(2), 'address').replaceAll(domain.slice(2), 'domain')
  }
  expect(await plainCode(lower(only(made, 'TokenCreated').args.token))).toBe(await plainCode(single))
})

test('the faucet gives a fixed amount once in its period', async () => {
  const chain = await createTestChain()
  const faucet = chain.contract('faucet')
  const account: Hex = '0x00000000000000000000000000000000000000aa'
  await faucet.send(chain.person('anybody'), 'drip', [account])
  expect(chain.machine.balanceOf(account)).toBe(100n * OGPU)
  expect(await refusal(faucet.send(chain.person('anybody'), 'drip', [account]))).toBe('TooSoon')
  chain.pass(61)
  await faucet.send(chain.person('anybody'), 'drip', [account])
})

test('governance moves what the timelock owns, by vote, after its delay, and nothing else does', async () => {
  const chain = await createTestChain()
  const [token, governor, timelock, vault] = [
    chain.contract('wrappedOgpu'),
    chain.contract('governor'),
    chain.contract('timelock'),
    chain.contract('vault'),
  ]
  const voter = chain.person('voter')
  await token.send(voter, 'deposit', [], 100n * OGPU)
  await token.send(voter, 'delegate', [voter])
  chain.mine()
  const data = vault.abi.encodeFunctionData('setMinLockupPerSource', [42n])
  const action = [[vault.address], [0], [data]] as const
  expect(await refusal(governor.send(chain.person('poor'), 'propose', [...action, 'x']))).toBe(
    'GovernorInsufficientProposerVotes',
  )
  const proposal = (await governor.send(voter, 'propose', [...action, 'lower the lockup'])).output
  chain.mine(6)
  await governor.send(voter, 'castVote', [BigInt(toHex(proposal)), 1])
  chain.mine(61)
  const hash = id('lower the lockup')
  await governor.send(voter, 'queue', [...action, hash])
  expect(await refusal(governor.send(voter, 'execute', [...action, hash]))).toBe('TimelockUnexpectedOperationState')
  chain.pass(11)
  await governor.send(chain.person('anybody'), 'execute', [...action, hash])
  expect(await vault.read('MIN_LOCKUP_PER_SOURCE')).toBe(42n)
  const direct = [vault.address, 0, data, word(0), word(0), 100]
  expect(await refusal(timelock.send(voter, 'schedule', direct))).toBe('AccessControlUnauthorizedAccount')
})

test('multicall answers as the published one does', async () => {
  const chain = await createTestChain()
  const multicall = chain.contract('multicall3')
  const vault = chain.contract('vault')
  const good = vault.abi.encodeFunctionData('MIN_LOCKUP_PER_SOURCE')
  const bad = vault.abi.encodeFunctionData('withdraw', [1])
  const results = await multicall.read<[boolean, Hex][]>('aggregate3', [
    [vault.address, true, good],
    [vault.address, true, bad],
  ])
  expect(results.map(([success]) => success)).toEqual([true, false])
  expect(BigInt(results[0]?.[1] ?? '0x0')).toBe(OGPU)
  expect(fromHex(results[1]?.[1] ?? '0x').length).toBeGreaterThan(4)
  expect(await refusal(multicall.send(chain.person('x'), 'aggregate', [[[vault.address, bad]]]))).toBe(
    'Multicall3: call failed',
  )
  expect(await multicall.read('getChainId')).toBe(1071n)
  expect(await multicall.read('getEthBalance', chain.person('x'))).toBe(1_000_000n * OGPU)
  const paid = [[chain.person('payee'), false, 3n, '0x']]
  expect(await refusal(multicall.send(chain.person('x'), 'aggregate3Value', [paid], 2n))).not.toBe('no revert')
  await multicall.send(chain.person('x'), 'aggregate3Value', [paid], 3n)
  expect(chain.machine.balanceOf(chain.person('payee'))).toBe(1_000_000n * OGPU + 3n)
})
