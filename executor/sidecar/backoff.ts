/** Waiting longer after each failure in a row, per task. In memory: a restart tries at once. */
export interface Backoff {
  isReady(id: string, nowMs: number): boolean
  /** Notes a failure and returns how many there were in a row. */
  fail(id: string, nowMs: number): number
  /** Waits `ms` without counting a failure. */
  delay(id: string, untilMs: number): void
  reset(id: string): void
}

const FIRST_WAIT_MS = 500
const LAST_WAIT_MS = 30_000

export function createBackoff(): Backoff {
  const entries = new Map<string, { failures: number; untilMs: number }>()
  return {
    isReady: (id, nowMs) => nowMs >= (entries.get(id)?.untilMs ?? 0),
    fail(id, nowMs) {
      const failures = (entries.get(id)?.failures ?? 0) + 1
      const waitMs = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 10))
      entries.set(id, { failures, untilMs: nowMs + waitMs })
      return failures
    },
    delay(id, untilMs) {
      entries.set(id, { failures: entries.get(id)?.failures ?? 0, untilMs })
    },
    reset: id => {
      entries.delete(id)
    },
  }
}
