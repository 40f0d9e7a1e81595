import type { CoreModule } from '../sim/core.ts'
import { verdictOf } from './block-verification.ts'
import type { JsonObject } from './scenario-file.ts'

/** Changes of a valid vertex of round 2 by A in a committee of four, and the rule of section 2.3 that each breaks. */
export const VERTEX_CASES: readonly (readonly [change: JsonObject, reason: string])[] = [
  [{}, 'valid'],
  [{ author: 'B', round: 1 }, 'valid'],
  [{ epoch: 1 }, 'future epoch'],
  [{ chainId: 1 }, 'chain'],
  [{ version: 9 }, 'version'],
  [{ author: 4 }, 'author'],
  [{ author: 60_000 }, 'author'],
  [{ round: 0 }, 'round'],
  [{ signedBy: 'B' }, 'signature'],
  [{ signature: 'zero' }, 'signature'],
  [{ signature: 'tampered' }, 'signature'],
  [{ parents: [] }, 'parent count'],
  [{ parents: ['A1', 'B1', 'C1', 'D1', 'A0'] }, 'parent count'],
  [{ parents: ['A1', 'B1', 'B1'] }, 'parent twice'],
  [{ parents: ['B1', 'A1', 'C1'] }, 'own parent'],
  [{ parents: ['A1', 'B1', 'C2'] }, 'parent round'],
  [{ parents: ['A1', 'B1', 'C0~1'] }, 'genesis'],
  [{ parents: ['A1', 'B1'] }, 'quorum'],
  [{ parents: ['A1', 'B1', { author: 9, round: 1 }] }, 'parent author'],
  [{ transactions: 513 }, 'transaction count'],
  [{ transactions: [200_000] }, 'transaction bytes'],
  [{ transactions: [0] }, 'transaction bytes'],
  [{ transactions: [131_000, 131_000, 131_000, 131_000, 131_000] }, 'payload bytes'],
  [{ transactions: ['invalid'] }, 'transaction'],
  [{ commitVotes: [5, 4] }, 'commit votes'],
  [{ commitVotes: 101 }, 'commit votes'],
  [{ encoding: 'truncated' }, 'malformed'],
  [{ encoding: 'trailing byte' }, 'malformed'],
  [{ transactions: [100], payloadRoot: 'wrong' }, 'payload root'],
]

/** Runs the cases against a build of the consensus folder; one line per case that comes out otherwise. */
export function checkVertexCases(core: CoreModule): string[] {
  return VERTEX_CASES.flatMap(([change, reason]) => {
    let got: string
    try {
      got = verdictOf('case', { block: { author: 'A', round: 2 }, change }, core)
    } catch (error) {
      got = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    }
    return got === reason ? [] : [`${JSON.stringify(change)} is "${got}" and not "${reason}"`]
  })
}
