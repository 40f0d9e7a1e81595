/** Files that a crash leaves whole: made or replaced at once, and durable when the call returns. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes a new file that is durable when this returns. Fails with EEXIST when something is there. */
export function createFile(path: string, text: string, mode = 0o644): void {
  writeDurably(path, text, 'wx', mode)
  syncDirectory(dirname(path))
}

/** Replaces a file as a whole: after a crash either the old or the new text is there. */
export function replaceFile(path: string, text: string, mode = 0o644): void {
  const temporary = `${path}.${process.pid}.new`
  try {
    writeDurably(temporary, text, 'w', mode)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncDirectory(dirname(path))
}

/** A new or renamed name is durable only after its directory is. */
export function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function writeDurably(path: string, text: string, flags: 'w' | 'wx', mode: number): void {
  const handle = openSync(path, flags, mode)
  try {
    writeSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
