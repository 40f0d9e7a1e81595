import { Address as MachineAddress } from '@ethereumjs/util'
import { assert } from '#lib/assert'
import type { Log as Logger } from '#lib/env'
import type { BlockHeader, Digest, Receipt, RecoveredTransaction, Withdrawal } from '#types'
import type { Machine } from './machine.ts'
import type { MachineBlock } from './message.ts'
import { ParentHashPending, type PendingHash } from './parent-hash.ts'
import { hasCode, NEW_ACCOUNT } from './state/account.ts'
import { JournalState, type StateSource } from './state/journal-state.ts'
import { HISTORY_STORAGE, runEpochClosing, storeBeaconRoot, storeParentHash } from './system-calls.ts'
import { runTransaction, runTransactionNow, type TransactionContext, type TransactionOutcome } from './transaction.ts'

/** Header fields that are known before a block runs. */
export type BlockSkeleton = Pick<
  BlockHeader,
  'parentHash' | 'coinbase' | 'difficulty' | 'number' | 'gasLimit' | 'timestamp' | 'extraData' | 'mixHash' | 'nonce'
> &
  Partial<Pick<BlockHeader, 'baseFeePerGas' | 'parentBeaconBlockRoot' | 'excessBlobGas'>>

export interface BlockExecutionOptions {
  readonly machine: Machine
  readonly skeleton: Omit<BlockSkeleton, 'parentHash'>
  readonly parentHash: PendingHash
  readonly source: StateSource
  readonly blobBaseFee: bigint | undefined
  readonly fastTransfers: boolean
  readonly ownInterpreter?: boolean
  /** Receipts tell the root after their transaction, as they do by themselves before Byzantium. */
  readonly rootInReceipts?: boolean
  readonly log: Logger
  /** Makes state changes permanent and returns the new root; needed in the middle of a block where receipts tell it. */
  readonly flush: (state: JournalState) => Promise<Digest>
}

/** The block in the EVM's form. */
export function machineBlockOf(
  skeleton: Omit<BlockSkeleton, 'parentHash' | 'extraData' | 'nonce'>,
  blobBaseFee: bigint | undefined,
): MachineBlock {
  return {
    header: {
      number: BigInt(skeleton.number),
      coinbase: new MachineAddress(skeleton.coinbase),
      timestamp: skeleton.timestamp,
      difficulty: skeleton.difficulty,
      prevRandao: skeleton.mixHash,
      gasLimit: skeleton.gasLimit,
      ...(skeleton.baseFeePerGas === undefined ? {} : { baseFeePerGas: skeleton.baseFeePerGas }),
      getBlobGasPrice: () => blobBaseFee ?? 1n,
    },
  }
}

/** Runs the transactions of one block on top of a state that it does not change. */
export class BlockExecution {
  readonly receipts: Receipt[] = []
  readonly transactions: RecoveredTransaction[] = []
  gasUsed = 0n
  blobGasUsed = 0n
  readonly #options: BlockExecutionOptions
  readonly block: MachineBlock
  // One for all transactions of the block; only what the block has used changes.
  readonly #context: { -readonly [K in keyof TransactionContext]: TransactionContext[K] }
  #state: JournalState
  #lacksParent = false

  constructor(options: BlockExecutionOptions) {
    this.#options = options
    this.block = machineBlockOf(options.skeleton, options.blobBaseFee)
    this.#state = new JournalState(options.source)
    options.machine.state.attach(this.#state)
    const { machine, skeleton, blobBaseFee, fastTransfers, ownInterpreter, log } = options
    this.#context = {
      machine,
      block: this.block,
      coinbase: skeleton.coinbase,
      baseFee: skeleton.baseFeePerGas ?? 0n,
      blobBaseFee,
      gasLeft: skeleton.gasLimit,
      cumulativeGas: 0n,
      fastTransfers,
      ownInterpreter: ownInterpreter ?? false,
      log,
    }
  }

  get state(): JournalState {
    return this.#state
  }

  /** What comes before the transactions. A parent's hash that is still worked out is stored as soon as it is needed. */
  async start(): Promise<void> {
    const { machine, skeleton, parentHash } = this.#options
    await storeBeaconRoot(machine, this.block, skeleton.parentBeaconBlockRoot)
    const hash = parentHash.now()
    if (hash !== undefined) return storeParentHash(machine, this.block, hash)
    // Loaded here, so that accounts come in the same order as if the hash were known.
    await this.#state.account(HISTORY_STORAGE)
    this.#state.guard(HISTORY_STORAGE)
    this.#lacksParent = true
  }

  /** Waits for the parent's hash; nothing can come upon its absence afterwards. */
  async awaitParent(): Promise<Digest> {
    const hash = await this.#options.parentHash.later()
    if (this.#lacksParent) {
      this.#lacksParent = false
      this.#state.guard(undefined)
      await storeParentHash(this.#options.machine, this.block, hash)
    }
    return hash
  }

  /** Runs one transaction; only an executed one leaves anything behind. */
  async run(transaction: RecoveredTransaction): Promise<TransactionOutcome> {
    const outcome = await this.#run(transaction).catch(async (error: unknown) => {
      if (!(error instanceof ParentHashPending)) throw error
      await this.awaitParent()
      return this.#run(transaction)
    })
    if (outcome.kind !== 'executed') return outcome
    let { receipt } = outcome
    const { machine } = this.#context
    if (!machine.rules.isByzantium || this.#options.rootInReceipts === true) {
      const root = await this.#options.flush(this.#state)
      this.#state = new JournalState(this.#options.source)
      machine.state.attach(this.#state)
      const { status: _, ...rest } = receipt
      receipt = { ...rest, root }
    }
    this.#record(transaction, receipt)
    return outcome
  }

  /** {@link run} for what needs no waiting; undefined, and nothing happened, for everything else. */
  runNow(transaction: RecoveredTransaction): TransactionOutcome | undefined {
    let outcome: TransactionOutcome | undefined
    try {
      outcome = runTransactionNow(this.#context, transaction)
    } catch (error) {
      if (error instanceof ParentHashPending) return undefined
      throw error
    }
    if (outcome?.kind === 'executed') this.#record(transaction, outcome.receipt)
    return outcome
  }

  #record(transaction: RecoveredTransaction, receipt: Receipt): void {
    this.gasUsed += receipt.gasUsed
    this.blobGasUsed += receipt.blobGasUsed ?? 0n
    this.receipts.push(receipt)
    this.transactions.push(transaction)
    this.#context.gasLeft -= receipt.gasUsed
    this.#context.cumulativeGas = this.gasUsed
  }

  #run(transaction: RecoveredTransaction): Promise<TransactionOutcome> {
    return runTransaction(this.#context, transaction)
  }

  /** EIP-4895. */
  async withdraw(withdrawals: readonly Withdrawal[]): Promise<void> {
    for (const { address, amount } of withdrawals) await this.credit(address, amount * 1_000_000_000n)
  }

  /** Adds to a balance outside of any transaction; a touched account that is empty is cleared. */
  async credit(address: Uint8Array, wei: bigint): Promise<void> {
    const account = await this.#state.account(address)
    if (wei > 0n) {
      await this.#state.setAccount(address, { ...(account ?? NEW_ACCOUNT), balance: (account?.balance ?? 0n) + wei })
      return
    }
    if (account === undefined) {
      if (!this.#options.machine.rules.isSpuriousDragon) await this.#state.setAccount(address, NEW_ACCOUNT)
      return
    }
    const isEmpty = account.nonce === 0n && account.balance === 0n && !hasCode(account)
    if (isEmpty && this.#options.machine.rules.isSpuriousDragon) await this.#state.deleteAccount(address)
  }

  /** The last thing in an epoch's last block; false when the staking contract refused, and nothing changed. */
  async closeEpoch(staking: Uint8Array): Promise<boolean> {
    await this.awaitParent()
    return runEpochClosing(this.#options.machine, this.block, staking)
  }

  /** Detaches the machine; the state may then be read for its changes. */
  finish(): JournalState {
    assert(this.#options.machine.state.state === this.#state, 'one block at a time runs on a machine')
    this.#options.machine.state.attach(undefined)
    return this.#state
  }
}
