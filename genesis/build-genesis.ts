import { contractsOf } from '@ogpu/sdk'
import { bigintToBytes, type Hex, toHex, utf8 } from '#lib/bytes'
import type { GenesisAccount, GenesisFile } from '#types'
import { epochSeedOf, type NetworkDefinition } from './definition.ts'
import { createMachine, type Machine } from './machine.ts'
import { deployPredeploys, GENESIS_DEPLOYER } from './predeploys.ts'

/** Ethereum's blob parameters; a network without blobs never reads them, tools expect them. */
const BLOB_SCHEDULE = {
  cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
  prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
  osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
}

/**
 * The genesis file of a network: all contracts constructed by their own constructors on an EVM in memory, their code
 * and storage written out, accounts funded. Pure: the same definition gives the same bytes.
 */
export async function buildGenesis(definition: NetworkDefinition): Promise<GenesisFile> {
  const machine = await createMachine({ chainId: definition.chainId, timestamp: BigInt(definition.timestampSec) })
  await deployPredeploys(machine, definition)
  for (const { address, balanceWei } of definition.accounts) {
    const key = address.toLowerCase() as Hex
    await machine.setBalance(key, (await machine.balanceOf(key)) + balanceWei)
  }
  const { execution, consensus, validators } = definition
  const { feeCollector, staking } = contractsOf(definition.chainId)
  return {
    config: {
      chainId: definition.chainId,
      homesteadBlock: 0,
      eip150Block: 0,
      eip155Block: 0,
      eip158Block: 0,
      byzantiumBlock: 0,
      constantinopleBlock: 0,
      petersburgBlock: 0,
      istanbulBlock: 0,
      berlinBlock: 0,
      londonBlock: 0,
      mergeNetsplitBlock: 0,
      terminalTotalDifficulty: 0,
      terminalTotalDifficultyPassed: true,
      shanghaiTime: 0,
      cancunTime: 0,
      pragueTime: 0,
      osakaTime: 0,
      blobSchedule: BLOB_SCHEDULE,
      ogpu: {
        consensus,
        execution: {
          blockGasLimit: quantity(execution.blockGasLimit),
          minBaseFeePerGas: quantity(execution.minBaseFeePerGas),
          elasticity: Number(execution.elasticity),
          heartbeatMs: execution.heartbeatMs,
        },
        validators,
        epochSeed: epochSeedOf(definition),
        feeCollector,
        ...(definition.staking.electsCommittee ? { stakingContract: staking } : {}),
      },
    },
    nonce: '0x0',
    timestamp: quantity(BigInt(definition.timestampSec)),
    extraData: toHex(utf8(definition.name.slice(0, 32))),
    gasLimit: quantity(execution.blockGasLimit),
    difficulty: '0x0',
    mixHash: toHex(new Uint8Array(32)),
    coinbase: feeCollector,
    baseFeePerGas: quantity(execution.minBaseFeePerGas),
    alloc: allocOf(machine),
  }
}

function allocOf(machine: Machine): Record<Hex, GenesisAccount> {
  const alloc: Record<Hex, GenesisAccount> = {}
  for (const { address, account, code, storage } of machine.state.dump()) {
    const key: Hex = `0x${address}`
    if (key === GENESIS_DEPLOYER) continue
    const contract = code.length > 0
    if (!contract && account.balance === 0n) continue
    alloc[key] = {
      balance: quantity(account.balance),
      ...(contract ? { nonce: quantity(account.nonce), code: toHex(code) } : {}),
      ...(storage.length > 0 ? { storage: storageOf(storage) } : {}),
    }
  }
  return alloc
}

function storageOf(slots: readonly (readonly [slot: string, value: Uint8Array])[]): Record<Hex, Hex> {
  const storage: Record<Hex, Hex> = {}
  for (const [slot, value] of slots) {
    const word = new Uint8Array(32)
    word.set(value, 32 - value.length)
    storage[`0x${slot}`] = toHex(word)
  }
  return storage
}

function quantity(value: bigint): Hex {
  return value === 0n ? '0x0' : `0x${toHex(bigintToBytes(value, 32)).slice(2).replace(/^0+/, '')}`
}
