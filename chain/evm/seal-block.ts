import {
  type Block,
  type BlockHeader,
  blockHeaderHash,
  type Digest,
  encodeBlock,
  type Receipt,
  type RecoveredTransaction,
  type Withdrawal,
} from '#types'
import { listRootsOf, withdrawalsRootOf } from './executor.ts'

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
  const header: BlockHeader = {
    ...draft,
    stateRoot,
    ...listRootsOf({ transactions, receipts }),
    gasUsed,
    ...(withdrawals === undefined ? {} : { withdrawalsRoot: withdrawalsRootOf(withdrawals) }),
    ...(blobGasUsed === undefined ? {} : { blobGasUsed }),
    ...(requestsHash === undefined ? {} : { requestsHash }),
  }
  const content = { header, transactions, ommers: [], ...(withdrawals === undefined ? {} : { withdrawals }) }
  return { ...content, hash: blockHeaderHash(header), size: encodeBlock(content).length }
}
