/**
 * What a rule says of input from outside, as a value: expected outcomes are not exceptions.
 * - `accept`: use it.
 * - `ignore`: not wrong, but not useful now (duplicate, too early, too late); the sender is not blamed.
 * - `reject`: breaks a rule that every honest sender keeps; the sender is scored down.
 */
export type Verdict<T, Reason extends string = string> =
  | { readonly kind: 'accept'; readonly value: T }
  | { readonly kind: 'ignore'; readonly reason: Reason }
  | { readonly kind: 'reject'; readonly reason: Reason; readonly detail?: string }

export function accept<T>(value: T): { readonly kind: 'accept'; readonly value: T } {
  return { kind: 'accept', value }
}

export function ignore<Reason extends string>(reason: Reason): { readonly kind: 'ignore'; readonly reason: Reason } {
  return { kind: 'ignore', reason }
}

export function reject<Reason extends string>(
  reason: Reason,
  detail?: string,
): { readonly kind: 'reject'; readonly reason: Reason; readonly detail?: string } {
  return detail === undefined ? { kind: 'reject', reason } : { kind: 'reject', reason, detail }
}
