import type { CallRequest, Observer } from '#evm'
import { equalBytes, toHex } from '#lib/bytes'
import { type Block, decodeTransaction, type RecoveredTransaction, recoverSender } from '#types'
import type { ReadContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import type { Json } from '../format.ts'
import { heavyMethod } from '../method.ts'
import {
  type BlockRef,
  block,
  blockNumber,
  hash,
  LATEST,
  list,
  member,
  ParamError,
  param,
  parseAddress,
  parseBlockNumber,
  parseData,
  parseList,
  parseObject,
  parseSmallQuantity,
} from '../params.ts'
import { call, parseCall } from '../params-call.ts'
import { ANY, DATA, listOf, nullable, STRING, titled } from '../schema.ts'
import { flatTracer } from '../tracers/flat-tracer.ts'
import { joinTracers, type Tracer } from '../tracers/index.ts'
import { prestateTracer } from '../tracers/prestate-tracer.ts'
import { vmTracer } from '../tracers/vm-tracer.ts'
import { bounded, traceBlock, tracesOf, traceTransaction } from './trace.ts'

const TRACES = listOf(titled('flat trace'))
/** Blocks and traces in one answer of trace_filter. */
const FILTER_BLOCKS_MAX = 100
const FILTER_TRACES_MAX = 10_000

type FlatTrace = Readonly<Record<string, unknown>> & {
  readonly action: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>> | null
}

async function flatBlock(context: ReadContext, found: Block, signal: AbortSignal): Promise<FlatTrace[]> {
  if (found.header.number === 0) return []
  const traces = await traceBlock(context, found, place => flatTracer(place), signal)
  return traces.flatMap(item => item.result as FlatTrace[])
}

/** Parts of a replay that a caller may ask for. */
interface ReplayParts {
  readonly trace: boolean
  readonly stateDiff: boolean
  readonly vmTrace: boolean
}

function parseParts(value: unknown): ReplayParts {
  const names = parseList(value, '[]string', item => String(item))
  const foreign = names.find(name => !['trace', 'stateDiff', 'vmTrace'].includes(name))
  if (foreign !== undefined) throw new ParamError(`unknown trace type ${foreign.slice(0, 20)}`)
  const has = (name: string) => names.includes(name)
  return { trace: has('trace'), stateDiff: has('stateDiff'), vmTrace: has('vmTrace') }
}

const replayParts = param('traceTypes', listOf(STRING), parseParts)

interface Diff {
  readonly pre: Readonly<Record<string, Account>>
  readonly post: Readonly<Record<string, Account>>
}
interface Account {
  readonly balance?: string
  readonly nonce?: number
  readonly code?: string
  readonly storage?: Readonly<Record<string, string>>
}

const ZERO_WORD = `0x${'0'.repeat(64)}`

/** Parity's stateDiff from go-ethereum's prestate difference: `=`, `+`, `-` and `*`. */
function stateDiffOf({ pre, post }: Diff): Record<string, unknown> {
  const diff: Record<string, unknown> = {}
  for (const who of new Set([...Object.keys(pre), ...Object.keys(post)])) {
    const before = pre[who]
    const after = post[who]
    const hexNonce = (account: Account | undefined) => `0x${(account?.nonce ?? 0).toString(16)}`
    const field = (from: string, to: string | undefined) => {
      if (before === undefined) return { '+': to ?? from }
      if (after === undefined) return { '-': from }
      return to === undefined || to === from ? '=' : { '*': { from, to } }
    }
    const slots = new Set([...Object.keys(before?.storage ?? {}), ...Object.keys(after?.storage ?? {})])
    const storage = Array.from(slots, slot => {
      const from = before?.storage?.[slot] ?? ZERO_WORD
      const to = after?.storage?.[slot] ?? ZERO_WORD
      return [slot, before === undefined ? { '+': to } : { '*': { from, to } }]
    })
    diff[who] = {
      balance: field(before?.balance ?? '0x0', after?.balance),
      nonce: field(hexNonce(before), after?.nonce === undefined ? undefined : hexNonce(after)),
      code: field(before?.code ?? '0x', after?.code),
      storage: Object.fromEntries(storage),
    }
  }
  return diff
}

/** What a replay answers, of one execution. */
function replayTracer(parts: ReplayParts): { readonly observer: Observer; result(): Json } {
  const flat = flatTracer(undefined)
  const diff = prestateTracer({ diffMode: true, disableCode: false, disableStorage: false, includeEmpty: false })
  const machine = vmTracer()
  let output = '0x'
  const end: Tracer = {
    observer: {
      end(result) {
        output = toHex(result.output)
      },
    },
    result: () => output,
  }
  const wanted: Tracer[] = [end]
  if (parts.trace) wanted.push(flat)
  if (parts.stateDiff) wanted.push(diff)
  if (parts.vmTrace) wanted.push(machine)
  return {
    observer: joinTracers(wanted),
    result: () => ({
      output,
      stateDiff: parts.stateDiff ? stateDiffOf(diff.result() as Diff) : null,
      trace: parts.trace ? flat.result() : [],
      vmTrace: parts.vmTrace ? machine.result() : null,
    }),
  }
}

async function replay(
  context: ReadContext,
  found: Block,
  parts: ReplayParts,
  last: number,
  wants: (transaction: RecoveredTransaction) => boolean,
  signal: AbortSignal,
): Promise<Json[]> {
  const results: (() => Json)[] = []
  await bounded(() =>
    tracesOf(context).traceBlock(
      found.header.number,
      transaction => {
        if (!wants(transaction)) return undefined
        const tracer = replayTracer(parts)
        results.push(() => ({ ...tracer.result(), transactionHash: toHex(transaction.hash) }))
        return tracer.observer
      },
      { last, signal },
    ),
  )
  return results.map(result => result())
}

/** Runs one call after the other; each sees what those before it did. */
async function replayCalls(
  context: ReadContext,
  calls: readonly { readonly request: CallRequest; readonly parts: ReplayParts }[],
  ref: BlockRef,
  signal: AbortSignal,
): Promise<Json[]> {
  const { number } = await context.needHeader(ref)
  const sequence = await context.backend.calls.sequence({ block: number, signal })
  const results: Json[] = []
  for (const { request, parts } of calls) {
    const tracer = replayTracer(parts)
    const outcome = await bounded(() => sequence.run(request, undefined, tracer.observer))
    if (outcome.kind === 'halt' && outcome.gasUsed === 0n) throw new RpcError('server', outcome.reason)
    results.push(tracer.result())
  }
  return results
}

const CALLS_MAX = 1_000

const tracedCalls = param('calls', listOf(listOf(ANY)), value => {
  const calls = parseList(value, '[]', item => {
    const [request, types] = parseList(item, '[]', inner => inner)
    return { request: parseCall(request), parts: parseParts(types) }
  })
  if (calls.length > CALLS_MAX) throw new ParamError('too many calls')
  return calls
})

/** A transaction that was sent to nobody, as a call. */
const rawTransaction = param('rawTransaction', DATA, (value): CallRequest => {
  const decoded = decodeTransaction(parseData(value))
  if (decoded.kind !== 'accept') throw new ParamError('not a transaction')
  const { gasLimit, type, ...transaction } = decoded.value
  const from = recoverSender(decoded.value.raw)
  if (from === undefined) throw new ParamError('invalid transaction v, r, s values')
  const { to, value: wei, data, nonce, gasPrice, maxFeePerGas, maxPriorityFeePerGas, accessList } = transaction
  const { authorizationList, blobVersionedHashes, maxFeePerBlobGas } = transaction
  const fields = { to, gasPrice, maxFeePerGas, maxPriorityFeePerGas, accessList, authorizationList }
  const given = Object.entries({ ...fields, blobVersionedHashes, maxFeePerBlobGas }).filter(
    ([, item]) => item !== undefined,
  )
  return { from, gas: gasLimit, value: wei, data, nonce, ...Object.fromEntries(given) }
})

interface TraceFilter {
  readonly from: BlockRef | undefined
  readonly to: BlockRef | undefined
  readonly senders: readonly Uint8Array[]
  readonly receivers: readonly Uint8Array[]
  readonly after: number
  readonly count: number
}

const traceFilter = param('filter', titled('trace filter'), (value): TraceFilter => {
  const object = parseObject(value, 'TraceFilter')
  const addresses = (name: string) => member(object, name, item => parseList(item, '[]address', parseAddress)) ?? []
  const small = (item: unknown) =>
    typeof item === 'number' && Number.isSafeInteger(item) ? item : parseSmallQuantity(item)
  return {
    from: member(object, 'fromBlock', parseBlockNumber),
    to: member(object, 'toBlock', parseBlockNumber),
    senders: addresses('fromAddress'),
    receivers: addresses('toAddress'),
    after: member(object, 'after', small) ?? 0,
    count: Math.min(member(object, 'count', small) ?? FILTER_TRACES_MAX, FILTER_TRACES_MAX),
  }
})

function isWanted({ senders, receivers }: TraceFilter, trace: FlatTrace): boolean {
  const matches = (wanted: readonly Uint8Array[], who: unknown) =>
    wanted.length === 0 || wanted.some(address => toHex(address) === who)
  const { action } = trace
  const to = action.to ?? action.refundAddress ?? trace.result?.address
  return matches(senders, action.from ?? action.address) && matches(receivers, to)
}

/** The trace namespace of OpenEthereum, which indexers of that family read. */
export const parityMethods = [
  heavyMethod({
    name: 'trace_block',
    summary: 'Flat traces of every transaction of a block.',
    params: [blockNumber],
    result: nullable(TRACES),
    weight: 100,
    work: 'trace',
    handle: async (context, [ref], { signal }) => {
      const found = await context.findBlock(ref)
      return found === undefined ? null : flatBlock(context, found, signal)
    },
  }),
  heavyMethod({
    name: 'trace_transaction',
    summary: 'Flat traces of a transaction.',
    params: [hash('transactionHash')],
    result: nullable(TRACES),
    weight: 50,
    work: 'trace',
    handle: async (context, [digest], { signal }) => {
      const place = await context.backend.chain.locate(digest)
      return place === undefined ? null : traceTransaction(context, digest, at => flatTracer(at), signal)
    },
  }),
  heavyMethod({
    name: 'trace_get',
    summary: 'One flat trace of a transaction, by its address in the tree.',
    params: [hash('transactionHash'), list('indices', STRING, parseSmallQuantity)],
    result: nullable(titled('flat trace')),
    weight: 50,
    work: 'trace',
    handle: async (context, [digest, path], { signal }) => {
      const place = await context.backend.chain.locate(digest)
      if (place === undefined) return null
      const traces = (await traceTransaction(context, digest, at => flatTracer(at), signal)) as FlatTrace[]
      return traces.find(trace => JSON.stringify(trace.traceAddress) === JSON.stringify(path)) ?? null
    },
  }),
  heavyMethod({
    name: 'trace_filter',
    summary: `Flat traces of up to ${FILTER_BLOCKS_MAX} blocks by sender and receiver.`,
    params: [traceFilter],
    result: TRACES,
    weight: 200,
    work: 'trace',
    handle: async (context, [filter], { signal }) => {
      const first = (await context.needBlock(filter.from ?? { kind: 'tag', tag: 'latest' })).header.number
      const last = (await context.needBlock(filter.to ?? { kind: 'tag', tag: 'latest' })).header.number
      if (first > last) throw new RpcError('invalidParams', 'invalid block range params')
      if (last - first + 1 > FILTER_BLOCKS_MAX) {
        throw new RpcError('invalidParams', `query exceeds max block range ${FILTER_BLOCKS_MAX}`)
      }
      const found: FlatTrace[] = []
      for (let number = first; number <= last && found.length < filter.after + filter.count; number++) {
        const each = await context.needBlock({ kind: 'number', number })
        found.push(...(await flatBlock(context, each, signal)).filter(trace => isWanted(filter, trace)))
      }
      return found.slice(filter.after, filter.after + filter.count)
    },
  }),
  heavyMethod({
    name: 'trace_replayTransaction',
    summary: 'Traces and state difference of a transaction.',
    params: [hash('transactionHash'), replayParts],
    result: titled('replay'),
    weight: 50,
    work: 'trace',
    handle: async (context, [digest, parts], { signal }) => {
      const place = await context.backend.chain.locate(digest)
      if (place === undefined) throw new RpcError('server', 'transaction not found')
      const found = await context.needBlock({ kind: 'number', number: place.blockNumber })
      const isIt = (transaction: RecoveredTransaction) => equalBytes(transaction.hash, digest)
      const [only] = await replay(context, found, parts, place.index, isIt, signal)
      const { transactionHash: _, ...rest } = only ?? {}
      return rest
    },
  }),
  heavyMethod({
    name: 'trace_replayBlockTransactions',
    summary: 'Traces and state differences of all transactions of a block.',
    params: [blockNumber, replayParts],
    result: nullable(listOf(titled('replay'))),
    weight: 100,
    work: 'trace',
    handle: async (context, [ref, parts], { signal }) => {
      const found = await context.findBlock(ref)
      if (found === undefined) return null
      if (found.header.number === 0) return []
      return replay(context, found, parts, Number.POSITIVE_INFINITY, () => true, signal)
    },
  }),
  heavyMethod({
    name: 'trace_call',
    summary: 'Traces, state difference and instructions of a call.',
    params: [call, replayParts, block],
    result: titled('replay'),
    weight: 50,
    work: 'trace',
    handle: async (context, [request, parts, ref], { signal }) =>
      (await replayCalls(context, [{ request, parts }], ref, signal))[0],
  }),
  heavyMethod({
    name: 'trace_callMany',
    summary: 'The same of several calls, each on top of those before it.',
    params: [tracedCalls, block],
    result: listOf(titled('replay')),
    weight: 100,
    work: 'trace',
    handle: (context, [calls, ref], { signal }) => replayCalls(context, calls, ref, signal),
  }),
  heavyMethod({
    name: 'trace_rawTransaction',
    summary: 'The same of a signed transaction that is not sent, on the latest state.',
    params: [rawTransaction, replayParts],
    result: titled('replay'),
    weight: 50,
    work: 'trace',
    handle: async (context, [request, parts], { signal }) =>
      (await replayCalls(context, [{ request, parts }], LATEST, signal))[0],
  }),
]
