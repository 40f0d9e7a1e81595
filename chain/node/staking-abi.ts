import { bytesToBigint, utf8 } from '#lib/bytes'
import { DecodeError } from '#lib/codec'
import { keccak256 } from '#lib/hash'

/** One seat of a committee as the staking contract tells it (`IStaking.Member`). */
export interface StakingMember {
  readonly operator: Uint8Array
  readonly power: bigint
  readonly consensusKey: Uint8Array
  readonly networkKey: Uint8Array
  readonly checkpointKey: Uint8Array
  /** Multiaddrs, joined by newlines. */
  readonly addresses: string
}

const WORD = 32
const MEMBER_WORDS = 6
/** Seats and bytes of addresses that are read; the contract's own bounds are 64 and 1,024. */
const MEMBERS_MAX = 1_000
const ADDRESSES_BYTES_MAX = 4_096

/** Call data of a function with number arguments only. */
export function encodeStakingCall(signature: string, ...numbers: readonly bigint[]): Uint8Array {
  const data = new Uint8Array(4 + WORD * numbers.length)
  data.set(keccak256(utf8(signature)).subarray(0, 4))
  const view = new DataView(data.buffer)
  for (const [i, number] of numbers.entries()) view.setBigUint64(4 + WORD * i + 24, number)
  return data
}

/** One word. {@link DecodeError} for output of any other length. */
export function decodeWord(output: Uint8Array): Uint8Array {
  if (output.length !== WORD) throw new DecodeError(`${output.length} bytes where a word is expected`)
  return output.slice()
}

/** `IStaking.Member[]`. Bounded; {@link DecodeError} for anything that is not such a list. */
export function decodeMembers(output: Uint8Array): readonly StakingMember[] {
  const list = offsetAt(output, 0)
  const size = numberAt(output, list, MEMBERS_MAX)
  const heads = list + WORD
  return Array.from({ length: size }, (_, i) => memberAt(output, heads + offsetAt(output, heads + WORD * i)))
}

function memberAt(bytes: Uint8Array, at: number): StakingMember {
  const word = (index: number) => wordAt(bytes, at + WORD * index)
  const text = at + numberAt(bytes, at + WORD * (MEMBER_WORDS - 1), bytes.length)
  const length = numberAt(bytes, text, ADDRESSES_BYTES_MAX)
  return {
    operator: word(0).slice(12),
    power: bytesToBigint(word(1)),
    consensusKey: word(2).slice(),
    networkKey: word(3).slice(),
    checkpointKey: word(4).slice(),
    addresses: new TextDecoder().decode(slice(bytes, text + WORD, length)),
  }
}

const slice = (bytes: Uint8Array, at: number, length: number): Uint8Array => {
  if (at + length > bytes.length) throw new DecodeError('the output ends early')
  return bytes.subarray(at, at + length)
}

const wordAt = (bytes: Uint8Array, at: number): Uint8Array => slice(bytes, at, WORD)
const offsetAt = (bytes: Uint8Array, at: number): number => numberAt(bytes, at, bytes.length)

function numberAt(bytes: Uint8Array, at: number, max: number): number {
  const value = bytesToBigint(wordAt(bytes, at))
  if (value > BigInt(max)) throw new DecodeError(`${value} where at most ${max} is allowed`)
  return Number(value)
}
