import type { Address as MachineAddress } from '@ethereumjs/util'
import type { Log as Logger } from '#lib/env'
import { messageOf } from '#lib/errors'
import { isStoreFailure } from '#storage'
import {
  type Address,
  bloomOf,
  EMPTY_BLOOM,
  effectiveTip,
  feeCapOf,
  type Log,
  type Receipt,
  type RecoveredTransaction,
  type Transaction,
} from '#types'
import { GAS_PER_BLOB, INIT_CODE_BYTES_MAX, intrinsicGas, TRANSACTION_GAS_MAX } from './gas.ts'
import { applyMessageHere, takesMessage } from './interpreter/message.ts'
import { Escape } from './interpreter/run.ts'
import type { Machine, Rules } from './machine.ts'
import {
  applyMessage,
  creationAddress,
  isDelegation,
  type MachineBlock,
  type Message,
  type MessageResult,
  resetMachine,
} from './message.ts'
import { ParentHashPending } from './parent-hash.ts'
import { hasCode, NEW_ACCOUNT } from './state/account.ts'
import { runTransfer } from './transfer.ts'
import type { SkipReason } from './types.ts'

/** What execution of one transaction needs of its block. */
export interface TransactionContext {
  readonly machine: Machine
  readonly block: MachineBlock
  readonly coinbase: Address
  readonly baseFee: bigint
  /** Wei per blob gas; undefined where blobs are refused. */
  readonly blobBaseFee: bigint | undefined
  /** Gas that the block has left. */
  readonly gasLeft: bigint
  readonly cumulativeGas: bigint
  /** Plain transfers may take the short way (same results, a tenth of the cost). */
  readonly fastTransfers: boolean
  /** Messages may run on our interpreter (same results, several times faster); absent means on EthereumJS'. */
  readonly ownInterpreter?: boolean
  readonly log: Logger
}

export type TransactionOutcome =
  | { readonly kind: 'executed'; readonly receipt: Receipt }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  /** Valid, but asks for more gas than this block has left. */
  | { readonly kind: 'no room' }

const EXECUTED_NOTHING: readonly Log[] = []
const NONCE_MAX = (1n << 64n) - 1n
/** EIP-7594: at most six blobs in a transaction since Osaka. */
const BLOBS_PER_TRANSACTION_MAX = 6

/**
 * Checks that depend on nothing but the transaction and the fork; undefined when it passes. `blockGasLimit` bounds what
 * it may ask for.
 */
export function checkTransaction(
  rules: Rules,
  transaction: Transaction,
  blockGasLimit: bigint,
): SkipReason | undefined {
  const { type, chainId, gasLimit, data, to } = transaction
  if (type === 1 && !rules.isBerlin) return 'unsupported type'
  if (type === 2 && !rules.isLondon) return 'unsupported type'
  if (type === 3 && !rules.isCancun) return 'unsupported type'
  if (type === 4 && !rules.isPrague) return 'unsupported type'
  if (chainId !== undefined && (chainId !== rules.chainId || !rules.isSpuriousDragon)) return 'wrong chain'
  if (type === 4 && (to === undefined || (transaction.authorizationList ?? []).length === 0)) return 'malformed'
  if (type === 3 && !hasValidBlobs(rules, transaction)) return 'malformed'
  if (to === undefined && rules.isShanghai && data.length > INIT_CODE_BYTES_MAX) return 'malformed'
  if (type >= 2 && (transaction.maxPriorityFeePerGas ?? 0n) > (transaction.maxFeePerGas ?? 0n)) return 'malformed'
  if (transaction.nonce >= NONCE_MAX) return 'nonce too high'
  if (gasLimit > blockGasLimit || (rules.isOsaka && gasLimit > TRANSACTION_GAS_MAX)) return 'gas limit too high'
  return undefined
}

function hasValidBlobs(rules: Rules, transaction: Transaction): boolean {
  const hashes = transaction.blobVersionedHashes ?? []
  if (hashes.length === 0 || transaction.to === undefined) return false
  const max = rules.isOsaka ? Math.min(BLOBS_PER_TRANSACTION_MAX, rules.blobs.max) : rules.blobs.max
  return hashes.length <= max && hashes.every(hash => hash[0] === 1)
}

/** What can be said without waiting for anything: a refusal, or a plain transfer that went the short way. */
export function runTransactionNow(
  context: TransactionContext,
  transaction: RecoveredTransaction,
): TransactionOutcome | undefined {
  const tip = effectiveTip(transaction, context.baseFee)
  if (context.machine.rules.isLondon && tip < 0n) return skipped('fee below base fee')
  if (transaction.gasLimit > context.gasLeft) return { kind: 'no room' }
  return context.fastTransfers ? runTransfer(context, transaction, tip) : undefined
}

/**
 * Executes a transaction that passed {@link checkTransaction} on the machine's state. Never throws on account of the
 * transaction: a failure inside the interpreter counts as an exceptional halt that used all gas.
 */
export async function runTransaction(
  context: TransactionContext,
  transaction: RecoveredTransaction,
): Promise<TransactionOutcome> {
  const { machine, baseFee } = context
  const { state } = machine.state
  const { rules } = machine
  const now = runTransactionNow(context, transaction)
  if (now !== undefined) return now
  const tip = effectiveTip(transaction, baseFee)
  const { gas, floor } = intrinsicGas(rules, transaction)
  if (transaction.gasLimit < gas || transaction.gasLimit < floor) return skipped('intrinsic gas')

  const account = (await state.account(transaction.sender)) ?? NEW_ACCOUNT
  if (transaction.nonce < account.nonce) return skipped('nonce too low')
  if (transaction.nonce > account.nonce) return skipped('nonce too high')
  if (hasCode(account) && !(rules.isPrague && isDelegation(await state.code(transaction.sender)))) {
    return skipped('sender not an account')
  }
  const blobGas = GAS_PER_BLOB * BigInt(transaction.blobVersionedHashes?.length ?? 0)
  let blobFee = 0n
  if (transaction.type === 3) {
    const cap = transaction.maxFeePerBlobGas ?? 0n
    if (context.blobBaseFee === undefined) return skipped('unsupported type')
    if (cap < context.blobBaseFee) return skipped('fee below base fee')
    blobFee = blobGas * context.blobBaseFee
  }
  const cost = transaction.gasLimit * feeCapOf(transaction) + transaction.value
  if (account.balance < cost + blobGas * (transaction.maxFeePerBlobGas ?? 0n)) return skipped('insufficient funds')

  const gasPrice = rules.isLondon ? baseFee + tip : feeCapOf(transaction)
  const message: Message = {
    sender: transaction.sender,
    to: transaction.to,
    value: transaction.value,
    data: transaction.data,
    gasLimit: transaction.gasLimit,
    intrinsicGas: gas,
    floorGas: floor,
    gasPrice,
    tip: rules.isLondon ? tip : gasPrice,
    blobFee,
    accessList: transaction.accessList ?? [],
    authorizations: transaction.authorizationList ?? [],
    blobVersionedHashes: transaction.blobVersionedHashes ?? [],
  }
  const result = await applyGuarded(context, message, transaction)
  return {
    kind: 'executed',
    receipt: {
      type: transaction.type,
      status: result.exception === undefined ? 1 : 0,
      gasUsed: result.gasUsed,
      cumulativeGasUsed: context.cumulativeGas + result.gasUsed,
      logsBloom: result.logs.length === 0 ? EMPTY_BLOOM : bloomOf(result.logs),
      logs: result.logs,
      effectiveGasPrice: gasPrice,
      ...(transaction.to === undefined
        ? { contractAddress: creationAddress(transaction.sender, transaction.nonce) }
        : {}),
      ...(transaction.type === 3 ? { blobGasUsed: blobGas, blobGasPrice: context.blobBaseFee ?? 0n } : {}),
    },
  }
}

async function applyGuarded(
  context: TransactionContext,
  message: Message,
  transaction: RecoveredTransaction,
): Promise<MessageResult> {
  const { machine } = context
  const { state } = machine.state
  if (context.ownInterpreter === true && takesMessage(machine, message)) {
    const result = tryHere(context, message)
    if (result !== undefined) return result
  }
  state.checkpoint()
  try {
    const result = await applyMessage(machine, context.block, message)
    state.commit()
    return result
  } catch (error) {
    if (isNotItsFault(error)) {
      state.revertAll()
      resetMachine(machine)
      throw error
    }
    // Whoever finds a way to break the interpreter pays for all the gas and changes nothing, on every node alike.
    context.log.error('interpreter failed', { transaction: transaction.hash, error: messageOf(error) })
    state.revertAll()
    resetMachine(machine)
    await chargeForFailure(machine, context.block.header.coinbase, message)
    return {
      gasUsed: message.gasLimit,
      peakGas: message.gasLimit,
      exception: 'internal error',
      output: new Uint8Array(0),
      logs: EXECUTED_NOTHING,
    }
  }
}

// Undefined, and nothing changed, where the other interpreter has to do it.
function tryHere(context: TransactionContext, message: Message): MessageResult | undefined {
  const { machine } = context
  const { state } = machine.state
  state.checkpoint()
  try {
    const result = applyMessageHere(machine, context.block, message, machine.blockHashes)
    state.commit()
    return result
  } catch (error) {
    if (isNotItsFault(error)) {
      state.revertAll()
      throw error
    }
    if (!(error instanceof Escape)) context.log.error('own interpreter failed', { error: messageOf(error) })
    state.revertAll()
    return undefined
  }
}

// What says nothing about the transaction: a hash that is not known yet, or a disk that fails on this node alone.
function isNotItsFault(error: unknown): boolean {
  return error instanceof ParentHashPending || isStoreFailure(error)
}

async function chargeForFailure(machine: Machine, coinbase: MachineAddress, message: Message): Promise<void> {
  const { state } = machine.state
  const sender = (await state.account(message.sender)) ?? NEW_ACCOUNT
  await state.setAccount(message.sender, {
    ...sender,
    nonce: sender.nonce + 1n,
    balance: sender.balance - message.gasLimit * message.gasPrice - message.blobFee,
  })
  if (message.tip === 0n) return
  const collector = (await state.account(coinbase.bytes)) ?? NEW_ACCOUNT
  await state.setAccount(coinbase.bytes, {
    ...collector,
    balance: collector.balance + message.gasLimit * message.tip,
  })
}

function skipped(reason: SkipReason): TransactionOutcome {
  return { kind: 'skipped', reason }
}
