import type { Hex } from '#lib/bytes'
import { type ConsensusParams, DEFAULT_CONSENSUS_PARAMS, DEFAULT_EXECUTION_PARAMS, type GenesisValidator } from '#types'

/** What the published contracts leave open, and the parameters of our own. Wei, seconds, blocks. */
export interface MarketParams {
  /** `Vault.MIN_LOCKUP_PER_SOURCE`; the published value is unknown. */
  readonly minLockupPerSourceWei: bigint
  /** `Vault.UNBONDING_PERIOD`; the published value is unknown. */
  readonly unbondingPeriodSec: number
  /** Time over which earnings from verified tasks vest (proof-of-computation notes, 3.6: 7 days). Zero: at once. */
  readonly retentionPeriodSec: number
  /** Documented reading: earnings collect in the master's vault. False: in the provider's own. */
  readonly earningsToMaster: boolean
  /** How a MANUAL task pays. Documented reading ("price bidding"): what the confirmed response asks for. */
  readonly manualPaysAll: boolean
  /** Scheduler that may act for every master; the published networks have "The Order". Absent: none. */
  readonly defaultAgent?: Hex
  readonly auditorStakeMinWei: bigint
  /** Half-life of reputation counts. */
  readonly reputationHalfLifeBlocks: number
  /** Blocks for which a guilty provider is not routed to. */
  readonly reputationFreezeBlocks: number
  readonly priceFloorWei: bigint
  /** Seats for each price epoch at full use. */
  readonly priceCapacity: number
}

export interface GovernanceParams {
  readonly timelockDelaySec: number
  readonly votingDelayBlocks: number
  readonly votingPeriodBlocks: number
  readonly proposalThresholdWei: bigint
  readonly quorumPercent: number
}

/** Everything that one network's genesis is made from. */
export interface NetworkDefinition {
  readonly name: string
  readonly chainId: number
  readonly timestampSec: number
  readonly consensus: ConsensusParams
  readonly execution: {
    readonly blockGasLimit: bigint
    readonly minBaseFeePerGas: bigint
    readonly elasticity: bigint
    readonly heartbeatMs: number
  }
  readonly validators: readonly GenesisValidator[]
  readonly accounts: readonly { readonly address: Hex; readonly balanceWei: bigint }[]
  readonly market: MarketParams
  readonly governance: GovernanceParams
  /** Test networks only. */
  readonly faucet?: { readonly amountWei: bigint; readonly periodSec: number; readonly balanceWei: bigint }
}

const OGPU = 10n ** 18n
const DAY_SEC = 24 * 60 * 60
/** One-second blocks. */
const DAY_BLOCKS = DAY_SEC

export const EXECUTION: NetworkDefinition['execution'] = DEFAULT_EXECUTION_PARAMS
export const CONSENSUS: ConsensusParams = DEFAULT_CONSENSUS_PARAMS

/** Parameters of a network where coins have value. */
export const PUBLIC_MARKET: MarketParams = {
  minLockupPerSourceWei: 100n * OGPU,
  unbondingPeriodSec: 7 * DAY_SEC,
  retentionPeriodSec: 7 * DAY_SEC,
  earningsToMaster: true,
  manualPaysAll: false,
  auditorStakeMinWei: 1_000n * OGPU,
  reputationHalfLifeBlocks: 30 * DAY_BLOCKS,
  reputationFreezeBlocks: 7 * DAY_BLOCKS,
  priceFloorWei: OGPU / 1_000n,
  priceCapacity: 100,
}

export const PUBLIC_GOVERNANCE: GovernanceParams = {
  timelockDelaySec: 2 * DAY_SEC,
  votingDelayBlocks: DAY_BLOCKS,
  votingPeriodBlocks: 7 * DAY_BLOCKS,
  proposalThresholdWei: 10_000n * OGPU,
  quorumPercent: 4,
}

/** Small amounts and short times, so that a whole life of a task fits into a test. */
export const DEV_MARKET: MarketParams = {
  ...PUBLIC_MARKET,
  minLockupPerSourceWei: OGPU,
  unbondingPeriodSec: 60,
  retentionPeriodSec: 0,
  auditorStakeMinWei: 10n * OGPU,
  reputationHalfLifeBlocks: 10_000,
  reputationFreezeBlocks: 100,
}

export const DEV_GOVERNANCE: GovernanceParams = {
  timelockDelaySec: 10,
  votingDelayBlocks: 5,
  votingPeriodBlocks: 60,
  proposalThresholdWei: OGPU,
  quorumPercent: 4,
}
