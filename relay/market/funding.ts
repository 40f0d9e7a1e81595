/** Keeps the relay's Vault balance ahead of what its tasks cost, within what its owner allows a day. */
import type { Log } from '#lib/env'
import { RelayError } from '../errors.ts'
import type { Book } from '../ledger/book.ts'
import type { Market } from './market.ts'

export interface FundingLimits {
  /** Coins moved into the Vault at a time, when the balance does not cover a task. */
  readonly depositWei: bigint
  /** Most that is moved into the Vault within 24 hours. */
  readonly depositDayMaxWei: bigint
}

export interface Funding {
  /**
   * Makes sure that the Vault covers a payment beside those under way; the returned function ends that claim once the
   * payment is escrowed or given up. RelayError PAYMENT_SERVICE_UNAVAILABLE when it cannot be covered.
   */
  claim(paymentWei: bigint): Promise<() => void>
}

/** Left in the account for gas, wei. */
const GAS_RESERVE_WEI = 10n ** 17n

export function createFunding(
  market: Pick<Market, 'balances' | 'deposit'>,
  book: Pick<Book, 'depositedWei' | 'markDeposit'>,
  limits: FundingLimits,
  log: Log,
): Funding {
  let claimedWei = 0n
  // One at a time: two claims must not both count on the same coins.
  let turn: Promise<unknown> = Promise.resolve()

  async function cover(paymentWei: bigint): Promise<() => void> {
    const { vaultWei, coinsWei } = await market.balances()
    const missingWei = claimedWei + paymentWei - vaultWei
    if (missingWei > 0n) {
      const allowedWei = limits.depositDayMaxWei - book.depositedWei()
      const affordableWei = coinsWei - GAS_RESERVE_WEI
      const spendableWei = allowedWei < affordableWei ? allowedWei : affordableWei
      if (missingWei > spendableWei) {
        log.error('the Vault balance does not cover a task', {
          vaultWei: vaultWei.toString(),
          missingWei: missingWei.toString(),
          allowedTodayWei: allowedWei.toString(),
          coinsWei: coinsWei.toString(),
        })
        throw new RelayError('PAYMENT_SERVICE_UNAVAILABLE', 'the relay cannot pay the network at the moment')
      }
      const wantedWei = missingWei > limits.depositWei ? missingWei : limits.depositWei
      const amountWei = wantedWei < spendableWei ? wantedWei : spendableWei
      // On disk before the coins move: a crash in between counts a deposit too many, never one too few.
      await book.markDeposit(amountWei)
      await market.deposit(amountWei)
    }
    claimedWei += paymentWei
    let isOver = false
    return () => {
      if (!isOver) claimedWei -= paymentWei
      isOver = true
    }
  }

  return {
    claim(paymentWei) {
      const mine = turn.then(() => cover(paymentWei))
      turn = mine.catch(() => {})
      return mine
    },
  }
}
