import { DecodeError } from '#lib/codec'
import { keccak256 } from '#lib/hash'
import { RlpReader } from '#lib/rlp'
import { accept, reject, type Verdict } from '#lib/verdict'
import type { AccessListEntry, Authorization, Transaction, TransactionType } from './transaction.ts'

/** Why bytes are not a transaction. */
export type TransactionDecodeReason =
  /** Not the canonical encoding of any transaction. */
  | 'malformed'
  /** An EIP-2718 type byte that we do not know. */
  | 'unsupported type'

const TYPE_MAX = 4

/**
 * Decodes a signed EIP-2718 transaction from its canonical bytes. Strict: any second encoding of the same values is
 * rejected. Checks form only (field widths, list shapes, parity bits); fees, chain id and signature are the callers'.
 * The result keeps `raw` and views into it, so the caller must not change the bytes afterwards.
 */
export function decodeTransaction(raw: Uint8Array): Verdict<Transaction, TransactionDecodeReason> {
  const first = raw[0]
  if (first === undefined) return reject('malformed', 'no bytes')
  try {
    if (first >= 0xc0) return accept(decodeLegacy(raw))
    if (first === 0 || first > TYPE_MAX) {
      return first < 0x80 ? reject('unsupported type', `type ${first}`) : reject('malformed', 'a byte string')
    }
    return accept(decodeTyped(raw, first as Exclude<TransactionType, 0>))
  } catch (error) {
    if (error instanceof DecodeError) return reject('malformed', error.message)
    throw error
  }
}

function decodeLegacy(raw: Uint8Array): Transaction {
  const outer = new RlpReader(raw)
  const fields = outer.list()
  outer.end()
  const nonce = fields.uint(8)
  const gasPrice = fields.uint(32)
  const gasLimit = fields.uint(8)
  const to = recipient(fields)
  const value = fields.uint(32)
  const data = fields.bytes()
  const v = fields.uint(32)
  const r = fields.uint(32)
  const s = fields.uint(32)
  fields.end()
  return {
    type: 0,
    ...(v >= 35n ? { chainId: (v - 35n) >> 1n } : {}),
    nonce,
    gasLimit,
    gasPrice,
    ...(to === undefined ? {} : { to }),
    value,
    data,
    v,
    r,
    s,
    hash: keccak256(raw),
    raw,
  }
}

function decodeTyped(raw: Uint8Array, type: Exclude<TransactionType, 0>): Transaction {
  const outer = new RlpReader(raw, 1)
  const fields = outer.list()
  outer.end()
  const chainId = fields.uint(32)
  const nonce = fields.uint(8)
  let gasPrice: bigint | undefined
  let maxPriorityFeePerGas: bigint | undefined
  let maxFeePerGas: bigint | undefined
  if (type === 1) gasPrice = fields.uint(32)
  else {
    maxPriorityFeePerGas = fields.uint(32)
    maxFeePerGas = fields.uint(32)
  }
  const gasLimit = fields.uint(8)
  const to = type >= 3 ? fields.fixed(20) : recipient(fields)
  const value = fields.uint(32)
  const data = fields.bytes()
  const accessList = readAccessList(fields)
  let maxFeePerBlobGas: bigint | undefined
  let blobVersionedHashes: Uint8Array[] | undefined
  if (type === 3) {
    maxFeePerBlobGas = fields.uint(32)
    blobVersionedHashes = readHashes(fields)
  }
  const authorizationList = type === 4 ? readAuthorizations(fields) : undefined
  const v = fields.uint(1)
  if (v > 1n) throw new DecodeError('parity above 1')
  const r = fields.uint(32)
  const s = fields.uint(32)
  fields.end()
  return {
    type,
    chainId,
    nonce,
    gasLimit,
    ...(gasPrice === undefined ? {} : { gasPrice }),
    ...(maxFeePerGas === undefined ? {} : { maxFeePerGas }),
    ...(maxPriorityFeePerGas === undefined ? {} : { maxPriorityFeePerGas }),
    ...(to === undefined ? {} : { to }),
    value,
    data,
    accessList,
    ...(maxFeePerBlobGas === undefined ? {} : { maxFeePerBlobGas }),
    ...(blobVersionedHashes === undefined ? {} : { blobVersionedHashes }),
    ...(authorizationList === undefined ? {} : { authorizationList }),
    v,
    r,
    s,
    hash: keccak256(raw),
    raw,
  }
}

function recipient(fields: RlpReader): Uint8Array | undefined {
  const to = fields.bytes()
  if (to.length === 0) return undefined
  if (to.length !== 20) throw new DecodeError(`recipient of ${to.length} bytes`)
  return to
}

const NO_ENTRIES: readonly AccessListEntry[] = []

function readAccessList(fields: RlpReader): readonly AccessListEntry[] {
  const list = fields.list()
  if (list.isDone) return NO_ENTRIES
  const entries: AccessListEntry[] = []
  while (!list.isDone) {
    const entry = list.list()
    const address = entry.fixed(20)
    const storageKeys = readHashes(entry)
    entry.end()
    entries.push({ address, storageKeys })
  }
  return entries
}

function readHashes(fields: RlpReader): Uint8Array[] {
  const list = fields.list()
  const hashes: Uint8Array[] = []
  while (!list.isDone) hashes.push(list.fixed(32))
  return hashes
}

function readAuthorizations(fields: RlpReader): Authorization[] {
  const list = fields.list()
  const authorizations: Authorization[] = []
  while (!list.isDone) {
    const tuple = list.list()
    authorizations.push({
      chainId: tuple.uint(32),
      address: tuple.fixed(20),
      nonce: tuple.uint(8),
      yParity: Number(tuple.uint(1)),
      r: tuple.uint(32),
      s: tuple.uint(32),
    })
    tuple.end()
  }
  return authorizations
}

/** Where the parts of a decoded transaction's bytes lie that its signature is about. */
export interface SignedParts {
  /** Encoded items in front of the signature, without the list's head. */
  readonly unsigned: Uint8Array
  readonly v: bigint
  readonly r: Uint8Array
  readonly s: Uint8Array
}

const ITEMS_BEFORE_SIGNATURE = { 0: 6, 1: 8, 2: 9, 3: 11, 4: 10 } as const

/** Splits the bytes of a transaction that {@link decodeTransaction} accepted. */
export function signedParts(raw: Uint8Array): SignedParts {
  const type = typeOf(raw)
  const fields = new RlpReader(raw, type === 0 ? 0 : 1).list()
  const start = fields.offset
  for (let i = 0; i < ITEMS_BEFORE_SIGNATURE[type]; i++) fields.skip()
  const unsigned = raw.subarray(start, fields.offset)
  return { unsigned, v: fields.uint(32), r: fields.bytes(), s: fields.bytes() }
}

/** Type of a transaction whose bytes {@link decodeTransaction} accepted. */
export function typeOf(raw: Uint8Array): TransactionType {
  const first = raw[0] as number
  return first >= 0xc0 ? 0 : (first as TransactionType)
}
