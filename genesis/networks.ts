import { DEFAULT_AGENT, MAINNET_CHAIN_ID, TESTNET_CHAIN_ID } from '@ogpu/sdk'
import type { Hex } from '#lib/bytes'
import type { ConsensusParams, GenesisFile, GenesisValidator } from '#types'
import { buildGenesis } from './build-genesis.ts'
import {
  CONSENSUS,
  DEV_GOVERNANCE,
  DEV_MARKET,
  DEV_STAKING,
  EXECUTION,
  type GovernanceParams,
  type MarketParams,
  type NetworkDefinition,
  PUBLIC_GOVERNANCE,
  PUBLIC_MARKET,
  PUBLIC_STAKING,
  type StakingParams,
} from './definition.ts'
import { devAccounts } from './dev-accounts.ts'

const OGPU = 10n ** 18n
/** 2026-01-01T00:00:00Z: an arbitrary fixed start, because a genesis must not read a clock. */
const START_SEC = 1_767_225_600
const DEV_ACCOUNTS = 10

export type NetworkName = 'mainnet' | 'testnet' | 'devnet'

/** What a launch decides for itself. */
export interface LaunchOptions {
  readonly validators?: readonly GenesisValidator[]
  readonly accounts?: readonly { readonly address: Hex; readonly balanceWei: bigint }[]
  readonly timestampSec?: number
}

export interface DevnetOptions extends LaunchOptions {
  /** 1071 and 200820172034 use the published addresses of that network; every other id uses mainnet's. Default 1071. */
  readonly chainId?: number
  readonly consensus?: Partial<ConsensusParams>
  readonly execution?: Partial<NetworkDefinition['execution']>
  readonly market?: Partial<MarketParams>
  readonly governance?: Partial<GovernanceParams>
  readonly staking?: Partial<StakingParams>
}

/** The definition of a named network; validators and accounts come from the launch. */
export function networkDefinition(name: NetworkName, options: LaunchOptions = {}): NetworkDefinition {
  if (name === 'devnet') return devnetDefinition(options)
  const testnet = name === 'testnet'
  return {
    name: `OGPU ${name}`,
    chainId: testnet ? TESTNET_CHAIN_ID : MAINNET_CHAIN_ID,
    timestampSec: options.timestampSec ?? START_SEC,
    consensus: CONSENSUS,
    execution: EXECUTION,
    validators: options.validators ?? [],
    accounts: options.accounts ?? [],
    market: { ...PUBLIC_MARKET, defaultAgent: DEFAULT_AGENT },
    governance: PUBLIC_GOVERNANCE,
    staking: PUBLIC_STAKING,
    ...(testnet ? { faucet: { amountWei: 10n * OGPU, periodSec: 86_400, balanceWei: 100_000_000n * OGPU } } : {}),
  }
}

/** A local network: ten funded accounts of the well-known phrase, a faucet, short periods. */
export function devnetDefinition(options: DevnetOptions = {}): NetworkDefinition {
  return {
    name: 'OGPU devnet',
    chainId: options.chainId ?? MAINNET_CHAIN_ID,
    timestampSec: options.timestampSec ?? START_SEC,
    consensus: { ...CONSENSUS, ...options.consensus },
    execution: { ...EXECUTION, ...options.execution },
    validators: options.validators ?? [],
    accounts: [
      ...devAccounts(DEV_ACCOUNTS).map(({ address }) => ({ address, balanceWei: 1_000_000n * OGPU })),
      ...(options.accounts ?? []),
    ],
    market: { ...DEV_MARKET, ...options.market },
    governance: { ...DEV_GOVERNANCE, ...options.governance },
    staking: { ...DEV_STAKING, ...options.staking },
    faucet: { amountWei: 100n * OGPU, periodSec: 60, balanceWei: 10_000_000n * OGPU },
  }
}

export async function devnetGenesis(options: DevnetOptions = {}): Promise<GenesisFile> {
  return buildGenesis(devnetDefinition(options))
}

export async function genesisFor(name: NetworkName, options: LaunchOptions = {}): Promise<GenesisFile> {
  return buildGenesis(networkDefinition(name, options))
}
