/** What a conformance suite hands back for one case (or one variant of it, such as a random order of acceptance). */
export interface CaseResult {
  readonly id: string
  readonly passed: boolean
  readonly expected?: string
  readonly actual?: string
  /** Which variant of the case this was, when there are several. */
  readonly variant?: string
}

/** Runs a suite over its arguments; every result is reported through `report` as soon as it is known. */
export type Suite = (args: readonly string[], report: (result: CaseResult) => void) => Promise<void>

export function passed(id: string, variant?: string): CaseResult {
  return variant === undefined ? { id, passed: true } : { id, passed: true, variant }
}

/** A comparison of two values by their canonical JSON text. */
export function compared(id: string, expected: unknown, actual: unknown, variant?: string): CaseResult {
  const want = canonical(expected)
  const got = canonical(actual)
  if (want === got) return passed(id, variant)
  const result = { id, passed: false, expected: want, actual: got }
  return variant === undefined ? result : { ...result, variant }
}

export function failed(id: string, expected: string, actual: string, variant?: string): CaseResult {
  const result = { id, passed: false, expected, actual }
  return variant === undefined ? result : { ...result, variant }
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  )
}
