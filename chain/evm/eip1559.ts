import type { BlockHeader, ExecutionParams } from '#types'

/** Ethereum's own fee market, for chains that were imported. */
export const ETHEREUM_FEES = { elasticity: 2n, minBaseFeePerGas: 0n }

/** EIP-1559: the base fee moves by at most an eighth from one block to the next. */
const CHANGE_DENOMINATOR = 8n

/**
 * Base fee of the block after `parent` in wei per gas (EIP-1559), never below the network's minimum. A parent without
 * one (imported chains before London) counts as 1 gwei, the EIP's initial value.
 */
export function eip1559BaseFee(
  parent: Pick<BlockHeader, 'baseFeePerGas' | 'gasLimit' | 'gasUsed'>,
  params: Pick<ExecutionParams, 'elasticity' | 'minBaseFeePerGas'>,
): bigint {
  const fee = nextUnbounded(parent, params.elasticity)
  return fee < params.minBaseFeePerGas ? params.minBaseFeePerGas : fee
}

function nextUnbounded(
  parent: Pick<BlockHeader, 'baseFeePerGas' | 'gasLimit' | 'gasUsed'>,
  elasticity: bigint,
): bigint {
  const fee = parent.baseFeePerGas
  if (fee === undefined) return 1_000_000_000n
  const target = parent.gasLimit / elasticity
  if (parent.gasUsed === target || target === 0n) return fee
  if (parent.gasUsed > target) {
    const rise = (fee * (parent.gasUsed - target)) / target / CHANGE_DENOMINATOR
    return fee + (rise > 1n ? rise : 1n)
  }
  return fee - (fee * (target - parent.gasUsed)) / target / CHANGE_DENOMINATOR
}
