/**
 * The rounds of BLAKE2b's compression function (RFC 7693, section 3.2) as a WebAssembly module, written out by the code
 * below: 64-bit arithmetic is native there, which JavaScript's numbers lack.
 */

/** Where the module's memory has the sixteen words of the message and the sixteen of the working vector. */
export const MESSAGE_AT = 0
export const VECTOR_AT = 128

/** Rounds after which the order of message words begins again. */
export const ROUNDS_PER_TURN = 10

// RFC 7693, section 2.7.
const SIGMA: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
]
// Which words of the vector a round mixes: columns, then diagonals.
const MIXED = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const

const I32 = 0x7f
const I64 = 0x7e
const EMPTY_BLOCK = 0x40
const BLOCK = 0x02
const LOOP = 0x03
const END = 0x0b
const BRANCH = 0x0c
const BRANCH_IF = 0x0d
const GET = 0x20
const SET = 0x21
const TEE = 0x22
const I64_LOAD = 0x29
const I64_STORE = 0x37
const I32_CONST = 0x41
const I64_CONST = 0x42
const I32_IS_ZERO = 0x45
const I32_SUBTRACT = 0x6b
const I64_ADD = 0x7c
const I64_XOR = 0x85
const I64_ROTATE_RIGHT = 0x8a
/** Of a load or store: addresses are multiples of 2^3. */
const ALIGNED_TO_8 = 3

/** The parameter is local 0, the vector's words are the locals after it. */
const ROUNDS = 0
const word = (index: number) => 1 + index

/** Exports `memory` and `mix(rounds: u32)`, which does so many rounds on the vector in memory, the first with row 0. */
export function encodeModule(): Uint8Array<ArrayBuffer> {
  const name = (text: string) => sized([...Buffer.from(text)])
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, I32, 0]), // one type of function: (i32) → nothing
    ...section(3, [1, 0]), // one function, of that type
    ...section(5, [1, 0, 1]), // one memory, of one page
    ...section(7, [2, ...name('memory'), 2, 0, ...name('mix'), 0, 0]),
    ...section(10, [1, ...sized([1, 16, I64, ...mix(), END])]), // 16 locals of 64 bits, then instructions
  ])
}

function mix(): number[] {
  const code: number[] = []
  for (let index = 0; index < 16; index++) code.push(...load(VECTOR_AT + 8 * index), SET, word(index))
  code.push(BLOCK, EMPTY_BLOCK, LOOP, EMPTY_BLOCK)
  for (const row of SIGMA) {
    // Any number of rounds ends here: out of the loop (0) and of the block (1).
    code.push(GET, ROUNDS, I32_IS_ZERO, BRANCH_IF, 1)
    code.push(GET, ROUNDS, I32_CONST, 1, I32_SUBTRACT, SET, ROUNDS)
    MIXED.forEach(([a, b, c, d], index) => {
      code.push(...half(a, b, c, d, row[2 * index] as number, 32, 24))
      code.push(...half(a, b, c, d, row[2 * index + 1] as number, 16, 63))
    })
  }
  code.push(BRANCH, 0, END, END)
  for (let index = 0; index < 16; index++) {
    code.push(I32_CONST, 0, GET, word(index), I64_STORE, ALIGNED_TO_8, ...unsigned(VECTOR_AT + 8 * index))
  }
  return code
}

// RFC 7693, section 3.1: half of the mixing function G.
function half(a: number, b: number, c: number, d: number, message: number, first: number, second: number): number[] {
  return [
    // a ← a + b + message word
    ...[GET, word(a), GET, word(b), I64_ADD, ...load(MESSAGE_AT + 8 * message), I64_ADD, TEE, word(a)],
    // d ← (d ^ a) >>> first
    ...[GET, word(d), I64_XOR, I64_CONST, first, I64_ROTATE_RIGHT, TEE, word(d)],
    // c ← c + d
    ...[GET, word(c), I64_ADD, TEE, word(c)],
    // b ← (b ^ c) >>> second
    ...[GET, word(b), I64_XOR, I64_CONST, second, I64_ROTATE_RIGHT, SET, word(b)],
  ]
}

// The offset is part of the instruction; the address proper is 0.
function load(offset: number): number[] {
  return [I32_CONST, 0, I64_LOAD, ALIGNED_TO_8, ...unsigned(offset)]
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)]
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content]
}

/** LEB128: seven bits a byte from the low end, the top bit set on all but the last. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}
