import { assert } from '#lib/assert'
import { equalBytes } from '#lib/bytes'
import { type BlockHeader, type BlockNumber, blockHeaderHash, type Digest, EMPTY_OMMERS_HASH } from '#types'
import { type Fork, isAtLeast } from './forks.ts'

const DIFFICULTY_MIN = 131_072n
const DIFFICULTY_DIVISOR = 2_048n
/** The most by which a difficulty falls, in steps. */
const FACTOR_MIN = -99n
/** Blocks in which the exponential part of the difficulty doubles. */
const BOMB_PERIOD = 100_000
const OMMERS_MAX = 2
/** An ommer's parent is at most so many blocks before the block that names it. */
const OMMER_DEPTH_MAX = 7

/** What decides a block's difficulty before the merge. */
export interface DifficultyInput {
  readonly fork: Fork
  readonly number: BlockNumber
  readonly timestamp: bigint
  readonly parent: Pick<BlockHeader, 'difficulty' | 'timestamp' | 'ommersHash'>
  /** Blocks by which later forks put the exponential part off. */
  readonly bombDelay: number
}

/** The difficulty of a block that proves work: Yellow Paper 4.3.4, EIP-2, EIP-100 and the delays of the bomb. */
export function expectedDifficulty({ fork, number, timestamp, parent, bombDelay }: DifficultyInput): bigint {
  const elapsed = timestamp - parent.timestamp
  assert(elapsed > 0n, 'a block is younger than its parent')
  const step = parent.difficulty / DIFFICULTY_DIVISOR
  let factor: bigint
  if (isAtLeast(fork, 'byzantium')) {
    const hasOmmers = !equalBytes(parent.ommersHash, EMPTY_OMMERS_HASH)
    factor = (hasOmmers ? 2n : 1n) - elapsed / 9n
  } else if (isAtLeast(fork, 'homestead')) factor = 1n - elapsed / 10n
  else factor = elapsed < 13n ? 1n : -1n
  if (factor < FACTOR_MIN) factor = FACTOR_MIN
  const linear = parent.difficulty + step * factor
  const base = linear < DIFFICULTY_MIN ? DIFFICULTY_MIN : linear
  const period = Math.floor(Math.max(number - bombDelay, 0) / BOMB_PERIOD)
  return period > 1 ? base + 2n ** BigInt(period - 2) : base
}

/** What the rules of ommers need of the chain before the block. */
export interface Ancestry {
  header(number: BlockNumber): BlockHeader | undefined
  hash(number: BlockNumber): Digest
  ommers(number: BlockNumber): readonly BlockHeader[]
  /** What an ommer breaks of the rules that follow from its parent. */
  faultOf(ommer: BlockHeader, parent: BlockHeader): string | undefined
}

/**
 * What a block's ommers break (Yellow Paper 11.1); undefined when nothing. `number` is that of the block; everything before
 * it is in `ancestry`.
 */
export function ommersFault(
  number: BlockNumber,
  ommers: readonly BlockHeader[],
  ancestry: Ancestry,
): string | undefined {
  if (ommers.length > OMMERS_MAX) return 'too many ommers'
  const first = Math.max(0, number - OMMER_DEPTH_MAX)
  const used: Digest[] = []
  for (let ancestor = first; ancestor < number; ancestor++) {
    used.push(ancestry.hash(ancestor), ...ancestry.ommers(ancestor).map(blockHeaderHash))
  }
  for (const ommer of ommers) {
    const hash = blockHeaderHash(ommer)
    if (used.some(known => equalBytes(known, hash))) return 'an ommer is an ancestor, or is named twice'
    used.push(hash)
    const parentNumber = ommer.number - 1
    if (parentNumber < first || parentNumber > number - 2) return 'an ommer is not of the last blocks'
    const parent = ancestry.header(parentNumber)
    if (parent === undefined || !equalBytes(ancestry.hash(parentNumber), ommer.parentHash)) {
      return "an ommer's parent is no ancestor"
    }
    const fault = ancestry.faultOf(ommer, parent)
    if (fault !== undefined) return `an ommer's ${fault}`
  }
  return undefined
}
