import { assert } from '#lib/assert'
import { CodedError } from '#lib/errors'
import { keccak256, sha256 } from '#lib/hash'
import {
  blockTimeMs,
  decodeBlockOrigin,
  type ExecutionParams,
  encodeBlockOrigin,
  type OrderedCommit,
  type RecoveredTransaction,
  secondsOfMs,
  ZERO_NONCE,
} from '#types'
import { nextBaseFee } from './base-fee.ts'
import type { BlockSkeleton } from './block-execution.ts'
import { readHeader, readLocation, skippedOperation } from './chain-store.ts'
import type { Batch, Executor, OpenBlock, SealedBlock } from './executor.ts'
import { OWN_FORK } from './genesis.ts'
import { orderTransactions } from './ordering.ts'
import type { RecoveryPool, RecoveryVerdict } from './recovery.ts'
import { type ByteKey, keyOf } from './state/byte-keys.ts'
import { EMPTY_REQUESTS_HASH } from './system-calls.ts'
import { checkTransaction } from './transaction.ts'
import type { ExecutedCommit, SkippedTransaction, SkipReason } from './types.ts'

export interface CommitExecutionOptions {
  readonly executor: Executor
  readonly params: ExecutionParams
  readonly feeCollector: Uint8Array
  /** Closed at the end of each epoch; absent on networks with a fixed committee. */
  readonly stakingContract?: Uint8Array
  readonly recovery: Pick<RecoveryPool, 'recover' | 'forget'>
  readonly fastTransfers: boolean
  readonly ownInterpreter: boolean
}

/**
 * Consensus shares the thread: between transactions the event loop gets its turn when this much time has passed. Gas would
 * not do, as operations differ a hundredfold in the time that they take for it. Nothing else depends on the clock.
 */
const TURN_MS = 20
/** Commits that may be executed at a time: one runs while the one before is hashed and written. */
const UNDER_WAY_MAX = 2
/** `subIndex` has 16 bits. */
const BLOCKS_PER_COMMIT_MAX = 65_535

/**
 * Runs commits: from an ordered commit to durable blocks, by the rules of consensus.md 2.25. Everything that decides
 * comes from the commit and the chain before it. The next commit may be handed over while the one before is not durable
 * yet: its transactions then run while the roots of that one are worked out and written.
 */
export function createCommitExecution(options: CommitExecutionOptions): {
  execute(ordered: OrderedCommit): Promise<ExecutedCommit>
} {
  const { executor, params, feeCollector } = options
  let begun = executor.executed()
  let underWay = 0
  // Of the commits before: ran, and durable. Neither ever rejects.
  let ran: Promise<unknown> = Promise.resolve()
  let written: Promise<unknown> = Promise.resolve()
  // Gas of all blocks of the commit that made the tip.
  let lastGas: { readonly number: number; readonly gas: bigint } | undefined

  interface Ran {
    readonly batch: Batch
    readonly sealed: readonly SealedBlock[]
    readonly skipped: readonly SkippedTransaction[]
  }

  // First half: runs the transactions. Undefined for a commit whose results are durable already.
  async function run(ordered: OrderedCommit): Promise<Ran | undefined> {
    executor.requireSound()
    const { epoch, index } = ordered.commit
    const last = begun
    // A commit that a crash made consensus hand over again: its results are durable already.
    if (epoch < last.epoch || (epoch === last.epoch && index <= last.index)) return undefined
    const follows = epoch === last.epoch ? index === last.index + 1 : epoch === last.epoch + 1 && index === 1
    if (!follows) {
      throw new CodedError(
        'commit out of order',
        `commit ${epoch}/${index} does not follow ${last.epoch}/${last.index}`,
        {
          data: { epoch, index, last },
        },
      )
    }
    const skipped: SkippedTransaction[] = []
    const skip = (hash: Uint8Array, reason: SkipReason) => skipped.push({ hash, reason, epoch, commitIndex: index })
    const transactions = await collect(ordered, skip)
    const batch = executor.newBatch()
    begun = { epoch, index }
    try {
      return { batch, sealed: await runBlocks(ordered, transactions, batch, skip), skipped }
    } catch (error) {
      executor.fail(error)
      throw error
    }
  }

  // Second half: roots, headers, and one durable write.
  async function write({ commit }: OrderedCommit, { batch, sealed, skipped }: Ran): Promise<ExecutedCommit> {
    try {
      for (const block of sealed) await executor.complete(batch, block)
      const included = new Set<ByteKey>()
      for (const { block } of batch.blocks) for (const { hash } of block.transactions) included.add(keyOf(hash))
      for (const entry of skipped) {
        // The copy of a transaction that ran is no dropped transaction.
        if (included.has(keyOf(entry.hash)) || readLocation(executor.store, entry.hash) !== undefined) continue
        batch.operations.push(skippedOperation(entry))
      }
      await executor.commit(batch, { epoch: commit.epoch, index: commit.index })
    } catch (error) {
      executor.fail(error)
      throw error
    }
    return { blocks: batch.blocks, skipped }
  }

  // Decodes, recovers, drops repeats and what can never run.
  async function collect(
    ordered: OrderedCommit,
    skip: (hash: Uint8Array, reason: SkipReason) => void,
  ): Promise<readonly RecoveredTransaction[]> {
    const raw = ordered.vertices.flatMap((vertex, i) => (ordered.executes[i] ? vertex.transactions : []))
    if (raw.length === 0) return []
    const { rules } = await executor.machine(OWN_FORK)
    const verdicts = await options.recovery.recover(raw)
    options.recovery.forget(raw)
    const seen = new Set<ByteKey>()
    const transactions: RecoveredTransaction[] = []
    for (let i = 0; i < verdicts.length; i++) {
      const verdict = verdicts[i] as RecoveryVerdict
      if (verdict.kind !== 'accept') {
        const { reason } = verdict
        skip(keccak256(raw[i] as Uint8Array), reason)
        continue
      }
      const transaction = verdict.value
      const key = keyOf(transaction.hash)
      if (seen.has(key)) {
        skip(transaction.hash, 'duplicate')
        continue
      }
      seen.add(key)
      const reason =
        transaction.type === 3 ? 'unsupported type' : checkTransaction(rules, transaction, params.blockGasLimit)
      if (reason === undefined) transactions.push(transaction)
      else skip(transaction.hash, reason)
    }
    return transactions
  }

  async function runBlocks(
    ordered: OrderedCommit,
    transactions: readonly RecoveredTransaction[],
    batch: Batch,
    skip: (hash: Uint8Array, reason: SkipReason) => void,
  ): Promise<readonly SealedBlock[]> {
    const sealed: SealedBlock[] = []
    const parentMs = blockTimeMs(executor.tip())
    const nowMs = Math.max(ordered.commit.timestampMs, parentMs)
    const isDue = nowMs - parentMs >= params.heartbeatMs || ordered.commit.endsEpoch
    if (transactions.length === 0 && !isDue) return sealed
    const baseFeePerGas = nextBaseFee({
      previous: executor.tip().header.baseFeePerGas ?? params.minBaseFeePerGas,
      gasUsed: gasOfLastCommit(),
      elapsedMs: nowMs - parentMs,
      targetPerSecond: params.blockGasLimit / params.elasticity,
      minimum: params.minBaseFeePerGas,
    })
    const queue = orderTransactions(transactions, baseFeePerGas)
    let next = 0
    let gas = 0n
    do {
      const subIndex = sealed.length
      const skeleton = skeletonOf(ordered, subIndex, nowMs, baseFeePerGas)
      const open = await executor.begin(batch, skeleton, {
        blobBaseFee: undefined,
        fastTransfers: options.fastTransfers,
        ownInterpreter: options.ownInterpreter,
      })
      next = await fill(open, queue, next, skip)
      if (subIndex === BLOCKS_PER_COMMIT_MAX - 1) {
        for (const transaction of queue.slice(next)) skip(transaction.hash, 'block full')
        next = queue.length
      }
      const isEmpty = open.execution.transactions.length === 0
      const closes = ordered.commit.endsEpoch && next >= queue.length
      if (closes) await closeEpoch(ordered, open)
      // An epoch's last block is made even when nothing is left for it: it carries the closing call.
      else if (isEmpty && (subIndex > 0 || !isDue)) {
        open.execution.finish()
        return sealed
      }
      const extraData = originOf(ordered, subIndex, nowMs, isEmpty)
      const block = await executor.seal(
        batch,
        { ...open, skeleton: { ...skeleton, extraData } },
        { withdrawals: [], requestsHash: EMPTY_REQUESTS_HASH },
      )
      sealed.push(block)
      gas += open.execution.gasUsed
      lastGas = { number: skeleton.number, gas }
    } while (next < queue.length)
    return sealed
  }

  async function closeEpoch({ commit }: OrderedCommit, open: OpenBlock): Promise<void> {
    if (options.stakingContract === undefined) return
    if (await open.execution.closeEpoch(options.stakingContract)) return
    executor.log.error('the staking contract did not close the epoch: its committee goes on', { epoch: commit.epoch })
  }

  async function fill(
    open: OpenBlock,
    queue: readonly RecoveredTransaction[],
    first: number,
    skip: (hash: Uint8Array, reason: SkipReason) => void,
  ): Promise<number> {
    let next = first
    let turnAt = performance.now() + TURN_MS
    for (; next < queue.length; next++) {
      const transaction = queue[next] as RecoveredTransaction
      const outcome = open.execution.runNow(transaction) ?? (await open.execution.run(transaction))
      if (outcome.kind === 'no room') {
        assert(open.execution.transactions.length > 0, 'a transaction fits into an empty block')
        break
      }
      if (outcome.kind === 'skipped') skip(transaction.hash, outcome.reason)
      if (performance.now() < turnAt) continue
      await new Promise(resolve => setImmediate(resolve))
      turnAt = performance.now() + TURN_MS
    }
    return next
  }

  function skeletonOf(
    ordered: OrderedCommit,
    subIndex: number,
    nowMs: number,
    baseFeePerGas: bigint,
  ): Omit<BlockSkeleton, 'parentHash'> {
    const parent = executor.tip()
    return {
      coinbase: feeCollector,
      difficulty: 0n,
      number: parent.header.number + 1,
      gasLimit: params.blockGasLimit,
      timestamp: secondsOfMs(nowMs),
      extraData: originOf(ordered, subIndex, nowMs, false),
      // Weak randomness: the leader can try many block contents before it signs one (docs/execution.md).
      mixHash: sha256(parent.header.mixHash, ordered.digest),
      nonce: ZERO_NONCE,
      baseFeePerGas,
      excessBlobGas: 0n,
      parentBeaconBlockRoot: ordered.digest,
    }
  }

  // After a start only the store knows; then it knows all of it.
  function gasOfLastCommit(): bigint {
    const { header } = executor.tip()
    if (lastGas?.number === header.number) return lastGas.gas
    let gas = header.gasUsed
    const count = decodeBlockOrigin(header.extraData)?.subIndex ?? 0
    for (let i = 1; i <= count; i++) gas += readHeader(executor.store, header.number - i)?.gasUsed ?? 0n
    return gas
  }

  return {
    async execute(ordered) {
      assert(underWay < UNDER_WAY_MAX, 'at most two commits are executed at a time')
      underWay += 1
      const first = ran.then(() => run(ordered))
      ran = first.catch(() => {})
      const both = Promise.all([first, written]).then(([result]) =>
        result === undefined ? { blocks: [], skipped: [] } : write(ordered, result),
      )
      written = both.catch(() => {})
      try {
        return await both
      } finally {
        underWay -= 1
      }
    },
  }
}

function originOf(ordered: OrderedCommit, subIndex: number, nowMs: number, heartbeat: boolean): Uint8Array {
  return encodeBlockOrigin({
    epoch: ordered.commit.epoch,
    commitIndex: ordered.commit.index,
    subIndex,
    milliseconds: nowMs % 1_000,
    endsEpoch: ordered.commit.endsEpoch,
    heartbeat,
  })
}
