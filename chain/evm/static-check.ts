import type { Verdict } from '#lib/verdict'
import { decodeTransaction, type GenesisFile, type Transaction, type TransactionDecodeReason } from '#types'
import { intrinsicGas } from './gas.ts'
import { executionParamsOf, forkOfProtocol, forkScheduleOfGenesis } from './genesis.ts'
import { rulesOf } from './machine.ts'
import { checkTransaction } from './transaction.ts'
import type { SkipReason } from './types.ts'

export interface TransactionCheckOptions {
  readonly genesis: GenesisFile
  /** Of the epoch whose vertices are checked. */
  readonly protocolVersion: number
  /** Where decoded transactions are remembered; a transaction is decoded once then. Default: decodes. */
  readonly decode?: (raw: Uint8Array) => Verdict<Transaction, TransactionDecodeReason>
}

/**
 * The static check of a transaction in a vertex (consensus.md 2.3, rule 13): `undefined` when it may be carried, else
 * why not. What fails it would never run, whatever the state. Depends on the bytes, the genesis and the protocol version
 * alone, so that all nodes agree for ever; the sender is not recovered.
 */
export function createTransactionCheck(options: TransactionCheckOptions): (raw: Uint8Array) => SkipReason | undefined {
  const { genesis, protocolVersion, decode = decodeTransaction } = options
  const { chainId, blockGasLimit } = executionParamsOf(genesis)
  const rules = rulesOf(forkOfProtocol(protocolVersion), BigInt(chainId), forkScheduleOfGenesis(genesis))
  return raw => {
    const decoded = decode(raw)
    if (decoded.kind !== 'accept') return decoded.reason
    const transaction = decoded.value
    if (transaction.type === 3) return 'unsupported type'
    const reason = checkTransaction(rules, transaction, blockGasLimit)
    if (reason !== undefined) return reason
    const { gas, floor } = intrinsicGas(rules, transaction)
    return transaction.gasLimit < gas || transaction.gasLimit < floor ? 'intrinsic gas' : undefined
  }
}
