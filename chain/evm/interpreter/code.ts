import { GenerationCache } from '#lib/cache'
import { bytesToWord } from './words.ts'

/** Code with what is worked out once: where jumps may land, and the words that it pushes. */
export interface Code {
  readonly bytes: Uint8Array
  /** 1 where a JUMPDEST is an instruction and no push data. */
  readonly targets: Uint8Array
  /** Pushed words by position of the PUSH, filled as they are met. */
  readonly pushes: (bigint | undefined)[]
}

const JUMPDEST = 0x5b
const PUSH1 = 0x60
const PUSH32 = 0x7f
const cache = new GenerationCache<string, Code>(4_000)

/** Analyses `bytes`; code that has a hash (deployed code) is analysed once and kept. */
export function analyse(bytes: Uint8Array, hashKey?: string): Code {
  const known = hashKey === undefined ? undefined : cache.get(hashKey)
  if (known !== undefined) return known
  const targets = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    const op = bytes[i] as number
    if (op === JUMPDEST) targets[i] = 1
    else if (op >= PUSH1 && op <= PUSH32) i += op - PUSH1 + 1
  }
  const code = { bytes, targets, pushes: [] }
  if (hashKey !== undefined) cache.set(hashKey, code)
  return code
}

/** The word that the PUSH at `at` pushes; bytes behind the end of the code are zeros. */
export function pushedWord(code: Code, at: number, count: number): bigint {
  const known = code.pushes[at]
  if (known !== undefined) return known
  const data = code.bytes.subarray(at + 1, at + 1 + count)
  const word = data.length === count ? bytesToWord(data) : bytesToWord(data) << BigInt(8 * (count - data.length))
  code.pushes[at] = word
  return word
}
