import type { BlockOverride, CallContext, CallRequest } from '#evm'
import { toHex } from '#lib/bytes'
import type { ReadContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import { heavyMethod } from '../method.ts'
import {
  type BlockRef,
  LATEST,
  member,
  optional,
  ParamError,
  param,
  parseBlockRef,
  parseList,
  parseObject,
  parseSmallQuantity,
} from '../params.ts'
import { parseBlockOverrides, parseCall, stateOverrides } from '../params-call.ts'
import { callFailure } from '../revert.ts'
import { ANY, listOf, titled } from '../schema.ts'
import { traceOptions } from '../tracers/index.ts'
import { bounded } from './trace.ts'

/** Calls of one made-up block. */
interface Bundle {
  readonly calls: readonly CallRequest[]
  readonly header: BlockOverride
}

const CALLS_MAX = 1_000

function parseBundle(value: unknown): Bundle {
  const object = parseObject(value, 'Bundle')
  return {
    calls: member(object, 'transactions', item => parseList(item, '[]TransactionArgs', parseCall)) ?? [],
    header: member(object, 'blockOverride', parseBlockOverrides) ?? {},
  }
}

const bundles = param('bundles', listOf(titled('bundle of calls')), value => {
  const list = parseList(value, '[]Bundle', parseBundle)
  if (list.reduce((sum, { calls }) => sum + calls.length, 0) > CALLS_MAX) throw new ParamError('too many calls')
  if (list.every(({ calls }) => calls.length === 0)) throw new ParamError('empty bundles')
  return list
})

/** On which state: after a block, or in it before one of its transactions. */
interface Place {
  readonly ref: BlockRef
  readonly index: number | undefined
}

const place = {
  ...param('stateContext', titled('block and transaction index'), (value): Place => {
    if (value === undefined || value === null) return { ref: LATEST, index: undefined }
    const object = parseObject(value, 'StateContext')
    const small = (item: unknown) => {
      if (item === -1) return undefined
      return typeof item === 'number' && Number.isSafeInteger(item) && item >= 0 ? item : parseSmallQuantity(item)
    }
    return {
      ref: member(object, 'blockNumber', parseBlockRef) ?? member(object, 'block', parseBlockRef) ?? LATEST,
      index: member(object, 'transactionIndex', small),
    }
  }),
  optional: true,
}

async function contextOf(
  context: ReadContext,
  { ref, index }: Place,
  state: CallContext['state'],
  signal: AbortSignal,
): Promise<CallContext> {
  return {
    block: (await context.needHeader(ref)).number,
    ...(index === undefined ? {} : { beforeTransaction: index }),
    ...(state === undefined ? {} : { state }),
    signal,
  }
}

/** Calls on top of each other. */
export const callManyMethods = [
  heavyMethod({
    name: 'eth_callMany',
    summary: 'Executes bundles of calls, each call on top of those before it.',
    params: [bundles, place, optional(stateOverrides)],
    result: listOf(listOf(titled('value or error'))),
    weight: 20,
    work: 'call',
    handle: async (context, [list, where, state], { signal }) => {
      const sequence = await context.backend.calls.sequence(await contextOf(context, where, state, signal))
      const results: unknown[][] = []
      for (const { calls, header } of list) {
        const own: unknown[] = []
        for (const request of calls) {
          const outcome = await sequence.run(request, header)
          own.push(outcome.kind === 'success' ? { value: toHex(outcome.output) } : { error: errorOf(outcome) })
        }
        results.push(own)
      }
      return results
    },
  }),
  heavyMethod({
    name: 'debug_traceCallMany',
    summary: 'Traces bundles of calls, each call on top of those before it.',
    params: [bundles, place, traceOptions, optional(stateOverrides)],
    result: listOf(listOf(ANY)),
    weight: 100,
    work: 'trace',
    handle: async (context, [list, where, make, state], { signal }) => {
      const sequence = await context.backend.calls.sequence(await contextOf(context, where, state, signal))
      const results: unknown[][] = []
      for (const { calls, header } of list) {
        const own: unknown[] = []
        for (const request of calls) {
          const tracer = make(undefined)
          const outcome = await bounded(() => sequence.run(request, header, tracer.observer))
          if (outcome.kind === 'halt' && outcome.gasUsed === 0n) {
            throw new RpcError('server', `tracing failed: ${outcome.reason}`)
          }
          own.push(tracer.result())
        }
        results.push(own)
      }
      return results
    },
  }),
]

function errorOf(outcome: Parameters<typeof callFailure>[0]): Readonly<Record<string, unknown>> {
  const { number, message, payload } = callFailure(outcome)
  return payload === undefined ? { code: number, message } : { code: number, message, data: payload }
}
