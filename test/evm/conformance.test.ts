import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { run as runBlocks } from '../conformance/blocks.ts'
import { run as runStates } from '../conformance/state.ts'

const folder = fileURLToPath(new URL('../vectors/ethereum-tests/', import.meta.url))

// A sample of the public suites; the whole of them runs with `npm run conformance -- state …` (docs/execution.md).
describe('the sample of ethereum/tests', () => {
  test('passes every general state test', async () => {
    const { passed, failed } = await runStates([`${folder}GeneralStateTests`])
    expect(failed).toBe(0)
    expect(passed).toBeGreaterThan(60)
  })

  test('passes every blockchain test, valid and invalid', async () => {
    const { passed, failed } = await runBlocks([`${folder}BlockchainTests`])
    expect(failed).toBe(0)
    expect(passed).toBeGreaterThan(5)
  })
})
