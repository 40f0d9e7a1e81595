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
 * and was confirmed to nobody; unless something good is in it, which says that the file was damaged.
 */
export function readLines<T>(bytes: Uint8Array, firstNumber: number | undefined): ReadLines<T> {
  const lines: Line<T>[] = []
  let bytesGood = 0
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start)
    if (end < 0) break
    const line = decodeLine<T>(textOf(bytes, start, end))
    if (line === undefined) break
    const expected = lines.length === 0 ? (firstNumber ?? line.number) : (lines.at(-1)?.number ?? 0) + 1
    if (line.number !== expected) return { lines, bytesGood, isDamaged: true }
    lines.push(line)
    start = end + 1
    bytesGood = start
  }
  return { lines, bytesGood, isDamaged: hasGoodLine(textOf(bytes, bytesGood, bytes.length)) }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}

/** Whether a whole line begins anywhere in `text`, even where the end of the line before it is gone. */
function hasGoodLine(text: string): boolean {
  for (const part of text.split('\n').slice(0, -1)) {
    for (const { index } of part.matchAll(/(?=[0-9a-f]{16} \[\d)/g)) {
      if (decodeLine(part.slice(index)) !== undefined) return true
    }
  }
  return false
}
