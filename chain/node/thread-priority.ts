import { setPriority } from 'node:os'

/**
 * Lets other threads of the process go first where they want the same core, by so many steps of niceness. Called once the
 * thread is ready, as one that starts at low priority would take seconds on a busy machine. On Linux this is about the
 * calling thread only; elsewhere nothing happens.
 */
export function lowerThreadPriority(steps: number): void {
  try {
    if (process.platform === 'linux') setPriority(0, steps)
  } catch {
    // A container may forbid it; the thread works all the same.
  }
}
