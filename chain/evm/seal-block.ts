import {
  type Block,
  type BlockHeader,
  blockHeaderHash,
  bloomOf,
  type Digest,
  EMPTY_BLOOM,
  EMPTY_TRIE_ROOT,
  encodeBlock,
  encodeReceipt,
  type Receipt,
  type RecoveredTransaction,
  type Withdrawal,
} from '#types'
import { withdrawalsRootOf } from './executor.ts'
import { orderedRoot } from './trie/ordered-root.ts'

/** What only execution tells of a block; the fork decides which of the optional parts it has. */
export interface ExecutedParts {
  readonly stateRoot: Digest
  readonly transactions: readonly RecoveredTransaction[]
  readonly receipts: readonly Receipt[]
  readonly gasUsed: bigint
  readonly withdrawals?: readonly Withdrawal[]
  readonly blobGasUsed?: bigint
  readonly requestsHash?: Digest
}

/** A header with everything that is known before execution. */
export type HeaderDraft = Omit<
  BlockHeader,
  | 'stateRoot'
  | 'transactionsRoot'
  | 'receiptsRoot'
  | 'logsBloom'
  | 'gasUsed'
  | 'withdrawalsRoot'
  | 'blobGasUsed'
  | 'requestsHash'
>

/** The whole of a block that was made up: its header with all roots, its hash and its size. */
export function sealBlock(draft: HeaderDraft, parts: ExecutedParts): Block {
  const { stateRoot, transactions, receipts, gasUsed, withdrawals, blobGasUsed, requestsHash } = parts
  const logs = receipts.flatMap(receipt => receipt.logs)
  const header: BlockHeader = {
    ...draft,
    stateRoot,
    transactionsRoot: orderedRoot(transactions.map(transaction => transaction.raw)),
    receiptsRoot: orderedRoot(receipts.map(encodeReceipt)),
    logsBloom: logs.length === 0 ? EMPTY_BLOOM : bloomOf(logs),
    gasUsed,
    ...(withdrawals === undefined
      ? {}
      : { withdrawalsRoot: withdrawals.length === 0 ? EMPTY_TRIE_ROOT : withdrawalsRootOf(withdrawals) }),
    ...(blobGasUsed === undefined ? {} : { blobGasUsed }),
    ...(requestsHash === undefined ? {} : { requestsHash }),
  }
  const content = { header, transactions, ommers: [], ...(withdrawals === undefined ? {} : { withdrawals }) }
  return { ...content, hash: blockHeaderHash(header), size: encodeBlock(content).length }
}
