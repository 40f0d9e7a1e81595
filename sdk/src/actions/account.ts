/** Money in the Vault: balances that pay for tasks, lockups that back work. Amounts in wei. */
import type { OgpuClient, Sent } from '../client.ts'
import { requireAddress } from './require-address.ts'

export interface VaultAccount {
  readonly balanceWei: bigint
  readonly lockupWei: bigint
  /** Lockup that no bond has reserved. */
  readonly freeLockupWei: bigint
  readonly frozenWei: bigint
  readonly earningsWei: bigint
}

/** @example const { balanceWei } = await readAccount(client, { account }) */
export async function readAccount(client: OgpuClient, options: { readonly account: string }): Promise<VaultAccount> {
  const { account } = options
  const [balance, lockup, frozen, earnings, free] = await Promise.all([
    client.read('vault', 'balanceOf', [account]),
    client.read('vault', 'lockupOf', [account]),
    client.read('vault', 'frozenPayment', [account]),
    client.read('vault', 'totalEarningsOf', [account]),
    client.read('stakeRouter', 'freeStakeOf', [account]),
  ])
  return {
    balanceWei: balance[0],
    lockupWei: lockup[0],
    freeLockupWei: free[0],
    frozenWei: frozen[0],
    earningsWei: earnings[0],
  }
}

/**
 * Pays native coins into a Vault balance, the caller's own when `account` is absent.
 *
 * @example await deposit(client, { amountWei: 10n ** 18n })
 */
export function deposit(
  client: OgpuClient,
  options: { readonly amountWei: bigint; readonly account?: string },
): Promise<Sent> {
  const account = options.account ?? requireAddress(client)
  return client.send('vault', 'deposit', [account], { valueWei: options.amountWei })
}

/** Takes liquid balance out as native coins. */
export function withdraw(client: OgpuClient, options: { readonly amountWei: bigint }): Promise<Sent> {
  return client.send('vault', 'withdraw', [options.amountWei])
}

/**
 * Turns balance into stake; deposit first.
 *
 * @example await lockStake(client, { amountWei: 10n ** 18n })
 */
export function lockStake(client: OgpuClient, options: { readonly amountWei: bigint }): Promise<Sent> {
  return client.send('vault', 'lock', [options.amountWei])
}

/** Starts the unbonding period of a part of the stake. */
export function unbondStake(client: OgpuClient, options: { readonly amountWei: bigint }): Promise<Sent> {
  return client.send('vault', 'unbond', [options.amountWei])
}

/** Moves stake whose unbonding period has passed to the balance. */
export function claimStake(client: OgpuClient): Promise<Sent> {
  return client.send('vault', 'claim')
}
