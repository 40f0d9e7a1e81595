import type { Hex } from '#lib/bytes'
import type { ConsensusParams } from './params.ts'

/** An account of the genesis state, in go-ethereum's JSON form. */
export interface GenesisAccount {
  readonly balance?: Hex
  readonly nonce?: Hex
  readonly code?: Hex
  /** 32-byte slot → 32-byte value. */
  readonly storage?: Readonly<Record<Hex, Hex>>
}

/** One validator of the first committee. Keys are 32-byte Ed25519 public keys; all three differ. */
export interface GenesisValidator {
  readonly name: string
  readonly operator: Hex
  readonly consensusKey: Hex
  readonly networkKey: Hex
  readonly checkpointKey: Hex
  /** Voting power. */
  readonly stake: number
  /** Multiaddrs without the peer id; a launch may leave them empty and name bootnodes instead. */
  readonly addresses: readonly string[]
}

/** What our chain adds to the `config` of a go-ethereum genesis. */
export interface OgpuGenesisConfig {
  readonly consensus: ConsensusParams
  readonly execution: {
    readonly blockGasLimit: Hex
    readonly minBaseFeePerGas: Hex
    readonly elasticity: number
    readonly heartbeatMs: number
  }
  readonly validators: readonly GenesisValidator[]
  /** 32 bytes; seeds the leader schedule of epoch 0. */
  readonly epochSeed: Hex
  /** Account or contract that receives transaction fees (`coinbase` of every block). */
  readonly feeCollector: Hex
  /** Contract that knows the next committee at the end of an epoch; absent on networks with a fixed committee. */
  readonly stakingContract?: Hex
}

/**
 * A network's genesis as a JSON file: go-ethereum's form with an `ogpu` section, so that common tools read it. Our own
 * networks run every fork up to Osaka from block 0.
 */
export interface GenesisFile {
  readonly config: Readonly<Record<string, unknown>> & { readonly chainId: number; readonly ogpu?: OgpuGenesisConfig }
  readonly nonce: Hex
  readonly timestamp: Hex
  readonly extraData: Hex
  readonly gasLimit: Hex
  readonly difficulty: Hex
  readonly mixHash: Hex
  readonly coinbase: Hex
  readonly baseFeePerGas?: Hex
  /** Address in lower case with `0x` → account. */
  readonly alloc: Readonly<Record<Hex, GenesisAccount>>
}
