import { assert } from '#lib/assert'
import { CodedError, messageOf } from '#lib/errors'
import { afterPrefix, KEY_PREFIX, readU48, type Store, type StoreOperation, storeKey, u48 } from '#storage'
import type { BlockNumber } from '#types'
import { blockOperations, readBlock, readHeader, readReceipts } from './chain-store.ts'
import type { Finding } from './check-state.ts'
import { type CheckedChain, checkChain } from './check-store.ts'
import { createRecoveryPool } from './recovery.ts'
import { firstBlockOfCommit, rewindChain } from './rewind.ts'
import { createSnapshotTarget } from './snapshot-target.ts'
import { keptOperations, metaKey, readPosition } from './store-meta.ts'

export interface RepairOptions {
  readonly store: Store
  /** Whether the commits after block `to` are at hand, so that going back to it loses nothing. */
  readonly isReplayable: (to: BlockNumber) => Promise<boolean>
  readonly onProgress?: (what: string) => void
}

export interface RepairedChain {
  /** What was done, in words, in order. */
  readonly done: readonly string[]
  /** What is left; empty when the store is in order. */
  readonly findings: readonly Finding[]
}

/** Each round mends one kind of damage and looks again; there are fewer kinds than this. */
const ROUNDS_MAX = 8
const OPERATIONS_PER_WRITE = 10_000

/**
 * Mends a chain store as far as its own content allows: indexes and tries are made again from blocks and flat records,
 * damaged blocks are taken back together with those above them (their commits are executed again), damaged reverse diffs
 * are given up with all older ones. A damaged flat state cannot be mended. Repeatable, also after a kill.
 */
export async function repairChain(options: RepairOptions): Promise<RepairedChain> {
  const { store, onProgress } = options
  const done: string[] = []
  if (store.get(metaKey('repair')) !== undefined) done.push(await rebuildTries(store, onProgress))
  for (let round = 0; round < ROUNDS_MAX; round++) {
    onProgress?.('looking')
    const checked = await checkChain({ store, deep: true })
    if (checked.findings.length === 0) return { done, findings: [] }
    const step = await mend(options, checked)
    if (step === undefined) return { done, findings: checked.findings }
    done.push(step)
  }
  return { done, findings: (await checkChain({ store, deep: true })).findings }
}

async function mend(options: RepairOptions, { findings, position }: CheckedChain): Promise<string | undefined> {
  const { store, onProgress } = options
  const { head, base } = position
  const kinds = new Set(findings.map(({ kind }) => kind))
  if (kinds.has('marker')) return mendMarkers(store, head)
  const damaged = findings.filter(({ kind }) => kind === 'block').map(({ block }) => block ?? 0)
  if (damaged.length > 0) {
    const lowest = Math.min(...damaged)
    // The commit of the block before may have made the damaged one as well, so it goes too.
    if (lowest <= Math.max(base, 1)) return undefined
    const to = firstBlockOfCommit(store, lowest - 1, head) - 1
    if (to < base || !(await options.isReplayable(to))) return undefined
    try {
      await rewindChain({
        store,
        to,
        force: true,
        damaged: true,
        onProgress: at => onProgress?.(`going back, at block ${at}`),
      })
    } catch (error) {
      if (error instanceof CodedError && ['history pruned', 'store damaged'].includes(error.code)) return undefined
      throw error
    }
    return `block ${lowest} is damaged: the chain went back to block ${to}, and executes the later commits again`
  }
  if (kinds.has('index')) return reindex(store, base, head)
  const lost = findings.filter(({ kind }) => kind === 'history').map(({ block }) => block ?? 0)
  if (lost.length > 0) return giveHistoryUp(store, Math.max(...lost))
  return kinds.has('state') ? undefined : rebuildTries(store, onProgress)
}

async function mendMarkers(store: Store, head: BlockNumber): Promise<string> {
  const operations: StoreOperation[] = []
  for (const prefix of [KEY_PREFIX.header, KEY_PREFIX.body, KEY_PREFIX.receipts, KEY_PREFIX.changes]) {
    const above = { from: storeKey(prefix, u48(head + 1)), to: afterPrefix(storeKey(prefix)) }
    for await (const [key] of store.scan(above)) operations.push({ key })
  }
  let highest = 0
  const certificates = storeKey(KEY_PREFIX.certificate)
  const below = { from: certificates, to: storeKey(KEY_PREFIX.certificate, u48(head + 1)), reverse: true, limit: 1 }
  for await (const [key] of store.scan(below)) highest = readU48(key, 1)
  await store.write([...operations, { key: metaKey('finalized'), value: u48(highest) }], { durable: true })
  return `${operations.length} records above the head were removed, and block ${highest} is marked as the last final one`
}

async function reindex(store: Store, base: BlockNumber, head: BlockNumber): Promise<string> {
  let operations: StoreOperation[] = []
  let written = 0
  const flush = async () => {
    await store.write(operations, { durable: true })
    written += operations.length
    operations = []
  }
  for (let number = base; number <= head; number++) {
    const block = readBlock(store, number)
    const receipts = readReceipts(store, number)
    assert(block !== undefined && receipts !== undefined, 'a check found every block whole')
    const all: StoreOperation[] = []
    blockOperations({ block, receipts }, all)
    for (const operation of all) {
      if (BLOCK_PREFIXES.has(operation.key[0] as number)) continue
      const stored = store.get(operation.key)
      if (stored === undefined || Buffer.compare(stored, operation.value ?? new Uint8Array(0)) !== 0)
        operations.push(operation)
    }
    if (operations.length >= OPERATIONS_PER_WRITE) await flush()
  }
  await flush()
  return `${written} entries of the indexes were written again`
}

const BLOCK_PREFIXES: ReadonlySet<number> = new Set([KEY_PREFIX.header, KEY_PREFIX.body, KEY_PREFIX.receipts])

async function giveHistoryUp(store: Store, block: BlockNumber): Promise<string> {
  const { base, states, deleted } = readPosition(store) ?? {}
  assert(base !== undefined && states !== undefined && deleted !== undefined, 'a checked store has a position')
  const bounds = { base, states: Math.max(states, block), deleted: { ...deleted, statesDeleted: block } }
  await store.write(keptOperations(bounds), { durable: true })
  return `a reverse diff of block ${block} is damaged: states before block ${block} are given up`
}

/** Makes every trie again from the flat records. A kill in between leaves a mark that no node starts on. */
async function rebuildTries(store: Store, onProgress?: (what: string) => void): Promise<string> {
  await store.write([{ key: metaKey('repair'), value: Uint8Array.of(1) }], { durable: true })
  for (const prefix of [KEY_PREFIX.accountNode, KEY_PREFIX.storageNode]) {
    let operations: StoreOperation[] = []
    for await (const [key] of store.scan({ from: storeKey(prefix), to: afterPrefix(storeKey(prefix)) })) {
      operations.push({ key })
      if (operations.length < OPERATIONS_PER_WRITE) continue
      await store.write(operations, { durable: false })
      operations = []
    }
    await store.write(operations, { durable: false })
  }
  const head = readU48(store.get(metaKey('head')) ?? new Uint8Array(6))
  const root = readHeader(store, head)?.stateRoot
  assert(root !== undefined, 'a check found the head whole')
  const target = createSnapshotTarget(store, createRecoveryPool({ workers: 0 }))
  try {
    await target.build(root, accounts => onProgress?.(`making the tries, ${accounts} accounts`))
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'snapshot refused') throw error
    throw new CodedError(
      'store damaged',
      `the flat state is damaged, and everything else is made from it (${messageOf(error)})`,
      { cause: error },
    )
  }
  await store.write([{ key: metaKey('repair') }], { durable: true })
  return 'the tries were made again from the flat state'
}
