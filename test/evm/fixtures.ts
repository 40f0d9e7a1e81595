import { type Hex, toHex } from '#lib/bytes'
import { sha256 } from '#lib/hash'
import {
  type Commit,
  DEFAULT_CONSENSUS_PARAMS,
  type GenesisAccount,
  type GenesisFile,
  type OrderedCommit,
  privateKeyToAddress,
  type RecoveredTransaction,
  signTransaction,
  type UnsignedTransaction,
  type Vertex,
} from '#types'

/** A private key that is the same in every run. */
export function keyOfUser(user: number): Uint8Array {
  return sha256(new TextEncoder().encode(`user ${user}`))
}

export function addressOfUser(user: number): Uint8Array {
  return privateKeyToAddress(keyOfUser(user))
}

export const FEE_COLLECTOR: Hex = '0x00000000000000000000000000000000000fee00'
export const CHAIN_ID = 1071
export const GENESIS_MS = 1_800_000_000_000

/** Code of the EIP-4788 and EIP-2935 system contracts, as deployed on Ethereum. */
const BEACON_ROOTS_CODE: Hex =
  '0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500'
const HISTORY_CODE: Hex =
  '0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500'

/** A small network on which users 0 to `users` - 1 own 1,000 coins each. */
export function genesisFile(
  options: {
    readonly users?: number
    readonly alloc?: GenesisFile['alloc']
    readonly blockGasLimit?: bigint
    readonly minBaseFeePerGas?: bigint
    readonly chainId?: number
  } = {},
): GenesisFile {
  const alloc: Record<Hex, GenesisAccount> = {
    '0x000f3df6d732807ef1319fb7b8bb8522d0beac02': { code: BEACON_ROOTS_CODE, nonce: '0x1', balance: '0x0' },
    '0x0000f90827f1c53a10cb7a02335b175320002935': { code: HISTORY_CODE, nonce: '0x1', balance: '0x0' },
    ...options.alloc,
  }
  for (let i = 0; i < (options.users ?? 10); i++) {
    alloc[toHex(addressOfUser(i))] = { balance: `0x${(1_000n * 10n ** 18n).toString(16)}` }
  }
  const blockGasLimit: Hex = `0x${(options.blockGasLimit ?? 300_000_000n).toString(16)}`
  return {
    config: {
      chainId: options.chainId ?? CHAIN_ID,
      ogpu: {
        consensus: DEFAULT_CONSENSUS_PARAMS,
        execution: {
          blockGasLimit,
          minBaseFeePerGas: `0x${(options.minBaseFeePerGas ?? 1_000_000_000n).toString(16)}`,
          elasticity: 2,
          heartbeatMs: 1_000,
        },
        validators: [],
        epochSeed: toHex(new Uint8Array(32)),
        feeCollector: FEE_COLLECTOR,
      },
    },
    nonce: '0x0',
    timestamp: `0x${(GENESIS_MS / 1_000).toString(16)}`,
    extraData: '0x',
    gasLimit: blockGasLimit,
    difficulty: '0x0',
    mixHash: toHex(new Uint8Array(32)),
    coinbase: FEE_COLLECTOR,
    alloc,
  }
}

export interface CommitOptions {
  readonly epoch?: number
  readonly timestampMs?: number
  readonly endsEpoch?: boolean
}

/** A commit whose vertices carry the given transactions, one list for each vertex. */
export function commitOf(
  index: number,
  payloads: readonly (readonly Uint8Array[])[],
  options: CommitOptions = {},
): OrderedCommit {
  const epoch = options.epoch ?? 0
  const digest = sha256(new TextEncoder().encode(`commit ${epoch}/${index}`))
  const vertices = payloads.map((transactions, author): Vertex => {
    const empty = new Uint8Array(32)
    return {
      version: 1,
      chainId: CHAIN_ID,
      epoch,
      round: index,
      author,
      timestampMs: options.timestampMs ?? GENESIS_MS,
      parents: [],
      commitVotes: [],
      execVotes: [],
      system: [],
      payloadRoot: empty,
      transactions,
      signature: new Uint8Array(64),
      headerDigest: empty,
      digest: sha256(digest, Uint8Array.of(author)),
      bytes: empty,
    }
  })
  const refs = vertices.map(({ round, author, digest: of }) => ({ round, author, digest: of }))
  const commit: Commit = {
    version: 1,
    epoch,
    index,
    previousDigest: new Uint8Array(32),
    timestampMs: options.timestampMs ?? GENESIS_MS + index * 100,
    leader: refs[0] ?? { round: index, author: 0, digest },
    vertices: refs,
    endsEpoch: options.endsEpoch ?? false,
  }
  return { commit, digest, vertices, executes: vertices.map(() => true) }
}

const GWEI = 1_000_000_000n

/** Signs a type 2 transaction of `user`; everything that is left out has a value that works. */
export function signed(user: number, fields: Partial<UnsignedTransaction> & { nonce: bigint }): RecoveredTransaction {
  return signTransaction(
    {
      type: 2,
      chainId: BigInt(CHAIN_ID),
      gasLimit: 21_000n,
      maxFeePerGas: 100n * GWEI,
      maxPriorityFeePerGas: GWEI,
      to: addressOfUser((user + 1) % 10),
      value: 1n,
      data: new Uint8Array(0),
      accessList: [],
      ...fields,
    },
    keyOfUser(user),
  )
}
