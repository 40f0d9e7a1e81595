/** What a verifier keeps on disk of a task under a policy. */
export interface StoredVerdict {
  /** Round of the audit that it is for. */
  readonly round: number
  /** Digest that we computed. */
  readonly verdict: string
  /** Absent in records of older versions, which sealed none. */
  readonly report?: string
  readonly salt: string
}

export interface AuditRecord {
  /** Task address in lower case. */
  readonly id: string
  readonly block: number
  /** On disk before its seal is sent. */
  readonly verdict?: StoredVerdict
  /** The result was compared with our own run, without being drawn. */
  readonly checked?: 'right' | 'wrong' | 'unable'
  /** Present when nothing is left to do. */
  readonly outcome?: string
}

const WORD = /^0x[0-9a-f]{64}$/i

export function isAuditRecord(value: unknown): value is AuditRecord {
  if (typeof value !== 'object' || value === null) return false
  const { id, block, verdict, outcome } = value as Partial<Record<keyof AuditRecord, unknown>>
  if (typeof id !== 'string' || !Number.isSafeInteger(block)) return false
  if (outcome !== undefined && typeof outcome !== 'string') return false
  if (verdict === undefined) return true
  const stored = verdict as Partial<Record<keyof StoredVerdict, unknown>>
  return (
    Number.isSafeInteger(stored.round) &&
    [stored.verdict, stored.salt].every(w => typeof w === 'string' && WORD.test(w)) &&
    (stored.report === undefined || (typeof stored.report === 'string' && WORD.test(stored.report)))
  )
}
