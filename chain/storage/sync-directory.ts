import { closeSync, fsyncSync, openSync } from 'node:fs'

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
