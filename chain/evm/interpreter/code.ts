import { GenerationCache } from '#lib/cache'
import type { Address, Digest } from '#types'
import { keyOf } from '../state/byte-keys.ts'
import { bytesToWord } from './words.ts'

/** Code with what is worked out once: where jumps may land, and the words that it pushes. */
export interface Code {
  readonly bytes: Uint8Array
  /** 1 where a JUMPDEST is an instruction and no push data. */
  readonly targets: Uint8Array
  /** By position of a PUSH, the place of its word in `words`. */
  readonly pushes: Uint16Array | Uint32Array
  readonly words: readonly bigint[]
  /** Whose code runs in place of this (EIP-7702). */
  readonly delegate: Address | undefined
}

const JUMPDEST = 0x5b
const PUSH1 = 0x60
const PUSH32 = 0x7f
const DELEGATION_BYTES = 23
const cache = new GenerationCache<string, Code>(1_000)
// Accounts keep the array of their code hash for as long as they are in memory, which makes it the fastest key.
const byHash = new WeakMap<Digest, Code>()

/** Deployed code by its hash; analysed once and kept. `load` gives its bytes. */
export function codeOf(hash: Digest, load: () => Uint8Array): Code {
  const known = byHash.get(hash)
  if (known !== undefined) return known
  const key = keyOf(hash)
  const code = cache.get(key) ?? analyse(load())
  cache.set(key, code)
  byHash.set(hash, code)
  return code
}

/** Analyses code of any length. */
export function analyse(bytes: Uint8Array): Code {
  const targets = new Uint8Array(bytes.length)
  // Longer code than the protocol allows comes from genesis files and overrides of calls.
  const pushes = bytes.length > 0xffff ? new Uint32Array(bytes.length) : new Uint16Array(bytes.length)
  const words: bigint[] = []
  for (let i = 0; i < bytes.length; i++) {
    const op = bytes[i] as number
    if (op === JUMPDEST) targets[i] = 1
    else if (op >= PUSH1 && op <= PUSH32) {
      const count = op - PUSH1 + 1
      pushes[i] = words.length
      words.push(pushedWord(bytes, i + 1, count))
      i += count
    }
  }
  const isDelegation = bytes.length === DELEGATION_BYTES && bytes[0] === 0xef && bytes[1] === 0x01 && bytes[2] === 0x00
  return { bytes, targets, pushes, words, delegate: isDelegation ? bytes.slice(3) : undefined }
}

// Bytes behind the end of the code are zeros.
function pushedWord(bytes: Uint8Array, at: number, count: number): bigint {
  const data = bytes.subarray(at, at + count)
  return data.length === count ? bytesToWord(data) : bytesToWord(data) << BigInt(8 * (count - data.length))
}
