import { EVMError, type PrecompileFunc } from '@ethereumjs/evm'
import { encodeModule, MESSAGE_AT, ROUNDS_PER_TURN, VECTOR_AT } from './blake2f-module.ts'
import { failed, outOfGas } from './results.ts'

// EIP-152: rounds (4 bytes, high end first), h (64), m (128), t (16), final flag (1).
const INPUT_BYTES = 213
const STATE_AT = 4
const MESSAGE_FROM = 68
const COUNTER_FROM = 196
const FLAG_AT = 212
/**
 * Rounds of one call into WebAssembly, about a millisecond. V8 starts with quick code and replaces it by fast code from
 * the next call on, not inside one: a first call with all rounds would be slow to its end.
 */
const ROUNDS_PER_CALL = 5_000 * ROUNDS_PER_TURN

/** RFC 7693, section 2.6, low end first. */
const IV = Uint8Array.from(
  Buffer.from(
    '08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5' +
      'd182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b',
    'hex',
  ),
)

interface Exports {
  readonly memory: WebAssembly.Memory
  readonly mix: (rounds: number) => void
}

// One for each thread, made in less than a millisecond; a call runs to its end.
const { memory, mix } = new WebAssembly.Instance(new WebAssembly.Module(encodeModule())).exports as unknown as Exports
const vector = new Uint8Array(memory.buffer, VECTOR_AT, 128)
const message = new Uint8Array(memory.buffer, MESSAGE_AT, 128)

/**
 * BLAKE2b's compression function F.
 * @param input an EIP-152 input of 213 bytes
 * @param rounds below 2^32
 */
export function compress(input: Uint8Array, rounds: number): Uint8Array {
  message.set(input.subarray(MESSAGE_FROM, COUNTER_FROM))
  const output = input.slice(STATE_AT, MESSAGE_FROM)
  vector.set(output)
  vector.set(IV, 64)
  for (let index = 0; index < 16; index++) xor(vector, 96 + index, input[COUNTER_FROM + index] as number)
  if (input[FLAG_AT] === 1) for (let index = 112; index < 120; index++) xor(vector, index, 0xff)
  for (let left = rounds; left > 0; left -= ROUNDS_PER_CALL) mix(Math.min(left, ROUNDS_PER_CALL))
  for (let index = 0; index < 64; index++) {
    xor(output, index, (vector[index] as number) ^ (vector[64 + index] as number))
  }
  return output
}

/** BLAKE2F (0x09, EIP-152): one gas a round. A wrong length or flag takes all gas. */
export const blake2f: PrecompileFunc = ({ data, gasLimit, common }) => {
  const flag = data[FLAG_AT]
  if (data.length !== INPUT_BYTES || (flag !== 0 && flag !== 1)) {
    return failed(gasLimit, EVMError.errorMessages.OUT_OF_RANGE)
  }
  const rounds = new DataView(data.buffer, data.byteOffset).getUint32(0)
  const gas = common.param('blake2RoundGas') * BigInt(rounds)
  if (gasLimit < gas) return outOfGas(gasLimit)
  return { executionGasUsed: gas, returnValue: compress(data, rounds) }
}

function xor(bytes: Uint8Array, index: number, value: number): void {
  bytes[index] = (bytes[index] as number) ^ value
}
