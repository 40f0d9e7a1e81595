import { toHex } from '#lib/bytes'
import { toQuantity } from '../format.ts'
import { heavyMethod } from '../method.ts'
import { block, optional } from '../params.ts'
import { blockOverrides, call, stateOverrides } from '../params-call.ts'
import { callFailure } from '../revert.ts'
import { DATA, QUANTITY } from '../schema.ts'

/** Read-only execution. */
export const callMethods = [
  heavyMethod({
    name: 'eth_call',
    summary: 'Executes a call on the state of a block, without a transaction.',
    params: [call, block, optional(stateOverrides), optional(blockOverrides)],
    result: DATA,
    weight: 5,
    work: 'call',
    handle: async (context, [request, ref, state, header], { signal }) => {
      const { number } = await context.needHeader(ref)
      const outcome = await context.backend.calls.call(request, {
        block: number,
        ...(state === undefined ? {} : { state }),
        ...(header === undefined ? {} : { header }),
        signal,
      })
      if (outcome.kind !== 'success') throw callFailure(outcome)
      return toHex(outcome.output)
    },
  }),
  heavyMethod({
    name: 'eth_estimateGas',
    summary: 'Smallest gas limit with which a call succeeds.',
    params: [call, block, optional(stateOverrides), optional(blockOverrides)],
    result: QUANTITY,
    weight: 10,
    work: 'call',
    handle: async (context, [request, ref, state, header], { signal }) => {
      const { number } = await context.needHeader(ref)
      const outcome = await context.backend.calls.estimateGas(request, {
        block: number,
        ...(state === undefined ? {} : { state }),
        ...(header === undefined ? {} : { header }),
        signal,
      })
      if ('gas' in outcome) return toQuantity(outcome.gas)
      throw callFailure(outcome)
    },
  }),
]
