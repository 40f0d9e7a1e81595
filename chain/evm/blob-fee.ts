import type { Rules } from './machine.ts'

const MIN_BLOB_BASE_FEE = 1n

/** EIP-4844: wei per blob gas, an exponential of the excess. */
export function blobBaseFeeOf(rules: Rules, excessBlobGas: bigint): bigint {
  return fakeExponential(MIN_BLOB_BASE_FEE, excessBlobGas, rules.blobs.baseFeeUpdateFraction)
}

/** EIP-4844, `fake_exponential`: factor * e^(numerator / denominator) in integers. */
function fakeExponential(factor: bigint, numerator: bigint, denominator: bigint): bigint {
  let output = 0n
  let term = factor * denominator
  for (let i = 1n; term > 0n; i++) {
    output += term
    term = (term * numerator) / (denominator * i)
  }
  return output / denominator
}
