/** Main module of the child process that computes: one job per message, one answer per job. */
import { assert } from '#lib/assert'
import { messageOf } from '#lib/errors'
import { RUNTIME_ERRORS, type RunJob, type RunResult, RuntimeError, type RuntimeErrorCode } from '../runtime.ts'
import { checkJob, executeJob } from './execute.ts'

export interface ProcessRequest {
  readonly job: RunJob
  /** Stop before the work. */
  readonly checkOnly: boolean
}

export type ProcessAnswer =
  | { readonly ok: true; readonly result: RunResult | undefined }
  | { readonly ok: false; readonly code: RuntimeErrorCode; readonly message: string; readonly data: object }

function answer({ job, checkOnly }: ProcessRequest): ProcessAnswer {
  try {
    if (!checkOnly) return { ok: true, result: executeJob(job) }
    checkJob(job)
    return { ok: true, result: undefined }
  } catch (error) {
    if (error instanceof RuntimeError) return { ok: false, code: error.code, message: error.message, data: error.data }
    return { ok: false, code: RUNTIME_ERRORS.CRASHED, message: messageOf(error), data: {} }
  }
}

assert(process.send !== undefined, 'this module runs as a child process')
process.on('message', request => process.send?.(answer(request as ProcessRequest)))
process.on('disconnect', () => process.exit(0))
// A terminal's Ctrl-C comes here as well; the executor ends this process when its work is done.
process.on('SIGINT', () => {})
