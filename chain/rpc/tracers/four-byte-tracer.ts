import { toHex } from '#lib/bytes'
import type { Tracer } from './tracer.ts'

/** go-ethereum's 4byteTracer: how often each selector was called with how many bytes of arguments. */
export function fourByteTracer(): Tracer {
  const counts = new Map<string, number>()
  return {
    observer: {
      enter({ type, input, to }) {
        if (type === 'CREATE' || type === 'CREATE2' || type === 'SELFDESTRUCT' || input.length < 4) return
        // Precompiles have no selectors.
        if (to?.subarray(0, 18).every(byte => byte === 0) === true) return
        const key = `${toHex(input.subarray(0, 4))}-${input.length - 4}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      },
    },
    result: () => Object.fromEntries(counts),
  }
}
