import { defined } from '#lib/assert'
import { bytesToBigint, concat, EMPTY } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { encodeRlp, type RlpItem, uintToRlp } from '#lib/rlp'
import { signRecoverably } from '#lib/secp256k1'
import type { RecoveredTransaction, Transaction } from './transaction.ts'
import { privateKeyToAddress } from './transaction-signature.ts'

/** What a sender fills in before signing. A legacy transaction without `chainId` has no replay protection. */
export type UnsignedTransaction = Omit<Transaction, 'v' | 'r' | 's' | 'hash' | 'raw'>

/** EIP-2718 bytes of a transaction with a signature. */
export function encodeTransaction(transaction: UnsignedTransaction & Pick<Transaction, 'v' | 'r' | 's'>): Uint8Array {
  const { v, r, s } = transaction
  return envelope(transaction.type, [...fieldsOf(transaction), uintToRlp(v), uintToRlp(r), uintToRlp(s)])
}

/** The bytes whose hash the sender signs. */
export function signingPayload(transaction: UnsignedTransaction): Uint8Array {
  const fields = fieldsOf(transaction)
  const protection =
    transaction.type === 0 && transaction.chainId !== undefined
      ? [uintToRlp(transaction.chainId), uintToRlp(0), uintToRlp(0)]
      : []
  return envelope(transaction.type, [...fields, ...protection])
}

/** Signs with a private key of 32 bytes. For tools and tests: a node holds no keys of accounts. */
export function signTransaction(transaction: UnsignedTransaction, privateKey: Uint8Array): RecoveredTransaction {
  const { signature, recovery } = signRecoverably(keccak256(signingPayload(transaction)), privateKey)
  const v = BigInt(recovery) + legacyOffset(transaction)
  const r = bytesToBigint(signature.subarray(0, 32))
  const s = bytesToBigint(signature.subarray(32))
  const signed = { ...transaction, v, r, s }
  const raw = encodeTransaction(signed)
  return { ...signed, raw, hash: keccak256(raw), sender: privateKeyToAddress(privateKey) }
}

function legacyOffset(transaction: UnsignedTransaction): bigint {
  if (transaction.type !== 0) return 0n
  return transaction.chainId === undefined ? 27n : 35n + 2n * transaction.chainId
}

function envelope(type: number, fields: readonly RlpItem[]): Uint8Array {
  const list = encodeRlp(fields)
  return type === 0 ? list : concat(Uint8Array.of(type), list)
}

function fieldsOf(transaction: UnsignedTransaction): RlpItem[] {
  const { type } = transaction
  const to = transaction.to ?? EMPTY
  const price = () => uintToRlp(defined(transaction.gasPrice, 'types 0 and 1 have a gas price'))
  const body = [uintToRlp(transaction.gasLimit), to, uintToRlp(transaction.value), transaction.data]
  if (type === 0) return [uintToRlp(transaction.nonce), price(), ...body]
  const head = [
    uintToRlp(defined(transaction.chainId, 'typed transactions have a chain id')),
    uintToRlp(transaction.nonce),
  ]
  const accessList = (transaction.accessList ?? []).map(entry => [entry.address, entry.storageKeys])
  if (type === 1) return [...head, price(), ...body, accessList]
  const fees = [
    uintToRlp(defined(transaction.maxPriorityFeePerGas, 'dynamic-fee transactions have a tip')),
    uintToRlp(defined(transaction.maxFeePerGas, 'dynamic-fee transactions have a fee cap')),
  ]
  const common = [...head, ...fees, ...body, accessList]
  if (type === 2) return common
  if (type === 3) {
    const cap = uintToRlp(defined(transaction.maxFeePerBlobGas, 'blob transactions have a blob fee cap'))
    return [...common, cap, transaction.blobVersionedHashes ?? []]
  }
  const authorizations = (transaction.authorizationList ?? []).map(item => [
    uintToRlp(item.chainId),
    item.address,
    uintToRlp(item.nonce),
    uintToRlp(item.yParity),
    uintToRlp(item.r),
    uintToRlp(item.s),
  ])
  return [...common, authorizations]
}
