import { Common, Mainnet } from '@ethereumjs/common'
import { createMPT } from '@ethereumjs/mpt'
import { Caches, MerkleStateManager } from '@ethereumjs/statemanager'
import { Address, createAccount } from '@ethereumjs/util'
import { createVM, type VM } from '@ethereumjs/vm'
import { fromHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { recoverPublicKey } from '#lib/secp256k1'
import type { GenesisFile } from '#types'
import { CHAIN_ID } from './fixtures.ts'

export interface StockVmOptions {
  /** Whose hashing and recovery: its own in JavaScript, or the addons that we use. */
  readonly crypto: 'stock' | 'native'
  /** Entries that stay in memory; none by default, so that every value comes from the trie. */
  readonly cached?: boolean
  /** Rules that it runs; ours are Osaka's. */
  readonly hardfork?: 'osaka' | 'prague'
}

/** The stock @ethereumjs/vm with the state of `genesis` in a Merkle-Patricia trie of its own. */
export async function createStockVm(genesis: GenesisFile, options: StockVmOptions): Promise<VM> {
  const common = new Common({
    chain: { ...Mainnet, chainId: CHAIN_ID },
    hardfork: options.hardfork ?? 'osaka',
    ...(options.crypto === 'native' ? { customCrypto: { keccak256, ecrecover: nativeRecover } } : {}),
  })
  const stateManager = new MerkleStateManager({
    common,
    trie: await createMPT({ useKeyHashing: true, common, ...(options.cached === true ? { cacheSize: 100_000 } : {}) }),
    ...(options.cached === true
      ? { caches: new Caches({ account: { size: 200_000 }, storage: { size: 200_000 }, code: { size: 1_000 } }) }
      : {}),
  })
  for (const [name, entry] of Object.entries(genesis.alloc)) {
    const address = new Address(fromHex(name))
    const account = createAccount({ balance: BigInt(entry.balance ?? 0), nonce: BigInt(entry.nonce ?? 0) })
    await stateManager.putAccount(address, account)
    if (entry.code !== undefined) await stateManager.putCode(address, fromHex(entry.code))
    for (const [slot, value] of Object.entries(entry.storage ?? {})) {
      await stateManager.putStorage(address, fromHex(slot), fromHex(value))
    }
  }
  await stateManager.flush()
  return createVM({ common, stateManager })
}

function nativeRecover(hash: Uint8Array, v: bigint, r: Uint8Array, s: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64)
  signature.set(r, 32 - r.length)
  signature.set(s, 64 - s.length)
  const parity = v === 0n || v === 27n || (v >= 35n && v % 2n === 1n) ? 0 : 1
  const key = recoverPublicKey(hash, signature, parity)
  if (key === undefined) throw new RangeError('no key made this signature')
  return key.subarray(1)
}
