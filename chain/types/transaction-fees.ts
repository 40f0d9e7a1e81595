import type { Transaction } from './transaction.ts'

/** Wei per gas that the sender pays at most: price or fee cap. */
export function feeCapOf(transaction: Transaction): bigint {
  return transaction.maxFeePerGas ?? transaction.gasPrice ?? 0n
}

/** Wei per gas beyond the base fee that the sender offers at most. */
export function tipCapOf(transaction: Transaction): bigint {
  return transaction.maxPriorityFeePerGas ?? transaction.gasPrice ?? 0n
}

/** Wei per gas that the fee collector gets at a base fee; negative when the transaction cannot pay it (EIP-1559). */
export function effectiveTip(transaction: Transaction, baseFee: bigint): bigint {
  const room = feeCapOf(transaction) - baseFee
  const tip = tipCapOf(transaction)
  return tip < room ? tip : room
}
