/**
 * A provider that lies, for demonstrations and tests only: it computes honestly and then commits to something else.
 * Nothing in the product imports this; it shows that the chain notices.
 */
import { outputRoot } from '@ogpu/sdk'
import { toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import type { Runtime } from '../runtimes/runtime.ts'

/**
 * Wraps a runtime so that one byte of every output is wrong, with an output root that fits the wrong bytes.
 *
 * @example startExecutor({ …, runtimes: [createDishonestRuntime(createIntRuntime())] })
 */
export function createDishonestRuntime(honest: Runtime): Runtime {
  return {
    ...honest,
    async run(job, signal) {
      const result = await honest.run(job, signal)
      const output = result.output.length === 0 ? Uint8Array.of(0) : result.output.slice()
      // The low byte of the first 32-bit word: of a language ranking, the winner.
      const at = Math.min(3, output.length - 1)
      output[at] = (output[at] as number) ^ 0x01
      return { ...result, output, outRoot: toHex(outputRoot(output, keccak256)) }
    },
  }
}
