import { describe, expect, test } from 'vitest'
import { artifactOf, CONTRACT_NAMES } from '#contracts'
import { staleness } from '../../contracts/build.ts'

describe('artefacts', () => {
  test('are those of the sources (else run `node contracts/build.ts` and commit what it writes)', () => {
    expect(staleness()).toEqual([])
  })

  test('fit into the limits of EIP-170 and EIP-3860', () => {
    for (const name of CONTRACT_NAMES) {
      const { bytecode, deployedBytecode } = artifactOf(name)
      expect(deployedBytecode.length / 2 - 1).toBeLessThanOrEqual(24_576)
      expect(bytecode.length / 2 - 1).toBeLessThanOrEqual(49_152)
    }
  })
})
