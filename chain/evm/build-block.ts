import { silentLog } from '#lib/env'
import { CodedError } from '#lib/errors'
import {
  type Address,
  type Block,
  type BlockHeader,
  type BlockNumber,
  type Digest,
  EMPTY_OMMERS_HASH,
  effectiveTip,
  type RecoveredTransaction,
  type Withdrawal,
  ZERO_NONCE,
} from '#types'
import { blobBaseFeeOf } from './blob-fee.ts'
import { endEthereumBlock } from './block-end.ts'
import { BlockExecution } from './block-execution.ts'
import type { createChainReader } from './chain-reader.ts'
import { ETHEREUM_FEES, eip1559BaseFee } from './eip1559.ts'
import { EXTRA_DATA_BYTES_MAX, excessBlobGasAfter } from './ethereum-header.ts'
import type { ExecutionView } from './execution-view.ts'
import type { Rules } from './machine.ts'
import { orderTransactions } from './ordering.ts'
import { knownHash } from './parent-hash.ts'
import { createRecoveryPool } from './recovery.ts'
import { sealBlock } from './seal-block.ts'
import { SimulatedTries } from './simulate-root.ts'
import { rewindTries } from './state/history.ts'
import { requestsHashOf } from './system-calls.ts'
import { checkTransaction } from './transaction.ts'

/** What a consensus layer tells who builds a block for it (engine API, PayloadAttributesV3), and what goes in. */
export interface BuildRequest {
  readonly parent: BlockNumber
  readonly timestamp: bigint
  readonly prevRandao: Digest
  readonly feeRecipient: Address
  readonly withdrawals: readonly Withdrawal[]
  readonly parentBeaconBlockRoot: Digest | undefined
  readonly extraData: Uint8Array
  readonly transactions: BlockContents
}

/** Either exactly these, in this order; or what can be executed of these, in the order of a block. */
export type BlockContents =
  | { readonly kind: 'given'; readonly raw: readonly Uint8Array[] }
  | { readonly kind: 'pool'; readonly pending: readonly RecoveredTransaction[] }

export interface BuiltBlock {
  readonly block: Block
  /** Wei that the fee recipient gets from tips. */
  readonly value: bigint
  /** EIP-7685: type and data of each kind that is not empty; undefined before Prague. */
  readonly requests: readonly Uint8Array[] | undefined
}

/** Builds Ethereum blocks on a chain that was imported. They are shown and forgotten: the chain stays as it is. */
export interface BlockBuilder {
  /** Throws CodedError `cannot build` (data: index of the transaction, if one is to blame), `state unavailable`. */
  build(request: BuildRequest): Promise<BuiltBlock>
}

export interface BlockBuilderOptions {
  readonly executor: ExecutionView
  readonly chain: ReturnType<typeof createChainReader>
  /** Where deposits come from (EIP-6110). */
  readonly depositContract: Address
}

/** What go-ethereum's blocks move to. */
const GAS_LIMIT_WANTED = 60_000_000n

export function createBlockBuilder({ executor, chain, depositContract }: BlockBuilderOptions): BlockBuilder {
  const recovery = createRecoveryPool({ workers: 0 })

  /** `attempt` tells why a transaction was not run; of those given, the first one to blame ends it all. */
  async function runAll(
    contents: BlockContents,
    baseFee: bigint,
    attempt: (transaction: RecoveredTransaction) => Promise<string | undefined>,
  ): Promise<void> {
    if (contents.kind === 'pool') {
      for (const transaction of orderTransactions(contents.pending, baseFee)) await attempt(transaction)
      return
    }
    const verdicts = await recovery.recover(contents.raw)
    for (const [index, verdict] of verdicts.entries()) {
      const reason = verdict.kind === 'accept' ? await attempt(verdict.value) : verdict.reason
      if (reason === undefined) continue
      throw new CodedError('cannot build', `transaction ${index}: ${reason}`, { data: { index } })
    }
  }

  return {
    async build(request) {
      const parent = await chain.blockByNumber(request.parent)
      if (parent === undefined) throw cannotBuild(`block ${request.parent} is not known`)
      const number = request.parent + 1
      const { timestamp, withdrawals } = request
      const rules = executor.rulesAt(number, timestamp)
      const fault = requestFault(request, parent.header, rules)
      if (fault !== undefined) throw cannotBuild(fault)

      const gasLimit = gasLimitAfter(parent.header.gasLimit)
      const excessBlobGas = rules.isCancun ? excessBlobGasAfter(rules, parent.header) : undefined
      const draft = {
        parentHash: parent.hash,
        ommersHash: EMPTY_OMMERS_HASH,
        coinbase: request.feeRecipient,
        difficulty: 0n,
        number,
        gasLimit,
        timestamp,
        extraData: request.extraData,
        mixHash: request.prevRandao,
        nonce: ZERO_NONCE,
        baseFeePerGas: eip1559BaseFee(parent.header, ETHEREUM_FEES),
        ...(excessBlobGas === undefined ? {} : { excessBlobGas }),
        ...(request.parentBeaconBlockRoot === undefined
          ? {}
          : { parentBeaconBlockRoot: request.parentBeaconBlockRoot }),
      }

      await executor.settled()
      const head = executor.headHeader()
      const tries = new SimulatedTries(rewindTries(executor.store, request.parent, head.number, head.stateRoot))
      const machine = await executor.newMachine(executor.forkAt(number, timestamp))
      const execution = new BlockExecution({
        machine,
        skeleton: draft,
        parentHash: knownHash(parent.hash),
        source: chain.source(request.parent),
        blobBaseFee: excessBlobGas === undefined ? undefined : blobBaseFeeOf(rules, excessBlobGas),
        fastTransfers: true,
        ownInterpreter: true,
        log: silentLog,
        flush: neverFlushed,
      })
      await execution.start()
      await runAll(request.transactions, draft.baseFeePerGas, async transaction => {
        const fault = transaction.type === 3 ? 'blobs are not built in' : checkTransaction(rules, transaction, gasLimit)
        if (fault !== undefined) return fault
        const outcome = await execution.run(transaction)
        if (outcome.kind === 'skipped') return outcome.reason
        return outcome.kind === 'no room' ? 'the block has not enough gas left' : undefined
      })
      const requests = await endEthereumBlock(
        { header: draft, ommers: [], withdrawals },
        machine,
        execution,
        depositContract,
        cannotBuild,
      )
      const { receipts, transactions } = execution
      const changes = await executor.flat.complete(execution.finish().changes())
      const block = sealBlock(draft, {
        stateRoot: tries.update(changes),
        transactions,
        receipts,
        gasUsed: execution.gasUsed,
        ...(rules.isShanghai ? { withdrawals } : {}),
        ...(rules.isCancun ? { blobGasUsed: 0n } : {}),
        ...(requests === undefined ? {} : { requestsHash: requestsHashOf(requests) }),
      })
      const value = transactions.reduce(
        (sum, transaction, i) => sum + effectiveTip(transaction, draft.baseFeePerGas) * (receipts[i]?.gasUsed ?? 0n),
        0n,
      )
      return { block, value, requests }
    },
  }
}

function cannotBuild(reason: string): CodedError {
  return new CodedError('cannot build', reason)
}

/** Only blocks before Byzantium have roots inside. */
function neverFlushed(): never {
  throw cannotBuild('blocks before Byzantium are not built')
}

function requestFault(request: BuildRequest, parent: BlockHeader, rules: Rules): string | undefined {
  if (!rules.isParis) return 'blocks before the merge are not built'
  if (request.timestamp <= parent.timestamp) {
    return `timestamp ${request.timestamp} is not above the parent's ${parent.timestamp}`
  }
  if (request.extraData.length > EXTRA_DATA_BYTES_MAX) return `extra data has more than ${EXTRA_DATA_BYTES_MAX} bytes`
  if (!rules.isShanghai && request.withdrawals.length > 0) return 'withdrawals before Shanghai'
  if (rules.isCancun && request.parentBeaconBlockRoot === undefined) return 'parentBeaconBlockRoot is missing'
  if (!rules.isCancun && request.parentBeaconBlockRoot !== undefined) return 'parentBeaconBlockRoot before Cancun'
  return undefined
}

/** A step from the parent's limit to the wanted one, as large as the rules allow. */
function gasLimitAfter(parent: bigint): bigint {
  const step = parent / 1_024n - 1n
  if (parent < GAS_LIMIT_WANTED) return parent + step < GAS_LIMIT_WANTED ? parent + step : GAS_LIMIT_WANTED
  return parent - step > GAS_LIMIT_WANTED ? parent - step : GAS_LIMIT_WANTED
}
