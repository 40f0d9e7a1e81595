/** An operation of the explorer failed. `code` is stable; `status` is what an HTTP answer carries for it. */
export class ExplorerError extends Error {
  override name = 'ExplorerError'
  readonly code: string
  readonly status: number

  constructor(code: string, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? 500
  }
}

/** Returns `value`, which cannot be absent here. */
export function defined<T>(value: T | null | undefined, message: string): T {
  if (value === undefined || value === null) throw new Error(`explorer: ${message}`)
  return value
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
