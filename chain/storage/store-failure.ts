import { CodedError, messageOf } from '#lib/errors'

/**
 * What a failure of the disk is to the rest of the node, which stops on either: `store full` when making room helps,
 * `store failed` otherwise. `what` completes "the store cannot …".
 */
export function storeFailure(what: string, cause: unknown): CodedError<'store full' | 'store failed'> {
  const reason = messageOf(cause)
  if (!isFull(cause)) return new CodedError('store failed', `the store cannot ${what}: ${reason}`, { cause })
  const advice = 'what was acknowledged is on the disk; make room there and start again'
  return new CodedError('store full', `the store cannot ${what}: ${reason} (${advice})`, { cause })
}

const STORE_FAILURES: ReadonlySet<string> = new Set(['store failed', 'store full', 'store damaged'])

/** True for what says something about this node's disk alone: it fails, is full, or does not hold what was written. */
export function isStoreFailure(error: unknown): boolean {
  return error instanceof CodedError && STORE_FAILURES.has(error.code)
}

const FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

// LevelDB gives the system's words only, at some depth of its errors.
function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (FULL_CODES.has((error as NodeJS.ErrnoException).code)) return true
  return /no space left|quota exceeded|file too large/i.test(error.message) || isFull(error.cause)
}
