import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'

const ROOM_BYTES = 4 * 1024 ** 3
const SPARE_BLOCKS_MAX = 1_000

/** A folder whose disk can be full at will. */
export interface SmallDisk {
  /** From now on nothing fits any more. */
  fill(): void
  free(): void
  remove(): void
}

/** A file system in memory at `folder`; undefined where this user may not mount one. */
export function mountSmallDisk(folder: string): SmallDisk | undefined {
  const mount = (...args: readonly string[]) => execFileSync('mount', [...args, folder], { stdio: 'ignore' })
  mkdirSync(folder, { recursive: true })
  try {
    mount('-t', 'tmpfs', '-o', `size=${ROOM_BYTES}`, 'tmpfs')
  } catch {
    return undefined
  }
  return {
    fill() {
      // The kernel refuses a size below what is used, and a running node has written on since we looked.
      for (let spare = 0; ; spare = 2 * spare + 1) {
        const { blocks, bfree, bsize } = statfsSync(folder)
        try {
          return mount('-o', `remount,size=${(blocks - bfree + spare) * bsize}`)
        } catch (error) {
          if (spare > SPARE_BLOCKS_MAX) throw error
        }
      }
    },
    free: () => mount('-o', `remount,size=${ROOM_BYTES}`),
    remove: () => execFileSync('umount', ['--lazy', folder], { stdio: 'ignore' }),
  }
}

/** Lets a running process write no byte more to any file (EFBIG), for good. False where the tool is missing. */
export function forbidWrites(pid: number): boolean {
  try {
    execFileSync('prlimit', ['--pid', String(pid), '--fsize=0'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
