import { Common, type CustomCrypto, Mainnet } from '@ethereumjs/common'
import { EVM, type EVMMockBlockchainInterface, type EVMOpts } from '@ethereumjs/evm'
import { assert } from '#lib/assert'
import { fromHex } from '#lib/bytes'
import { keccak256, sha256 } from '#lib/hash'
import { recoverPublicKey } from '#lib/secp256k1'
import type { Digest } from '#types'
import type { BlobSchedule, Fork, ForkSchedule } from './forks.ts'
import { isAtLeast } from './forks.ts'
import { bls, bn254, fastPrecompiles, verifyKzgProof } from './precompiles/index.ts'
import { type ByteKey, keyOf } from './state/byte-keys.ts'
import { StateManager } from './state/state-manager.ts'

/** Hash of an earlier block, for BLOCKHASH; asked only for the 256 before the current one. */
export type BlockHashes = (number: number) => Digest

/** What execution needs to know of a fork, worked out once. */
export interface Rules {
  readonly fork: Fork
  readonly chainId: bigint
  readonly isHomestead: boolean
  /** EIP-158/161 (state clearing), EIP-155, EIP-170. */
  readonly isSpuriousDragon: boolean
  readonly isByzantium: boolean
  readonly isIstanbul: boolean
  /** EIP-2718, EIP-2929, EIP-2930. */
  readonly isBerlin: boolean
  /** EIP-1559, EIP-3529, EIP-3541. */
  readonly isLondon: boolean
  readonly isParis: boolean
  readonly isShanghai: boolean
  readonly isCancun: boolean
  readonly isPrague: boolean
  readonly isOsaka: boolean
  readonly blobs: BlobSchedule
}

/** An EVM with the state adapter that it works on. One execution at a time. */
export interface Machine {
  readonly rules: Rules
  readonly evm: EVM
  readonly state: StateManager
  /** Addresses of the precompiles: hexadecimal without prefix, and as keys. */
  readonly precompiles: readonly string[]
  readonly precompileKeys: ReadonlySet<ByteKey>
  readonly blockHashes: BlockHashes
}

export function rulesOf(fork: Fork, chainId: bigint, schedule: ForkSchedule): Rules {
  return {
    fork,
    chainId,
    isHomestead: isAtLeast(fork, 'homestead'),
    isSpuriousDragon: isAtLeast(fork, 'spuriousDragon'),
    isByzantium: isAtLeast(fork, 'byzantium'),
    isIstanbul: isAtLeast(fork, 'istanbul'),
    isBerlin: isAtLeast(fork, 'berlin'),
    isLondon: isAtLeast(fork, 'london'),
    isParis: isAtLeast(fork, 'paris'),
    isShanghai: isAtLeast(fork, 'shanghai'),
    isCancun: isAtLeast(fork, 'cancun'),
    isPrague: isAtLeast(fork, 'prague'),
    isOsaka: isAtLeast(fork, 'osaka'),
    blobs: schedule.blobs(fork),
  }
}

function neverCalled(): never {
  assert(false, 'executing blocks only checks single KZG proofs')
}

const CRYPTO: CustomCrypto = {
  keccak256,
  sha256: message => sha256(message),
  // The precompile has checked v; it takes the missing key as "no output".
  ecrecover: (hash, v, r, s) => {
    const signature = new Uint8Array(64)
    signature.set(r, 32 - r.length)
    signature.set(s, 64 - s.length)
    const key = recoverPublicKey(hash, signature, v === 28n ? 1 : 0)
    if (key === undefined) throw new RangeError('no key made this signature')
    return key.subarray(1)
  },
  kzg: {
    verifyProof: verifyKzgProof,
    blobToKzgCommitment: neverCalled,
    computeBlobProof: neverCalled,
    verifyBlobProofBatch: neverCalled,
    computeCells: neverCalled,
    computeCellsAndProofs: neverCalled,
    recoverCellsAndProofs: neverCalled,
    verifyCellKzgProofBatch: neverCalled,
  },
}

/**
 * Builds an EVM for one fork. Costs about a millisecond (a `Common` and its tables), so machines are made once for each
 * fork and reused; a machine never changes its fork.
 */
export async function createMachine(
  rules: Rules,
  blockHashes: BlockHashes,
  customOpcodes?: EVMOpts['customOpcodes'],
): Promise<Machine> {
  const common = new Common({
    chain: { ...Mainnet, name: 'ogpu', chainId: Number(rules.chainId) },
    // The forks after Osaka only change blob parameters, which are ours.
    hardfork: rules.isOsaka ? 'osaka' : rules.fork,
    customCrypto: CRYPTO,
  })
  const state = new StateManager()
  const blockchain: EVMMockBlockchainInterface = {
    getBlock: async number => ({ hash: () => blockHashes(number) }),
    putBlock: async () => {},
    shallowCopy: () => blockchain,
  }
  // createEVM puts noble in place of the bn254 that it is given; beyond that it only fills in what we give anyway.
  const evm = new EVM({
    common,
    stateManager: state,
    blockchain,
    bls,
    bn254,
    customPrecompiles: fastPrecompiles(common),
    ...(customOpcodes === undefined ? {} : { customOpcodes }),
  })
  const precompiles = [...evm.precompiles.keys()]
  const precompileKeys = new Set(precompiles.map(text => keyOf(fromHex(text))))
  return { rules, evm, state, precompiles, precompileKeys, blockHashes }
}
