import { CodedError } from '#lib/errors'
import type { GenesisFile } from '#types'

/** Ethereum's forks that change execution, in order. */
export const FORKS = [
  'chainstart',
  'homestead',
  'tangerineWhistle',
  'spuriousDragon',
  'byzantium',
  'constantinople',
  'petersburg',
  'istanbul',
  'berlin',
  'london',
  'paris',
  'shanghai',
  'cancun',
  'prague',
  'osaka',
  'bpo1',
  'bpo2',
  'bpo3',
  'bpo4',
  'bpo5',
] as const

export type Fork = (typeof FORKS)[number]

const ORDER = new Map<Fork, number>(FORKS.map((fork, index) => [fork, index]))

export function isAtLeast(fork: Fork, other: Fork): boolean {
  return (ORDER.get(fork) as number) >= (ORDER.get(other) as number)
}

/** EIP-4844 parameters of a fork (EIP-7840 `blobSchedule`), in blobs. */
export interface BlobSchedule {
  readonly target: number
  readonly max: number
  readonly baseFeeUpdateFraction: bigint
}

interface Activation {
  readonly fork: Fork
  readonly block?: number
  readonly timestamp?: bigint
}

/** Which fork rules which block of a chain. */
export interface ForkSchedule {
  /** `timestamp` in Unix seconds. */
  at(number: number, timestamp: bigint): Fork
  blobs(fork: Fork): BlobSchedule
  /** Blocks by which the exponential part of the difficulty is put off at this block. */
  bombDelay(number: number): number
}

// Some of these forks did nothing else, so they are none of ours.
const BOMB_DELAYS: readonly (readonly [string, number])[] = [
  ['byzantiumBlock', 3_000_000],
  ['constantinopleBlock', 5_000_000],
  ['muirGlacierBlock', 9_000_000],
  ['londonBlock', 9_700_000],
  ['arrowGlacierBlock', 10_700_000],
  ['grayGlacierBlock', 11_400_000],
]

const BY_BLOCK: readonly (readonly [Fork, string])[] = [
  ['homestead', 'homesteadBlock'],
  ['tangerineWhistle', 'eip150Block'],
  ['spuriousDragon', 'eip158Block'],
  ['byzantium', 'byzantiumBlock'],
  ['constantinople', 'constantinopleBlock'],
  ['petersburg', 'petersburgBlock'],
  ['istanbul', 'istanbulBlock'],
  ['berlin', 'berlinBlock'],
  ['london', 'londonBlock'],
  ['paris', 'mergeNetsplitBlock'],
]

const BY_TIME: readonly (readonly [Fork, string])[] = [
  ['shanghai', 'shanghaiTime'],
  ['cancun', 'cancunTime'],
  ['prague', 'pragueTime'],
  ['osaka', 'osakaTime'],
  ['bpo1', 'bpo1Time'],
  ['bpo2', 'bpo2Time'],
  ['bpo3', 'bpo3Time'],
  ['bpo4', 'bpo4Time'],
  ['bpo5', 'bpo5Time'],
]

const DEFAULT_BLOBS: Partial<Record<Fork, BlobSchedule>> = {
  cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477n },
  prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716n },
}

/**
 * Reads the `config` of a go-ethereum genesis. A chain without a merge block merges at block 0 when its
 * `terminalTotalDifficulty` is 0. Throws CodedError `bad genesis` on entries that are not numbers.
 */
export function forkScheduleOf(config: GenesisFile['config']): ForkSchedule {
  const activations: Activation[] = [{ fork: 'chainstart', block: 0 }]
  for (const [fork, name] of BY_BLOCK) {
    const block = numberOf(config, name)
    if (block !== undefined) activations.push({ fork, block })
    else if (fork === 'paris' && BigInt(String(config.terminalTotalDifficulty ?? 1)) === 0n) {
      activations.push({ fork, block: 0 })
    }
  }
  for (const [fork, name] of BY_TIME) {
    const timestamp = numberOf(config, name)
    if (timestamp !== undefined) activations.push({ fork, timestamp: BigInt(timestamp) })
  }
  const delays = BOMB_DELAYS.map(([name, blocks]) => ({ from: numberOf(config, name), blocks }))
  const schedule = (config.blobSchedule ?? {}) as Record<string, Record<string, number> | undefined>
  return {
    at(number, timestamp) {
      let active: Fork = 'chainstart'
      for (const activation of activations) {
        const reached =
          activation.timestamp === undefined ? number >= (activation.block ?? 0) : timestamp >= activation.timestamp
        if (reached) active = activation.fork
      }
      return active
    },
    blobs(fork) {
      // A fork without parameters of its own keeps those of the one before.
      for (let i = ORDER.get(fork) as number; i >= 0; i--) {
        const name = FORKS[i] as Fork
        const own = schedule[name]
        if (own?.max !== undefined) {
          return {
            target: own.target ?? 0,
            max: own.max,
            baseFeeUpdateFraction: BigInt(own.baseFeeUpdateFraction ?? 0),
          }
        }
        const standard = DEFAULT_BLOBS[name]
        if (standard !== undefined) return standard
      }
      return { target: 0, max: 0, baseFeeUpdateFraction: 1n }
    },
    bombDelay: number => delays.findLast(({ from }) => from !== undefined && number >= from)?.blocks ?? 0,
  }
}

/** A schedule of one fork from block 0 on. */
export function fixedFork(fork: Fork): ForkSchedule {
  const schedule = forkScheduleOf({ chainId: 1 })
  return { ...schedule, at: () => fork }
}

function numberOf(config: GenesisFile['config'], name: string): number | undefined {
  const value = config[name]
  if (value === undefined || value === null) return undefined
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new CodedError('bad genesis', `config.${name} is not a block number or time`, { data: { name, value } })
  }
  return number
}
