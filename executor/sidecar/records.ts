/** What the sidecars keep on disk of each task: enough to go on after a kill at any moment. */

/** A computed result. It is on disk before its seal is sent: without the salt nothing could be revealed. */
export interface StoredResult {
  readonly outRoot: string
  readonly traceRoot: string
  /** SHA-256 of the output, 0x-hex. */
  readonly blobId: string
  readonly salt: string
  /** Where the output was stored. */
  readonly url: string
}

export interface WorkRecord {
  /** Task address in lower case. */
  readonly id: string
  readonly source: string
  /** Block of publication. */
  readonly block: number
  /** Present when nothing is left to do: FINAL, FAILED, VACATED, EXPIRED, … or DROPPED_<why>. */
  readonly outcome?: string
  readonly result?: StoredResult
}

export function isWorkRecord(value: unknown): value is WorkRecord {
  if (typeof value !== 'object' || value === null) return false
  const { id, source, block, outcome, result } = value as Partial<Record<keyof WorkRecord, unknown>>
  const plain = typeof id === 'string' && typeof source === 'string' && Number.isSafeInteger(block)
  return plain && (outcome === undefined || typeof outcome === 'string') && (result === undefined || isResult(result))
}

function isResult(value: unknown): value is StoredResult {
  if (typeof value !== 'object' || value === null) return false
  const result = value as Partial<Record<keyof StoredResult, unknown>>
  const words = [result.outRoot, result.traceRoot, result.blobId, result.salt]
  return (
    words.every(word => typeof word === 'string' && /^0x[0-9a-f]{64}$/i.test(word)) && typeof result.url === 'string'
  )
}
