import type { CallOutcome } from '#evm'
import { bytesToBigint, toHex } from '#lib/bytes'
import { RpcError } from './errors.ts'

/** Selectors of Error(string) and Panic(uint256). */
const ERROR = '0x08c379a0'
const PANIC = '0x4e487b71'

const PANICS: Readonly<Record<number, string>> = {
  0: 'generic panic',
  1: 'assert(false)',
  17: 'arithmetic underflow or overflow',
  18: 'division or modulo by zero',
  33: 'enum overflow',
  34: 'invalid encoded storage byte array accessed',
  49: 'out-of-bounds array access; popping on an empty array',
  50: 'out-of-bounds access of an array or bytesN',
  65: 'out of memory',
  81: 'uninitialized function',
}

/** The reason in revert bytes, when they are a Solidity Error(string) or Panic(uint256). */
export function revertReason(output: Uint8Array): string | undefined {
  const selector = toHex(output.subarray(0, 4))
  const body = output.subarray(4)
  if (selector === PANIC && body.length === 32) {
    const code = bytesToBigint(body)
    return PANICS[Number(code)] ?? `unknown panic code: 0x${code.toString(16)}`
  }
  if (selector !== ERROR || body.length < 64 || bytesToBigint(body.subarray(0, 32)) !== 32n) return undefined
  const length = bytesToBigint(body.subarray(32, 64))
  if (length > BigInt(body.length - 64)) return undefined
  return new TextDecoder().decode(body.subarray(64, 64 + Number(length)))
}

/** go-ethereum's error for a call that did not succeed; wallets decode `data`, our SDKs match the reason. */
export function callFailure(outcome: Exclude<CallOutcome, { kind: 'success' }>): RpcError {
  if (outcome.kind === 'halt') return new RpcError('server', outcome.reason)
  const reason = revertReason(outcome.output)
  const message = reason === undefined ? 'execution reverted' : `execution reverted: ${reason}`
  return new RpcError('reverted', message, toHex(outcome.output))
}
