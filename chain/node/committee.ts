import { type Committee, createCommittee } from '#consensus'
import { compareBytes, fromHex } from '#lib/bytes'
import { CodedError } from '#lib/errors'
import { type PeerId, peerIdOfPublicKey } from '#p2p'
import type { GenesisFile, OgpuGenesisConfig } from '#types'

/** The first committee of a network, in canonical order, with what the genesis file says of each member. */
export interface GenesisCommittee {
  readonly committee: Committee
  readonly names: readonly string[]
  readonly peers: readonly PeerId[]
  /** Multiaddrs without peer id; empty where the genesis names none. */
  readonly addresses: readonly (readonly string[])[]
}

/** Our part of a genesis file. CodedError `bad genesis` when it has none. */
export function ogpuConfigOf(genesis: GenesisFile): OgpuGenesisConfig {
  const { ogpu } = genesis.config
  if (ogpu === undefined) {
    throw new CodedError(
      'bad genesis',
      'the genesis file has no "ogpu" section, so it names no validators; import such a chain with "ogpu import"',
    )
  }
  return ogpu
}

/** Reads the validators of a genesis file. CodedError `bad committee` or `bad genesis`. */
export function committeeOfGenesis(genesis: GenesisFile): GenesisCommittee {
  const validators = ogpuConfigOf(genesis)
    .validators.map(validator => ({ ...validator, operator: fromHex(validator.operator) }))
    .sort((a, b) => compareBytes(a.operator, b.operator))
  const committee = createCommittee(
    validators.map((validator, index) => ({
      index,
      operator: validator.operator,
      consensusKey: fromHex(validator.consensusKey),
      networkKey: fromHex(validator.networkKey),
      checkpointKey: fromHex(validator.checkpointKey),
      stake: validator.stake,
    })),
  )
  return {
    committee,
    names: validators.map(validator => validator.name),
    peers: committee.authorities.map(authority => peerIdOfPublicKey(authority.networkKey)),
    addresses: validators.map(validator => validator.addresses),
  }
}
