/** Main module of the child process that computes: one job per message, one answer per job. */
import { assert } from '#lib/assert'
import { messageOf } from '#lib/errors'
import { RUNTIME_ERRORS, type RunJob, type RunResult, RuntimeError, type RuntimeErrorCode } from '../runtime.ts'
import { executeJob } from './execute.ts'

export type ProcessAnswer =
  | { readonly ok: true; readonly result: RunResult }
  | { readonly ok: false; readonly code: RuntimeErrorCode; readonly message: string; readonly data: object }

function answer(job: RunJob): ProcessAnswer {
  try {
    return { ok: true, result: executeJob(job) }
  } catch (error) {
    if (error instanceof RuntimeError) return { ok: false, code: error.code, message: error.message, data: error.data }
    return { ok: false, code: RUNTIME_ERRORS.CRASHED, message: messageOf(error), data: {} }
  }
}

assert(process.send !== undefined, 'this module runs as a child process')
process.on('message', job => process.send?.(answer(job as RunJob)))
process.on('disconnect', () => process.exit(0))
