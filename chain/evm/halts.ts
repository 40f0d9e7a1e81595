import type { ExecResult } from '@ethereumjs/evm'

/** go-ethereum's words for the interpreter's exceptional halts: tools match on them. */
const WORDS: Readonly<Record<string, string>> = {
  'code store out of gas': 'contract creation code storage out of gas',
  'code size to deposit exceeds maximum code size': 'max code size exceeded',
  'static state change': 'write protection',
  'create collision': 'contract address collision',
  'value out of range': 'return data out of bounds',
  'insufficient balance': 'insufficient balance for transfer',
  'invalid bytecode deployed': 'invalid code: must not begin with 0xef',
  'initcode exceeds max initcode size': 'max initcode size exceeded',
  'stack overflow': 'stack limit reached 1024 (1023)',
}

/** The words for a halt of the outermost frame. */
export function haltReason(result: ExecResult): string {
  const error = result.exceptionError?.error ?? 'internal error'
  if (error === 'invalid opcode') {
    const opcode = result.runState?.opCode ?? 0xfe
    return `invalid opcode: ${opcode === 0xfe ? 'INVALID' : `opcode 0x${opcode.toString(16)} not defined`}`
  }
  // The library names the place; go-ethereum does not.
  if (error.startsWith('invalid JUMP')) return 'invalid jump destination'
  return WORDS[error] ?? error
}
