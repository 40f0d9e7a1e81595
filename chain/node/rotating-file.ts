import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { CodedError, messageOf } from '#lib/errors'

export interface RotatingFileOptions {
  readonly path: string
  readonly bytesMax: number
  /** Old files kept, as `path.1` (newest) to `path.N`. */
  readonly filesMax: number
}

export interface RotatingFile {
  write(line: string): void
  flush(): void
  close(): void
}

/** Lines wait in memory for this long or this much, so that a busy moment costs one write and not hundreds. */
const FLUSH_MS = 200
const FLUSH_CHARACTERS = 64 * 1024

/**
 * A log file that starts anew before it would grow above `bytesMax`. A disk that fails later must not stop the node:
 * lines are then dropped, and the next write is tried as usual. CodedError `log file failed` when it cannot be opened.
 */
export function openRotatingFile(options: RotatingFileOptions): RotatingFile {
  const { path, bytesMax, filesMax } = options
  let handle: number
  let bytes: number
  let waiting = ''
  let timer: NodeJS.Timeout | undefined

  const open = () => {
    handle = openSync(path, 'a', 0o640)
    bytes = fstatSync(handle).size
  }
  const rotate = () => {
    closeSync(handle)
    rmSync(`${path}.${filesMax}`, { force: true })
    for (let i = filesMax - 1; i >= 1; i--) {
      if (existsSync(`${path}.${i}`)) renameSync(`${path}.${i}`, `${path}.${i + 1}`)
    }
    if (filesMax > 0) renameSync(path, `${path}.1`)
    else rmSync(path, { force: true })
    open()
  }
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const text = waiting
    waiting = ''
    if (text === '') return
    try {
      const length = Buffer.byteLength(text)
      if (bytes > 0 && bytes + length > bytesMax) rotate()
      bytes += writeSync(handle, text)
    } catch {
      // A log that cannot be written has nowhere to say so.
    }
  }

  try {
    mkdirSync(dirname(path), { recursive: true })
    open()
  } catch (error) {
    throw new CodedError('log file failed', `cannot open the log file ${path}: ${messageOf(error)}`, { cause: error })
  }
  return {
    write: line => {
      waiting += line
      if (waiting.length >= FLUSH_CHARACTERS) flush()
      else timer ??= setTimeout(flush, FLUSH_MS).unref()
    },
    flush,
    close: () => {
      flush()
      closeSync(handle)
    },
  }
}
