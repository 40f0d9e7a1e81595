import { Buffer } from 'node:buffer'
import { ExplorerError } from '../errors.ts'
import type { NodeBlock, NodeLog, NodeReceipt, NodeTransaction } from '../node-types.ts'
import { POSITION_BASE, positionOf } from '../store/schema.ts'
import { type BlockOrigin, decodeBlockOrigin } from './block-origin.ts'
import { readTransfers } from './transfers.ts'

export interface BlockRow {
  readonly number: number
  readonly hash: string
  readonly parentHash: string
  /** Milliseconds since the Unix epoch; whole seconds where the header tells no more. */
  readonly timestampMs: number
  readonly origin: BlockOrigin | null
  readonly miner: string
  readonly gasLimit: number
  readonly gasUsed: number
  readonly baseFee: string | null
  readonly size: number
  readonly stateRoot: string
  readonly transactionsRoot: string
  readonly receiptsRoot: string
  readonly extraData: string
  readonly mixHash: string | null
  readonly commitDigest: string | null
  readonly logCount: number
  readonly fees: bigint
  readonly transactions: readonly TransactionRow[]
}

export interface TransactionRow {
  readonly id: number
  readonly hash: string
  readonly sender: string
  readonly recipient: string | null
  readonly value: string
  readonly nonce: number
  readonly type: number
  readonly gas: number
  readonly gasUsed: number
  readonly gasPrice: string
  readonly maxFee: string | null
  readonly maxPriorityFee: string | null
  readonly input: Buffer
  readonly status: number | null
  readonly contract: string | null
  readonly logs: readonly LogRow[]
  readonly transfers: readonly TransferRow[]
}

export interface LogRow {
  readonly id: number
  readonly address: string
  readonly topics: readonly string[]
  readonly data: Buffer
}

export interface TransferRow {
  readonly log: number
  readonly sub: number
  readonly token: string
  readonly standard: 'ERC-20' | 'ERC-721' | 'ERC-1155'
  readonly sender: string
  readonly recipient: string
  readonly amount: bigint
  readonly tokenId: string | null
}

/**
 * One block of the node as rows. Pure. Throws ExplorerError `bad node answer` when block and receipts do not belong
 * together or a field has not the form that the specification gives it.
 */
export function blockToRows(block: NodeBlock, receipts: readonly NodeReceipt[]): BlockRow {
  const number = integer(block.number)
  if (block.transactions.length !== receipts.length || receipts.length >= POSITION_BASE)
    bad(`block ${number} has ${block.transactions.length} transactions and ${receipts.length} receipts`)
  const transactions = block.transactions.map((transaction, index) => {
    const receipt = receipts[index] as NodeReceipt
    if (receipt.transactionHash !== transaction.hash)
      bad(`receipt ${index} of block ${number} is of another transaction`)
    return transactionToRow(number, index, transaction, receipt)
  })
  const origin = decodeBlockOrigin(bytes(block.extraData))
  return {
    number,
    hash: hash(block.hash),
    parentHash: hash(block.parentHash),
    timestampMs: integer(block.timestamp) * 1000 + (origin?.milliseconds ?? 0),
    origin: origin ?? null,
    miner: address(block.miner),
    gasLimit: integer(block.gasLimit),
    gasUsed: integer(block.gasUsed),
    baseFee: block.baseFeePerGas === undefined ? null : decimal(block.baseFeePerGas),
    size: block.size === undefined ? 0 : integer(block.size),
    stateRoot: hash(block.stateRoot),
    transactionsRoot: hash(block.transactionsRoot),
    receiptsRoot: hash(block.receiptsRoot),
    extraData: hex(block.extraData),
    mixHash: block.mixHash === undefined ? null : hash(block.mixHash),
    commitDigest: block.parentBeaconBlockRoot === undefined ? null : hash(block.parentBeaconBlockRoot),
    logCount: transactions.reduce((sum, row) => sum + row.logs.length, 0),
    fees: transactions.reduce((sum, row) => sum + BigInt(row.gasPrice) * BigInt(row.gasUsed), 0n),
    transactions,
  }
}

function transactionToRow(
  block: number,
  index: number,
  transaction: NodeTransaction,
  receipt: NodeReceipt,
): TransactionRow {
  const logs = receipt.logs.map(log => logToRow(block, log))
  return {
    id: positionOf(block, index),
    hash: hash(transaction.hash),
    sender: address(transaction.from),
    recipient: transaction.to === null || transaction.to === undefined ? null : address(transaction.to),
    value: decimal(transaction.value),
    nonce: integer(transaction.nonce),
    type: transaction.type === undefined ? 0 : integer(transaction.type),
    gas: integer(transaction.gas),
    gasUsed: integer(receipt.gasUsed),
    gasPrice: decimal(receipt.effectiveGasPrice ?? transaction.gasPrice ?? '0x0'),
    maxFee: transaction.maxFeePerGas === undefined ? null : decimal(transaction.maxFeePerGas),
    maxPriorityFee: transaction.maxPriorityFeePerGas === undefined ? null : decimal(transaction.maxPriorityFeePerGas),
    input: bytes(transaction.input),
    status: receipt.status === undefined ? null : integer(receipt.status),
    contract: receipt.contractAddress ? address(receipt.contractAddress) : null,
    logs,
    transfers: logs.flatMap(readTransfers),
  }
}

function logToRow(block: number, log: NodeLog): LogRow {
  const index = integer(log.logIndex)
  if (index >= POSITION_BASE || log.topics.length > 4) bad(`log ${index} of block ${block} is out of range`)
  return {
    id: positionOf(block, index),
    address: address(log.address),
    topics: log.topics.map(hash),
    data: bytes(log.data),
  }
}

function bad(what: string): never {
  throw new ExplorerError('bad node answer', what, { status: 502 })
}

const HEX = /^0x([0-9a-f]{2})*$/
const QUANTITY = /^0x[0-9a-f]{1,64}$/

function hex(value: unknown): string {
  const text = typeof value === 'string' ? value.toLowerCase() : ''
  return HEX.test(text) ? text : bad(`not hex: ${String(value).slice(0, 80)}`)
}

function hash(value: unknown): string {
  const text = hex(value)
  return text.length === 66 ? text : bad(`not 32 bytes: ${text.slice(0, 80)}`)
}

function address(value: unknown): string {
  const text = hex(value)
  return text.length === 42 ? text : bad(`not an address: ${text.slice(0, 80)}`)
}

function bytes(value: unknown): Buffer {
  return Buffer.from(hex(value).slice(2), 'hex')
}

function decimal(value: unknown): string {
  const text = typeof value === 'string' ? value.toLowerCase() : ''
  return QUANTITY.test(text) ? BigInt(text).toString() : bad(`not a quantity: ${String(value).slice(0, 80)}`)
}

function integer(value: unknown): number {
  const number = Number(decimal(value))
  return Number.isSafeInteger(number) ? number : bad(`integer above 2^53: ${String(value)}`)
}
