import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { REAL_CORE } from '../sim/core.ts'
import { runBlockVerificationCase } from './block-verification.ts'
import { runScenario } from './consensus.ts'
import { readScenarioFile } from './scenario-file.ts'
import { checkVertexCases } from './vertex-cases.ts'

const texts = ['consensus-scenarios.json', 'consensus-own-scenarios.json', 'consensus-unusual-scenarios.json'].map(
  name => readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'),
)

describe('consensus scenarios', () => {
  for (const scenario of texts.flatMap(readScenarioFile)) {
    it(`${scenario.id} passes in every order of acceptance`, () => {
      expect([...runScenario(scenario)].filter(r => !r.passed)).toEqual([])
    })
  }
})

describe('block verification cases', () => {
  const valid = { author: 'A', round: 2 }

  it('each rule of section 2.3 refuses what breaks it', () => {
    expect(checkVertexCases(REAL_CORE)).toEqual([])
  })

  it.each([
    [{ block: valid, expect: 'valid' }, true],
    [{ block: valid, valid: true }, true],
    [{ block: { ...valid, epoch: 1 }, expect: 'WrongEpoch' }, true],
    [{ block: { ...valid, author: 7 }, expect: { valid: false, error: 'InvalidAuthorityIndex' } }, true],
    [{ block: { ...valid, parents: ['A1', 'B1'] }, expect: 'reject', reason: 'InsufficientParentStakes' }, true],
    [{ block: { ...valid, parents: ['A1', 'B1', 'B1'] }, expectError: 'DuplicatedAncestorsAuthority' }, true],
    [{ block: valid, expect: 'WrongEpoch' }, false],
    [{ block: { ...valid, epoch: 1 }, expect: 'valid' }, false],
    [{ block: { ...valid, epoch: 1 }, expect: 'InsufficientParentStakes' }, false],
  ] as const)('%j is judged', (body, agrees) => {
    expect([...runBlockVerificationCase('x', JSON.parse(JSON.stringify(body)))].every(r => r.passed)).toBe(agrees)
  })
})
