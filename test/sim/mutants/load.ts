import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { assert } from '#lib/assert'
import type { CoreModule } from '../core.ts'
import { MUTANTS, type Mutant } from './list.ts'

const FOLDER = new URL('../../../chain/consensus/', import.meta.url).href

/** The source with the mutant's change; throws when the text that it changes is not there exactly once. */
export function applyMutant(mutant: Mutant, source: string): string {
  let changed = source
  for (const [from, to] of mutant.changes) {
    const at = changed.indexOf(from)
    assert(at >= 0, `mutant ${mutant.name} no longer applies: "${from}" is not in ${mutant.file}`)
    assert(
      changed.indexOf(from, at + 1) < 0,
      `mutant ${mutant.name} is ambiguous: "${from}" is in ${mutant.file} twice`,
    )
    changed = changed.replace(from, () => to)
  }
  return changed
}

let hooked = false

/** Lets Node load `chain/consensus` a second time with one file changed; nothing in production code knows of it. */
function hook(): void {
  if (hooked) return
  hooked = true
  registerHooks({
    resolve(specifier, context, next) {
      const result = next(specifier, context)
      const name = context.parentURL === undefined ? null : new URL(context.parentURL).searchParams.get('mutant')
      if (name === null || !result.url.startsWith(FOLDER)) return result
      return { ...result, url: `${result.url}?mutant=${name}` }
    },
    load(url, context, next) {
      const { searchParams } = new URL(url)
      const mutant = MUTANTS.find(m => m.name === searchParams.get('mutant'))
      if (mutant === undefined || !url.startsWith(FOLDER)) return next(url, context)
      const path = url.slice(0, url.indexOf('?'))
      const source = readFileSync(fileURLToPath(path), 'utf8')
      const changed = path === `${FOLDER}${mutant.file}` ? applyMutant(mutant, source) : source
      return { format: 'module-typescript', source: changed, shortCircuit: true }
    },
  })
}

/** The consensus folder as this mutant would have it. */
export async function loadMutant(mutant: Mutant): Promise<CoreModule> {
  hook()
  return (await import(`${FOLDER}index.ts?mutant=${mutant.name}`)) as CoreModule
}
