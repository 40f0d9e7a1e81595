/**
 * What the journal records: one entry for one decision, each atomic. An account's money moves in three ways only:
 * `topup` adds, `accepted` reserves, and `completed` or `failed` ends the reservation (charged, or given back).
 */
import type { RelayErrorCode } from '../errors.ts'
import type { AccountTier } from '../limits.ts'

/** An answer as customers see it. */
export interface Answer {
  readonly text: string
  /** What the decoder read besides the text. */
  readonly details: Readonly<Record<string, unknown>>
  readonly outputBytes: number
  /** SHA-256 of the result's bytes, 64 hexadecimal digits; empty when the network names none. */
  readonly resultHash: string
  /** Account of the provider whose bytes these are. */
  readonly provider: string
  /** How the bytes were checked against the chain. */
  readonly checkedBy: string
}

/** Where and how a task is published. It outlives changes of the models file. */
export interface PublishPlan {
  readonly source: string
  readonly paymentWei: string
  /** Carries the relay's id of the task, so that no two tasks have the same one. */
  readonly configUrl: string
  /** The chain's newest block before. */
  readonly fromBlock: number
}

export type Entry = { readonly atMs: number } & (
  | { readonly kind: 'customer'; readonly id: string; readonly name: string; readonly tier: AccountTier }
  | { readonly kind: 'topup'; readonly customer: string; readonly microUsd: number; readonly reference: string }
  | {
      readonly kind: 'key'
      readonly id: string
      readonly customer: string
      readonly name: string
      readonly hash: string
      readonly hint: string
      /** Most that this key may spend in its life; null: as much as the account has. */
      readonly budgetMicroUsd: number | null
    }
  | { readonly kind: 'key-revoked'; readonly id: string }
  | {
      readonly kind: 'accepted'
      readonly task: string
      readonly customer: string
      readonly key: string
      readonly model: string
      readonly microUsd: number
      /** Base64. */
      readonly input: string
      readonly idempotency: { readonly key: string; readonly body: string } | null
    }
  /** Written before the transaction: after a crash the task is looked for by its config URL from this block on. */
  | ({ readonly kind: 'publishing'; readonly task: string } & PublishPlan)
  | { readonly kind: 'published'; readonly task: string; readonly address: string; readonly block: number }
  | { readonly kind: 'completed'; readonly task: string; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly task: string; readonly code: RelayErrorCode; readonly message: string }
  /** Written before the relay's own account deposits into the Vault. */
  | { readonly kind: 'deposit'; readonly wei: string }
)

/** An entry without its time, which the book adds. */
export type Change = Entry extends infer E ? (E extends Entry ? Omit<E, 'atMs'> : never) : never
