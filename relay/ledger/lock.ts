import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors'
import { takeLock } from '#lib/lock'

/** Keeps a second relay out of `dir`; CodedError `DIRECTORY_IN_USE`. A dead process's lock is taken over. */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, 'LOCK')
  try {
    const unlock = takeLock(path)
    return async () => unlock()
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'locked') throw error
    throw new CodedError('DIRECTORY_IN_USE', `${dir} is used by ${error.data.holder}; if it is none, delete ${path}`, {
      cause: error,
    })
  }
}
