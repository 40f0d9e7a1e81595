import { equalBytes } from '#lib/bytes'
import { type BlockHeader, EMPTY_OMMERS_HASH } from '#types'
import { blobBaseFeeOf } from './blob-fee.ts'
import { ETHEREUM_FEES, eip1559BaseFee } from './eip1559.ts'
import { GAS_PER_BLOB } from './gas.ts'
import type { Rules } from './machine.ts'

const GAS_LIMIT_MIN = 5_000n
const GAS_LIMIT_MAX = (1n << 63n) - 1n
const GAS_LIMIT_DIVISOR = 1_024n
export const EXTRA_DATA_BYTES_MAX = 32
const INITIAL_BASE_FEE = 1_000_000_000n
/** EIP-7918. */
const BLOB_BASE_COST = 1n << 13n
/** EIP-7934: 10 MiB less 2 MiB for the beacon block around it. */
const BLOCK_BYTES_MAX = 8_388_608

/**
 * What an imported Ethereum header breaks of the rules that follow from its parent, difficulty apart; undefined when it
 * keeps them.
 */
export function headerFault(
  rules: Rules,
  header: BlockHeader,
  parent: BlockHeader,
  isLondonParent: boolean,
  size: number,
): string | undefined {
  if (header.number !== parent.number + 1) return 'number does not follow the parent'
  if (header.timestamp <= parent.timestamp) return 'timestamp is not above the parent'
  if (header.extraData.length > EXTRA_DATA_BYTES_MAX) return 'extra data is too long'
  if (header.gasUsed > header.gasLimit) return 'gas used is above the limit'
  if (rules.isOsaka && size > BLOCK_BYTES_MAX) return 'block is too large'
  return (
    gasLimitFault(rules, header, parent, isLondonParent) ??
    baseFeeFault(rules, header, parent, isLondonParent) ??
    mergeFault(rules, header) ??
    fieldFault(rules, header) ??
    blobFault(rules, header, parent)
  )
}

function gasLimitFault(
  rules: Rules,
  header: BlockHeader,
  parent: BlockHeader,
  isLondonParent: boolean,
): string | undefined {
  // EIP-1559 doubles the limit on its first block, so that the target stays what the limit was.
  const base = rules.isLondon && !isLondonParent ? parent.gasLimit * ETHEREUM_FEES.elasticity : parent.gasLimit
  const difference = header.gasLimit > base ? header.gasLimit - base : base - header.gasLimit
  if (difference >= base / GAS_LIMIT_DIVISOR) return 'gas limit jumps'
  return header.gasLimit < GAS_LIMIT_MIN || header.gasLimit > GAS_LIMIT_MAX ? 'gas limit is out of range' : undefined
}

function baseFeeFault(
  rules: Rules,
  header: BlockHeader,
  parent: BlockHeader,
  isLondonParent: boolean,
): string | undefined {
  if (!rules.isLondon) return header.baseFeePerGas === undefined ? undefined : 'base fee before London'
  const expected =
    isLondonParent && parent.baseFeePerGas !== undefined ? eip1559BaseFee(parent, ETHEREUM_FEES) : INITIAL_BASE_FEE
  return header.baseFeePerGas === expected ? undefined : `base fee is not ${expected}`
}

function mergeFault(rules: Rules, header: BlockHeader): string | undefined {
  if (!rules.isParis) return undefined
  if (header.difficulty !== 0n) return 'difficulty after the merge'
  if (header.nonce.some(byte => byte !== 0)) return 'nonce after the merge'
  return equalBytes(header.ommersHash, EMPTY_OMMERS_HASH) ? undefined : 'ommers after the merge'
}

function fieldFault(rules: Rules, header: BlockHeader): string | undefined {
  if ((header.withdrawalsRoot !== undefined) !== rules.isShanghai) return 'withdrawals root and fork disagree'
  const hasBlobFields =
    header.blobGasUsed !== undefined && header.excessBlobGas !== undefined && header.parentBeaconBlockRoot !== undefined
  if (hasBlobFields !== rules.isCancun) return 'blob fields and fork disagree'
  return (header.requestsHash !== undefined) === rules.isPrague ? undefined : 'requests hash and fork disagree'
}

function blobFault(rules: Rules, header: BlockHeader, parent: BlockHeader): string | undefined {
  if (!rules.isCancun) return undefined
  if ((header.blobGasUsed ?? 0n) > GAS_PER_BLOB * BigInt(rules.blobs.max)) return 'too many blobs'
  const expected = excessBlobGasAfter(rules, parent)
  return header.excessBlobGas === expected ? undefined : `excess blob gas is not ${expected}`
}

/** EIP-4844 with EIP-7918: the excess of the block after `parent`, by the rules of that block. */
export function excessBlobGasAfter(
  rules: Rules,
  parent: Pick<BlockHeader, 'excessBlobGas' | 'blobGasUsed' | 'baseFeePerGas'>,
): bigint {
  const excess = parent.excessBlobGas ?? 0n
  const used = parent.blobGasUsed ?? 0n
  const target = GAS_PER_BLOB * BigInt(rules.blobs.target)
  if (excess + used < target) return 0n
  if (rules.isOsaka) {
    const reserve = BLOB_BASE_COST * (parent.baseFeePerGas ?? 0n)
    if (reserve > GAS_PER_BLOB * blobBaseFeeOf(rules, excess)) {
      const { max, target: wanted } = rules.blobs
      return excess + (used * BigInt(max - wanted)) / BigInt(max)
    }
  }
  return excess + used - target
}
