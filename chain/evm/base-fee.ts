/** What the base fee of a block follows from; everything is commit data. */
export interface BaseFeeInput {
  /** Base fee of the block before, wei per gas. */
  readonly previous: bigint
  /** Gas used by all blocks of the commit before. */
  readonly gasUsed: bigint
  /** Commit time since the block before. */
  readonly elapsedMs: number
  /** Gas per second of commit time at which the fee stays as it is. */
  readonly targetPerSecond: bigint
  readonly minimum: bigint
}

/** EIP-1559, BASE_FEE_MAX_CHANGE_DENOMINATOR. */
const CHANGE_DENOMINATOR = 8n
const SECOND = 1_000n

/**
 * EIP-1559's rule for blocks that come at any pace: the change is scaled by the time that passed, so that ten blocks in a
 * second move the fee as one block of the same gas would. At most 1/8 per second of commit time, up or down; never below
 * the minimum. With 1,000 ms between blocks this is EIP-1559 itself.
 */
export function nextBaseFee(input: BaseFeeInput): bigint {
  const { previous, targetPerSecond, minimum } = input
  const elapsed = BigInt(Math.min(Math.max(input.elapsedMs, 0), 1_000))
  // Gas times 1,000, so that the target of a part of a second is exact.
  const target = targetPerSecond * elapsed
  if (target === 0n) return previous < minimum ? minimum : previous
  const used = input.gasUsed * SECOND
  const denominator = targetPerSecond * SECOND * CHANGE_DENOMINATOR
  let next: bigint
  if (used > target) {
    const excess = used - target < target ? used - target : target
    const step = (previous * excess) / denominator
    next = previous + (step > 0n ? step : 1n)
  } else {
    next = previous - (previous * (target - used)) / denominator
  }
  return next < minimum ? minimum : next
}
