import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAddressFromString } from '@ethereumjs/util'
import { contractsOf, DEFAULT_AGENT } from '@ogpu/sdk'
import { getCreateAddress, Interface, Transaction } from 'ethers'
import { describe, expect, test } from 'vitest'
import { artifactOf } from '#contracts'
import { genesisBlock } from '#evm'
import { createMachine, devAccounts, devnetGenesis, genesisFor, type NetworkName } from '#genesis'
import { bigintToBytes, concat, fromHex, type Hex, toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import type { GenesisFile } from '#types'

const PINNED = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'vectors', 'genesis-hashes.json'), 'utf8'),
) as Record<string, Hex>

const SYSTEM: Hex = '0xfffffffffffffffffffffffffffffffffffffffe'

async function load(genesis: GenesisFile) {
  const machine = await createMachine({ chainId: genesis.config.chainId, timestamp: BigInt(genesis.timestamp) })
  for (const [address, account] of Object.entries(genesis.alloc) as [Hex, (typeof genesis.alloc)[Hex]][]) {
    await machine.setBalance(address, BigInt(account.balance ?? '0x0'))
    if (account.code !== undefined) await machine.setCode(address, fromHex(account.code))
    for (const [slot, value] of Object.entries(account.storage ?? {})) {
      await machine.state.putStorage(createAddressFromString(address), fromHex(slot), fromHex(value))
    }
  }
  machine.block.number = 1n
  return machine
}

describe('genesis files', () => {
  test.each(['mainnet', 'testnet', 'devnet'] as const)(
    'of %s are the same bytes each time and have the pinned hash',
    async (name: NetworkName) => {
      const [first, second] = [await genesisFor(name), await genesisFor(name)]
      expect(JSON.stringify(first)).toBe(JSON.stringify(second))
      expect({ [name]: toHex(genesisBlock(first).hash) }).toEqual({ [name]: PINNED[name] })
    },
  )

  test('put the market at the published addresses of both networks', async () => {
    for (const [chainId, published] of [
      [1071, ['0x2b0cC6058313801D5feb184a539e3a0C5A87a6a1', '0xa5c582254aa313528898311362bc698b041580cc']],
      [200820172034, ['0xF87bb2f3edB991a998992f14d35fE142e6Bb50b1', '0x15905a2FbD3EF5d3532b931b5656BB9EB493Bb15']],
    ] as const) {
      const genesis = await devnetGenesis({ chainId })
      expect(genesis.config.chainId).toBe(chainId)
      for (const address of published) expect(genesis.alloc[address.toLowerCase() as Hex]?.code).toBeDefined()
      const a = contractsOf(chainId)
      for (const [name, address] of Object.entries(a)) {
        expect([name, genesis.alloc[address]?.code === undefined]).toEqual([name, false])
      }
    }
  })

  test('hold exactly the runtime code of the artefacts, with immutables filled in', async () => {
    const genesis = await devnetGenesis()
    const a = contractsOf(1071)
    for (const [name, address] of [
      ['Vault', a.vault],
      ['ProofManager', a.proofManager],
      ['Nexus', a.nexus],
    ] as const) {
      const { deployedBytecode, immutableReferences } = artifactOf(name)
      const code = fromHex(genesis.alloc[address]?.code ?? '0x')
      for (const places of Object.values(immutableReferences)) {
        for (const { start, length } of places) {
          expect(code.subarray(start, start + length).some(byte => byte !== 0)).toBe(true)
          code.fill(0, start, start + length)
        }
      }
      expect(toHex(code)).toBe(deployedBytecode)
    }
  })

  test('leave nothing with the address that deployed', async () => {
    const genesis = await devnetGenesis()
    const deployer = '0x4f475055000000000000000000000000000000ff'
    expect(genesis.alloc[deployer]).toBeUndefined()
    expect(JSON.stringify(genesis.alloc).includes(deployer.slice(2))).toBe(false)
  })

  test('fund what the launch names, on top of what is there', async () => {
    const [first] = devAccounts(1)
    expect(first?.address).toBe('0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266')
    const address = first?.address as Hex
    const genesis = await devnetGenesis({ accounts: [{ address, balanceWei: 5n }] })
    expect(BigInt(genesis.alloc[address]?.balance ?? 0)).toBe(10n ** 24n + 5n)
    expect((await genesisFor('mainnet')).alloc[contractsOf(1071).faucet]).toBeUndefined()
  })

  test('name the default agent on the public networks only', async () => {
    const read = async (genesis: GenesisFile) => {
      const machine = await load(genesis)
      const abi = new Interface(artifactOf('Terminal').abi)
      const data = fromHex(abi.encodeFunctionData('defaultAgent'))
      const { output } = await machine.call({ from: SYSTEM, to: contractsOf(genesis.config.chainId).terminal, data })
      return toHex(output.subarray(12))
    }
    expect(await read(await genesisFor('mainnet'))).toBe(DEFAULT_AGENT)
    expect(BigInt(await read(await devnetGenesis()))).toBe(0n)
  })

  test('stake the validators with real coins', async () => {
    const validator = (n: number) => ({
      name: `v${n}`,
      operator: `0x${n.toString(16).padStart(40, '0')}` as Hex,
      consensusKey: toHex(bigintToBytes(BigInt(n * 3), 32)),
      networkKey: toHex(bigintToBytes(BigInt(n * 3 + 1), 32)),
      checkpointKey: toHex(bigintToBytes(BigInt(n * 3 + 2), 32)),
      stake: 2_500,
      addresses: ['/ip4/127.0.0.1/tcp/1'],
    })
    const genesis = await devnetGenesis({ validators: [1, 2, 3, 4].map(validator) })
    expect(BigInt(genesis.alloc[contractsOf(1071).staking]?.balance ?? 0)).toBe(10_000n * 100n * 10n ** 18n)
    expect(genesis.config.ogpu?.validators).toHaveLength(4)
  })
})

/**
 * The signed transactions that put these contracts at their addresses on every chain, from EIP-2935, EIP-4788 and the
 * READMEs of Multicall3 and the deterministic deployment proxy: everything but the runtime code itself.
 */
const DEPLOYMENTS = [
  {
    name: 'EIP-2935',
    at: 'historyStorage',
    prefix: '0x60538060095f395ff3',
    gasLimit: 250_000n,
    gasPrice: 10n ** 12n,
    v: 27,
    r: 0x539n,
    s: 0xaa12693182426612186309f02cfe8a80a0000n,
  },
  {
    name: 'EIP-4788',
    at: 'beaconRoots',
    prefix: '0x60618060095f395ff3',
    gasLimit: 250_000n,
    gasPrice: 10n ** 12n,
    v: 27,
    r: 0x539n,
    s: 0x1b9b6eb1f0n,
  },
  {
    name: 'deterministic deployer',
    at: 'deterministicDeployer',
    prefix: '0x604580600e600039806000f350fe',
    gasLimit: 100_000n,
    gasPrice: 10n ** 11n,
    v: 27,
    r: BigInt(`0x${'2'.repeat(64)}`),
    s: BigInt(`0x${'2'.repeat(64)}`),
  },
  {
    name: 'Multicall3',
    at: 'multicall3',
    prefix: '0x608060405234801561001057600080fd5b50610ee0806100206000396000f3fe',
    gasLimit: 1_000_000n,
    gasPrice: 10n ** 11n,
    v: 28,
    r: 0xedce47092c0f398cebf3ffc267f05c8e7076e3b89445e0fe50f6332273d4569bn,
    s: 0x1b0b9d000e19b24c5869b0fc3b22b0d6fa47cd63316875cbbd577d76e6fde086n,
  },
] as const

describe('system contracts', () => {
  const a = contractsOf(1071)
  test('have the published code hashes', async () => {
    const { alloc } = await devnetGenesis()
    const hash = (address: Hex) => toHex(keccak256(fromHex(alloc[address]?.code ?? '0x')))
    expect(hash(a.historyStorage)).toBe('0x6e49e66782037c0555897870e29fa5e552daf4719552131a0abce779daec0a5d')
    expect(hash(a.beaconRoots)).toBe('0xf57acd40259872606d76197ef052f3d35588dadf919ee1f0e3cb9b62d3f4b02c')
    expect(hash(a.deterministicDeployer)).toBe('0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989')
    expect(hash(a.multicall3)).toBe('0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891')
  })

  test('are the published ones: each code comes out of the signed transaction that deploys it at its address anywhere', async () => {
    const { alloc } = await devnetGenesis()
    for (const { name, at, prefix, gasLimit, gasPrice, v, r, s } of DEPLOYMENTS) {
      const code = alloc[a[at]]?.code as Hex
      // The signature covers the creation code, and its signer's first contract has the address: other bytes, other signer.
      const data = concat(fromHex(prefix), fromHex(code))
      const signature = { v, r: toHex(bigintToBytes(r, 32)), s: toHex(bigintToBytes(s, 32)) }
      const transaction = Transaction.from({ type: 0, nonce: 0, gasLimit, gasPrice, data: toHex(data), signature })
      const signer = transaction.from as string
      expect([name, getCreateAddress({ from: signer, nonce: 0 }).toLowerCase()]).toEqual([name, a[at]])
      // And that creation code leaves exactly these bytes.
      const machine = await createMachine({ chainId: 1, timestamp: 1n })
      const place: Hex = '0x00000000000000000000000000000000000c0de0'
      await machine.construct(place, data, a.vault)
      expect(toHex(await machine.state.getCode(createAddressFromString(place)))).toBe(code)
    }
  })

  test('Multicall3 calls many contracts in one', async () => {
    const machine = await load(await devnetGenesis())
    const face = new Interface(artifactOf('Multicall3').abi)
    const inner = new Interface(artifactOf('Vault').abi).encodeFunctionData('UNBONDING_PERIOD')
    const calls = [
      [a.vault, false, inner],
      [a.nexus, true, '0xffffffff'],
    ]
    const data = fromHex(face.encodeFunctionData('aggregate3', [calls]))
    const { output } = await machine.call({ from: a.vault, to: a.multicall3, data })
    const [results] = face.decodeFunctionResult('aggregate3', output)
    expect(results[0].success).toBe(true)
    expect(BigInt(results[0].returnData)).toBe(60n)
    expect(results[1].success).toBe(false)
    const chainId = await machine.call({
      from: a.vault,
      to: a.multicall3,
      data: fromHex(face.encodeFunctionData('getChainId')),
    })
    expect(BigInt(toHex(chainId.output))).toBe(1071n)
  })

  test('EIP-2935 stores the parent hash for the system account and serves it by number', async () => {
    const machine = await load(await devnetGenesis())
    machine.block.number = 10n
    const hash = new Uint8Array(32).fill(7)
    await machine.call({ from: SYSTEM, to: a.historyStorage, data: hash })
    const get = (number: bigint) =>
      machine.call({ from: a.vault, to: a.historyStorage, data: bigintToBytes(number, 32) })
    expect((await get(9n)).output).toEqual(hash)
    expect((await get(10n)).ok).toBe(false)
  })

  test('EIP-4788 serves the commit digest by timestamp', async () => {
    const machine = await load(await devnetGenesis())
    const digest = new Uint8Array(32).fill(9)
    await machine.call({ from: SYSTEM, to: a.beaconRoots, data: digest })
    const get = (time: bigint) => machine.call({ from: a.vault, to: a.beaconRoots, data: bigintToBytes(time, 32) })
    expect((await get(machine.block.timestamp)).output).toEqual(digest)
    expect((await get(machine.block.timestamp - 1n)).ok).toBe(false)
  })

  test('the deterministic deployer makes contracts at CREATE2 addresses', async () => {
    const machine = await load(await devnetGenesis())
    const creation = fromHex('0x6001600c60003960016000f300')
    const salt = new Uint8Array(32)
    const sent = await machine.call({ from: a.vault, to: a.deterministicDeployer, data: concat(salt, creation) })
    const seed = concat(Uint8Array.of(0xff), fromHex(a.deterministicDeployer), salt, keccak256(creation))
    expect(toHex(sent.output)).toBe(toHex(keccak256(seed).subarray(12)))
    expect(getCreateAddress({ from: a.deterministicDeployer, nonce: 1 })).not.toBe(toHex(sent.output))
  })
})
