/** From the bytes that a program answers with to what a customer reads. */
import { decodeLanguageResult, SdkError } from '@ogpu/sdk'
import { RelayError } from './errors.ts'

export interface Decoded {
  readonly text: string
  readonly details: Readonly<Record<string, unknown>>
}

/** Guesses of the language model that are passed on. */
const GUESSES_MAX = 5

export const DECODERS = {
  /** The name of the language; the likeliest guesses beside it. */
  'language-id': (bytes: Uint8Array): Decoded => {
    const guesses = decodeLanguageResult(bytes)
    const [best] = guesses
    return { text: best?.name ?? '', details: { language: best?.code ?? '', guesses: guesses.slice(0, GUESSES_MAX) } }
  },
  /** UTF-8. */
  text: (bytes: Uint8Array): Decoded => ({
    text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    details: {},
  }),
  /** Base64 of the bytes. */
  bytes: (bytes: Uint8Array): Decoded => ({
    text: Buffer.from(bytes).toString('base64'),
    details: { encoding: 'base64' },
  }),
} as const satisfies Readonly<Record<string, (bytes: Uint8Array) => Decoded>>

export type DecoderName = keyof typeof DECODERS

/** RelayError PROVIDER_SCHEMA_MISMATCH for bytes that are no such answer. */
export function decode(decoder: DecoderName, bytes: Uint8Array): Decoded {
  try {
    return DECODERS[decoder](bytes)
  } catch (cause) {
    if (!(cause instanceof SdkError) && !(cause instanceof TypeError)) throw cause
    throw new RelayError('PROVIDER_SCHEMA_MISMATCH', 'the result is not what this model answers with', { cause })
  }
}
