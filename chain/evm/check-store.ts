import { equalBytes, toHex } from '#lib/bytes'
import { CodedError, messageOf } from '#lib/errors'
import { keccak256 } from '#lib/hash'
import { KEY_PREFIX, type Store, storeKey, u48 } from '#storage'
import { type Block, type BlockNumber, type Digest, decodeBlockOrigin, encodeReceipt } from '#types'
import { readBlock, readLocation, readNumber, readReceipts } from './chain-store.ts'
import { checkState, type Finding, type FindingKind } from './check-state.ts'
import { decodeSlimAccount } from './state/account.ts'
import { readChangedKeys } from './state/history.ts'
import { readPosition, type StorePosition } from './store-meta.ts'
import { orderedRoot } from './trie/ordered-root.ts'
import { whole } from './whole.ts'

export interface CheckOptions {
  readonly store: Store
  /** Also recomputes the head's state from the flat records and compares it with the trie, node by node. */
  readonly deep: boolean
  /** Called now and then; `total` is 0 where nobody knows it. */
  readonly onProgress?: (what: string, done: number, total: number) => void
}

export interface CheckedChain {
  readonly position: StorePosition
  /** Empty when the store is in order; at most {@link FINDINGS_MAX}. */
  readonly findings: readonly Finding[]
  readonly blocks: number
  readonly transactions: number
  /** Counted by the deep check only. */
  readonly accounts: number
  readonly slots: number
}

/** A damaged store has many symptoms of one cause. */
export const FINDINGS_MAX = 20

/**
 * Reads a chain store and compares everything with everything: markers, every block's number, hash and parent, roots of
 * transactions and receipts, indexes; with `deep` the state too. Changes nothing. Throws CodedErrors `store damaged` and
 * `wrong schema` when even the markers cannot be read, and whatever the store itself throws.
 */
export async function checkChain(options: CheckOptions): Promise<CheckedChain> {
  const { store, deep, onProgress } = options
  const position = readPosition(store)
  if (position === undefined) throw new CodedError('store damaged', 'the store is empty: it has no schema record')
  const findings: Finding[] = []
  const report = (finding: Finding) => {
    if (findings.length < FINDINGS_MAX) findings.push(finding)
  }
  const { head, base } = position
  if (position.finalized > head)
    report({ what: `block ${position.finalized} is marked final, the head is ${head}`, kind: 'marker' })
  let parent: Digest | undefined
  let transactions = 0
  // A store that began with a snapshot has the genesis block, and then those from the snapshot's on.
  if (base > 0) checkBlock(store, 0, undefined, position, report)
  for (let number = base; number <= head; number++) {
    const checked = checkBlock(store, number, parent, position, report)
    parent = checked?.hash
    transactions += checked?.transactions ?? 0
    if (deep && number > position.deleted.statesDeleted) {
      checkHistory(store, number, (what, kind = 'history') =>
        report({ what: `block ${number}: ${what}`, block: number, kind }),
      )
    }
    if (number % 256 === 255) {
      onProgress?.('blocks', number + 1 - base, head + 1 - base)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  if (store.get(storeKey(KEY_PREFIX.header, u48(head + 1))) !== undefined) {
    report({ what: `block ${head + 1} is stored, but the head marker says ${head}`, kind: 'marker' })
  }
  let counts = { accounts: 0, slots: 0 }
  if (findings.length === 0) {
    const stateRoot = readBlock(store, head)?.header.stateRoot as Digest
    if (deep) counts = await checkState(store, stateRoot, report, done => onProgress?.('accounts', done, 0))
    else checkRootNode(store, stateRoot, report)
  }
  return { position, findings, blocks: head + 1 - base, transactions, ...counts }
}

function checkBlock(
  store: Store,
  number: BlockNumber,
  parent: Digest | undefined,
  position: StorePosition,
  report: (finding: Finding) => void,
): { readonly hash: Digest; readonly transactions: number } | undefined {
  const fault = (what: string, kind: FindingKind = 'block') =>
    report({ what: `block ${number}: ${what}`, block: number, kind })
  try {
    const block = whole('its header or body', () => readBlock(store, number))
    if (block === undefined) {
      fault('its header or body is missing')
      return undefined
    }
    const { header, hash } = block
    const receipts = whole('its list of receipts', () => readReceipts(store, number))
    if (header.number !== number) fault(`its header has number ${header.number}`)
    if (number === 0 && !equalBytes(hash, position.genesisHash)) {
      fault(`its hash is ${toHex(hash)}, the genesis record says ${toHex(position.genesisHash)}`)
    }
    if (parent !== undefined && !equalBytes(header.parentHash, parent)) {
      fault(`its parent is ${toHex(header.parentHash)}, but block ${number - 1} is ${toHex(parent)}`)
    }
    if (!equalBytes(orderedRoot(block.transactions.map(({ raw }) => raw)), header.transactionsRoot)) {
      fault('its transactions do not have the root that its header names')
    }
    if (receipts === undefined) fault('its receipts are missing')
    else if (!equalBytes(orderedRoot(receipts.map(encodeReceipt)), header.receiptsRoot)) {
      fault('its receipts do not have the root that its header names')
    }
    checkIndexes(store, block, fault)
    if (number === position.head) checkOrigin(position, header.extraData, fault)
    return { hash, transactions: block.transactions.length }
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'store damaged') throw error
    fault(messageOf(error))
    return undefined
  }
}

function checkIndexes(store: Store, { header, hash, transactions }: Block, fault: Fault): void {
  try {
    if (whole('its entry in the index by hash', () => readNumber(store, hash)) !== header.number)
      fault('the index by hash does not lead to it', 'index')
    for (const [index, transaction] of transactions.entries()) {
      const found = whole('its entry in the index of transactions', () => readLocation(store, transaction.hash))
      if (found?.blockNumber === header.number && found.index === index) continue
      fault(`the index of transactions does not lead to ${toHex(transaction.hash)}`, 'index')
      return
    }
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'store damaged') throw error
    fault(messageOf(error), 'index')
  }
}

// Every value from before a block that its list of changes names.
function checkHistory(store: Store, number: BlockNumber, fault: Fault): void {
  const suffix = u48(number)
  try {
    for (const { address, slots } of whole('its list of changes', () => readChangedKeys(store, number))) {
      const before = store.get(storeKey(KEY_PREFIX.accountHistory, address, suffix))
      if (before === undefined) fault(`${toHex(address)} before it is missing`, 'history')
      else if (before.length > 0) whole(`${toHex(address)} before it`, () => decodeSlimAccount(before))
      const missing = slots.find(
        slot => store.get(storeKey(KEY_PREFIX.slotHistory, address, slot, suffix)) === undefined,
      )
      if (missing !== undefined) fault(`slot ${toHex(missing)} of ${toHex(address)} before it is missing`, 'history')
    }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    fault(messageOf(error), 'history')
  }
}

type Fault = (what: string, kind?: FindingKind) => void

// The head was made by the last executed commit, or by one before commits without a block.
function checkOrigin({ executed }: StorePosition, extraData: Uint8Array, fault: Fault): void {
  const origin = executed.index === 0 ? undefined : decodeBlockOrigin(extraData)
  if (origin === undefined) return
  const isLater =
    origin.epoch > executed.epoch || (origin.epoch === executed.epoch && origin.commitIndex > executed.index)
  if (isLater) {
    fault(
      `it comes from commit ${origin.epoch}/${origin.commitIndex}, but only ${executed.epoch}/${executed.index} is ` +
        'recorded as executed',
    )
  }
}

function checkRootNode(store: Store, root: Digest, report: (finding: Finding) => void): void {
  const node = store.get(storeKey(KEY_PREFIX.accountNode))
  if (node === undefined) report({ what: 'the root node of the account trie is missing', kind: 'trie' })
  else if (!equalBytes(keccak256(node), root)) {
    report({
      what: `the account trie has root ${toHex(keccak256(node))}, the head names ${toHex(root)}`,
      kind: 'state',
    })
  }
}
