import { EMPTY_BLOOM, type RecoveredTransaction } from '#types'
import { TRANSFER_GAS } from './gas.ts'
import { hasCode, isEmptyAccount, NEW_ACCOUNT } from './state/account.ts'
import { keyOf } from './state/byte-keys.ts'
import type { TransactionContext, TransactionOutcome } from './transaction.ts'

const BALANCE_MAX = (1n << 256n) - 1n

/**
 * The short way for a plain transfer between accounts without code: no interpreter, no journal, no await. Undefined
 * whenever anything is unusual; then the long way decides. Must give the same state, receipt and verdict to the byte
 * (test/evm/transfer.test.ts).
 */
export function runTransfer(
  context: TransactionContext,
  transaction: RecoveredTransaction,
  tip: bigint,
): TransactionOutcome | undefined {
  const { machine } = context
  const { to, value, gasLimit, sender: from } = transaction
  if (to === undefined || transaction.data.length > 0 || transaction.type > 2 || gasLimit < TRANSFER_GAS) {
    return undefined
  }
  if (transaction.accessList !== undefined && transaction.accessList.length > 0) return undefined
  if (!machine.rules.isLondon || machine.precompileKeys.has(keyOf(to))) return undefined
  const { state } = machine.state

  const sender = state.account(from)
  const recipient = state.account(to)
  const collector = state.account(context.coinbase)
  if (sender instanceof Promise || recipient instanceof Promise || collector instanceof Promise) return undefined
  if (sender === undefined || hasCode(sender) || sender.nonce !== transaction.nonce) return undefined
  const maxFee = transaction.maxFeePerGas ?? transaction.gasPrice ?? 0n
  if (sender.balance < gasLimit * maxFee + value) return undefined
  if (recipient !== undefined) {
    if (hasCode(recipient) || recipient.balance + value > BALANCE_MAX) return undefined
    // A touched account that stays empty is cleared (EIP-161).
    if (value === 0n && isEmptyAccount(recipient)) return undefined
  }
  const fee = TRANSFER_GAS * tip
  if (collector !== undefined && fee === 0n && isEmptyAccount(collector)) return undefined

  const gasPrice = context.baseFee + tip
  void state.setAccount(from, {
    nonce: sender.nonce + 1n,
    balance: sender.balance - value - TRANSFER_GAS * gasPrice,
    codeHash: sender.codeHash,
    storageRoot: sender.storageRoot,
  })
  if (value > 0n) {
    // Read again: the recipient may be the sender.
    const account = state.accountNow(to) ?? NEW_ACCOUNT
    void state.setAccount(to, { ...account, balance: account.balance + value })
  }
  if (fee > 0n) {
    const account = state.accountNow(context.coinbase) ?? NEW_ACCOUNT
    void state.setAccount(context.coinbase, { ...account, balance: account.balance + fee })
  }
  return {
    kind: 'executed',
    receipt: {
      type: transaction.type,
      status: 1,
      gasUsed: TRANSFER_GAS,
      cumulativeGasUsed: context.cumulativeGas + TRANSFER_GAS,
      logsBloom: EMPTY_BLOOM,
      logs: [],
      effectiveGasPrice: gasPrice,
    },
  }
}
