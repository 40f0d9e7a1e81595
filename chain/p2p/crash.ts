/** Stops the process with an error that nobody may swallow: an assertion failed inside a callback of the transport. */
export function crash(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}
