/** How V8 collects garbage in this process. */
import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/** Up to here the threads of a process are enough to keep every core busy without helpers. */
const BUSY_CORES_MAX = 4

/**
 * Lets each thread clear its own young objects. By default V8 wakes up to four helpers for every such collection of every
 * thread: on few cores, which the process fills anyway, that costs more than the work that is shared (docs/execution.md).
 * Holds for all threads of the process, from the next collection on.
 */
export function tuneCollector(): void {
  if (availableParallelism() <= BUSY_CORES_MAX) setFlagsFromString('--no-parallel-scavenge')
}
