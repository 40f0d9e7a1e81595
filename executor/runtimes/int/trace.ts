/**
 * What a run commits to besides its output (proof-of-computation §3.3, §3.4): a digest for each step, built from the
 * values of all its operators, so that a wrong step and then a wrong operator can be pointed at.
 */
import { merkleRoot, outputRoot } from '@ogpu/sdk'
import { bigintToBytes, concat } from '#lib/bytes'
import { keccak256 } from '#lib/hash'

export interface StepTrace {
  /** Root over the words of the context the step ends with (the job input when nothing is generated). */
  readonly contextRoot: Uint8Array
  /** Root over keccak256(u256 i ‖ outRoot_i) of the operators in execution order. */
  readonly nodesRoot: Uint8Array
  /** What the step chose: the emitted byte, or the first value of the output (two's complement). */
  readonly selected: number
  /** keccak256(contextRoot ‖ nodesRoot ‖ u256 selected ‖ u256 step). */
  readonly digest: Uint8Array
}

const I8_PER_WORD = 30
const I32_PER_WORD = 8

/**
 * A value as 32-byte words: 30 int8 elements in offset binary (x + 128) with two zero bytes behind, or 8 int32 elements
 * big-endian. The last word is filled with zero bytes.
 */
export function valueWords(value: Int8Array | Int32Array): Uint8Array[] {
  const words: Uint8Array[] = []
  if (value instanceof Int8Array) {
    for (let at = 0; at < value.length; at += I8_PER_WORD) {
      const word = new Uint8Array(32)
      const end = Math.min(I8_PER_WORD, value.length - at)
      for (let i = 0; i < end; i++) word[i] = (value[at + i] as number) + 128
      words.push(word)
    }
    return words
  }
  for (let at = 0; at < value.length; at += I32_PER_WORD) {
    const word = new Uint8Array(32)
    const view = new DataView(word.buffer)
    const end = Math.min(I32_PER_WORD, value.length - at)
    for (let i = 0; i < end; i++) view.setInt32(i * 4, value[at + i] as number)
    words.push(word)
  }
  return words
}

/** `outRoot_i`: root over the hashed words of one operator's value. */
export function valueRoot(value: Int8Array | Int32Array): Uint8Array {
  return merkleRoot(
    valueWords(value).map(word => keccak256(word)),
    keccak256,
  )
}

/** Leaf of operator `index` in the tree of its step. */
export function nodeLeaf(index: number, root: Uint8Array): Uint8Array {
  return keccak256(concat(uint256(index), root))
}

export function traceStep(
  step: number,
  context: Uint8Array,
  values: readonly (Int8Array | Int32Array)[],
  selected: number,
): StepTrace {
  const contextRoot = outputRoot(context, keccak256)
  const nodesRoot = merkleRoot(
    values.map((value, i) => nodeLeaf(i, valueRoot(value))),
    keccak256,
  )
  const digest = keccak256(concat(contextRoot, nodesRoot, uint256(selected), uint256(step)))
  return { contextRoot, nodesRoot, selected, digest }
}

/** `traceRoot`: root over the step digests. */
export function traceRoot(digests: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(digests, keccak256)
}

function uint256(value: number): Uint8Array {
  return bigintToBytes(BigInt.asUintN(256, BigInt(value)), 32)
}
