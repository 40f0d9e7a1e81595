import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runBlockVerificationCase, verdictOf } from './block-verification.ts'
import { runScenario } from './consensus.ts'
import { readScenarioFile } from './scenario-file.ts'

const text = readFileSync(new URL('../vectors/consensus-scenarios.json', import.meta.url), 'utf8')

describe('consensus scenarios', () => {
  for (const scenario of readScenarioFile(text)) {
    it(`${scenario.id} passes in every order of acceptance`, () => {
      expect([...runScenario(scenario)].filter(r => !r.passed)).toEqual([])
    })
  }
})

describe('block verification cases', () => {
  const valid = { author: 'A', round: 2 }

  it('a block described as valid is valid', () => {
    expect(verdictOf('x', { block: valid })).toBe('valid')
    expect(verdictOf('x', { block: { author: 'B', round: 1 } })).toBe('valid')
  })

  it.each([
    [{ epoch: 1 }, 'future epoch'],
    [{ chainId: 1 }, 'chain'],
    [{ version: 9 }, 'version'],
    [{ author: 4 }, 'author'],
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
    [{ transactions: [131_000, 131_000, 131_000, 131_000, 131_000] }, 'payload bytes'],
    [{ transactions: ['invalid'] }, 'transaction'],
    [{ commitVotes: [5, 4] }, 'commit votes'],
    [{ encoding: 'truncated' }, 'malformed'],
    [{ encoding: 'trailing byte' }, 'malformed'],
    [{ transactions: [100], payloadRoot: 'wrong' }, 'payload root'],
  ])('%j is refused as %s', (change, reason) => {
    expect(verdictOf('x', { block: valid, change })).toBe(reason)
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
