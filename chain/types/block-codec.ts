import { EMPTY } from '#lib/bytes'
import { DecodeError, decoding } from '#lib/codec'
import { keccak256 } from '#lib/hash'
import { encodedLength, encodeRlp, listHead, type RlpItem, RlpReader, uintToRlp } from '#lib/rlp'
import { reject, type Verdict } from '#lib/verdict'
import type { Block, BlockHeader, Withdrawal } from './block.ts'
import type { Digest } from './ids.ts'

/** keccak256(rlp([])): the hash of no ommers. */
export const EMPTY_OMMERS_HASH: Digest = keccak256(Uint8Array.of(0xc0))

/** Blocks above this size in bytes are refused before anything is decoded (EIP-7934 allows 10 MiB; ours may be larger). */
const BLOCK_BYTES_MAX = 64 * 1024 * 1024

/** RLP of a header: fields of later forks follow in their fixed order and end with the first absent one. */
export function encodeBlockHeader(header: BlockHeader): Uint8Array {
  return encodeRlp(headerItem(header))
}

/** keccak256 of the header's RLP. */
export function blockHeaderHash(header: BlockHeader): Digest {
  return keccak256(encodeBlockHeader(header))
}

/** Strict inverse of {@link encodeBlockHeader}. */
export function decodeBlockHeader(bytes: Uint8Array): Verdict<BlockHeader, 'malformed'> {
  return decoding(() => {
    const outer = new RlpReader(bytes)
    const header = readHeader(outer.list())
    outer.end()
    return header
  })
}

/** RLP of a whole block as `debug_getRawBlock` and block exchange use it. */
export function encodeBlock(block: Omit<Block, 'hash' | 'size'>): Uint8Array {
  const transactions = block.transactions.map(({ type, raw }) => (type === 0 ? new Encoded(raw) : raw))
  const body: RlpItem[] = [block.ommers.map(headerItem)]
  if (block.withdrawals !== undefined) body.push(block.withdrawals.map(withdrawalItem))
  return encodeList([
    new Encoded(encodeBlockHeader(block.header)),
    new Encoded(encodeList(transactions)),
    ...body.map(item => new Encoded(encodeRlp(item))),
  ])
}

/** Length of {@link encodeBlock}, without encoding. */
export function blockSize(block: Omit<Block, 'hash' | 'size'>): number {
  let transactions = 0
  for (const { type, raw } of block.transactions) transactions += type === 0 ? raw.length : encodedLength(raw)
  let size = encodedLength(headerItem(block.header)) + listHead(transactions).length + transactions
  size += encodedLength(block.ommers.map(headerItem))
  if (block.withdrawals !== undefined) size += encodedLength(block.withdrawals.map(withdrawalItem))
  return size + listHead(size).length
}

/** A block as it came from outside: transactions are still raw EIP-2718 bytes. */
export interface RawBlock {
  readonly header: BlockHeader
  readonly hash: Digest
  readonly transactions: readonly Uint8Array[]
  readonly ommers: readonly BlockHeader[]
  readonly withdrawals?: readonly Withdrawal[]
  readonly size: number
}

/** Strict inverse of {@link encodeBlock}. */
export function decodeBlock(bytes: Uint8Array): Verdict<RawBlock, 'malformed'> {
  if (bytes.length > BLOCK_BYTES_MAX) return reject('malformed', `block of ${bytes.length} bytes`)
  return decoding(() => {
    const outer = new RlpReader(bytes)
    const block = readBlock(outer.list(), bytes.length)
    outer.end()
    return block
  })
}

/** Blocks one after another without any frame, as `geth export` writes them. */
export function decodeBlocks(bytes: Uint8Array): Verdict<readonly RawBlock[], 'malformed'> {
  return decoding(() => {
    const outer = new RlpReader(bytes)
    const blocks: RawBlock[] = []
    while (!outer.isDone) {
      const start = outer.offset
      const inner = outer.list()
      blocks.push(readBlock(inner, outer.offset - start))
    }
    return blocks
  })
}

function readBlock(fields: RlpReader, size: number): RawBlock {
  const headerBytes = fields.skip()
  const header = readHeader(new RlpReader(headerBytes).list())
  const transactions: Uint8Array[] = []
  const list = fields.list()
  while (!list.isDone) transactions.push(list.isList ? list.skip() : list.bytes())
  const ommers: BlockHeader[] = []
  const ommerList = fields.list()
  while (!ommerList.isDone) ommers.push(readHeader(ommerList.list()))
  const withdrawals = fields.isDone ? undefined : readWithdrawals(fields)
  fields.end()
  return {
    header,
    hash: keccak256(headerBytes),
    transactions,
    ommers,
    ...(withdrawals === undefined ? {} : { withdrawals }),
    size,
  }
}

/** Withdrawal list of a block body (EIP-4895); throws DecodeError. */
export function readWithdrawals(fields: RlpReader): Withdrawal[] {
  const list = fields.list()
  const withdrawals: Withdrawal[] = []
  while (!list.isDone) {
    const item = list.list()
    withdrawals.push({
      index: item.uint(8),
      validatorIndex: item.uint(8),
      address: item.fixed(20),
      amount: item.uint(8),
    })
    item.end()
  }
  return withdrawals
}

/** RLP item of one withdrawal (EIP-4895). */
export function withdrawalItem(withdrawal: Withdrawal): RlpItem {
  return [
    uintToRlp(withdrawal.index),
    uintToRlp(withdrawal.validatorIndex),
    withdrawal.address,
    uintToRlp(withdrawal.amount),
  ]
}

function headerItem(header: BlockHeader): RlpItem[] {
  const items: RlpItem[] = [
    header.parentHash,
    header.ommersHash,
    header.coinbase,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    uintToRlp(header.difficulty),
    uintToRlp(header.number),
    uintToRlp(header.gasLimit),
    uintToRlp(header.gasUsed),
    uintToRlp(header.timestamp),
    header.extraData,
    header.mixHash,
    header.nonce,
  ]
  const { baseFeePerGas, withdrawalsRoot, blobGasUsed, excessBlobGas, parentBeaconBlockRoot, requestsHash } = header
  if (baseFeePerGas === undefined) return items
  items.push(uintToRlp(baseFeePerGas))
  if (withdrawalsRoot === undefined) return items
  items.push(withdrawalsRoot)
  if (blobGasUsed === undefined || excessBlobGas === undefined || parentBeaconBlockRoot === undefined) return items
  items.push(uintToRlp(blobGasUsed), uintToRlp(excessBlobGas), parentBeaconBlockRoot)
  if (requestsHash !== undefined) items.push(requestsHash)
  return items
}

function readHeader(fields: RlpReader): BlockHeader {
  const header = {
    parentHash: fields.fixed(32),
    ommersHash: fields.fixed(32),
    coinbase: fields.fixed(20),
    stateRoot: fields.fixed(32),
    transactionsRoot: fields.fixed(32),
    receiptsRoot: fields.fixed(32),
    logsBloom: fields.fixed(256),
    difficulty: fields.uint(32),
    number: safeUint(fields),
    gasLimit: fields.uint(8),
    gasUsed: fields.uint(8),
    timestamp: fields.uint(8),
    extraData: fields.bytes(),
    mixHash: fields.fixed(32),
    nonce: fields.fixed(8),
  }
  const later: { -readonly [K in keyof BlockHeader]?: BlockHeader[K] } = {}
  if (!fields.isDone) later.baseFeePerGas = fields.uint(32)
  if (!fields.isDone) later.withdrawalsRoot = fields.fixed(32)
  if (!fields.isDone) {
    later.blobGasUsed = fields.uint(8)
    later.excessBlobGas = fields.uint(8)
    later.parentBeaconBlockRoot = fields.fixed(32)
  }
  if (!fields.isDone) later.requestsHash = fields.fixed(32)
  fields.end()
  return { ...header, ...later }
}

function safeUint(fields: RlpReader): number {
  const value = fields.uint(8)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new DecodeError('integer above 2^53')
  return Number(value)
}

// RLP that exists already and goes into an outer list as it is.
class Encoded {
  readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

function encodeList(items: readonly (Encoded | Uint8Array)[]): Uint8Array {
  const parts = items.map(item => (item instanceof Encoded ? item.bytes : encodeRlp(item)))
  let length = 0
  for (const part of parts) length += part.length
  const head = listHead(length)
  const output = new Uint8Array(head.length + length)
  output.set(head)
  let offset = head.length
  for (const part of parts) {
    output.set(part, offset)
    offset += part.length
  }
  return output
}

/** 256 zero bytes: the bloom of no logs. */
export const EMPTY_BLOOM: Uint8Array = new Uint8Array(256)
/** Eight zero bytes. */
export const ZERO_NONCE: Uint8Array = new Uint8Array(8)
/** 32 zero bytes. */
export const ZERO_DIGEST: Digest = new Uint8Array(32)
/** keccak256 of no bytes: the code hash of accounts without code. */
export const EMPTY_CODE_HASH: Digest = keccak256(EMPTY)
/** keccak256(rlp('')): the root of an empty trie. */
export const EMPTY_TRIE_ROOT: Digest = keccak256(Uint8Array.of(0x80))
