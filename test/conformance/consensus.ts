import { readFileSync } from 'node:fs'
import { messageOf } from '#lib/errors'
import { type CoreModule, REAL_CORE } from '../sim/core.ts'
import { runBlockVerificationCase } from './block-verification.ts'
import {
  runCommitterCase,
  runCommitVoteCase,
  runLinearizerCase,
  runMedianCase,
  runThresholdClockCase,
} from './groups.ts'
import { modelUnderTest } from './model.ts'
import { runPacemakerCase } from './pacemaker.ts'
import { realUnderTest } from './real.ts'
import { readScenarioFile, type ScenarioCase, ScenarioError } from './scenario-file.ts'
import { type CaseResult, failed, type Suite } from './suite.ts'

/** Every check of one case; committer cases run through the committer of the node and through the plain function. */
export function* runScenario({ group, id, body }: ScenarioCase, core: CoreModule = REAL_CORE): Generator<CaseResult> {
  const real = realUnderTest(false, core)
  switch (group) {
    case 'committer':
      yield* runCommitterCase(real, id, body)
      yield* prefixed('plain function', runCommitterCase(realUnderTest(true, core), id, body))
      return
    case 'linearizer':
      return yield* runLinearizerCase(real, id, body)
    case 'thresholdClock':
      return yield* runThresholdClockCase(real, id, body)
    case 'commitVoteMonitor':
      return yield* runCommitVoteCase(real, id, body)
    case 'medianTimestamp':
      return yield* runMedianCase(real, id, body)
    case 'pacemaker':
      return yield* runPacemakerCase(id, body, core)
    case 'blockVerification':
    case 'blockVerifier':
    case 'vertexVerification':
      return yield* runBlockVerificationCase(id, body, core)
    default:
      yield failed(id, 'a known group', `group "${group}"`)
  }
}

function* prefixed(name: string, results: Iterable<CaseResult>): Generator<CaseResult> {
  for (const result of results) yield { ...result, variant: `${name}, ${result.variant ?? ''}` }
}

/** Also holds the reference model against the file, so that a wrong expectation is told from a wrong committer. */
export function modelAgrees({ group, id, body }: ScenarioCase): boolean {
  if (group !== 'committer') return true
  return [...runCommitterCase(modelUnderTest(), id, body)].every(r => r.passed)
}

export const consensusSuite: Suite = async (files, report) => {
  if (files.length === 0)
    throw new ScenarioError('which file? For example: consensus test/vectors/consensus-scenarios.json')
  for (const file of files) {
    for (const scenario of readScenarioFile(readFileSync(file, 'utf8'))) {
      // The same id in two files is two cases.
      const id = files.length === 1 ? scenario.id : `${file}:${scenario.id}`
      let broke = false
      try {
        for (const result of runScenario(scenario)) {
          broke ||= !result.passed
          report({ ...result, id })
        }
      } catch (error) {
        report(failed(id, 'a readable case and no exception', messageOf(error)))
      }
      if (broke && !modelAgrees(scenario))
        report(failed(id, 'as above', 'the reference model disagrees with the file too'))
    }
  }
}
