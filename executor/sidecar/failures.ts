/** What executor and verifier do about steps and calls that fail. */
import { SDK_ERRORS, SdkError } from '@ogpu/sdk'
import type { Clock, Log } from '#lib/env'
import { CodedError, messageOf } from '#lib/errors'
import type { Backoff } from './backoff.ts'
import type { SidecarMetrics } from './metrics.ts'

export interface FailureReport {
  readonly backoff: Backoff
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SidecarMetrics
}

/** Notes that `step` of `task` failed, wherever it is looked for, and returns how many failures there were in a row. */
export function reportFailure(report: FailureReport, task: string, step: string, error: unknown): number {
  const { backoff, clock, log, metrics } = report
  const coded = error instanceof CodedError || error instanceof SdkError ? error : undefined
  const failures = backoff.fail(task, clock.now())
  metrics.failed(step, coded?.code ?? 'UNKNOWN')
  log.warn('a step failed', {
    task,
    step,
    code: coded?.code,
    error: messageOf(error),
    data: coded?.data,
    failures,
  })
  return failures
}

/**
 * Handles one event. A task that the contracts refuse to describe is skipped, so that it cannot hold up the ones behind
 * it; a node that does not answer is not the task's fault, and the same events come again.
 */
export async function unlessUnreadable(log: Log, task: string, handle: () => Promise<void>): Promise<void> {
  try {
    await handle()
  } catch (error) {
    const refused = error instanceof SdkError && (error.code === 'REVERTED' || error.code === 'WRONG_NETWORK')
    if (!refused) throw error
    log.warn('a task cannot be read and is skipped', { task, error: messageOf(error) })
  }
}

/** Makes a call that anybody may make. Somebody else who was faster took the state that it needed: no failure. */
export async function unlessOthersDid(call: () => Promise<void>): Promise<void> {
  try {
    await call()
  } catch (error) {
    if (!(error instanceof SdkError) || error.code !== SDK_ERRORS.REVERTED) throw error
  }
}
