import { EVMError, type ExecResult } from '@ethereumjs/evm'

type ErrorMessage = EVMError['error']

/** A precompile that refuses its input: all gas is gone. */
export function failed(gasLimit: bigint, message: ErrorMessage): ExecResult {
  return { returnValue: new Uint8Array(0), executionGasUsed: gasLimit, exceptionError: new EVMError(message) }
}

export function outOfGas(gasLimit: bigint): ExecResult {
  return failed(gasLimit, EVMError.errorMessages.OUT_OF_GAS)
}
