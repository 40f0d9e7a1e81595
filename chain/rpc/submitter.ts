import type { PoolVerdict } from '#evm'
import { defined } from '#lib/assert'
import type { PoolAccess } from './backend.ts'

/** Hands transactions to the pool. */
export interface Submitter {
  submit(raw: Uint8Array): Promise<PoolVerdict>
}

const BATCH_MAX = 1_000

interface Waiting {
  readonly raw: Uint8Array
  readonly resolve: (verdict: PoolVerdict) => void
  readonly fail: (error: unknown) => void
}

/**
 * Transactions that arrive in one turn of the event loop (a JSON-RPC batch, or many requests under load) go to the pool
 * together and in order: one message to the recovery threads, and no nonce looks like a gap.
 */
export function createSubmitter(pool: Pick<PoolAccess, 'add'>): Submitter {
  const waiting: Waiting[] = []

  function flush(): void {
    const batch = waiting.splice(0, BATCH_MAX)
    if (waiting.length > 0) setImmediate(flush)
    pool
      .add(
        batch.map(item => item.raw),
        'local',
      )
      .then(
        verdicts => {
          batch.forEach((item, index) => {
            item.resolve(defined(verdicts[index], 'the pool answers every transaction'))
          })
        },
        error => {
          for (const item of batch) item.fail(error)
        },
      )
  }

  return {
    submit(raw) {
      return new Promise((resolve, fail) => {
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({ raw, resolve, fail })
      })
    },
  }
}
