/** What the relay needs of the chain; `chain-market.ts` is the real one. Amounts in wei. */
import { SDK_ERRORS, SdkError } from '@ogpu/sdk'
import type { PublishPlan } from '../ledger/entries.ts'
import type { Model } from '../models.ts'

export interface PublishedPlace {
  readonly address: string
  readonly block: number
}

export type Found =
  | ({ readonly kind: 'found' } & PublishedPlace)
  /** It was not published, and no transaction that would do it is under way. */
  | { readonly kind: 'absent' }
  /** A transaction of the relay's account is still under way. */
  | { readonly kind: 'unsettled' }

export type Outcome =
  | {
      readonly kind: 'result'
      readonly bytes: Uint8Array
      readonly resultHash: string
      readonly provider: string
      readonly checkedBy: string
    }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Methods throw SdkError: REVERTED when nothing happened and nothing will; retryable ones when trying again can help.
 */
export interface Market {
  readonly chainId: number
  /** The relay's account, which pays for tasks from its Vault balance. */
  readonly account: string
  /** When the node last told of its newest block, milliseconds since the epoch. */
  readonly lastSeenMs: number
  /** CodedError `MODEL_UNFIT` when tasks of the model could not be published or never be paid. */
  check(model: Model): Promise<void>
  /** Whether the model's source takes tasks. */
  isActive(model: Model): Promise<boolean>
  head(): Promise<number>
  /** Of the account in the Vault, and outside of it. */
  balances(): Promise<{ readonly vaultWei: bigint; readonly coinsWei: bigint }>
  deposit(amountWei: bigint): Promise<void>
  /** Stores the input and its job file; the URL carries `reference`, so that no two tasks have the same one. */
  upload(model: Model, input: Uint8Array, reference: string): Promise<string>
  publish(plan: PublishPlan): Promise<PublishedPlace>
  /** Looks for a task that was published by this plan. */
  find(plan: PublishPlan): Promise<Found>
  /** Waits until the task ends on chain, then fetches and checks its result. */
  outcome(place: PublishedPlace, signal: AbortSignal): Promise<Outcome>
  stop(): Promise<void>
}

/** Whether an error says that nothing was done and nothing will be. */
export function isRevert(error: unknown): error is SdkError {
  return error instanceof SdkError && error.code === SDK_ERRORS.REVERTED
}
