/** Meaning of the bytes that the program `executor/models/language-id` answers with. */
import { SDK_ERRORS, SdkError } from '../errors.ts'

/** Languages in the order of the model's outputs. Append only: the index is part of the program. */
export const LANGUAGES = [
  { code: 'cs', name: 'Czech' },
  { code: 'de', name: 'German' },
  { code: 'el', name: 'Greek' },
  { code: 'en', name: 'English' },
  { code: 'es', name: 'Spanish' },
  { code: 'fi', name: 'Finnish' },
  { code: 'fr', name: 'French' },
  { code: 'hu', name: 'Hungarian' },
  { code: 'id', name: 'Indonesian' },
  { code: 'it', name: 'Italian' },
  { code: 'ja', name: 'Japanese' },
  { code: 'la', name: 'Latin' },
  { code: 'nl', name: 'Dutch' },
  { code: 'pl', name: 'Polish' },
  { code: 'pt', name: 'Portuguese' },
  { code: 'ro', name: 'Romanian' },
  { code: 'ru', name: 'Russian' },
  { code: 'sv', name: 'Swedish' },
  { code: 'tr', name: 'Turkish' },
  { code: 'uk', name: 'Ukrainian' },
] as const

/** Integer units of the model's scores per natural logarithm: e^(score / 256) is an unnormalised probability. */
export const LANGUAGE_SCORE_UNIT = 256

export interface LanguageGuess {
  readonly code: string
  readonly name: string
  /** Between 0 and 1; the guesses of one result add up to 1. For people to read: the chain compares the bytes. */
  readonly confidence: number
}

/**
 * Guesses, most likely first, out of a language-id result: pairs of big-endian int32 (language index, score) sorted by
 * score. Throws {@link SdkError} INVALID_ARGUMENT for bytes that are no such result.
 *
 * @example decodeLanguageResult(await fetchResult(client, { task }).bytes)[0].name // 'German'
 */
export function decodeLanguageResult(output: Uint8Array): readonly LanguageGuess[] {
  if (output.length !== LANGUAGES.length * 8) {
    throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'not a language-id result', { data: { bytes: output.length } })
  }
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength)
  const best = view.getInt32(4)
  const rows = LANGUAGES.map((_, i) => {
    const language = LANGUAGES[view.getInt32(i * 8)]
    if (language === undefined) throw new SdkError(SDK_ERRORS.INVALID_ARGUMENT, 'a result with an unknown language')
    return { ...language, weight: Math.exp((view.getInt32(i * 8 + 4) - best) / LANGUAGE_SCORE_UNIT) }
  })
  const total = rows.reduce((sum, row) => sum + row.weight, 0)
  return rows.map(({ code, name, weight }) => ({ code, name, confidence: weight / total }))
}
