/** Chain values as go-ethereum's JSON. Fields that a fork or a type does not have are left out, never null. */
import type { LocatedLog } from '#evm'
import { type Hex, toHex } from '#lib/bytes'
import {
  type Block,
  type BlockHeader,
  blockHeaderHash,
  effectiveTip,
  feeCapOf,
  type Receipt,
  type RecoveredTransaction,
  type Withdrawal,
} from '#types'

export type Json = Readonly<Record<string, unknown>>

/** A quantity: no leading zeros. */
export function toQuantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`
}

/** The header as in a block object; `hash` when the caller knows it. */
export function headerToJson(header: BlockHeader, hash: Uint8Array = blockHeaderHash(header)): Json {
  return {
    number: toQuantity(header.number),
    hash: toHex(hash),
    parentHash: toHex(header.parentHash),
    nonce: toHex(header.nonce),
    mixHash: toHex(header.mixHash),
    sha3Uncles: toHex(header.ommersHash),
    logsBloom: toHex(header.logsBloom),
    stateRoot: toHex(header.stateRoot),
    miner: toHex(header.coinbase),
    difficulty: toQuantity(header.difficulty),
    extraData: toHex(header.extraData),
    gasLimit: toQuantity(header.gasLimit),
    gasUsed: toQuantity(header.gasUsed),
    timestamp: toQuantity(header.timestamp),
    transactionsRoot: toHex(header.transactionsRoot),
    receiptsRoot: toHex(header.receiptsRoot),
    ...quantityField('baseFeePerGas', header.baseFeePerGas),
    ...dataField('withdrawalsRoot', header.withdrawalsRoot),
    ...quantityField('blobGasUsed', header.blobGasUsed),
    ...quantityField('excessBlobGas', header.excessBlobGas),
    ...dataField('parentBeaconBlockRoot', header.parentBeaconBlockRoot),
    ...dataField('requestsHash', header.requestsHash),
  }
}

function quantityField(name: string, value: bigint | undefined): Json {
  return value === undefined ? {} : { [name]: toQuantity(value) }
}

function dataField(name: string, value: Uint8Array | undefined): Json {
  return value === undefined ? {} : { [name]: toHex(value) }
}

export function blockToJson(block: Block, withTransactions: boolean): Json {
  return {
    ...headerToJson(block.header, block.hash),
    size: toQuantity(block.size),
    transactions: block.transactions.map((transaction, index) =>
      withTransactions ? transactionToJson(transaction, { block, index }) : toHex(transaction.hash),
    ),
    uncles: block.ommers.map(ommer => toHex(blockHeaderHash(ommer))),
    ...(block.withdrawals === undefined
      ? {}
      : {
          withdrawals: block.withdrawals.map(withdrawalToJson),
        }),
  }
}

export function withdrawalToJson(item: Withdrawal): Json {
  return {
    index: toQuantity(item.index),
    validatorIndex: toQuantity(item.validatorIndex),
    address: toHex(item.address),
    amount: toQuantity(item.amount),
  }
}

export interface TransactionPlace {
  readonly block: Block
  readonly index: number
}

/** What the sender pays per gas: in a block the effective price, before that the cap. */
function priceOf(transaction: RecoveredTransaction, baseFee: bigint | undefined): bigint {
  if (baseFee === undefined || transaction.maxFeePerGas === undefined) return feeCapOf(transaction)
  return baseFee + effectiveTip(transaction, baseFee)
}

/** `place` is undefined for a transaction that waits in the pool. */
export function transactionToJson(transaction: RecoveredTransaction, place: TransactionPlace | undefined): Json {
  const { type } = transaction
  const header = place?.block.header
  return {
    blockHash: place === undefined ? null : toHex(place.block.hash),
    blockNumber: header === undefined ? null : toQuantity(header.number),
    blockTimestamp: header === undefined ? null : toQuantity(header.timestamp),
    from: toHex(transaction.sender),
    gas: toQuantity(transaction.gasLimit),
    gasPrice: toQuantity(priceOf(transaction, header?.baseFeePerGas)),
    ...quantityField('maxFeePerGas', transaction.maxFeePerGas),
    ...quantityField('maxPriorityFeePerGas', transaction.maxPriorityFeePerGas),
    ...quantityField('maxFeePerBlobGas', transaction.maxFeePerBlobGas),
    hash: toHex(transaction.hash),
    input: toHex(transaction.data),
    nonce: toQuantity(transaction.nonce),
    to: transaction.to === undefined ? null : toHex(transaction.to),
    transactionIndex: place === undefined ? null : toQuantity(place.index),
    value: toQuantity(transaction.value),
    type: toQuantity(type),
    ...(transaction.accessList === undefined
      ? {}
      : {
          accessList: transaction.accessList.map(entry => ({
            address: toHex(entry.address),
            storageKeys: entry.storageKeys.map(toHex),
          })),
        }),
    ...quantityField('chainId', transaction.chainId),
    ...(transaction.blobVersionedHashes === undefined
      ? {}
      : { blobVersionedHashes: transaction.blobVersionedHashes.map(toHex) }),
    ...(transaction.authorizationList === undefined
      ? {}
      : {
          authorizationList: transaction.authorizationList.map(tuple => ({
            chainId: toQuantity(tuple.chainId),
            address: toHex(tuple.address),
            nonce: toQuantity(tuple.nonce),
            yParity: toQuantity(tuple.yParity),
            r: toQuantity(tuple.r),
            s: toQuantity(tuple.s),
          })),
        }),
    v: toQuantity(transaction.v),
    r: toQuantity(transaction.r),
    s: toQuantity(transaction.s),
    ...(type === 0 ? {} : { yParity: toQuantity(transaction.v) }),
  }
}

export function logToJson(located: LocatedLog): Json {
  return {
    address: toHex(located.log.address),
    topics: located.log.topics.map(toHex),
    data: toHex(located.log.data),
    blockNumber: toQuantity(located.block.number),
    transactionHash: toHex(located.transactionHash),
    transactionIndex: toQuantity(located.transactionIndex),
    blockHash: toHex(located.blockHash),
    blockTimestamp: toQuantity(located.block.timestamp),
    logIndex: toQuantity(located.logIndex),
    removed: false,
  }
}

/** Logs of the transaction at `transactionIndex`, whose first log is the block's `firstLogIndex`-th. */
function locateLogsOf(
  block: Block,
  receipt: Receipt,
  transactionIndex: number,
  transactionHash: Uint8Array,
  firstLogIndex: number,
): LocatedLog[] {
  return receipt.logs.map((log, position) => ({
    log,
    block: block.header,
    blockHash: block.hash,
    transactionHash,
    transactionIndex,
    logIndex: firstLogIndex + position,
  }))
}

/** All logs of a block with their places, in order. */
export function locateLogs(block: Block, receipts: readonly Receipt[]): LocatedLog[] {
  const located: LocatedLog[] = []
  receipts.forEach((receipt, index) => {
    const transaction = block.transactions[index]
    if (transaction === undefined) return
    for (const log of locateLogsOf(block, receipt, index, transaction.hash, located.length)) located.push(log)
  })
  return located
}

/** Every receipt of a block. */
export function receiptsToJson(block: Block, receipts: readonly Receipt[]): Json[] {
  let logIndex = 0
  return receipts.flatMap((receipt, index) => {
    const json = receiptToJson(block, receipt, index, logIndex)
    logIndex += receipt.logs.length
    return json === undefined ? [] : [json]
  })
}

/** One receipt of a block; undefined when there is no such transaction. */
export function receiptAtToJson(block: Block, receipts: readonly Receipt[], index: number): Json | undefined {
  const receipt = receipts[index]
  if (receipt === undefined) return undefined
  let logIndex = 0
  for (let earlier = 0; earlier < index; earlier++) logIndex += receipts[earlier]?.logs.length ?? 0
  return receiptToJson(block, receipt, index, logIndex)
}

function receiptToJson(block: Block, receipt: Receipt, index: number, firstLogIndex: number): Json | undefined {
  const transaction = block.transactions[index]
  if (transaction === undefined) return undefined
  return {
    blockHash: toHex(block.hash),
    blockNumber: toQuantity(block.header.number),
    contractAddress: receipt.contractAddress === undefined ? null : toHex(receipt.contractAddress),
    cumulativeGasUsed: toQuantity(receipt.cumulativeGasUsed),
    effectiveGasPrice: toQuantity(receipt.effectiveGasPrice),
    from: toHex(transaction.sender),
    gasUsed: toQuantity(receipt.gasUsed),
    ...quantityField('blobGasUsed', receipt.blobGasUsed),
    ...quantityField('blobGasPrice', receipt.blobGasPrice),
    logs: locateLogsOf(block, receipt, index, transaction.hash, firstLogIndex).map(logToJson),
    logsBloom: toHex(receipt.logsBloom),
    ...(receipt.status === undefined ? dataField('root', receipt.root) : { status: toQuantity(receipt.status) }),
    to: transaction.to === undefined ? null : toHex(transaction.to),
    transactionHash: toHex(transaction.hash),
    transactionIndex: toQuantity(index),
    type: toQuantity(receipt.type),
  }
}
