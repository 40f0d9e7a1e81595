import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#lib/errors'

/** Whether the process runs; one that has ended and that its parent has not asked after (a zombie) does not. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return !/^\d+ \(.*\) [ZX] /s.test(status)
}

/** Keeps a second relay out of `dir`; CodedError `DIRECTORY_IN_USE`. A dead process's lock is taken over. */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, 'LOCK')
  for (let attempt = 1; ; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600)
      await file.writeFile(`${process.pid}\n`)
      await file.close()
      return () => rm(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''))
    // After a restart in a container a new process often has the old one's number: an own lock is a stale one.
    if (attempt > 2 || (owner > 0 && owner !== process.pid && (await isAlive(owner)))) {
      throw new CodedError('DIRECTORY_IN_USE', `${dir} is used by process ${owner}; if it is none, delete ${path}`)
    }
    await rm(path, { force: true })
  }
}
