import { unreachable } from '#lib/assert'
import { SMALL } from './words.ts'

const BITS = 256
const WORD_MASK = (1n << 256n) - 1n

/**
 * Arithmetic, comparison and bit opcodes (0x01 to 0x1e) but for the commonest, which `frame.ts` has itself: takes
 * operands from the top of `stack`, leaves the result and returns the new height.
 */
export function arithmetic(op: number, stack: bigint[], sp: number): number {
  const a = stack[sp - 1] as bigint
  // Unary opcodes replace the top.
  if (op === 0x19) {
    stack[sp - 1] = a ^ WORD_MASK
    return sp
  }
  if (op === 0x1e) {
    stack[sp - 1] = a === 0n ? 256n : BigInt(BITS - a.toString(2).length)
    return sp
  }
  const b = stack[sp - 2] as bigint
  if (op === 0x08 || op === 0x09) {
    const modulus = stack[sp - 3] as bigint
    stack[sp - 3] = modulus === 0n ? 0n : (op === 0x08 ? a + b : a * b) % modulus
    return sp - 2
  }
  stack[sp - 2] = binary(op, a, b)
  return sp - 1
}

function binary(op: number, a: bigint, b: bigint): bigint {
  switch (op) {
    case 0x02:
      return BigInt.asUintN(BITS, a * b)
    case 0x04:
      return b === 0n ? 0n : a / b
    case 0x05:
      return b === 0n ? 0n : BigInt.asUintN(BITS, BigInt.asIntN(BITS, a) / BigInt.asIntN(BITS, b))
    case 0x06:
      return b === 0n ? 0n : a % b
    case 0x07:
      return b === 0n ? 0n : BigInt.asUintN(BITS, BigInt.asIntN(BITS, a) % BigInt.asIntN(BITS, b))
    case 0x0a:
      return power(a, b)
    case 0x0b:
      return a >= 31n ? b : BigInt.asUintN(BITS, BigInt.asIntN(8 * (Number(a) + 1), b))
    case 0x12:
      return BigInt.asIntN(BITS, a) < BigInt.asIntN(BITS, b) ? 1n : 0n
    case 0x13:
      return BigInt.asIntN(BITS, a) > BigInt.asIntN(BITS, b) ? 1n : 0n
    case 0x18:
      return a ^ b
    case 0x1a:
      return a >= 32n ? 0n : (SMALL[Number((b >> (8n * (31n - a))) & 0xffn)] as bigint)
    case 0x1b:
      return a >= 256n ? 0n : BigInt.asUintN(BITS, b << a)
    case 0x1c:
      return a >= 256n ? 0n : b >> a
    case 0x1d: {
      const signed = BigInt.asIntN(BITS, b)
      return BigInt.asUintN(BITS, a >= 256n ? (signed < 0n ? -1n : 0n) : signed >> a)
    }
    default:
      return unreachable(op as never)
  }
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = BigInt.asUintN(BITS, result * square)
    square = BigInt.asUintN(BITS, square * square)
  }
  return result
}
