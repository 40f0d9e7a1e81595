import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  runCommitterCase,
  runCommitVoteCase,
  runLinearizerCase,
  runMedianCase,
  runThresholdClockCase,
} from './groups.ts'
import type { ConsensusUnderTest } from './implementation.ts'
import { modelUnderTest } from './model.ts'
import { readScenarioFile, ScenarioError } from './scenario-file.ts'
import type { CaseResult } from './suite.ts'

const text = readFileSync(new URL('../vectors/consensus-scenarios.json', import.meta.url), 'utf8')
const cases = readScenarioFile(text)

function runAll(impl: ConsensusUnderTest): CaseResult[] {
  return cases.flatMap(({ group, id, body }) => {
    switch (group) {
      case 'committer':
        return [...runCommitterCase(impl, id, body)]
      case 'linearizer':
        return [...runLinearizerCase(impl, id, body)]
      case 'thresholdClock':
        return [...runThresholdClockCase(impl, id, body)]
      case 'commitVoteMonitor':
        return [...runCommitVoteCase(impl, id, body)]
      case 'medianTimestamp':
        return [...runMedianCase(impl, id, body)]
      default:
        return []
    }
  })
}

describe('the reference model', () => {
  it('passes every scenario of the file', () => {
    const results = runAll(modelUnderTest())
    expect(results.filter(r => !r.passed)).toEqual([])
    expect(new Set(results.map(r => r.id)).size).toBe(46)
  })

  it('a committer that forgets the cursor over skips is noticed', () => {
    const honest = modelUnderTest()
    const broken: ConsensusUnderTest = {
      ...honest,
      committer: (stakes, leaders, dag) => {
        const inner = honest.committer(stakes, leaders, dag)
        return { accept: b => inner.accept(b), decide: () => inner.decide(null) }
      },
    }
    expect(runAll(broken).some(r => !r.passed)).toBe(true)
  })

  it('a linearizer that takes the GC round from the current leader is noticed', () => {
    const honest = modelUnderTest()
    const broken: ConsensusUnderTest = {
      ...honest,
      linearize: (stakes, gcDepth, dag, leaders) => honest.linearize(stakes, gcDepth - 1, dag, leaders),
    }
    expect(
      runAll(broken)
        .filter(r => !r.passed)
        .map(r => r.id),
    ).toContain('L03')
  })
})

describe('the scenario file', () => {
  it('a foreign schema, a group that is not a list and a case without id are refused', () => {
    expect(() => readScenarioFile('{')).toThrow(ScenarioError)
    expect(() => readScenarioFile('{"schema":"x","version":1}')).toThrow(/schema/)
    const head = '"schema":"appchain-dag-consensus-scenarios","version":1'
    expect(() => readScenarioFile(`{${head},"committer":3}`)).toThrow(/committer/)
    expect(() => readScenarioFile(`{${head},"committer":[{"title":"x"}]}`)).toThrow(/id/)
  })

  it('groups nest their cases directly or under "scenarios"', () => {
    expect(cases.filter(c => c.group === 'pacemaker')).toHaveLength(10)
    expect(cases.filter(c => c.group === 'committer')).toHaveLength(28)
  })
})
