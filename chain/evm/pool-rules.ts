/**
 * What the pool refuses, in go-ethereum's order and words: wallets and SDKs match these texts, so they are part of the
 * interface. Every rule that consensus also keeps is only repeated here to refuse early.
 */
import { toHex, toRawHex } from '#lib/bytes'
import { feeCapOf, type RecoveredTransaction, recoverAuthority, type Transaction, tipCapOf } from '#types'
import { intrinsicGas } from './gas.ts'
import type { PoolParams } from './pool-params.ts'
import type { RecoveryVerdict } from './recovery.ts'

/** Short names of the refusals: metric labels. */
export type PoolReason =
  | 'malformed'
  | 'unsupported type'
  | 'bad signature'
  | 'wrong chain'
  | 'unprotected'
  | 'oversized'
  | 'gas limit'
  | 'fees'
  | 'nonce'
  | 'known'
  | 'intrinsic gas'
  | 'authorizations'
  | 'sender not an account'
  | 'funds'
  | 'underpriced'
  | 'replacement'
  | 'full'

export interface Refusal {
  readonly reason: PoolReason
  readonly message: string
  /** True when the same transaction may be admitted later without a change. */
  readonly retryable: boolean
}

export function refuse(reason: PoolReason, message: string, retryable = false): Refusal {
  return { reason, message, retryable }
}

export const POOL_FULL = refuse('full', 'txpool is full', true)
export const ALREADY_KNOWN = refuse('known', 'already known')
export const UNDERPRICED = refuse('underpriced', 'transaction underpriced', true)
export const REPLACEMENT_UNDERPRICED = refuse('replacement', 'replacement transaction underpriced')

/** Our chains run every fork up to Osaka from block 0. */
const OWN_RULES = { isHomestead: true, isIstanbul: true, isShanghai: true, isPrague: true }
const NONCE_MAX = 2n ** 64n - 1n

/** Most that the transaction can take from its sender, in wei. */
export function costOf(transaction: Transaction): bigint {
  const blobs = BigInt(transaction.blobVersionedHashes?.length ?? 0) * 131_072n * (transaction.maxFeePerBlobGas ?? 0n)
  return transaction.gasLimit * feeCapOf(transaction) + transaction.value + blobs
}

/** Refuses bytes that are no transaction and signatures that name nobody. */
export function refuseUndecoded(verdict: Exclude<RecoveryVerdict, { kind: 'accept' }>): Refusal {
  const { reason } = verdict
  if (reason === 'unsupported type') {
    return refuse(reason, 'transaction type not supported: transaction type not valid')
  }
  if (reason === 'bad signature') return refuse(reason, 'invalid sender: invalid transaction v, r, s values')
  const detail = verdict.kind === 'reject' && verdict.detail !== undefined ? `: ${verdict.detail}` : ''
  return refuse('malformed', `rlp: malformed transaction${detail}`)
}

export interface RuleContext {
  readonly params: PoolParams
  readonly chainId: bigint
  readonly blockGasLimit: bigint
}

/** The rules that need no state. */
export function refuseByForm(transaction: RecoveredTransaction, context: RuleContext): Refusal | undefined {
  const { params, chainId } = context
  const { type, data, gasLimit } = transaction
  if (!params.types.includes(type)) {
    return refuse('unsupported type', `transaction type not supported: transaction type not valid: ${type}`)
  }
  if (transaction.chainId === undefined && !params.allowUnprotected) {
    return refuse('unprotected', 'only replay-protected (EIP-155) transactions allowed over RPC')
  }
  if (transaction.chainId !== undefined && transaction.chainId !== chainId) {
    const detail = `have ${transaction.chainId} want ${chainId}`
    return refuse('wrong chain', `invalid sender: invalid chain id for signer: ${detail}`)
  }
  const size = transaction.raw.length
  if (size > params.transactionBytesMax) {
    return refuse('oversized', `oversized data: transaction size ${size}, limit ${params.transactionBytesMax}`)
  }
  if (transaction.to === undefined && data.length > params.initCodeBytesMax) {
    const detail = `code size ${data.length}, limit ${params.initCodeBytesMax}`
    return refuse('oversized', `max initcode size exceeded: ${detail}`)
  }
  if (gasLimit > params.transactionGasMax) {
    const detail = `cap: ${params.transactionGasMax}, tx: ${gasLimit}`
    return refuse('gas limit', `transaction gas limit too high (${detail})`)
  }
  if (gasLimit > context.blockGasLimit) return refuse('gas limit', 'exceeds block gas limit')
  return refuseByPrice(transaction, params)
}

function refuseByPrice(transaction: RecoveredTransaction, params: PoolParams): Refusal | undefined {
  const feeCap = feeCapOf(transaction)
  const tipCap = tipCapOf(transaction)
  if (tipCap > feeCap) {
    const detail = `maxPriorityFeePerGas: ${tipCap}, maxFeePerGas: ${feeCap}`
    return refuse('fees', `max priority fee per gas higher than max fee per gas: ${detail}`)
  }
  if (transaction.nonce === NONCE_MAX) return refuse('nonce', 'nonce has max value')
  const { gas, floor } = intrinsicGas(OWN_RULES, transaction)
  const { gasLimit } = transaction
  if (gasLimit < gas) {
    return refuse('intrinsic gas', `intrinsic gas too low: gas ${gasLimit}, minimum needed ${gas}`)
  }
  if (gasLimit < floor) {
    return refuse('intrinsic gas', `insufficient gas for floor data gas cost: gas ${gasLimit}, minimum needed ${floor}`)
  }
  if (feeCap < params.minBaseFeePerGas) {
    const detail = `address ${toHex(transaction.sender)}, maxFeePerGas: ${feeCap}, baseFee: ${params.minBaseFeePerGas}`
    return refuse('fees', `max fee per gas less than block base fee: ${detail}`)
  }
  if (tipCap < params.minTipPerGas) {
    const detail = `gas tip cap ${tipCap}, minimum needed ${params.minTipPerGas}`
    return refuse('underpriced', `transaction gas price below minimum: ${detail}`)
  }
  if (transaction.type !== 4) return undefined
  const tuples = transaction.authorizationList?.length ?? 0
  if (tuples === 0) return refuse('authorizations', 'set code tx must have at least one authorization tuple')
  if (tuples > params.authorizationsMax) {
    const detail = `have ${tuples}, limit ${params.authorizationsMax}`
    return refuse('authorizations', `set code tx has too many authorization tuples: ${detail}`)
  }
  return undefined
}

/** What is known of a sender at the head. */
export interface SenderAccount {
  readonly nonce: bigint
  readonly balance: bigint
  readonly kind: 'plain' | 'delegated' | 'contract'
}

/** Refuses by the sender's account. `spent` is the cost of its executable transactions here, in wei. */
export function refuseByAccount(
  transaction: RecoveredTransaction,
  account: SenderAccount,
  spent: { readonly executable: bigint; readonly replaced: bigint | undefined },
): Refusal | undefined {
  if (account.kind === 'contract') {
    return refuse('sender not an account', `sender not an eoa: address ${toHex(transaction.sender)}`)
  }
  if (transaction.nonce < account.nonce) {
    return refuse('nonce', `nonce too low: next nonce ${account.nonce}, tx nonce ${transaction.nonce}`)
  }
  const cost = costOf(transaction)
  const { balance } = account
  const funds = 'insufficient funds for gas * price + value'
  if (balance < cost) {
    return refuse('funds', `${funds}: balance ${balance}, tx cost ${cost}, overshot ${cost - balance}`)
  }
  const { executable, replaced } = spent
  if (replaced !== undefined) {
    const bump = cost - replaced
    const needed = executable + bump
    if (balance >= needed) return undefined
    const detail = `balance ${balance}, queued cost ${executable}, tx bumped ${bump}, overshot ${needed - balance}`
    return refuse('funds', `${funds}: ${detail}`)
  }
  const needed = executable + cost
  if (balance >= needed) return undefined
  const detail = `balance ${balance}, queued cost ${executable}, tx cost ${cost}, overshot ${needed - balance}`
  return refuse('funds', `${funds}: ${detail}`)
}

/** True when `next` pays enough more than `old`, in both fee cap and tip, to replace it. */
export function replaces(next: Transaction, old: Transaction, bumpPercent: bigint): boolean {
  const enough = (have: bigint, was: bigint) => have * 100n >= was * (100n + bumpPercent) && have > was
  return enough(feeCapOf(next), feeCapOf(old)) && enough(tipCapOf(next), tipCapOf(old))
}

/** Accounts, in raw hex, that a set-code transaction delegates. */
export function authoritiesOf(transaction: Transaction): readonly string[] {
  const found = new Set<string>()
  for (const tuple of transaction.authorizationList ?? []) {
    const authority = recoverAuthority(tuple)
    if (authority !== undefined) found.add(toRawHex(authority))
  }
  return [...found]
}
