import { CodedError } from '#lib/errors'

/**
 * What a command's end says to whoever started it (docs/operators.md). A supervisor restarts after `failed` and after
 * nothing else.
 */
export const EXIT_CODE = {
  done: 0,
  /** It failed; another attempt may succeed. */
  failed: 1,
  /** The command line, the environment or the configuration file is wrong. */
  usage: 2,
  /** The network went on to a protocol version that this release does not know: install another one. */
  outdated: 3,
  /** The disk is full: nothing acknowledged is lost, and a start after making room goes on. */
  diskFull: 4,
} as const

/** The exit code for a failure. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof CodedError)) return EXIT_CODE.failed
  if (error.code === 'protocol version unknown') return EXIT_CODE.outdated
  if (error.code === 'store full') return EXIT_CODE.diskFull
  return error.code === 'config invalid' ? EXIT_CODE.usage : EXIT_CODE.failed
}
