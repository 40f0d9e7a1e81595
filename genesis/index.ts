/**
 * Genesis files of our networks, in go-ethereum's JSON form with an `ogpu` section.
 *
 * The contracts' state is not written by hand: their constructors and setters run on an EVM in memory at the very
 * addresses where they will live, and what they left is dumped. Invariants: the same definition gives the same bytes
 * (no clock, no randomness); the address that deploys keeps no role, no ownership and no coin; all coins of the chain are
 * in the file. Absent: keys of validators (the launch brings public keys) and the block hash (`#evm`, genesisBlock).
 *
 * @example
 * const genesis = await devnetGenesis({ chainId: 1071, validators, accounts: [{ address, balanceWei: 10n ** 24n }] })
 */
export { buildGenesis } from './build-genesis.ts'
export type { GovernanceParams, MarketParams, NetworkDefinition, StakingParams } from './definition.ts'
export { DEV_MNEMONIC, type DevAccount, devAccounts } from './dev-accounts.ts'
export {
  createMachine,
  creationCode,
  type Machine,
  type MachineBlock,
  type MachineCall,
  type MachineResult,
  revertReason,
} from './machine.ts'
export {
  type DevnetOptions,
  devnetDefinition,
  devnetGenesis,
  genesisFor,
  type LaunchOptions,
  type NetworkName,
  networkDefinition,
} from './networks.ts'
