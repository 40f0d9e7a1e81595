import { Interface } from 'ethers'
import { artifactOf } from '#contracts'
import { devnetGenesis } from '#genesis'
import { fromHex, type Hex, toHex, utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { type ConsensusParams, type GenesisFile, privateKeyToAddress, signTransaction } from '#types'
import { deriveDevValidatorKeys, publicKeysOf, type ValidatorKeys } from '../../chain/node/keys/index.ts'

export const OGPU = 10n ** 18n
const CHAIN_ID = 1071

/** Validators with one power each; operators of candidates own coins and may register later. */
export interface TestNetwork {
  readonly genesis: GenesisFile
  readonly keys: readonly ValidatorKeys[]
}

export async function testNetwork(options: {
  readonly validators: number
  readonly candidates?: number
  readonly timestampSec: number
  readonly consensus?: Partial<ConsensusParams>
  readonly electsCommittee?: boolean
}): Promise<TestNetwork> {
  const { validators, candidates = 0, timestampSec } = options
  const keys = Array.from({ length: validators + candidates }, (_, i) => deriveDevValidatorKeys('epochs', i))
  const genesis = await devnetGenesis({
    timestampSec,
    validators: keys.slice(0, validators).map((own, i) => {
      const { operator, consensusKey, networkKey, checkpointKey } = publicKeysOf(own)
      const name = `validator ${i}`
      return { name, operator, consensusKey, networkKey, checkpointKey, stake: 1, addresses: [addressOf(own)] }
    }),
    accounts: [
      ...keys.map(own => ({ address: toHex(own.operator.address), balanceWei: 1_000_000n * OGPU })),
      ...Array.from({ length: 4 }, (_, i) => ({ address: toHex(userOf(i).address), balanceWei: 1_000n * OGPU })),
    ],
    consensus: options.consensus ?? {},
    staking: { electsCommittee: options.electsCommittee ?? true },
  })
  return { genesis, keys }
}

/** Where the memory network listens. */
export function addressOf(keys: ValidatorKeys): string {
  return `/memory/${publicKeysOf(keys).peerId}`
}

function userOf(index: number) {
  const privateKey = sha256(utf8(`epoch user ${index}`))
  return { privateKey, address: privateKeyToAddress(privateKey) }
}

export const userAddress = (index: number): Uint8Array => userOf(index).address

const staking = new Interface(artifactOf('Staking').abi)

/** A signed transaction's raw bytes. */
export function transact(
  privateKey: Uint8Array,
  fields: {
    readonly nonce: bigint
    readonly to: Uint8Array
    readonly value?: bigint
    readonly data?: Uint8Array
    readonly gasLimit?: bigint
  },
): Uint8Array {
  return signTransaction(
    {
      type: 2,
      chainId: BigInt(CHAIN_ID),
      gasLimit: fields.gasLimit ?? 21_000n,
      maxFeePerGas: 100_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n,
      to: fields.to,
      value: fields.value ?? 1n,
      data: fields.data ?? new Uint8Array(0),
      accessList: [],
      nonce: fields.nonce,
    },
    privateKey,
  ).raw
}

export function transferOf(user: number, nonce: bigint): Uint8Array {
  return transact(userOf(user).privateKey, { nonce, to: userOf((user + 1) % 4).address })
}

/** A call of the staking contract by a validator's operator. */
export function stakingCall(
  network: TestNetwork,
  index: number,
  call: {
    readonly nonce: bigint
    readonly method: string
    readonly args?: readonly unknown[]
    readonly value?: bigint
  },
): Uint8Array {
  const { operator } = network.keys[index] as ValidatorKeys
  return stakingTransaction(operator.privateKey, network.genesis.config.ogpu?.stakingContract as Hex, call)
}

/** A signed call of the staking contract. */
export function stakingTransaction(
  privateKey: Uint8Array,
  contract: Hex,
  call: {
    readonly nonce: bigint
    readonly method: string
    readonly args?: readonly unknown[]
    readonly value?: bigint
  },
): Uint8Array {
  return transact(privateKey, {
    nonce: call.nonce,
    to: fromHex(contract),
    value: call.value ?? 0n,
    data: fromHex(staking.encodeFunctionData(call.method, call.args ?? [])),
    gasLimit: 5_000_000n,
  })
}

/** The keys of a validator in the form that the contract takes. */
export function registrationOf(keys: ValidatorKeys, address = addressOf(keys)): readonly unknown[] {
  const { consensusKey, networkKey, checkpointKey } = publicKeysOf(keys)
  return [consensusKey, networkKey, checkpointKey, address]
}
