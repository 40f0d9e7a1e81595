import { spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Lets other threads of the process go first where they want the same core, by so many steps of niceness. On Linux this
 * is about the calling thread only; elsewhere nothing happens.
 */
export function lowerThreadPriority(steps: number): void {
  try {
    if (process.platform === 'linux') setPriority(0, steps)
  } catch {
    // A container may forbid it; the thread works all the same.
  }
}

/** Where the scheduler knows no better: a thirtieth of the share of others. */
const LOWEST = 15

/**
 * Lets the calling thread run only when nobody else wants its core; called once the thread is ready, as a start might not
 * end on a full machine. Niceness is about shares: who wakes up waits until the slice of some 3 ms ends that runs, however
 * nice its thread is. Under Linux's idle policy (sched(7)) nobody waits. Only the program chrt can set it; without it, or
 * without /proc, niceness has to do.
 */
export function runWhenIdle(): void {
  lowerThreadPriority(LOWEST)
  if (process.platform !== 'linux') return
  try {
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1) as string
    spawnSync('chrt', ['-i', '-p', '0', thread], { stdio: 'ignore' })
  } catch {
    // A sandbox may hide it; the thread works all the same.
  }
}
