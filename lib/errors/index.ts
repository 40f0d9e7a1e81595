/**
 * An operation that can fail, failed. `code` is stable (it is also the metric label), `data` holds the numbers that
 * explain it, `retryable` says whether trying again later can help.
 */
export class CodedError<Code extends string = string> extends Error {
  override name = 'CodedError'
  readonly code: Code
  readonly data: Readonly<Record<string, unknown>>
  readonly retryable: boolean

  constructor(
    code: Code,
    message: string,
    options: { data?: Readonly<Record<string, unknown>>; cause?: unknown; retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.data = options.data ?? {}
    this.retryable = options.retryable ?? false
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
