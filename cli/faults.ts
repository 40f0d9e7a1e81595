import { armFailPoint, FAIL_POINTS, isFailPoint } from '#lib/fail-point'
import { UsageError } from './command.ts'

/** What a chaos test may ask of a node's process by its environment. Absent in production. */
export interface Faults {
  /** Milliseconds that the node's clock is ahead of the machine's. */
  readonly clockOffsetMs: number
  /** What the node calls its version towards peers. */
  readonly buildName: string | undefined
  /** The newest protocol version that the node says it knows. */
  readonly protocolVersion: number | undefined
  /** As given, for the log. */
  readonly given: Readonly<Record<string, string>>
}

const NAMES = ['OGPU_FAIL_POINT', 'OGPU_CLOCK_OFFSET_MS', 'OGPU_BUILD_NAME', 'OGPU_PROTOCOL_VERSION'] as const
const OFFSET_MS_MAX = 3_600_000

/**
 * Reads the faults and arms the fail point: `OGPU_FAIL_POINT=vertex-stored:3` ends the process by SIGKILL when it is at
 * that point for the third time. UsageError when one makes no sense.
 */
export function readFaults(environment: Readonly<Record<string, string | undefined>>): Faults {
  const given: Record<string, string> = {}
  for (const name of NAMES) if (environment[name] !== undefined) given[name] = environment[name]
  if (given.OGPU_FAIL_POINT !== undefined) arm(given.OGPU_FAIL_POINT)
  const clockOffsetMs = Number(given.OGPU_CLOCK_OFFSET_MS ?? 0)
  if (!Number.isSafeInteger(clockOffsetMs) || Math.abs(clockOffsetMs) > OFFSET_MS_MAX) {
    throw new UsageError(
      `OGPU_CLOCK_OFFSET_MS is a whole number up to ${OFFSET_MS_MAX}, not ${given.OGPU_CLOCK_OFFSET_MS}`,
    )
  }
  const version = given.OGPU_PROTOCOL_VERSION
  if (version !== undefined && !/^[1-9]\d{0,3}$/.test(version)) {
    throw new UsageError(`OGPU_PROTOCOL_VERSION is a whole number from 1, not ${version}`)
  }
  return {
    clockOffsetMs,
    buildName: given.OGPU_BUILD_NAME,
    protocolVersion: version === undefined ? undefined : Number(version),
    given,
  }
}

function arm(text: string): void {
  const [name = '', count = '1', ...rest] = text.split(':')
  if (!isFailPoint(name) || !/^[1-9]\d{0,6}$/.test(count) || rest.length > 0) {
    throw new UsageError(
      `OGPU_FAIL_POINT is name:count with one of ${Object.keys(FAIL_POINTS).join(', ')}, not ${text}`,
    )
  }
  armFailPoint(name, Number(count), () => {
    process.kill(process.pid, 'SIGKILL')
    // The signal ends every thread; until the kernel gets there this one must not do a step more.
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000)
  })
}
