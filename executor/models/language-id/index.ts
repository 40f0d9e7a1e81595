/** The project's own language-identification program: files as committed, made by `train.ts`. */
import { readFileSync } from 'node:fs'

export interface ProgramFiles {
  readonly graph: Uint8Array
  readonly weights: Uint8Array
}

/** Graph and weights of the language-id program; `decodeLanguageResult` of the SDK reads its output. */
export function loadLanguageId(): ProgramFiles {
  return { graph: fileBytes('./program.graph'), weights: fileBytes('./program.weights') }
}

/** A text to try it on: the opening of “Pride and Prejudice” (Jane Austen, 1813; public domain). */
export function loadSampleText(): Uint8Array {
  return fileBytes('./sample.txt')
}

function fileBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, import.meta.url)))
}
