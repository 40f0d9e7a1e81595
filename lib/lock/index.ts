/**
 * Locks of folders against a second process, as a file with the holder's process id. A lock whose holder is gone is taken
 * over: gone is also a zombie, another process under a reused id, and whoever had our own id before us.
 */
import { existsSync, linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { CodedError, messageOf } from '#lib/errors'
import { createFile } from '#lib/files'

export type LockErrorCode =
  /** `data.holder` says who has it, in words. */
  | 'locked'
  /** The file cannot be written. */
  | 'lock failed'

/** Files that this very process holds: its own process id in one then means "in use", not "stale". */
const heldHere = new Set<string>()
const ATTEMPTS = 5

/** Takes the lock `file`, and returns what gives it back. CodedError {@link LockErrorCode}. */
export function takeLock(file: string): () => void {
  const locked = (holder: string) =>
    new CodedError<LockErrorCode>('locked', `${file} is held by ${holder}`, { data: { holder } })
  if (heldHere.has(file)) throw locked('this process')
  const own = `${JSON.stringify({ pid: process.pid, started: startOf(process.pid) })}\n`
  for (let attempt = 0; ; attempt++) {
    try {
      createWhole(file, own)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === ATTEMPTS) {
        throw new CodedError<LockErrorCode>('lock failed', `cannot write ${file}: ${messageOf(error)}`, {
          cause: error,
        })
      }
    }
    const seen = readIfThere(file)
    if (seen === undefined) continue
    const holder = holderOf(seen)
    if (holder !== undefined) throw locked(`process ${holder}`)
    removeStale(file, seen)
  }
  heldHere.add(file)
  return () => {
    if (heldHere.delete(file) && readIfThere(file) === own) rmSync(file, { force: true })
  }
}

/** Fails with EEXIST like an exclusive open, but nobody ever sees the file without its text. */
function createWhole(file: string, text: string): void {
  const temporary = `${file}.${process.pid}.new`
  rmSync(temporary, { force: true })
  createFile(temporary, text, 0o600)
  try {
    linkSync(temporary, file)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** Process id of the living process that wrote the lock; undefined when it is gone. */
function holderOf(text: string): number | undefined {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return undefined
  }
  // A bare number says only who.
  const { pid, started } = (typeof content === 'number' ? { pid: content } : (content ?? {})) as Record<string, unknown>
  // Our own id was another process's before a reboot, or in another container's numbering.
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return undefined
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
  }
  if (isZombie(pid)) return undefined
  // The id lives, but it may have been given to another process since.
  return typeof content === 'number' || started === startOf(pid) ? pid : undefined
}

/** The kernel's fields from the state on; the name before them is in parentheses and may hold blanks. */
function statOf(pid: number): readonly string[] | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** A process that ended and that its parent has not asked after keeps its id, and holds nothing. */
function isZombie(pid: number): boolean {
  const state = statOf(pid)?.[0]
  return state === 'Z' || state === 'X'
}

/** When the process started, in the kernel's ticks since boot, with the boot; a constant where there is no /proc. */
function startOf(pid: number): string {
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')
  const ticks = statOf(pid)?.[19]
  return boot === undefined || ticks === undefined ? 'unknown' : `${boot.trim()} ${ticks}`
}

/** Takes a stale lock away. If another process replaced it in this moment, that one's lock is put back. */
function removeStale(file: string, seen: string): void {
  const aside = `${file}.${process.pid}.stale`
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  if (readIfThere(aside) !== seen && !existsSync(file)) linkSync(aside, file)
  rmSync(aside, { force: true })
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
