import { type Hex, toHex, utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
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

/** Validator staking. Wei, seconds. */
export interface StakingParams {
  readonly unbondingPeriodSec: number
  readonly selfStakeMinWei: bigint
  /** Coins behind each unit of a genesis validator's `stake`; its operator owns them. */
  readonly weiPerPower: bigint
  readonly commissionBps: number
  /** Part of the collected fees that is burned, in 1/10,000. */
  readonly feeBurnBps: number
  /** True: the node asks the staking contract for the next committee. False: the committee is fixed. */
  readonly electsCommittee: boolean
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
  readonly staking: StakingParams
  /** Test networks only. */
  readonly faucet?: { readonly amountWei: bigint; readonly periodSec: number; readonly balanceWei: bigint }
}

/** Seed of epoch 0: fixed by the network's name and chain id. */
export function epochSeedOf(definition: NetworkDefinition): Hex {
  return toHex(sha256(utf8(`ogpu/epoch-seed/${definition.name}/${definition.chainId}`)))
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

export const PUBLIC_STAKING: StakingParams = {
  unbondingPeriodSec: 14 * DAY_SEC,
  selfStakeMinWei: 10_000n * OGPU,
  weiPerPower: 100n * OGPU,
  commissionBps: 500,
  feeBurnBps: 5_000,
  electsCommittee: true,
}

export const DEV_STAKING: StakingParams = {
  ...PUBLIC_STAKING,
  unbondingPeriodSec: 60,
  selfStakeMinWei: OGPU,
  electsCommittee: false,
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
