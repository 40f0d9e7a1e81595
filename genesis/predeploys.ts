import { type ContractAddresses, contractsOf } from '@ogpu/sdk'
import { Interface, id, ZeroHash } from 'ethers'
import { artifactOf } from '#contracts'
import { fromHex, type Hex } from '#lib/bytes'
import { epochSeedOf, type NetworkDefinition } from './definition.ts'
import { creationCode, type Machine, mustCall } from './machine.ts'
import { MULTICALL3_CODE } from './multicall3.ts'
import { BEACON_ROOTS_CODE, DETERMINISTIC_DEPLOYER_CODE, HISTORY_STORAGE_CODE } from './system-contracts.ts'

/** Stands in for whoever deploys; owns the contracts while the genesis is made and keeps nothing. */
export const GENESIS_DEPLOYER: Hex = '0x4f475055000000000000000000000000000000ff'

const ZERO: Hex = '0x0000000000000000000000000000000000000000'

/** Constructors' arguments by contract, in the order of construction. `from` is the sender the constructor sees. */
interface Construction {
  readonly name: string
  readonly at: Hex
  readonly args: readonly unknown[]
  readonly from?: Hex
}

function constructions(a: ContractAddresses, definition: NetworkDefinition): Construction[] {
  const { market, governance, staking, faucet } = definition
  const noSource = [ZERO, '', 0, 0, 0, 0, false, '', 0, 0]
  return [
    { name: 'Manager', at: a.manager, args: [] },
    { name: 'Nexus', at: a.nexus, args: [a.manager, a.terminal, a.vault] },
    { name: 'Controller', at: a.controller, args: [a.nexus, a.terminal, a.vault] },
    { name: 'Terminal', at: a.terminal, args: [a.manager, a.vault] },
    { name: 'Vault', at: a.vault, args: [a.manager, a.nexus, a.terminal] },
    { name: 'Source', at: a.sourceImplementation, args: [noSource], from: a.nexus },
    { name: 'Task', at: a.taskImplementation, args: [[ZERO, '', 0, 0], 0, a.nexus] },
    { name: 'Response', at: a.responseImplementation, args: [[ZERO, ZERO, '', 0]], from: a.nexus },
    { name: 'ProgramRegistry', at: a.programRegistry, args: [] },
    { name: 'PolicyRegistry', at: a.policyRegistry, args: [a.nexus] },
    { name: 'ProofManager', at: a.proofManager, args: [a.nexus, a.vault, a.terminal] },
    { name: 'ProofResolution', at: a.proofResolution, args: [a.nexus, a.vault, a.terminal] },
    { name: 'AuditManager', at: a.auditManager, args: [a.vault, a.terminal, market.auditorStakeMinWei] },
    { name: 'StakeRouter', at: a.stakeRouter, args: [a.vault] },
    {
      name: 'Reputation',
      at: a.reputation,
      args: [market.reputationHalfLifeBlocks, market.reputationFreezeBlocks],
    },
    { name: 'Routing', at: a.routing, args: [a.vault, a.terminal] },
    { name: 'PriceOracle', at: a.priceOracle, args: [market.priceFloorWei, market.priceCapacity] },
    { name: 'DataRegistry', at: a.dataRegistry, args: [a.vault] },
    { name: 'Checkpoints', at: a.checkpoints, args: [a.terminal, a.vault] },
    { name: 'ReceiptBatches', at: a.receiptBatches, args: [a.terminal] },
    {
      name: 'Staking',
      at: a.staking,
      args: [
        Math.floor(definition.consensus.epochDurationMs / 1_000),
        staking.unbondingPeriodSec,
        staking.selfStakeMinWei,
        epochSeedOf(definition),
        staking.electsCommittee,
      ],
    },
    { name: 'FeeCollector', at: a.feeCollector, args: [staking.feeBurnBps] },
    { name: 'WrappedOgpu', at: a.wrappedOgpu, args: [] },
    { name: 'Orc20Factory', at: a.orc20Factory, args: [] },
    // Anybody may execute what the timelock released: its open executor role is the zero address.
    { name: 'Timelock', at: a.timelock, args: [governance.timelockDelaySec, [a.governor], [ZERO]] },
    {
      name: 'OgpuGovernor',
      at: a.governor,
      args: [
        a.wrappedOgpu,
        a.timelock,
        governance.votingDelayBlocks,
        governance.votingPeriodBlocks,
        governance.proposalThresholdWei,
        governance.quorumPercent,
      ],
    },
    ...(faucet === undefined ? [] : [{ name: 'Faucet', at: a.faucet, args: [faucet.amountWei, faucet.periodSec] }]),
  ]
}

/** Constructs every contract at its address, wires them, gives ownership to the timelock and seals the roles. */
export async function deployPredeploys(machine: Machine, definition: NetworkDefinition): Promise<void> {
  const a = contractsOf(definition.chainId)
  await machine.setCode(a.historyStorage, fromHex(HISTORY_STORAGE_CODE))
  await machine.setCode(a.beaconRoots, fromHex(BEACON_ROOTS_CODE))
  await machine.setCode(a.deterministicDeployer, fromHex(DETERMINISTIC_DEPLOYER_CODE))
  await machine.setCode(a.multicall3, fromHex(MULTICALL3_CODE))
  for (const { name, at, args, from } of constructions(a, definition)) {
    const { abi, bytecode } = artifactOf(name)
    await machine.construct(at, creationCode(bytecode, abi, args), from ?? GENESIS_DEPLOYER)
  }
  await wireMarket(machine, a, definition)
  await stakeValidators(machine, a, definition)
  await handOver(machine, a)
  if (definition.faucet !== undefined) await machine.setBalance(a.faucet, definition.faucet.balanceWei)
}

async function wireMarket(machine: Machine, a: ContractAddresses, { market }: NetworkDefinition): Promise<void> {
  const grant = async (role: string, account: Hex) => send(machine, 'Manager', a.manager, 'grantRole', [role, account])
  for (const account of [a.nexus, a.controller, a.proofManager]) await grant(id('CONTROLLER'), account)
  await grant(id('JUDGE'), a.stakeRouter)
  await grant(id('TERMINAL'), a.terminal)
  await send(machine, 'Manager', a.manager, 'seal', [])
  await send(machine, 'Vault', a.vault, 'setMinLockupPerSource', [market.minLockupPerSourceWei])
  await send(machine, 'Vault', a.vault, 'setMaxUnbondingPeriod', [market.unbondingPeriodSec])
  await send(machine, 'Vault', a.vault, 'setRetentionPeriod', [market.retentionPeriodSec])
  await send(machine, 'Vault', a.vault, 'setEarningsToMaster', [market.earningsToMaster])
  await send(machine, 'Controller', a.controller, 'setManualPaysAll', [market.manualPaysAll])
  if (market.defaultAgent !== undefined) {
    await send(machine, 'Terminal', a.terminal, 'setDefaultAgent', [market.defaultAgent])
  }
}

async function stakeValidators(
  machine: Machine,
  a: ContractAddresses,
  { staking, validators }: NetworkDefinition,
): Promise<void> {
  for (const { operator, consensusKey, networkKey, checkpointKey, addresses, stake } of validators) {
    const valueWei = BigInt(stake) * staking.weiPerPower
    const keys = [consensusKey, networkKey, checkpointKey, addresses.join('\n')]
    await machine.setBalance(GENESIS_DEPLOYER, valueWei)
    await send(machine, 'Staking', a.staking, 'registerFor', [operator, keys, staking.commissionBps], valueWei)
  }
  await send(machine, 'Staking', a.staking, 'seatFirstCommittee', [])
}

async function handOver(machine: Machine, a: ContractAddresses): Promise<void> {
  const owned = [
    ['Nexus', a.nexus],
    ['Controller', a.controller],
    ['Terminal', a.terminal],
    ['ProgramRegistry', a.programRegistry],
    ['AuditManager', a.auditManager],
    ['PriceOracle', a.priceOracle],
    ['Staking', a.staking],
    ['FeeCollector', a.feeCollector],
  ] as const
  for (const [name, address] of owned) await send(machine, name, address, 'transferOwnership', [a.timelock])
  await send(machine, 'Manager', a.manager, 'grantRole', [ZeroHash, a.timelock])
  await send(machine, 'Manager', a.manager, 'renounceRole', [ZeroHash, GENESIS_DEPLOYER])
}

async function send(
  machine: Machine,
  name: string,
  to: Hex,
  method: string,
  args: readonly unknown[],
  value = 0n,
): Promise<void> {
  const abi = new Interface(artifactOf(name).abi)
  await mustCall(machine, { from: GENESIS_DEPLOYER, to, value, data: fromHex(abi.encodeFunctionData(method, args)) })
}
