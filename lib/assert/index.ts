/** Thrown when something that cannot happen has happened. Nobody catches it: the process stops rather than continue wrong. */
export class AssertionError extends Error {
  override name = 'AssertionError'
}

/** Stops the process (by throwing {@link AssertionError}) unless `condition` holds. Never used for input from outside. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** Returns `value`, which cannot be absent here; {@link AssertionError} otherwise. */
export function defined<T>(value: T | null | undefined, message: string): T {
  if (value === undefined || value === null) throw new AssertionError(message)
  return value
}

/** Marks a branch that types say is unreachable. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`)
}
