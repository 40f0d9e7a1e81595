/** Why a client operation failed. Codes are stable; `data` explains, `retryable` says whether trying again can help. */
export const SDK_ERRORS = {
  /** A value given by the caller breaks its schema. */
  INVALID_ARGUMENT: 'INVALID_ARGUMENT',
  /** Bytes do not hash to the name under which they were asked for. */
  HASH_MISMATCH: 'HASH_MISMATCH',
  /** No data node has the blob. */
  BLOB_NOT_FOUND: 'BLOB_NOT_FOUND',
  /** A data node answered with an error, or not at all. */
  DATA_NODE_FAILED: 'DATA_NODE_FAILED',
  /** A blob is larger than what the caller allows or the data node takes. */
  BLOB_TOO_LARGE: 'BLOB_TOO_LARGE',
  /** The transaction would revert, or did; `data.reason` is the contract's word for it. */
  REVERTED: 'REVERTED',
  /** A receipt lacks the event that the contract emits for this call. */
  EVENT_MISSING: 'EVENT_MISSING',
  /** The task ended without a result. */
  TASK_FAILED: 'TASK_FAILED',
  /** What was waited for did not happen in time. */
  TIMEOUT: 'TIMEOUT',
  /** The node answered with an error that is not a revert, or not at all. */
  RPC_FAILED: 'RPC_FAILED',
  /** The network at this address is not the one expected, or has no such contract. */
  WRONG_NETWORK: 'WRONG_NETWORK',
} as const

export type SdkErrorCode = (typeof SDK_ERRORS)[keyof typeof SDK_ERRORS]

export class SdkError extends Error {
  override name = 'SdkError'
  readonly code: SdkErrorCode
  readonly data: Readonly<Record<string, unknown>>
  readonly retryable: boolean

  constructor(
    code: SdkErrorCode,
    message: string,
    options: { data?: Readonly<Record<string, unknown>>; cause?: unknown; retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.data = options.data ?? {}
    this.retryable = options.retryable ?? false
  }
}
