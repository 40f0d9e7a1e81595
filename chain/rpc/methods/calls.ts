import type { BlockOverride } from '#evm'
import { toHex } from '#lib/bytes'
import type { BlockHeader } from '#types'
import { toQuantity } from '../format.ts'
import { heavyMethod } from '../method.ts'
import { type BlockRef, block, optional, param, parseBlockRef, withDefault } from '../params.ts'
import { blockOverrides, call, stateOverrides } from '../params-call.ts'
import { callFailure } from '../revert.ts'
import { BLOCK, DATA, QUANTITY } from '../schema.ts'

const PENDING: BlockRef = { kind: 'tag', tag: 'pending' }

/**
 * What `pending` means to a call: the latest state, in the block that comes next. A contract that does something once a
 * second (Uniswap's oracle) costs less in the second of the latest block than in the one where a transaction will run.
 */
function nextBlock(ref: BlockRef, { number, timestamp }: BlockHeader, tags = ['pending']): BlockOverride {
  if (ref.kind !== 'tag' || !tags.includes(ref.tag)) return {}
  return { number: BigInt(number) + 1n, time: timestamp + 1n }
}

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
      const latest = await context.needHeader(ref)
      const outcome = await context.backend.calls.call(request, {
        block: latest.number,
        ...(state === undefined ? {} : { state }),
        header: { ...nextBlock(ref, latest), ...header },
        signal,
      })
      if (outcome.kind !== 'success') throw callFailure(outcome)
      return toHex(outcome.output)
    },
  }),
  heavyMethod({
    name: 'eth_estimateGas',
    summary: 'Smallest gas limit with which a call succeeds.',
    params: [
      call,
      withDefault(param('block', BLOCK, parseBlockRef), PENDING),
      optional(stateOverrides),
      optional(blockOverrides),
    ],
    result: QUANTITY,
    weight: 10,
    work: 'call',
    handle: async (context, [request, ref, state, header], { signal }) => {
      const latest = await context.needHeader(ref)
      // web3.py asks for `latest` by name. No transaction runs in that block any more.
      const next = nextBlock(ref, latest, ['pending', 'latest'])
      const outcome = await context.backend.calls.estimateGas(request, {
        block: latest.number,
        ...(state === undefined ? {} : { state }),
        header: { ...next, ...header },
        signal,
      })
      if ('gas' in outcome) return toQuantity(outcome.gas)
      throw callFailure(outcome)
    },
  }),
]
