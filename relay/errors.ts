import { CodedError } from '#lib/errors'

/** Every code that a caller can see, with its HTTP status. Names are those of the published Relay where it has one. */
const STATUS = {
  INVALID_API_KEY: 401,
  INVALID_TOKEN: 401,
  KEY_REVOKED: 401,
  MISSING_CREDENTIALS: 401,
  /** The account's credits do not cover the price. */
  INSUFFICIENT_CREDITS: 402,
  /** The key's own budget does not cover the price. */
  KEY_BUDGET_EXHAUSTED: 402,
  KEY_LIMIT_REACHED: 403,
  KEY_NOT_OWNED: 403,
  /** The model exists, but not in the mode asked for. */
  MODEL_NOT_AVAILABLE: 403,
  /** The model's source is inactive on chain. */
  MODEL_RETIRED: 403,
  CUSTOMER_NOT_FOUND: 404,
  KEY_NOT_FOUND: 404,
  MODEL_NOT_FOUND: 404,
  ROUTE_NOT_FOUND: 404,
  /** Unknown, or its result is older than an hour. */
  TASK_NOT_FOUND: 404,
  /** One reference was used for two amounts. */
  AMOUNT_MISMATCH: 409,
  IDEMPOTENCY_IN_PROGRESS: 409,
  FILE_TOO_LARGE: 413,
  FILE_TYPE_UNSUPPORTED: 415,
  IDEMPOTENCY_KEY_REUSED: 422,
  VALIDATION_ERROR: 422,
  RATE_LIMITED: 429,
  INTERNAL_ERROR: 500,
  /** The result's bytes are not what the model's decoder reads. */
  PROVIDER_SCHEMA_MISMATCH: 502,
  /** The network ended the task without a result. */
  PROVIDER_UNAVAILABLE: 502,
  CAPACITY_EXHAUSTED: 503,
  /** The relay's own account cannot pay the network now. */
  PAYMENT_SERVICE_UNAVAILABLE: 503,
  /** No result in the time that a request waits; the task goes on. */
  UPSTREAM_TIMEOUT: 504,
} as const

export type RelayErrorCode = keyof typeof STATUS

/** A request that ends without what it asked for; `data` is shown to the caller as `detail`. */
export class RelayError extends CodedError<RelayErrorCode> {
  override name = 'RelayError'
  readonly status: number
  /** Seconds. */
  readonly retryAfter: number | undefined

  constructor(
    code: RelayErrorCode,
    message: string,
    options: { data?: Readonly<Record<string, unknown>>; cause?: unknown; retryAfter?: number } = {},
  ) {
    super(code, message, options)
    this.status = STATUS[code]
    this.retryAfter = options.retryAfter
  }
}

/** Group of a code, in the words that OpenAI clients know. */
export function errorType(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 402) return 'billing_error'
  if (status === 403) return 'permission_error'
  if (status === 404) return 'not_found_error'
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'api_error'
}
