import { formatUnits } from 'ethers'
import type { AddressRef, TransactionDetail, TransferItem } from '../api-types.ts'

/** One plain sentence about what a transaction did. On-chain names in it are as hostile as ever: escape when shown. */
export function summaryOf(
  transaction: Omit<TransactionDetail, 'summary'>,
  transfers: readonly TransferItem[],
  coin: string,
): string {
  const { from, to, created_contract: created, value, method, decoded_input: call } = transaction
  const failed = transaction.status === 'error' ? 'Tried, but failed: ' : ''
  const sender = nameOf(from)
  const coins = value === '0' ? '' : ` with ${amount(value, 18)} ${coin}`
  if (created !== null) return `${failed}${sender} created the contract ${short(created.hash)}${coins}.`
  if (to === null) return `${failed}${sender} ran creation code${coins}.`
  if (transaction.raw_input === '0x') return `${failed}${sender} sent ${amount(value, 18)} ${coin} to ${nameOf(to)}.`
  const [first] = transfers
  if (first !== undefined && transfers.length === 1 && to.hash === first.token.address) {
    const symbol = first.token.symbol ?? 'tokens'
    const what =
      first.total.token_id !== null
        ? `${symbol} #${first.total.token_id.slice(0, 20)}`
        : `${amount(first.total.value, first.total.decimals ?? 0)} ${symbol}`
    return `${failed}${nameOf(first.from)} moved ${what} to ${nameOf(first.to)}.`
  }
  const subject = call === null ? method : call.name
  return `${failed}${sender} called ${subject ?? 'a function'} on ${nameOf(to)}${coins}.`
}

function nameOf(address: AddressRef): string {
  return address.name === null ? short(address.hash) : `${address.name.slice(0, 40)} ${short(address.hash)}`
}

function short(hash: string): string {
  return `${hash.slice(0, 8)}…${hash.slice(-4)}`
}

function amount(value: string, decimals: number): string {
  const text = decimals > 77 ? value : formatUnits(value, decimals)
  const [whole = '0', fraction = ''] = text.split('.')
  const kept = fraction.slice(0, 6).replace(/0+$/, '')
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${kept === '' ? '' : `.${kept}`}`
}
