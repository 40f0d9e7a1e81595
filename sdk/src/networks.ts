/**
 * The one table of contract addresses per chain id. The first four of each network are the OpenGPU Network's published
 * addresses; the rest are this chain's own predeploys, equal on every network ("OGPU" in ASCII, then a number).
 */

export type Address = `0x${string}`

export interface ContractAddresses {
  readonly nexus: Address
  readonly controller: Address
  readonly terminal: Address
  readonly vault: Address
  readonly manager: Address
  readonly timelock: Address
  readonly governor: Address
  readonly sourceImplementation: Address
  readonly taskImplementation: Address
  readonly responseImplementation: Address
  readonly wrappedOgpu: Address
  readonly orc20Factory: Address
  /** Test networks only: no code there on mainnet. */
  readonly faucet: Address
  readonly staking: Address
  readonly feeCollector: Address
  readonly programRegistry: Address
  readonly policyRegistry: Address
  readonly proofManager: Address
  readonly auditManager: Address
  readonly stakeRouter: Address
  readonly reputation: Address
  readonly routing: Address
  readonly priceOracle: Address
  readonly dataRegistry: Address
  readonly checkpoints: Address
  readonly receiptBatches: Address
  /** Code that the proof manager runs on its own storage; nobody calls it. */
  readonly proofResolution: Address
  readonly multicall3: Address
  readonly deterministicDeployer: Address
  readonly historyStorage: Address
  readonly beaconRoots: Address
}

export const MAINNET_CHAIN_ID = 1071
export const TESTNET_CHAIN_ID = 200820172034

function own(number: number): Address {
  return `0x4f475055${number.toString(16).padStart(32, '0')}`
}

const OWN = {
  manager: own(0x01),
  timelock: own(0x02),
  governor: own(0x03),
  sourceImplementation: own(0x11),
  taskImplementation: own(0x12),
  responseImplementation: own(0x13),
  wrappedOgpu: own(0x20),
  orc20Factory: own(0x21),
  faucet: own(0x22),
  staking: own(0x30),
  feeCollector: own(0x31),
  programRegistry: own(0x40),
  policyRegistry: own(0x41),
  proofManager: own(0x42),
  auditManager: own(0x43),
  stakeRouter: own(0x44),
  reputation: own(0x45),
  routing: own(0x46),
  priceOracle: own(0x47),
  dataRegistry: own(0x48),
  checkpoints: own(0x49),
  receiptBatches: own(0x4a),
  proofResolution: own(0x4b),
  multicall3: '0xca11bde05977b3631167028862be2a173976ca11',
  deterministicDeployer: '0x4e59b44847b379578588920ca78fbf26c0b4956c',
  historyStorage: '0x0000f90827f1c53a10cb7a02335b175320002935',
  beaconRoots: '0x000f3df6d732807ef1319fb7b8bb8522d0beac02',
} as const

const MAINNET: ContractAddresses = {
  nexus: '0x2b0cc6058313801d5feb184a539e3a0c5a87a6a1',
  controller: '0x8661f4b9c30e07a04d795a192478dfd905625a1d',
  terminal: '0xaebc7b712d38fc4d841f0732c21b8774339869d3',
  vault: '0xa5c582254aa313528898311362bc698b041580cc',
  ...OWN,
}

const TESTNET: ContractAddresses = {
  nexus: '0xf87bb2f3edb991a998992f14d35fe142e6bb50b1',
  controller: '0x9fb6022074fd7bdb429de0776eb693ca0cb55e09',
  terminal: '0x1ea332fc14a5afd3af3852b45c263ab5b1dd6f52',
  vault: '0x15905a2fbd3ef5d3532b931b5656bb9eb493bb15',
  ...OWN,
}

/** The published scheduler key "The Order": may act for every master that did not opt out. */
export const DEFAULT_AGENT: Address = '0x306dc3ff30254675b209d916475094401acc4a1e'

/** Contract addresses of a chain id; chain ids that nobody published use the mainnet set. */
export function contractsOf(chainId: number): ContractAddresses {
  return chainId === TESTNET_CHAIN_ID ? TESTNET : MAINNET
}
