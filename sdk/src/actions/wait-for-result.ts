import { type OgpuClient, sleep } from '../client.ts'
import { SDK_ERRORS, SdkError } from '../errors.ts'
import { readTask, readTaskTerms, type TaskInfo } from './read-task.ts'

export interface WaitForResultOptions {
  readonly task: string
  /** Two minutes when absent. */
  readonly timeoutMs?: number
  /**
   * `final`: paid and closed. `window`: the result is known and covered by bonds, but may still be challenged.
   * `final` when absent.
   */
  readonly until?: 'final' | 'window'
  /** Called at every change of status or phase. */
  readonly onProgress?: (task: TaskInfo) => void
  readonly signal?: AbortSignal
}

/**
 * Waits until a task has its result. SdkError TASK_FAILED when it ends without one (canceled, expired, refunded),
 * TIMEOUT when nothing is decided in time.
 *
 * @example const info = await waitForResult(client, { task, onProgress: t => console.log(t.proof?.phase ?? t.status) })
 */
export async function waitForResult(client: OgpuClient, options: WaitForResultOptions): Promise<TaskInfo> {
  const deadline = Date.now() + (options.timeoutMs ?? 120_000)
  const terms = await readTaskTerms(client, { task: options.task })
  let seen = ''
  for (;;) {
    const info = await readTask(client, { task: options.task, terms })
    const now = `${info.status}/${info.proof?.phase ?? ''}`
    if (now !== seen) {
      seen = now
      options.onProgress?.(info)
    }
    const outcome = outcomeOf(info, options.until ?? 'final')
    if (outcome === 'ready') return info
    if (outcome === 'failed') {
      throw new SdkError(SDK_ERRORS.TASK_FAILED, 'the task ended without a result', {
        data: { task: options.task, status: info.status, phase: info.proof?.phase },
      })
    }
    if (Date.now() > deadline) {
      throw new SdkError(SDK_ERRORS.TIMEOUT, 'the task has no result yet', {
        data: { task: options.task, status: info.status, phase: info.proof?.phase },
        retryable: true,
      })
    }
    await sleep(client.pollingMs, options.signal)
  }
}

/** What a task's state means for somebody who waits for its result. */
export function outcomeOf(info: TaskInfo, until: 'final' | 'window'): 'ready' | 'waiting' | 'failed' {
  if (info.status === 'CANCELED' || info.status === 'EXPIRED' || info.proof?.phase === 'Failed') return 'failed'
  if (info.proof === undefined) return info.status === 'FINALIZED' ? 'ready' : 'waiting'
  if (info.proof.phase === 'Final') {
    if (info.proof.result === undefined) return 'failed'
    // Status and phase are two reads: a block may fall between them.
    return info.status === 'FINALIZED' ? 'ready' : 'waiting'
  }
  return until === 'window' && info.proof.phase === 'Window' && info.proof.result !== undefined ? 'ready' : 'waiting'
}
