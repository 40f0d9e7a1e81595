import type { RecoveryPool } from './recovery.ts'

/** Transactions that may be under way at a time. More are left to execution: they would only queue up here. */
const UNDER_WAY_MAX = 8_192

/**
 * Recovers senders before their commit comes; the recovery pool remembers them. A vertex is known about three rounds
 * before it is committed: long enough that execution need not wait for the threads.
 */
export function createSenderAhead(recovery: Pick<RecoveryPool, 'recover'>): (raw: readonly Uint8Array[]) => void {
  let underWay = 0
  return raw => {
    if (raw.length === 0 || underWay + raw.length > UNDER_WAY_MAX) return
    underWay += raw.length
    const done = () => {
      underWay -= raw.length
    }
    // Nothing is lost with a failure: execution asks again, and its failure counts.
    recovery.recover(raw).then(done, done)
  }
}
