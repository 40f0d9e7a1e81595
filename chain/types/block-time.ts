import { assert } from '#lib/assert'
import type { BlockHeader } from './block.ts'
import { decodeBlockOrigin } from './block-origin.ts'

// Where the two clocks meet: headers have Unix seconds of 64 bits, as Ethereum's, and commits have milliseconds that are
// safe integers. Only blocks of our own networks ever cross over.

/** The last second that a commit can have. */
const COMMIT_SECONDS_MAX = BigInt(Math.floor(Number.MAX_SAFE_INTEGER / 1_000))

/** Whether a header's time fits the clock of commits; a genesis of ours must. */
export function isCommitTime(seconds: bigint): boolean {
  return seconds >= 0n && seconds <= COMMIT_SECONDS_MAX
}

/** A header's seconds as milliseconds; for headers of our own networks only. */
export function secondsToMs(seconds: bigint): number {
  assert(isCommitTime(seconds), 'a block of our own networks has a time of the clock of commits')
  return Number(seconds) * 1_000
}

/** The whole seconds of a commit's time, for a header. */
export function secondsOfMs(timeMs: number): bigint {
  assert(Number.isSafeInteger(timeMs) && timeMs >= 0, 'a commit has a time in whole milliseconds')
  return BigInt(Math.floor(timeMs / 1_000))
}

/**
 * Time of a block of our own networks in milliseconds: its commit's, of which the header has the whole seconds and
 * `extraData` the rest. A genesis has whole seconds.
 */
export function blockTimeMs(block: { readonly header: Pick<BlockHeader, 'timestamp' | 'extraData'> }): number {
  const { timestamp, extraData } = block.header
  return secondsToMs(timestamp) + (decodeBlockOrigin(extraData)?.milliseconds ?? 0)
}
