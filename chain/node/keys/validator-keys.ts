import { type Hex, toHex, utf8 } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import { peerIdOfPublicKey } from '#p2p'
import { checksumAddress } from '#types'
import { type AccountKey, accountOfPrivateKey, generateAccountKey } from './account-key.ts'
import { type Ed25519Key, ed25519KeyOfSeed, generateEd25519Key } from './ed25519-key.ts'

/**
 * The four keys of a validator. Three Ed25519 keys, so that each signs one kind of thing only: vertices (consensus),
 * connections (network), execution votes (checkpoint). The operator's account stakes and receives rewards; the node
 * itself does not need its secret.
 */
export interface ValidatorKeys {
  readonly consensus: Ed25519Key
  readonly network: Ed25519Key
  readonly checkpoint: Ed25519Key
  readonly operator: AccountKey
}

/** What a genesis file or a registration transaction needs of a validator; nothing secret. */
export interface ValidatorPublicKeys {
  /** Address with checksum. */
  readonly operator: Hex
  readonly consensusKey: Hex
  readonly networkKey: Hex
  readonly checkpointKey: Hex
  readonly peerId: string
}

/** Fresh random keys. */
export function generateValidatorKeys(): ValidatorKeys {
  return {
    consensus: generateEd25519Key(),
    network: generateEd25519Key(),
    checkpoint: generateEd25519Key(),
    operator: generateAccountKey(),
  }
}

/**
 * Keys that follow from a public text: the same on every machine, and known to everybody. For devnets and tests only.
 * @param seed any text, such as the devnet's name
 */
export function deriveDevValidatorKeys(seed: string, index: number): ValidatorKeys {
  const secret = (role: string) => sha256(utf8(`ogpu development key, not secret/${seed}/${index}/${role}`))
  return {
    consensus: ed25519KeyOfSeed(secret('consensus')),
    network: ed25519KeyOfSeed(secret('network')),
    checkpoint: ed25519KeyOfSeed(secret('checkpoint')),
    operator: accountOfPrivateKey(secret('operator')),
  }
}

export function publicKeysOf(keys: ValidatorKeys): ValidatorPublicKeys {
  return {
    operator: checksumAddress(keys.operator.address),
    consensusKey: toHex(keys.consensus.publicKey),
    networkKey: toHex(keys.network.publicKey),
    checkpointKey: toHex(keys.checkpoint.publicKey),
    peerId: peerIdOfPublicKey(keys.network.publicKey),
  }
}
