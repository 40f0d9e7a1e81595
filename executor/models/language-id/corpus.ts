import { readFileSync } from 'node:fs'
import { LANGUAGES } from '@ogpu/sdk'

export interface Sentence {
  readonly text: string
  /** Index into {@link LANGUAGES}. */
  readonly label: number
}

/** Every fifth sentence of a language is held out: the model never sees it in training. */
const HOLD_OUT_EVERY = 5

/** The sentences of `corpus/<code>.txt` (written for this project, MIT), split into training and held-out ones. */
export function loadCorpus(): { train: Sentence[]; heldOut: Sentence[] } {
  const train: Sentence[] = []
  const heldOut: Sentence[] = []
  LANGUAGES.forEach(({ code }, label) => {
    const file = readFileSync(new URL(`./corpus/${code}.txt`, import.meta.url), 'utf8')
    const lines = file.split('\n').filter(line => line !== '')
    lines.forEach((text, i) => {
      const part = i % HOLD_OUT_EVERY === HOLD_OUT_EVERY - 1 ? heldOut : train
      part.push({ text, label })
    })
  })
  return { train, heldOut }
}
