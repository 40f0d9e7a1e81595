/**
 * The chain's contracts as compiled artefacts. `build.ts` writes them from `src/`; a test fails when they are stale.
 *
 * Invariants: same sources give the same bytes; nothing here runs at start-up except reading one JSON file for each
 * artefact asked for. Absent: the compiler (only `build.ts` loads it) and addresses (sdk/src/networks.ts).
 *
 * @example
 * const { abi, bytecode } = artifactOf('Vault')
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Artifact } from './artifacts.ts'
import { TARGETS } from './targets.ts'

export type { AbiItem, AbiParameter, Artifact } from './artifacts.ts'

/** Names of all contracts that have an artefact, in order of the build's table. */
export const CONTRACT_NAMES: readonly string[] = Object.values(TARGETS).flat()

const loaded = new Map<string, Artifact>()

/** The artefact of one contract; throws for a name that is not in {@link CONTRACT_NAMES}. */
export function artifactOf(name: string): Artifact {
  let artifact = loaded.get(name)
  if (artifact === undefined) {
    if (!CONTRACT_NAMES.includes(name)) throw new RangeError(`no contract is called ${name}`)
    artifact = JSON.parse(readFileSync(join(import.meta.dirname, 'artifacts', `${name}.json`), 'utf8')) as Artifact
    loaded.set(name, artifact)
  }
  return artifact
}
