import type { TraceEngine } from '#evm'
import { toHex } from '#lib/bytes'
import { keccak256 } from '#lib/hash'
import { RlpReader } from '#lib/rlp'
import type { Block } from '#types'
import type { ReadContext } from '../context.ts'
import { RpcError } from '../errors.ts'
import { toQuantity } from '../format.ts'
import { heavyMethod, method } from '../method.ts'
import {
  type BlockRef,
  block,
  blockNumber,
  data,
  hash,
  member,
  optional,
  param,
  parseObject,
  parseSmallQuantity,
} from '../params.ts'
import { call, parseBlockOverrides, parseStateOverrides, stateOverrides } from '../params-call.ts'
import { ANY, listOf, titled } from '../schema.ts'
import { type FlatPlace, type Tracer, type TracerFactory, TraceTooLarge, traceOptions } from '../tracers/index.ts'
import { locateTransaction } from './transactions.ts'

/** The node's trace engine; a node without history has none. */
export function tracesOf({ backend }: ReadContext): TraceEngine {
  if (backend.traces !== undefined) return backend.traces
  throw new RpcError('server', 'this node cannot trace')
}

export function placeOf(found: Block, index: number): FlatPlace {
  return {
    blockHash: toHex(found.hash),
    blockNumber: found.header.number,
    transactionHash: toHex(found.transactions[index]?.hash ?? new Uint8Array(32)),
    transactionPosition: index,
  }
}

/** Result of tracing; a bound that was passed becomes the client's error. */
export async function bounded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof TraceTooLarge) throw new RpcError('responseTooLarge', error.message)
    throw error
  }
}

/** Traces all transactions of a block. */
export async function traceBlock(
  context: ReadContext,
  found: Block,
  make: TracerFactory,
  signal: AbortSignal,
): Promise<{ readonly txHash: string; readonly result: unknown }[]> {
  const tracers: Tracer[] = []
  await bounded(() =>
    tracesOf(context).traceBlock(
      found.header.number,
      (_transaction, index) => {
        const tracer = make(placeOf(found, index))
        tracers.push(tracer)
        return tracer.observer
      },
      { signal },
    ),
  )
  return found.transactions.map((transaction, index) => ({
    txHash: toHex(transaction.hash),
    result: tracers[index]?.result() ?? null,
  }))
}

export async function neededBlock(context: ReadContext, ref: BlockRef): Promise<Block> {
  const found = await context.findBlock(ref)
  if (found !== undefined) return found
  const name =
    ref.kind === 'hash' ? `block ${toHex(ref.hash)}` : `block #${ref.kind === 'number' ? ref.number : ref.tag}`
  throw new RpcError('server', `${name} not found`)
}

/** Traces one executed transaction. */
export async function traceTransaction(
  context: ReadContext,
  digest: Uint8Array,
  make: TracerFactory,
  signal: AbortSignal,
): Promise<unknown> {
  const located = await locateTransaction(context, digest)
  if (located === undefined) throw new RpcError('server', 'transaction not found')
  const tracer = make(placeOf(located.block, located.index))
  await bounded(() =>
    tracesOf(context).traceBlock(
      located.block.header.number,
      (_transaction, index) => (index === located.index ? tracer.observer : undefined),
      { last: located.index, signal },
    ),
  )
  return tracer.result()
}

/** Hash of the header that a block's RLP begins with; undefined when there is none. */
function blockHashOfRlp(rlp: Uint8Array): Uint8Array | undefined {
  try {
    return keccak256(new RlpReader(rlp).list().skip())
  } catch {
    return undefined
  }
}

/** Options of debug_traceCall: those of a trace, and overrides. */
const callTraceOptions = {
  ...param('options', titled('trace options'), value => {
    const object = value === undefined || value === null ? {} : parseObject(value, 'tracers.TraceCallConfig')
    return {
      make: traceOptions.parse(value),
      index: member(object, 'txIndex', parseSmallQuantity),
      state: member(object, 'stateOverrides', parseStateOverrides),
      header: member(object, 'blockOverrides', parseBlockOverrides),
    }
  }),
  optional: true,
}

/** Re-execution under watch. */
export const traceMethods = [
  heavyMethod({
    name: 'debug_traceTransaction',
    summary: 'Runs a transaction again and reports its steps, calls or state, as the tracer says.',
    params: [hash('transactionHash'), traceOptions],
    result: ANY,
    weight: 50,
    work: 'trace',
    handle: (context, [digest, make], { signal }) => traceTransaction(context, digest, make, signal),
  }),
  heavyMethod({
    name: 'debug_traceBlockByNumber',
    summary: 'Traces every transaction of a block.',
    params: [blockNumber, traceOptions],
    result: listOf(titled('trace')),
    weight: 100,
    work: 'trace',
    handle: async (context, [ref, make], { signal }) =>
      traceBlock(context, await neededBlock(context, ref), make, signal),
  }),
  heavyMethod({
    name: 'debug_traceBlockByHash',
    summary: 'Traces every transaction of a block.',
    params: [hash('blockHash'), traceOptions],
    result: listOf(titled('trace')),
    weight: 100,
    work: 'trace',
    handle: async (context, [digest, make], { signal }) =>
      traceBlock(context, await neededBlock(context, { kind: 'hash', hash: digest }), make, signal),
  }),
  heavyMethod({
    name: 'debug_traceBlock',
    summary: 'Traces every transaction of a block that is given as RLP; it has to be one of this chain.',
    params: [data('block'), traceOptions],
    result: listOf(titled('trace')),
    weight: 100,
    work: 'trace',
    handle: async (context, [rlp, make], { signal }) => {
      const digest = blockHashOfRlp(rlp)
      if (digest === undefined) throw new RpcError('server', 'could not decode block: rlp: input is not a block')
      return traceBlock(context, await neededBlock(context, { kind: 'hash', hash: digest }), make, signal)
    },
  }),
  heavyMethod({
    name: 'debug_traceBadBlock',
    summary: 'Refused: consensus makes no blocks that do not execute.',
    params: [hash('blockHash'), traceOptions],
    result: listOf(titled('trace')),
    work: 'trace',
    handle: (_context, [digest]) => {
      throw new RpcError('server', `bad block ${toHex(digest)} not found`)
    },
  }),
  method({
    name: 'debug_getBadBlocks',
    summary: 'Always none: consensus makes no blocks that do not execute.',
    params: [],
    result: listOf(titled('block')),
    handle: () => [],
  }),
  heavyMethod({
    name: 'debug_traceCall',
    summary: 'Executes a call and reports its steps, calls or state.',
    params: [call, block, callTraceOptions],
    result: ANY,
    weight: 50,
    work: 'trace',
    handle: async (context, [request, ref, options], { signal }) => {
      const { number } = await context.needHeader(ref)
      const tracer = options.make(undefined)
      const { state, header, index } = options
      const where = {
        block: number,
        ...(index === undefined ? {} : { beforeTransaction: index }),
        ...(state === undefined ? {} : { state }),
        ...(header === undefined ? {} : { header }),
        signal,
      }
      const outcome = await bounded(() => tracesOf(context).traceCall(request, where, tracer.observer))
      if (outcome.kind === 'halt' && outcome.gasUsed === 0n)
        throw new RpcError('server', `tracing failed: ${outcome.reason}`)
      return tracer.result()
    },
  }),
]

/** EIP-2930: what a call touches, as go-ethereum's eth_createAccessList finds it. */
const ACCESS_ROUNDS_MAX = 8

export const accessListMethods = [
  heavyMethod({
    name: 'eth_createAccessList',
    summary: 'Access list with which a call is cheapest, and the gas that it then uses.',
    params: [call, block, optional(stateOverrides)],
    result: titled('access list and gas'),
    weight: 20,
    work: 'call',
    handle: async (context, [request, ref, state], { signal }) => {
      const { number } = await context.needHeader(ref)
      let list = request.accessList ?? []
      let known = ''
      for (let round = 0; ; round++) {
        const seen = new Map<string, Set<string>>()
        const excluded = new Set<string>()
        for (const entry of list) seen.set(toHex(entry.address), new Set(entry.storageKeys.map(toHex)))
        const outcome = await tracesOf(context).traceCall(
          { ...request, accessList: list },
          { block: number, ...(state === undefined ? {} : { state }), signal },
          {
            start(subject) {
              excluded.add(toHex(subject.from))
              for (const authority of subject.authorities) excluded.add(toHex(authority))
              if (subject.to !== undefined) excluded.add(toHex(subject.to))
            },
            step: step => noteAccess(seen, step.opcode, step.stack, step.address),
            exit(end) {
              if (end.created !== undefined && request.to === undefined) excluded.add(toHex(end.created))
            },
          },
        )
        const found = [...seen].filter(([who, keys]) => keys.size > 0 || !(excluded.has(who) || isPrecompile(who)))
        const text = JSON.stringify(found.map(([who, keys]) => [who, [...keys].sort()]).sort())
        if (text === known || round === ACCESS_ROUNDS_MAX) {
          const failure = outcome.kind === 'halt' ? outcome.reason : 'execution reverted'
          if (outcome.kind === 'halt' && outcome.gasUsed === 0n)
            throw new RpcError('server', `failed to apply transaction: ${failure}`)
          return {
            accessList: found.map(([who, keys]) => ({ address: who, storageKeys: [...keys] })),
            ...(outcome.kind === 'success' ? {} : { error: failure }),
            gasUsed: toQuantity(outcome.gasUsed),
          }
        }
        known = text
        list = found.map(([who, keys]) => ({
          address: new Uint8Array(Buffer.from(who.slice(2), 'hex')),
          storageKeys: Array.from(keys, key => new Uint8Array(Buffer.from(key.slice(2), 'hex'))),
        }))
      }
    },
  }),
]

const WORD_MASK = (1n << 160n) - 1n

function noteAccess(
  seen: Map<string, Set<string>>,
  opcode: number,
  stack: readonly bigint[],
  address: Uint8Array,
): void {
  const note = (who: string): Set<string> => {
    const keys = seen.get(who) ?? new Set<string>()
    seen.set(who, keys)
    return keys
  }
  const top = stack.at(-1)
  if (top === undefined) return
  if (opcode === 0x54 || opcode === 0x55) note(toHex(address)).add(`0x${top.toString(16).padStart(64, '0')}`)
  else if ([0x31, 0x3b, 0x3c, 0x3f, 0xff].includes(opcode))
    note(`0x${(top & WORD_MASK).toString(16).padStart(40, '0')}`)
  else if ([0xf1, 0xf2, 0xf4, 0xfa].includes(opcode)) {
    const target = stack.at(-2)
    if (target !== undefined) note(`0x${(target & WORD_MASK).toString(16).padStart(40, '0')}`)
  }
}

function isPrecompile(who: string): boolean {
  const value = BigInt(who)
  return value > 0n && (value <= 0x11n || value === 0x100n)
}
