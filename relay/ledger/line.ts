/** One line of a journal: 16 hexadecimal digits of the SHA-256 of what follows, a space, and JSON with a number in front. */
import { createHash } from 'node:crypto'

export interface Line<T> {
  /** Counts lines over all segments, from 1. */
  readonly number: number
  readonly value: T
}

const SUM_LENGTH = 16

function sumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, SUM_LENGTH)
}

/** The line with its end. */
export function encodeLine(number: number, value: unknown): string {
  const text = JSON.stringify([number, value])
  return `${sumOf(text)} ${text}\n`
}

/** Undefined when the line (without its end) is not as it was written. */
export function decodeLine<T>(line: string): Line<T> | undefined {
  const text = line.slice(SUM_LENGTH + 1)
  if (line[SUM_LENGTH] !== ' ' || line.slice(0, SUM_LENGTH) !== sumOf(text)) return undefined
  const [number, value] = JSON.parse(text) as [number, T]
  return { number, value }
}

export interface ReadLines<T> {
  readonly lines: readonly Line<T>[]
  /** Bytes of the file up to the end of the last good line. */
  readonly bytesGood: number
  /** Something good follows something bad: the file was damaged, not merely cut short. */
  readonly isDamaged: boolean
}

/**
 * Reads a segment. What follows the last good line is the remainder of a write that a kill or a power cut interrupted,
 * and was confirmed to nobody.
 */
export function readLines<T>(bytes: Uint8Array, firstNumber: number | undefined): ReadLines<T> {
  const lines: Line<T>[] = []
  let bytesGood = 0
  let isBroken = false
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start)
    if (end < 0) break
    const line = decodeLine<T>(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'))
    start = end + 1
    if (line === undefined) {
      isBroken = true
      continue
    }
    const expected = (lines.at(-1)?.number ?? line.number - 1) + 1
    const isFirstWrong = lines.length === 0 && firstNumber !== undefined && line.number !== firstNumber
    if (isBroken || line.number !== expected || isFirstWrong) return { lines, bytesGood, isDamaged: true }
    lines.push(line)
    bytesGood = start
  }
  return { lines, bytesGood, isDamaged: false }
}
