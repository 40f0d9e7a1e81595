import { defined } from '#lib/assert'
import { equalBytes, toHex } from '#lib/bytes'
import { Writer } from '#lib/codec'
import { CodedError } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { encodeRlp } from '#lib/rlp'
import { afterPrefix, KEY_PREFIX, SCHEMA_VERSION, type Store, type StoreOperation, storeKey, u48 } from '#storage'
import { type Digest, decodeBlockOrigin, encodeBlockHeader, type RecoveredTransaction } from '#types'
import { blockOperations } from './chain-store.ts'
import type { Genesis } from './genesis.ts'
import type { RecoveryPool } from './recovery.ts'
import type { SnapshotHead } from './snapshot-format.ts'
import { decodeSlimAccount, encodeAccount, hasCode, hasStorage } from './state/account.ts'
import { metaKey, positionOperations } from './store-meta.ts'
import { HashedKeys, SortedTrie } from './trie/sorted-root.ts'

/** Trie nodes in one write. */
const NODES_PER_WRITE = 4_096
const KEYS_PER_DELETE = 10_000

/**
 * A chain store that is being filled from a snapshot. What was applied survives a restart; until {@link finish} the
 * store counts as empty for everybody else. The manifest is kept as the caller's bytes.
 */
export interface SnapshotTarget {
  /** The manifest that a killed attempt worked on. */
  resumed(): Uint8Array | undefined
  /** Remembers what is being fetched; only with an empty target. */
  begin(manifest: Uint8Array): Promise<void>
  isApplied(chunk: number): boolean
  /** Writes a chunk's records and that it is done, in one batch. */
  apply(chunk: number, records: readonly StoreOperation[]): Promise<void>
  /**
   * Makes the tries out of the flat records and compares them with every root; CodedError `snapshot refused` says what
   * does not fit. Can be repeated.
   */
  build(root: Digest, onProgress?: (accounts: number) => void): Promise<void>
  /** Turns the target into a chain store with the snapshot's block as its head. */
  finish(head: SnapshotHead, genesis: Genesis, certificate: Uint8Array): Promise<void>
  /** Deletes everything that was applied. */
  clear(): Promise<void>
}

const refused = (message: string) => new CodedError('snapshot refused', message)

/** `recovery` finds the senders of the head's transactions. */
export function createSnapshotTarget(store: Store, recovery: Pick<RecoveryPool, 'recover'>): SnapshotTarget {
  const doneKey = (chunk: number) => storeKey(KEY_PREFIX.snapshotChunk, u48(chunk))

  async function deleteAll(prefix: Uint8Array): Promise<void> {
    let operations: StoreOperation[] = []
    for await (const [key] of store.scan({ from: prefix, to: afterPrefix(prefix) })) {
      operations.push({ key })
      if (operations.length < KEYS_PER_DELETE) continue
      await store.write(operations, { durable: false })
      operations = []
    }
    await store.write(operations, { durable: false })
  }

  /** A trie that is written while it is made. */
  function trieWriter(prefix: Uint8Array) {
    let nodes: StoreOperation[] = []
    const trie = new SortedTrie((path, encoding) => {
      const key = new Uint8Array(prefix.length + path.length)
      key.set(prefix)
      key.set(path, prefix.length)
      nodes.push({ key, value: encoding })
    })
    const flush = async () => {
      const batch = nodes
      nodes = []
      await store.write(batch, { durable: false })
    }
    return {
      async put(key: Uint8Array, value: Uint8Array) {
        trie.put(key, value)
        if (nodes.length >= NODES_PER_WRITE) await flush()
      },
      async finish() {
        const root = trie.finish()
        await flush()
        return root
      },
    }
  }

  async function buildStorage(address: Uint8Array, hash: Digest): Promise<{ root: Digest; slots: number }> {
    const prefix = storeKey(KEY_PREFIX.slot, address)
    const keys = new HashedKeys(32)
    for await (const [key] of store.scan({ from: prefix, to: afterPrefix(prefix) })) {
      const slot = key.subarray(prefix.length)
      keys.add(keccak256(slot), slot)
    }
    const trie = trieWriter(storeKey(KEY_PREFIX.storageNode, hash))
    for (const [slotHash, slot] of keys.sorted()) {
      const value = defined(store.get(storeKey(KEY_PREFIX.slot, address, slot)), 'a slot that was just seen')
      await trie.put(slotHash, encodeRlp(value))
    }
    return { root: await trie.finish(), slots: keys.count }
  }

  async function countSlots(): Promise<number> {
    let count = 0
    const prefix = storeKey(KEY_PREFIX.slot)
    for await (const _ of store.scan({ from: prefix, to: afterPrefix(prefix) })) count += 1
    return count
  }

  return {
    resumed: () => store.get(metaKey('snapshot')),

    begin: manifest => store.write([{ key: metaKey('snapshot'), value: manifest }], { durable: true }),

    isApplied: chunk => store.get(doneKey(chunk)) !== undefined,

    apply: (chunk, records) =>
      store.write([...records, { key: doneKey(chunk), value: Uint8Array.of(1) }], { durable: false }),

    async build(root, onProgress) {
      const accounts = new HashedKeys(20)
      let slots = 0
      const prefix = storeKey(KEY_PREFIX.account)
      for await (const [key, value] of store.scan({ from: prefix, to: afterPrefix(prefix) })) {
        const address = key.slice(1)
        const account = decodeSlimAccount(value)
        const hash = keccak256(address)
        accounts.add(hash, address)
        if (accounts.count % 5_000 === 0) onProgress?.(accounts.count)
        if (hasCode(account) && store.get(storeKey(KEY_PREFIX.code, account.codeHash)) === undefined)
          throw refused(`the code of ${toHex(address)} is not in the snapshot`)
        if (!hasStorage(account)) continue
        const storage = await buildStorage(address, hash)
        if (!equalBytes(storage.root, account.storageRoot))
          throw refused(`the storage of ${toHex(address)} does not have the root that its account names`)
        slots += storage.slots
      }
      const trie = trieWriter(storeKey(KEY_PREFIX.accountNode))
      for (const [hash, address] of accounts.sorted()) {
        const value = defined(store.get(storeKey(KEY_PREFIX.account, address)), 'an account that was just seen')
        await trie.put(hash, encodeAccount(decodeSlimAccount(value)))
      }
      const computed = await trie.finish()
      if (!equalBytes(computed, root))
        throw refused(`the state has root ${toHex(computed)}, the certified header names ${toHex(root)}`)
      // Slots that no account owns would come to light when somebody deploys to their address.
      if ((await countSlots()) !== slots) throw refused('there are slots that no account owns')
    },

    async finish(head, genesis, certificate) {
      const { block, receipts, receiptBytes, headers } = head
      const verdicts = await recovery.recover(block.transactions)
      const transactions = verdicts.map((verdict): RecoveredTransaction => {
        if (verdict.kind !== 'accept') throw refused(`a transaction of the certified block: ${verdict.reason}`)
        return verdict.value
      })
      const { number, extraData } = block.header
      const origin = decodeBlockOrigin(extraData)
      if (origin === undefined) throw refused('the certified block comes from no commit')
      const operations: StoreOperation[] = [
        { key: metaKey('schema'), value: new Writer(4).u32(SCHEMA_VERSION).finish() },
        { key: metaKey('genesis'), value: genesis.hash },
        { key: metaKey('finalized'), value: u48(number) },
        { key: metaKey('base'), value: u48(number) },
        { key: metaKey('snapshot') },
        { key: storeKey(KEY_PREFIX.certificate, u48(number)), value: certificate },
      ]
      for (const header of headers)
        operations.push({ key: storeKey(KEY_PREFIX.header, u48(header.number)), value: encodeBlockHeader(header) })
      blockOperations({ block: genesis.block, receipts: [] }, operations)
      blockOperations({ block: { ...block, transactions }, receipts }, operations)
      operations.push({ key: storeKey(KEY_PREFIX.receipts, u48(number)), value: receiptBytes })
      operations.push(...positionOperations(number, { epoch: origin.epoch, index: origin.commitIndex }))
      await store.write(operations, { durable: true })
      await deleteAll(storeKey(KEY_PREFIX.snapshotChunk))
    },

    async clear() {
      for (const prefix of CLEARED) await deleteAll(storeKey(prefix))
      await store.write([{ key: metaKey('snapshot') }], { durable: true })
    },
  }
}

const CLEARED = [
  KEY_PREFIX.account,
  KEY_PREFIX.slot,
  KEY_PREFIX.code,
  KEY_PREFIX.accountNode,
  KEY_PREFIX.storageNode,
  KEY_PREFIX.snapshotChunk,
] as const
