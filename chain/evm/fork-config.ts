import { crc32 } from 'node:zlib'
import { type Hex, toHex } from '#lib/bytes'
import type { BlockHeader, Digest, GenesisFile } from '#types'
import { type Fork, type ForkSchedule, isAtLeast } from './forks.ts'
import { forkScheduleOfGenesis, genesisBlock } from './genesis.ts'

/** Rules of one fork as EIP-7910 describes them. */
export interface ForkConfig {
  /** Unix seconds; 0 for a fork that is active from genesis. */
  readonly activationTime: number
  readonly blobSchedule: { readonly target: number; readonly max: number; readonly baseFeeUpdateFraction: number }
  readonly chainId: Hex
  /** EIP-6122 fork hash. */
  readonly forkId: Hex
  readonly precompiles: Readonly<Record<string, Hex>>
  readonly systemContracts: Readonly<Record<string, Hex>>
}

export interface ForkConfigs {
  readonly current: ForkConfig
  readonly next: ForkConfig | null
  readonly last: ForkConfig | null
}

const PRECOMPILES: readonly (readonly [name: string, address: number, since: Fork])[] = [
  ['ECREC', 1, 'chainstart'],
  ['SHA256', 2, 'chainstart'],
  ['RIPEMD160', 3, 'chainstart'],
  ['ID', 4, 'chainstart'],
  ['MODEXP', 5, 'byzantium'],
  ['BN254_ADD', 6, 'byzantium'],
  ['BN254_MUL', 7, 'byzantium'],
  ['BN254_PAIRING', 8, 'byzantium'],
  ['BLAKE2F', 9, 'istanbul'],
  ['KZG_POINT_EVALUATION', 10, 'cancun'],
  ['BLS12_G1ADD', 11, 'prague'],
  ['BLS12_G1MSM', 12, 'prague'],
  ['BLS12_G2ADD', 13, 'prague'],
  ['BLS12_G2MSM', 14, 'prague'],
  ['BLS12_PAIRING_CHECK', 15, 'prague'],
  ['BLS12_MAP_FP_TO_G1', 16, 'prague'],
  ['BLS12_MAP_FP2_TO_G2', 17, 'prague'],
  ['P256VERIFY', 256, 'osaka'],
]

const BEACON_ROOTS: Hex = '0x000f3df6d732807ef1319fb7b8bb8522d0beac02'
const HISTORY_STORAGE: Hex = '0x0000f90827f1c53a10cb7a02335b175320002935'
const WITHDRAWAL_REQUESTS: Hex = '0x00000961ef480eb55e80d19ad83579a64c007002'
const CONSOLIDATION_REQUESTS: Hex = '0x0000bbddc7ce488642fb579f8b00f3a590007251'

/** Answers the fork rules at the head of the network that `genesis` describes, as often as asked. */
export function createForkConfigs(genesis: GenesisFile): (head: BlockHeader) => ForkConfigs {
  const { hash } = genesisBlock(genesis)
  const schedule = forkScheduleOfGenesis(genesis)
  return head => forkConfigs(genesis, hash, schedule, head)
}

/** Fork rules at, before and after a moment of the chain (EIP-7910). */
function forkConfigs(
  genesis: GenesisFile,
  genesisHash: Digest,
  schedule: ForkSchedule,
  head: { readonly number: number; readonly timestamp: bigint },
): ForkConfigs {
  const { config } = genesis
  const isOurs = config.ogpu !== undefined
  const genesisTime = BigInt(genesis.timestamp)
  const { blocks, times } = isOurs ? { blocks: [], times: [] } : activationsOf(config, genesisTime)
  const passed = times.filter(time => time <= head.timestamp)

  function configAt(time: number, count: number): ForkConfig {
    const number = Math.max(head.number, ...blocks, 0)
    const fork = schedule.at(number, time > genesisTime ? BigInt(time) : genesisTime)
    const blobs = isOurs ? { target: 0, max: 0, baseFeeUpdateFraction: 1n } : schedule.blobs(fork)
    return {
      activationTime: time,
      blobSchedule: { ...blobs, baseFeeUpdateFraction: Number(blobs.baseFeeUpdateFraction) },
      chainId: `0x${config.chainId.toString(16)}`,
      forkId: forkHash(genesisHash, [...blocks, ...times.slice(0, count)]),
      precompiles: precompilesOf(fork),
      systemContracts: systemContractsOf(fork, isOurs ? undefined : depositContractOf(config)),
    }
  }

  const current = configAt(passed.at(-1) ?? 0, passed.length)
  const next = times[passed.length]
  const last = times.at(-1)
  return {
    current,
    next: next === undefined ? null : configAt(next, passed.length + 1),
    last: next === undefined || last === undefined ? null : configAt(last, times.length),
  }
}

function activationsOf(config: GenesisFile['config'], genesisTime: bigint): { blocks: number[]; times: number[] } {
  const read = (suffix: string) =>
    Object.entries(config)
      .filter(([name, value]) => name.endsWith(suffix) && value !== null && value !== undefined)
      .map(([, value]) => Number(value))
  const distinct = (values: number[]) => [...new Set(values)].sort((a, b) => a - b)
  return {
    blocks: distinct(read('Block')).filter(block => block > 0),
    times: distinct(read('Time')).filter(time => time > genesisTime),
  }
}

/** CRC-32 over the genesis hash and the activations that were passed (EIP-2124, EIP-6122). */
function forkHash(genesisHash: Digest, activations: readonly number[]): Hex {
  let checksum = crc32(genesisHash)
  for (const activation of activations) {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(activation))
    checksum = crc32(bytes, checksum)
  }
  return `0x${checksum.toString(16).padStart(8, '0')}`
}

function precompilesOf(fork: Fork): Record<string, Hex> {
  const active = PRECOMPILES.filter(([, , since]) => isAtLeast(fork, since))
  const entries = active.map(([name, address]) => [name, `0x${address.toString(16).padStart(40, '0')}`] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function systemContractsOf(fork: Fork, depositContract: Hex | undefined): Record<string, Hex> {
  return {
    ...(isAtLeast(fork, 'cancun') ? { BEACON_ROOTS_ADDRESS: BEACON_ROOTS } : {}),
    ...(isAtLeast(fork, 'prague') ? { HISTORY_STORAGE_ADDRESS: HISTORY_STORAGE } : {}),
    ...(isAtLeast(fork, 'prague') && depositContract !== undefined
      ? {
          CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS: CONSOLIDATION_REQUESTS,
          DEPOSIT_CONTRACT_ADDRESS: depositContract,
          WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS: WITHDRAWAL_REQUESTS,
        }
      : {}),
  }
}

function depositContractOf(config: GenesisFile['config']): Hex {
  const { depositContractAddress } = config
  return typeof depositContractAddress === 'string'
    ? (depositContractAddress.toLowerCase() as Hex)
    : toHex(new Uint8Array(20))
}
